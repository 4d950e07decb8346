//! Rows of gold and predicted answers, as `tirade verify --cases` reads and writes them.

use crate::policy::Policy;
use crate::verdict::Verdict;
use crate::verify::{Gold, verify, verify_answer};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// One row to judge. Fields that are not named here are ignored.
#[derive(Clone, Debug, Deserialize)]
pub struct Case {
    /// The gold answer or solution.
    pub gold: String,
    /// The completion, or the bare answer.
    pub pred: String,
    /// Whether `pred` is the bare answer.
    #[serde(default)]
    pub raw_answer: bool,
    /// Some files keep the flag here.
    #[serde(default)]
    pub extraction_config: Option<Value>,
    /// A key to copy to the output.
    #[serde(default)]
    pub id: Option<Value>,
}

impl Case {
    /// Whether `pred` is the bare answer, wherever the row says so.
    pub fn is_raw(&self) -> bool {
        let nested =
            self.extraction_config.as_ref().and_then(|c| c.get("raw_answer")).and_then(Value::as_bool);
        self.raw_answer || nested == Some(true)
    }
}

/// One judged row.
#[derive(Clone, Debug, Serialize)]
pub struct CaseResult {
    /// The key of the case.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<Value>,
    /// `equal`, `not_equal`, `unknown`, `no_answer`, `gold_unparsed` or `bad_row`.
    pub verdict: &'static str,
    /// What decided.
    pub stage: &'static str,
    /// Why.
    pub reason: String,
    /// The answer found in `pred`.
    pub extracted: Option<String>,
}

/// Judges one case.
pub fn judge(case: &Case, policy: &Policy) -> Verdict {
    let gold = Gold::parse(&case.gold, policy);
    if case.is_raw() { verify_answer(&gold, &case.pred, policy) } else { verify(&gold, &case.pred, policy) }
}

/// Judges one line of JSON; a line that is no case gives a row that says so.
///
/// ```
/// use tirade_math::{Policy, judge_line};
/// let row = judge_line(r#"{"gold": "1/2", "pred": "0.5", "raw_answer": true}"#, &Policy::default());
/// assert_eq!((row.verdict, row.stage), ("equal", "exact"));
/// assert_eq!(judge_line("{", &Policy::default()).verdict, "bad_row");
/// ```
pub fn judge_line(line: &str, policy: &Policy) -> CaseResult {
    match serde_json::from_str::<Case>(line) {
        Ok(case) => {
            let v = judge(&case, policy);
            let (verdict, stage) = (v.outcome.name(), v.stage.name());
            CaseResult { id: case.id, verdict, stage, reason: v.reason.into_owned(), extracted: v.extracted }
        }
        Err(e) => CaseResult {
            id: None,
            verdict: "bad_row",
            stage: "parse",
            reason: e.to_string(),
            extracted: None,
        },
    }
}
