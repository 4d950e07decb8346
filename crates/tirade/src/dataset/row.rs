//! One raw record into one [`Problem`], or into the reason why not.

use std::path::Path;

use serde_json::Value;

use super::read::Record;
use super::{BadRow, Fields, Row, Split, gold};
use crate::problem::Problem;

/// An answer is compared, so it is short; more than this is a solution in the wrong column.
const LONGEST_ANSWER: usize = 1000;
/// From here on a 64-bit float no longer tells neighbouring integers apart.
const EXACT: f64 = 9_007_199_254_740_992.0;

/// What a file says about all of its rows.
pub(super) struct Context<'a> {
    pub file: &'a Path,
    /// Begins the id of every row that has no full id of its own.
    pub prefix: &'a str,
    pub fields: &'a Fields,
    /// The data set's name for people, unless a row has its own.
    pub source: &'a str,
    pub split: Option<Split>,
}

/// Reads one record as a problem with a gold answer.
pub(super) fn row(record: &Record, context: &Context) -> Result<Row, BadRow> {
    let reader = Reader { record, context };
    let problem = reader.required_text("problem")?;
    let (answer, solution) = reader.gold()?;
    let (id, place) = reader.id()?;
    let split = match reader.text("split")? {
        Some(name) => Split::from_name(&name),
        None => context.split.or(place.as_ref().map(|place| place.split)),
    };
    let subject = match reader.text("subject")? {
        Some(subject) => Some(snake_case(&subject)),
        None => place.as_ref().map(|place| snake_case(&place.subject)),
    };
    let source = reader.text("source")?.unwrap_or_else(|| context.source.to_owned());
    Ok(Row {
        problem: Problem { id, problem, answer, solution, level: reader.level()?, subject, source },
        split,
    })
}

struct Reader<'a> {
    record: &'a Record,
    context: &'a Context<'a>,
}

impl<'a> Reader<'a> {
    fn bad(&self, field: &str, expected: impl Into<String>, found: impl Into<String>) -> BadRow {
        let file = self.context.file.display().to_string();
        let (field, expected, found) = (field.to_owned(), expected.into(), found.into());
        BadRow { file, line: self.record.line, field, expected, found }
    }

    fn value(&self, field: &str) -> Result<Option<&'a Value>, BadRow> {
        self.context.fields.value(&self.record.values, field).map_err(|column| {
            let columns: Vec<_> = self.record.values.keys().map(String::as_str).collect();
            self.bad(field, format!("the column `{column}`"), format!("the columns {}", columns.join(", ")))
        })
    }

    /// A text that may be absent; an empty one counts as absent.
    fn text(&self, field: &str) -> Result<Option<String>, BadRow> {
        match self.value(field)? {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text.trim().to_owned()).filter(|text| !text.is_empty())),
            Some(other) => Err(self.bad(field, "a text", shorten(&other.to_string()))),
        }
    }

    fn required_text(&self, field: &str) -> Result<String, BadRow> {
        if let Some(text) = self.text(field)? {
            return Ok(text);
        }
        let columns: Vec<_> = self.record.values.keys().map(String::as_str).collect();
        let found = if self.value(field)?.is_some() {
            "an empty one".into()
        } else {
            format!("only {}", columns.join(", "))
        };
        Err(self.bad(field, "a text that is not empty", found))
    }

    /// The gold answer and the worked solution. The answer column wins; MATH has only a solution with a box in it, and GSM8K keeps
    /// the whole solution in the answer column.
    fn gold(&self) -> Result<(String, Option<String>), BadRow> {
        let given = self.value("answer")?;
        let solution = self.value("solution")?;
        let worked = match solution {
            Some(Value::String(text)) if !text.trim().is_empty() && !is_number(text) => Some(text.as_str()),
            _ => None,
        };
        let written = given.map(|value| self.answer_text(value)).transpose()?.filter(|text| !text.is_empty());
        let answer = match (written, solution) {
            (Some(answer), _) => answer,
            (None, Some(value)) => self.gold_of_solution(value)?,
            (None, None) => {
                return Err(self.bad("answer", "a gold answer", "neither an answer nor a solution"));
            }
        };
        if answer.chars().count() > LONGEST_ANSWER {
            let expected = format!("a bare answer of at most {LONGEST_ANSWER} characters");
            return Err(self.bad("answer", expected, shorten(&answer)));
        }
        let worked = worked.or_else(|| whole_solution(given));
        Ok((answer, worked.map(gold::clean_solution).filter(|text| !text.is_empty())))
    }

    fn answer_text(&self, value: &Value) -> Result<String, BadRow> {
        match value {
            Value::String(text) => Ok(gold::bare_answer(text)),
            Value::Number(number) => match number.as_f64() {
                Some(float) if number.is_f64() && float.abs() >= EXACT => {
                    let expected =
                        "a number below 2^53, or the answer as a text (a larger number loses digits)";
                    Err(self.bad("answer", expected, number.to_string()))
                }
                _ => Ok(gold::bare_answer(&number.to_string())),
            },
            Value::Array(values) if !values.is_empty() => {
                let parts: Result<Vec<_>, _> = values.iter().map(|value| self.answer_text(value)).collect();
                Ok(parts?.join(", "))
            }
            other => Err(self.bad("answer", "a text or a number", shorten(&other.to_string()))),
        }
    }

    fn gold_of_solution(&self, solution: &Value) -> Result<String, BadRow> {
        let expected = r"a solution with its answer in a last \boxed{} or after ####, or an answer column";
        let Value::String(text) = solution else { return self.answer_text(solution) };
        match gold::last_boxed(text) {
            Some("") => Err(self.bad("answer", expected, r"an empty \boxed{} in the solution")),
            Some(boxed) => Ok(boxed.to_owned()),
            None if text.contains("####") || is_number(text) => Ok(gold::bare_answer(text)),
            None => Err(self.bad("answer", expected, shorten(text))),
        }
        .and_then(|answer| {
            if answer.is_empty() {
                Err(self.bad("answer", expected, "nothing after ####"))
            } else {
                Ok(answer)
            }
        })
    }

    fn level(&self) -> Result<Option<u8>, BadRow> {
        let expected = "1 to 5, `Level 1` to `Level 5` or `Level ?`";
        let text = match self.value("level")? {
            None => return Ok(None),
            Some(Value::String(text)) => text.trim().to_owned(),
            Some(other) => other.to_string(),
        };
        let number =
            text.strip_prefix("Level").or_else(|| text.strip_prefix("level")).unwrap_or(&text).trim();
        match number.strip_suffix(".0").unwrap_or(number).parse() {
            Ok(level @ 1..=5) => Ok(Some(level)),
            // MATH has two rows whose level is not known.
            _ if number.is_empty() || number == "?" => Ok(None),
            _ => Err(self.bad("level", expected, format!("`{}`", shorten(&text)))),
        }
    }

    /// The id, and the place in MATH that the row's own id or its file names. An id with a folder in it is a full one and stays; else
    /// the prefix makes it one, so that sets do not clash in a store.
    fn id(&self) -> Result<(String, Option<MathPlace>), BadRow> {
        let own = match self.value("id")? {
            None => None,
            Some(Value::String(text)) => Some(text.trim().to_owned()).filter(|id| !id.is_empty()),
            Some(Value::Number(number)) => Some(number.to_string()),
            Some(other) => return Err(self.bad("id", "a text or a number", shorten(&other.to_string()))),
        };
        let prefix = self.context.prefix;
        let place = MathPlace::of(own.as_ref().map_or(self.context.file, Path::new));
        let id = match (&place, own) {
            (Some(place), _) => place.id(),
            (None, Some(id)) if id.contains('/') => id,
            (None, Some(id)) => format!("{prefix}/{id}"),
            (None, None) => format!("{prefix}/{}", self.record.index),
        };
        Ok((id, place))
    }
}

