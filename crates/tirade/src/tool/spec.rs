//! What a tool is: one table entry that says its name, what it does, its parameters, and which lanes can answer it.
//!
//! Adding a tool is one entry in a family's table and one function: a Rust function for the native lane, or a Python function of
//! the same name in `python/` for the SymPy lane, or both (native first, SymPy for what it declines).
//!
//! ```
//! use tirade::tool::spec::{Kind, Param, param, tool};
//! const NUMBER: &[Param] = &[param("number", Kind::Value, "An integer.")];
//! let entry = tool("is_even", "Whether a number is even.", NUMBER);
//! assert_eq!(entry.spec().parameters["required"][0], "number");
//! ```

use serde_json::{Map, Value, json};

use super::args::Args;
use crate::model::ToolSpec;

/// One tool of a typed toolkit.
#[derive(Debug)]
pub struct Tool {
    pub name: &'static str,
    /// For the model: what it does, what comes back.
    pub about: &'static str,
    pub params: &'static [Param],
    /// The Rust function that answers cheap calls.
    pub native: Option<Native>,
    /// The worker's Python function, most often of the tool's own name.
    pub python: Option<&'static str>,
    /// Arguments of the Python function that the tool's name implies.
    pub fixed: &'static [(&'static str, &'static str)],
    /// Whether models are told of it; other names for the same thing are answered, not offered.
    pub offered: bool,
}

/// Answers a call in this process, or says why it does not.
pub type Native = fn(&Args) -> Result<Answer, Decline>;

/// A native answer.
#[derive(Debug, PartialEq)]
pub struct Answer {
    /// The whole JSON object shown to the model.
    pub content: Value,
    /// The steps in plain mathematical English with LaTeX.
    pub derivation: Option<String>,
}

/// Why the native lane gives no answer.
#[derive(Debug, PartialEq, Eq)]
pub enum Decline {
    /// The call is fine, but not done here: the SymPy lane is asked, where there is one.
    Lane(String),
    /// The call is wrong: the text is shown to the model.
    Error(String),
}

/// One parameter.
#[derive(Debug)]
pub struct Param {
    pub name: &'static str,
    pub kind: Kind,
    pub about: &'static str,
}

/// What may be passed, and how it is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// An expression, equation or inequality as text.
    Expression,
    /// A number or an expression without variables; a JSON number is read exactly.
    Value,
    /// A value or null.
    OptionalValue,
    /// A variable's name.
    Variable,
    /// A variable's name or null.
    OptionalVariable,
    /// The name of an unknown function.
    Function,
    /// One of these words.
    Choice(&'static [&'static str]),
    /// Text that is not mathematics.
    Text,
    Expressions,
    Values,
    Variables,
    /// Rows of values, equally long.
    Matrix,
    /// Coordinates of one point, `[x, y]`.
    Point,
    /// A list of points.
    Points,
}

/// An entry that the SymPy lane answers.
pub const fn tool(name: &'static str, about: &'static str, params: &'static [Param]) -> Tool {
    Tool { name, about, params, native: None, python: Some(name), fixed: &[], offered: true }
}

/// A parameter of an entry.
pub const fn param(name: &'static str, kind: Kind, about: &'static str) -> Param {
    Param { name, kind, about }
}

impl Tool {
    /// The same entry with a native function that is asked first.
    pub const fn native(self, function: Native) -> Tool {
        Tool { native: Some(function), ..self }
    }

    /// The same entry without a Python function.
    pub const fn only_native(self, function: Native) -> Tool {
        Tool { native: Some(function), python: None, ..self }
    }

    /// The same entry as another name of a Python function, some of whose arguments the name implies.
    pub const fn alias_of(
        self,
        python: &'static str,
        fixed: &'static [(&'static str, &'static str)],
    ) -> Tool {
        Tool { python: Some(python), fixed, offered: false, ..self }
    }

    /// The entry as it is described to a model: a strict JSON Schema, every parameter required, nothing else allowed.
    pub fn spec(&self) -> ToolSpec {
        let properties: Map<String, Value> =
            self.params.iter().map(|p| (p.name.to_owned(), p.schema())).collect();
        let required: Vec<&str> = self.params.iter().map(|p| p.name).collect();
        ToolSpec {
            name: self.name.to_owned(),
            description: self.about.to_owned(),
            parameters: json!({
                "type": "object", "properties": properties, "required": required, "additionalProperties": false,
            }),
        }
    }
}

impl Param {
    fn schema(&self) -> Value {
        let mut schema = self.kind.schema();
        schema["description"] = json!(self.about);
        schema
    }
}

impl Kind {
    /// The JSON Schema of a value of this kind.
    fn schema(self) -> Value {
        let array = |items: Value| json!({ "type": "array", "items": items });
        match self {
            Kind::Expression | Kind::Variable | Kind::Function | Kind::Text => json!({ "type": "string" }),
            Kind::Value => json!({ "type": ["number", "string"] }),
            Kind::OptionalValue => json!({ "type": ["number", "string", "null"] }),
            Kind::OptionalVariable => json!({ "type": ["string", "null"] }),
            Kind::Choice(words) => json!({ "type": "string", "enum": words }),
            Kind::Expressions | Kind::Variables => array(Kind::Expression.schema()),
            Kind::Values | Kind::Point => array(Kind::Value.schema()),
            Kind::Matrix | Kind::Points => array(Kind::Values.schema()),
        }
    }
}

impl Answer {
    /// `{"result": value}` with the steps that lead there.
    pub fn new(value: impl Into<Value>, derivation: impl Into<Option<String>>) -> Self {
        Self { content: json!({ "result": value.into() }), derivation: derivation.into() }
    }
}
