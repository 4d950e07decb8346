//! The arguments of one call, read and checked against the tool's parameters.
//!
//! [`Args`] is the canonical form of a call: `"x^2-1"` and `"x**2 - 1"` give equal `Args`, so it is what the result cache is keyed
//! by, what native functions take, and what is sent to the SymPy worker as JSON trees.

use std::sync::Arc;

use dashu::base::BitTest;
use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::Value;
use smol_str::SmolStr;
use tirade_math::Expr;
use tirade_math::expr::{Decimal, Rational};

use super::spec::{Decline, Kind, Param, Tool};
use super::syntax::{Names, read};

/// Most items in a list, and rows or columns in a matrix.
const MAX_ITEMS: usize = 200;

/// One argument.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Arg {
    /// An optional argument that is null or left out.
    Absent,
    Expr(Expr),
    List(Vec<Expr>),
    Rows(Vec<Vec<Expr>>),
    Text(String),
}

impl Arg {
    /// Roughly what it takes to keep.
    pub fn bytes(&self) -> usize {
        let all = |list: &[Expr]| list.iter().map(expr_bytes).sum();
        match self {
            Arg::Absent => 0,
            Arg::Expr(expr) => expr_bytes(expr),
            Arg::List(list) => all(list),
            Arg::Rows(rows) => rows.iter().map(|row| all(row)).sum(),
            Arg::Text(text) => text.len(),
        }
    }
}

fn expr_bytes(expr: &Expr) -> usize {
    let mut bytes = std::mem::size_of::<Expr>();
    if let Expr::Num(number) = expr {
        bytes += (number.numerator().bit_len() + number.denominator().bit_len()) / 8;
    }
    expr.for_each_child(&mut |part| bytes += expr_bytes(part));
    bytes
}

/// All arguments of one call, in the order of the tool's parameters.
#[derive(Clone, Debug)]
pub struct Args {
    params: &'static [Param],
    fixed: &'static [(&'static str, &'static str)],
    values: Arc<[Arg]>,
}

impl Args {
    /// Reads the arguments object of a call.
    ///
    /// # Errors
    /// What is missing, unknown or unreadable, in words for the model.
    pub fn read(tool: &'static Tool, arguments: &Value) -> Result<Self, String> {
        let empty = serde_json::Map::new();
        let given = match arguments {
            Value::Object(map) => map,
            Value::Null => &empty,
            other => return Err(format!("the arguments must be a JSON object, found {other}")),
        };
        if let Some(unknown) = given.keys().find(|key| tool.params.iter().all(|p| p.name != *key)) {
            let names: Vec<&str> = tool.params.iter().map(|p| p.name).collect();
            return Err(format!("there is no argument {unknown:?}; the arguments are: {}", names.join(", ")));
        }
        let known = declared(tool.params, given);
        let read_one = |p: &Param| {
            p.kind.read(given.get(p.name), &known).map_err(|e| format!("argument {}: {e}", p.name))
        };
        let values = tool.params.iter().map(read_one).collect::<Result<_, _>>()?;
        Ok(Self { params: tool.params, fixed: tool.fixed, values })
    }

    /// All arguments in the order of the parameters.
    pub fn values(&self) -> &Arc<[Arg]> {
        &self.values
    }

