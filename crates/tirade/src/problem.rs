//! A mathematics problem: the one row every stage starts from.

use serde::{Deserialize, Serialize};

/// One problem with its gold answer.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    /// Unique within a store, stable between runs, for example `math/train/algebra/1531`.
    pub id: String,
    /// The statement, as LaTeX or plain text.
    pub problem: String,
    /// The gold answer, bare (`\frac{1}{2}`, `72`): never a whole solution.
    pub answer: String,
    /// A worked solution, where the data set has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub solution: Option<String>,
    /// 1 (easy) to 5 (hard), where the data set says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub level: Option<u8>,
    /// For example `algebra`, in the data set's own spelling but lower case and with underscores.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// The data set, for example `MATH`, `GSM8K`, `AIME 2024`.
    pub source: String,
}