/// Where a problem stands in the tree of MATH: `train/algebra/1531.json`. MATH-500 uses the same paths as ids, so that a problem
/// has one id in every set.
struct MathPlace {
    split: Split,
    subject: String,
    number: String,
}

impl MathPlace {
    fn of(path: &Path) -> Option<Self> {
        let text = path.to_str()?.strip_suffix(".json")?;
        let mut parts = text.rsplit(['/', '\\']);
        let (number, subject, split) = (parts.next()?, parts.next()?, parts.next()?);
        let is_number = !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit());
        let split = Split::from_name(split)?;
        is_number.then(|| Self { split, subject: subject.to_owned(), number: number.to_owned() })
    }

    fn id(&self) -> String {
        format!("math/{}/{}/{}", self.split, self.subject, self.number)
    }
}

/// The worked solution where the answer column holds all of it.
fn whole_solution(answer: Option<&Value>) -> Option<&str> {
    let text = answer?.as_str()?;
    (text.contains("####") || text.contains("\\boxed")).then_some(text)
}

fn is_number(text: &str) -> bool {
    text.trim().replace(',', "").parse::<f64>().is_ok_and(f64::is_finite)
}

/// `Counting & Probability` as `counting_and_probability`: the spelling of MATH's own folders.
pub(super) fn snake_case(name: &str) -> String {
    let words = name.replace('&', " and ").to_lowercase();
    words.split([' ', '_', '-']).filter(|word| !word.is_empty()).collect::<Vec<_>>().join("_")
}