    /// What the tool's name implies.
    pub fn fixed(&self, name: &str) -> Option<&'static str> {
        self.fixed.iter().find(|(key, _)| *key == name).map(|(_, value)| *value)
    }

    fn get(&self, name: &str) -> &Arg {
        self.params.iter().position(|p| p.name == name).map_or(&Arg::Absent, |i| &self.values[i])
    }

    /// An expression; `Err` where the argument was left out.
    pub fn expr(&self, name: &str) -> Result<&Expr, Decline> {
        match self.get(name) {
            Arg::Expr(expr) => Ok(expr),
            _ => Err(Decline::Lane(format!("{name} is not given"))),
        }
    }

    /// A variable's name, where one is given.
    pub fn variable(&self, name: &str) -> Option<&SmolStr> {
        if let Arg::Expr(Expr::Sym(variable)) = self.get(name) { Some(variable) } else { None }
    }

    /// A list.
    pub fn list(&self, name: &str) -> Result<&[Expr], Decline> {
        match self.get(name) {
            Arg::List(items) => Ok(items),
            _ => Err(Decline::Lane(format!("{name} is not given"))),
        }
    }

    /// A matrix or list of points.
    pub fn rows(&self, name: &str) -> Result<&[Vec<Expr>], Decline> {
        match self.get(name) {
            Arg::Rows(rows) => Ok(rows),
            _ => Err(Decline::Lane(format!("{name} is not given"))),
        }
    }

    /// A word.
    pub fn text(&self, name: &str) -> &str {
        if let Arg::Text(text) = self.get(name) { text } else { "" }
    }
}

impl Serialize for Args {
    fn serialize<S: Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        let mut map = out.serialize_map(Some(self.values.len()))?;
        for (param, value) in self.params.iter().zip(self.values.iter()) {
            map.serialize_entry(param.name, value)?;
        }
        map.end()
    }
}

impl Serialize for Arg {
    fn serialize<S: Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        match self {
            Arg::Absent => out.serialize_none(),
            Arg::Expr(expr) => expr.serialize(out),
            Arg::List(items) => items.serialize(out),
            Arg::Rows(rows) => rows.serialize(out),
            Arg::Text(text) => text.serialize(out),
        }
    }
}

/// The names that the call itself says are variables or functions.
fn declared(params: &[Param], given: &serde_json::Map<String, Value>) -> Names {
    let mut names = Names::default();
    for param in params {
        match (param.kind, given.get(param.name)) {
            (Kind::Variable | Kind::OptionalVariable, Some(Value::String(name))) => {
                names.variables.push(plain_name(name))
            }
            (Kind::Variables, Some(value)) => names.variables.extend(name_texts(value)),
            (Kind::Function, Some(Value::String(name))) => names.functions.push(plain_name(name)),
            _ => {}
        }
    }
    names
}

/// `\theta` is theta, `x_{1}` is x_1.
fn plain_name(text: &str) -> String {
    text.chars().filter(|c| !matches!(c, '\\' | '{' | '}' | '$' | ' ')).collect()
}

fn name_texts(value: &Value) -> Vec<String> {
    match value {
        Value::Array(items) => items.iter().filter_map(Value::as_str).map(plain_name).collect(),
        Value::String(text) => {
            text.split([',', ' ', '[', ']', '"', '\'']).filter(|t| !t.is_empty()).map(plain_name).collect()
        }
        _ => Vec::new(),
    }
}

impl Kind {
    fn read(self, value: Option<&Value>, known: &Names) -> Result<Arg, String> {
        let optional = matches!(self, Kind::OptionalValue | Kind::OptionalVariable);
        let value = match value {
            None | Some(Value::Null) if optional => return Ok(Arg::Absent),
            Some(Value::String(text)) if optional && matches!(text.as_str(), "" | "null" | "None") => {
                return Ok(Arg::Absent);
            }
            None => return Err("it is missing".to_owned()),
            Some(value) => value,
        };
        match self {
            Kind::Expression | Kind::Value | Kind::OptionalValue => scalar(value, known).map(Arg::Expr),
            Kind::Variable | Kind::OptionalVariable | Kind::Function => variable(value).map(Arg::Expr),
            Kind::Choice(words) => choice(value, words).map(Arg::Text),
            Kind::Text => text(value).map(Arg::Text),
            Kind::Expressions | Kind::Values => list(value, known).map(Arg::List),
            Kind::Variables => variable_list(value).map(Arg::List),
            Kind::Point => point(value, known).map(Arg::List),
            Kind::Matrix | Kind::Points => rows(value, known, self == Kind::Points).map(Arg::Rows),
        }
    }
}

fn scalar(value: &Value, known: &Names) -> Result<Expr, String> {
    match value {
        Value::String(text) => read(text, known),
        Value::Number(number) => literal(number),
        other => Err(format!("expected text or a number, found {other}")),
    }
}

