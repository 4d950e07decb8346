//! Rows of gold and predicted answers, as `tirade verify --cases` reads and writes them.

use crate::policy::Policy;
use crate::verdict::Verdict;
use crate::verify::{Gold, verify, verify_answer};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::borrow::Cow;

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
    /// Some files keep the flag here, and switches under the names that Math-Verify gives them: see [`Case::policy`].
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

    fn switch(&self, name: &str) -> Option<&Value> {
        self.extraction_config.as_ref()?.get(name)
    }

    /// The policy with what the row itself asks for: `allow_set_relation_comp: false` keeps inequalities and sets apart.
    pub fn policy<'p>(&self, policy: &'p Policy) -> Cow<'p, Policy> {
        match self.switch("allow_set_relation_comp").and_then(Value::as_bool) {
            Some(allowed) => Cow::Owned(Policy { inequalities_are_sets: allowed, ..policy.clone() }),
            None => Cow::Borrowed(policy),
        }
    }

    /// Whether the row wants "final answer …" before any box: a `boxed_match_priority` behind the 50 of such phrases.
    fn prefers_phrases(&self) -> bool {
        self.switch("boxed_match_priority").and_then(Value::as_i64).is_some_and(|p| p > 50)
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
    let policy = &*case.policy(policy);
    let gold = Gold::parse(&case.gold, policy);
    if case.is_raw() {
        return verify_answer(&gold, &case.pred, policy);
    }
    match crate::extract::final_phrase(&case.pred).filter(|_| case.prefers_phrases()) {
        Some(said) => verify_answer(&gold, said, policy),
        None => verify(&gold, &case.pred, policy),
    }
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

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn rows_bring_their_own_switches() {
        let verdict = |gold: &str, pred: &str, config: Value| {
            let case = json!({"gold": gold, "pred": pred, "extraction_config": config});
            judge_line(&case.to_string(), &Policy::default()).verdict
        };
        for (gold, pred, config, expected) in [
            (r"$x \in [1,2]$", r"$1 \le x \le 2$", json!({}), "equal"),
            (r"$x \in [1,2]$", r"$1 \le x \le 2$", json!({"allow_set_relation_comp": false}), "not_equal"),
            ("7", r"final answer is $7$, \boxed{1}", json!({"boxed_match_priority": 100}), "equal"),
            ("7", r"final answer is $7$, \boxed{1}", json!({"boxed_match_priority": 0}), "not_equal"),
            ("7", "7", json!({"raw_answer": true}), "equal"),
        ] {
            assert_eq!(verdict(gold, pred, config), expected, "{gold} {pred}");
        }
    }
}