/// At most 60 characters of hostile text, on one line, for a message.
fn shorten(text: &str) -> String {
    let line: String = text.chars().take(60).map(|c| if c.is_control() { ' ' } else { c }).collect();
    if line.chars().count() < text.chars().count() { format!("{line}…") } else { line }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(path: &str, json: &str) -> Result<Row, BadRow> {
        let record = Record { line: 7, index: 6, values: serde_json::from_str(json).unwrap() };
        let fields = Fields::default();
        let file = Path::new(path);
        row(&record, &Context { file, prefix: "set", fields: &fields, source: "Set", split: None })
    }

    #[test]
    fn a_math_file_knows_its_place() {
        let json = r#"{"problem":"P","level":"Level 3","type":"Counting & Probability","solution":"so $\\boxed{\\frac12}$"}"#;
        let Row { problem, split } = read("MATH/train/counting_and_probability/1531.json", json).unwrap();
        assert_eq!(problem.id, "math/train/counting_and_probability/1531");
        assert_eq!((problem.answer.as_str(), problem.level), (r"\frac12", Some(3)));
        assert_eq!(problem.subject.as_deref(), Some("counting_and_probability"));
        assert_eq!(problem.solution.as_deref(), Some(r"so $\boxed{\frac12}$"));
        assert_eq!(split, Some(Split::Train));
    }

    #[test]
    fn gold_answers_are_found_in_every_shape() {
        let check = |json: &str, answer: &str, solution: Option<&str>| {
            let problem = read("x.jsonl", json).unwrap().problem;
            assert_eq!((problem.answer.as_str(), problem.solution.as_deref()), (answer, solution), "{json}");
        };
        check(r#"{"question":"q","answer":3159.0}"#, "3159", None);
        check(r#"{"question":"q","answer":"3159.0"}"#, "3159", None);
        check(r#"{"question":"q","answer":0.5}"#, "0.5", None);
        check(r#"{"question":"q","answer":-7}"#, "-7", None);
        check(r#"{"question":"q","answer":18446744073709551615}"#, "18446744073709551615", None);
        check(r#"{"question":"q","answer":"48/2=<<48/2=24>>24\n#### 24"}"#, "24", Some("48/2=24"));
        check(r#"{"question":"q","final_answer":["1","2.0"]}"#, "1, 2", None);
        check(r#"{"Problem":"q","Answer":"","Solution":"\\boxed{5}"}"#, "5", Some(r"\boxed{5}"));
        check(r#"{"problem":"q","solution":"3159.0"}"#, "3159", None);
        check(r#"{"problem":"q","answer":"D","solution":"by parity"}"#, "D", Some("by parity"));
    }

    #[test]
    fn rows_without_gold_or_malformed_say_what_is_wrong() {
        let check =
            |json: &str, expected: &str| assert_eq!(read("x.jsonl", json).unwrap_err().to_string(), expected);
        let gold = r"x.jsonl:7: field `answer`: expected a solution with its answer in a last \boxed{} or after ####, or an answer column, found";
        check(
            r#"{"problem":"q","answer":"","solution":"are $\\boxed{}$ primes"}"#,
            &format!(r"{gold} an empty \boxed{{}} in the solution"),
        );
        check(r#"{"problem":"q","solution":"it is five"}"#, &format!("{gold} it is five"));
        check(r#"{"problem":"q","solution":"so ####"}"#, &format!("{gold} nothing after ####"));
        check(
            r#"{"problem":"q"}"#,
            "x.jsonl:7: field `answer`: expected a gold answer, found neither an answer nor a solution",
        );
        check(
            r#"{"problem":"q","answer":true}"#,
            "x.jsonl:7: field `answer`: expected a text or a number, found true",
        );
        check(
            r#"{"problem":"q","answer":1e20}"#,
            "x.jsonl:7: field `answer`: expected a number below 2^53, or the answer as a text (a larger number loses digits), found 1e+20",
        );
        check(
            r#"{"answer":"1","text":"q"}"#,
            "x.jsonl:7: field `problem`: expected a text that is not empty, found only answer, text",
        );
        check(
            r#"{"problem":" ","answer":"1"}"#,
            "x.jsonl:7: field `problem`: expected a text that is not empty, found an empty one",
        );
        check(
            r#"{"problem":["q"],"answer":"1"}"#,
            "x.jsonl:7: field `problem`: expected a text, found [\"q\"]",
        );
        check(
            r#"{"problem":"q","answer":"1","level":"hard"}"#,
            "x.jsonl:7: field `level`: expected 1 to 5, `Level 1` to `Level 5` or `Level ?`, found `hard`",
        );
    }

    #[test]
    fn levels_are_numbers_or_unknown() {
        let check = |level: &str, expected: Option<u8>| {
            let json = format!(r#"{{"problem":"q","answer":"1","level":{level}}}"#);
            assert_eq!(read("x.jsonl", &json).unwrap().problem.level, expected, "{level}");
        };
        check(r#""Level 5""#, Some(5));
        check(r#""Level ?""#, None);
        check("3", Some(3));
        check("3.0", Some(3));
        check(r#""2""#, Some(2));
        check("null", None);
        check(r#""""#, None);
    }

    #[test]
    fn ids_are_full_and_stable() {
        let check =
            |json: &str, expected: &str| assert_eq!(read("x.jsonl", json).unwrap().problem.id, expected);
        check(r#"{"problem":"q","answer":"1"}"#, "set/6");
        check(r#"{"problem":"q","answer":"1","id":60}"#, "set/60");
        check(r#"{"problem":"q","answer":"1","id":"chal-777"}"#, "set/chal-777");
        check(r#"{"problem":"q","answer":"1","id":"aime24/60"}"#, "aime24/60");
        check(
            r#"{"problem":"q","answer":"1","unique_id":"test/precalculus/807.json"}"#,
            "math/test/precalculus/807",
        );
    }
}