/// A JSON number, exactly as written: 0.1 is 1/10. Numbers that JSON has already rounded are refused.
fn literal(number: &serde_json::Number) -> Result<Expr, String> {
    if let Some(n) = number.as_i64() {
        return Ok(Expr::int(n));
    }
    if let Some(n) = number.as_u64() {
        return Ok(Expr::Num(Rational::from(n)));
    }
    let n = number.as_f64().unwrap_or(f64::NAN);
    if !n.is_finite() || n.abs() >= 9_007_199_254_740_992.0 {
        return Err(format!("write {number} as a string, so that no digit is lost"));
    }
    Decimal::parse(&n.to_string()).map(Expr::Dec).ok_or_else(|| format!("{number} cannot be read"))
}

fn text(value: &Value) -> Result<String, String> {
    match value {
        Value::String(text) => Ok(text.clone()),
        Value::Number(number) => Ok(number.to_string()),
        other => Err(format!("expected text, found {other}")),
    }
}

fn choice(value: &Value, words: &[&str]) -> Result<String, String> {
    let given = text(value)?;
    let found = words.iter().find(|word| word.eq_ignore_ascii_case(given.trim()));
    found
        .map(|word| (*word).to_owned())
        .ok_or_else(|| format!("expected one of {}, found {given:?}", words.join(", ")))
}

fn variable(value: &Value) -> Result<Expr, String> {
    let name = plain_name(&text(value)?);
    let starts = name.starts_with(|c: char| c.is_alphabetic() || c == '_');
    if starts && name.len() <= 40 && name.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '\'')) {
        return Ok(Expr::sym(name));
    }
    Err(format!("expected the name of a variable, found {value}"))
}

fn variable_list(value: &Value) -> Result<Vec<Expr>, String> {
    let names = name_texts(value);
    if names.is_empty() || names.len() > MAX_ITEMS {
        return Err(format!("expected a list of variable names, found {value}"));
    }
    names.into_iter().map(|name| variable(&Value::String(name))).collect()
}

/// A JSON array, or one written as text: `"[x + y - 1, x - y]"`, `"x + y = 1, x = y"`.
fn list(value: &Value, known: &Names) -> Result<Vec<Expr>, String> {
    let items = match value {
        Value::Array(items) => items.iter().map(|item| scalar(item, known)).collect::<Result<_, _>>()?,
        other => items_of(scalar(other, known)?),
    };
    within_bounds(items)
}

fn items_of(expr: Expr) -> Vec<Expr> {
    match expr {
        Expr::List(items) | Expr::Bracket(items) | Expr::Tuple(items) => items,
        Expr::Apply(name, items) if name.starts_with("Point") => items,
        Expr::Matrix(rows) => rows.into_iter().flatten().collect(),
        other => vec![other],
    }
}

fn within_bounds<T>(items: Vec<T>) -> Result<Vec<T>, String> {
    if items.is_empty() || items.len() > MAX_ITEMS {
        return Err(format!("expected 1 to {MAX_ITEMS} items, found {}", items.len()));
    }
    Ok(items)
}

fn point(value: &Value, known: &Names) -> Result<Vec<Expr>, String> {
    let coordinates = list(value, known)?;
    if coordinates.len() == 2 || coordinates.len() == 3 {
        return Ok(coordinates);
    }
    Err(format!("expected a point [x, y], found {value}"))
}

/// Rows as nested arrays or as text: `"[[1, 2], [3, 4]]"`, `"Matrix([[1, 2], [3, 4]])"`, `"(0, 0), (1, 2)"`.
fn rows(value: &Value, known: &Names, points: bool) -> Result<Vec<Vec<Expr>>, String> {
    let rows: Vec<Vec<Expr>> = match value {
        Value::Array(items) => items.iter().map(|item| list(item, known)).collect::<Result<_, _>>()?,
        other => match scalar(other, known)? {
            Expr::Matrix(rows) => rows,
            expr => items_of(expr).into_iter().map(items_of).collect(),
        },
    };
    let rows = within_bounds(rows)?;
    if rows.iter().any(|row| row.len() != rows[0].len()) {
        return Err("all rows must be equally long".to_owned());
    }
    if points && !matches!(rows[0].len(), 2 | 3) {
        return Err(format!("expected points [x, y], found {value}"));
    }
    Ok(rows)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::tool::spec::{param, tool};

    const LIST: Tool = tool("list", "A list.", &[param("items", Kind::Expressions, "Items.")]);
    const MATRIX: Tool = tool("matrix", "A matrix.", &[param("rows", Kind::Matrix, "Rows.")]);
    const POINT: Tool = tool("point", "A point.", &[param("at", Kind::Point, "A point.")]);
    const VALUE: Tool = tool("value", "A value.", &[param("n", Kind::Value, "A number.")]);
    const CHOICE: Tool =
        tool("choice", "A word.", &[param("side", Kind::Choice(&["left", "right"]), "A side.")]);
    const UNKNOWNS: Tool = tool("unknowns", "Names.", &[param("names", Kind::Variables, "Names.")]);

    /// The arguments as they are sent to the worker, or the error.
    fn check(tool: &'static Tool, arguments: Value, expected: &str) {
        let found = Args::read(tool, &arguments);
        let shown = found.map_or_else(|e| e, |args| serde_json::to_string(&args).unwrap());
        assert_eq!(shown, expected, "{} {arguments}", tool.name);
    }

    #[test]
    fn the_same_call_written_differently_has_equal_arguments() {
        let same: [(&'static Tool, Value, Value); 5] = [
            (&LIST, json!({ "items": ["x + y - 1", "x - y"] }), json!({ "items": "[x + y - 1, x - y]" })),
            (
                &MATRIX,
                json!({ "rows": [[1, 2], [3, "1/2"]] }),
                json!({ "rows": "Matrix([[1, 2], [3, 1/2]])" }),
            ),
            (&POINT, json!({ "at": [1, "sqrt(2)"] }), json!({ "at": "(1, sqrt(2))" })),
            (&UNKNOWNS, json!({ "names": ["x", "y_1"] }), json!({ "names": "x, y_{1}" })),
            (&CHOICE, json!({ "side": "left" }), json!({ "side": " LEFT" })),
        ];
        for (tool, one, other) in same {
            let values = |arguments| Args::read(tool, &arguments).unwrap().values().clone();
            assert_eq!(values(one), values(other), "{}", tool.name);
        }
    }

    #[test]
    fn numbers_are_exact_or_refused() {
        check(&VALUE, json!({ "n": 0.1 }), r#"{"n":{"dec":"0.1"}}"#);
        check(&VALUE, json!({ "n": "1/3" }), r#"{"n":{"num":"1/3"}}"#);
        check(&VALUE, json!({ "n": 18446744073709551615u64 }), r#"{"n":{"num":"18446744073709551615"}}"#);
        check(&VALUE, json!({ "n": 1e20 }), "argument n: write 1e+20 as a string, so that no digit is lost");
    }

    #[test]
    fn what_is_wrong_is_said() {
        check(&VALUE, json!({}), "argument n: it is missing");
        check(&VALUE, json!({ "n": 1, "m": 2 }), "there is no argument \"m\"; the arguments are: n");
        check(&VALUE, json!({ "n": true }), "argument n: expected text or a number, found true");
        check(&CHOICE, json!({ "side": "up" }), "argument side: expected one of left, right, found \"up\"");
        check(&MATRIX, json!({ "rows": [[1, 2], [3]] }), "argument rows: all rows must be equally long");
        check(&POINT, json!({ "at": [1] }), "argument at: expected a point [x, y], found [1]");
        check(
            &UNKNOWNS,
            json!({ "names": ["2x"] }),
            "argument names: expected the name of a variable, found \"2x\"",
        );
        check(&LIST, json!({ "items": [] }), "argument items: expected 1 to 200 items, found 0");
    }
}
