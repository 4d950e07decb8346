//! Expressions: the value of each, and the formula it was computed by.

use tirade_math::{Expr, Rational};

use super::Unexplained;
use super::ast::{Comprehension, Node, Piece};
use super::compare::same_text;
use super::follow::{MOST_ROUNDS, Reader, unknown};
use super::formula::Formula;
use super::output::Fragment;
use super::value::{Kind, Number, Value, joint};

/// Most cases of a search that prose can go through.
const MOST_CASES: usize = 120;

/// A value and how it was computed.
#[derive(Clone, Debug)]
pub(super) struct Worked {
    pub value: Value,
    pub formula: Formula,
    /// The formulas of the members of a list.
    pub parts: Vec<Formula>,
    /// Whether it was selected or transformed by a comprehension.
    pub searched: bool,
}

impl Worked {
    pub fn plain(value: Value) -> Self {
        let formula = match &value {
            Value::Number(number) => Formula::of(number),
            Value::Matrix(_) => Formula::atom(value.tex().unwrap_or_default()),
            _ => Formula::default(),
        };
        Self { value, formula, parts: Vec::new(), searched: false }
    }

    pub fn with(value: Number, formula: Formula) -> Self {
        let formula = formula.with_value(&value);
        Self { value: Value::Number(value), formula, parts: Vec::new(), searched: false }
    }

    pub fn number(&self) -> Result<&Number, Unexplained> {
        match &self.value {
            Value::Number(number) => Ok(number),
            other => Err(Unexplained::new(&format!("{} used as a number", other.what()))),
        }
    }
}

impl Reader {
    pub(super) fn evaluate(&mut self, node: &Node) -> Result<Worked, Unexplained> {
        self.spend()?;
        self.deeper(|reader| reader.evaluate_here(node))
    }

    fn evaluate_here(&mut self, node: &Node) -> Result<Worked, Unexplained> {
        match node {
            Node::Number(text) => literal(text),
            Node::Text(pieces) => self.text(pieces),
            Node::Name(name) => self.name(name),
            Node::List(items) => self.sequence(items, Value::List),
            Node::Tuple(items) => self.sequence(items, Value::Tuple),
            Node::Set(items) => self.sequence(items, |items| Value::Set(distinct(items))),
            Node::Dict(pairs) => {
                let mut made = Vec::new();
                for (key, value) in pairs {
                    made.push((self.evaluate(key)?.value, self.evaluate(value)?.value));
                }
                Ok(Worked::plain(Value::Dict(made)))
            }
            Node::Unary("not", inner) => {
                let (holds, _) = self.condition(inner)?;
                Ok(Worked::plain(Value::Bool(!holds)))
            }
            Node::Unary(sign, inner) => {
                let worked = self.evaluate(inner)?;
                if *sign == "+" { Ok(worked) } else { negate(&worked) }
            }
            Node::Binary(operator, a, b) => {
                let (a, b) = (self.evaluate(a)?, self.evaluate(b)?);
                binary(operator, &a, &b)
            }
            Node::Logic(..) | Node::Compare(..) => self.comparison(node),
            Node::Call(function, given, named) => self.call(function, given, named),
            Node::Attribute(base, name) => self.attribute(base, name),
            Node::Index(base, index) => {
                let (base, index) = (self.evaluate(base)?, self.evaluate(index)?);
                item(&base, &index.value)
            }
            Node::Slice(base, bounds) => self.slice(base, bounds),
            Node::IfElse(parts) => {
                let (holds, _) = self.condition(&parts[1])?;
                self.evaluate(&parts[if holds { 0 } else { 2 }])
            }
            Node::Lambda(params, body) => {
                Ok(Worked::plain(Value::Lambda(std::rc::Rc::new((params.clone(), (**body).clone())))))
            }
            Node::Comprehension(comprehension) => self.comprehension(comprehension),
        }
    }

    fn text(&mut self, pieces: &[Piece]) -> Result<Worked, Unexplained> {
        match pieces {
            [] => Ok(Worked::plain(Value::Text(String::new()))),
            [Piece::Literal(text)] => Ok(Worked::plain(Value::Text(text.clone()))),
            _ => Err(Unexplained::new("text with values in it, other than in print")),
        }
    }

    /// The parts of a printed text.
    pub(super) fn fragments(&mut self, node: &Node) -> Result<Vec<Fragment>, Unexplained> {
        let Node::Text(pieces) = node else {
            return Ok(match self.evaluate(node)? {
                Worked { value: Value::Text(text), .. } => vec![Fragment::Text(text)],
                worked => vec![Fragment::Value(worked, String::new())],
            });
        };
        let mut fragments = Vec::new();
        for piece in pieces {
            fragments.push(match piece {
                Piece::Literal(text) => Fragment::Text(text.clone()),
                Piece::Value(node, format) => match self.evaluate(node)? {
                    Worked { value: Value::Text(text), .. } => Fragment::Text(text),
                    worked => Fragment::Value(worked, format.clone()),
                },
            });
        }
        Ok(fragments)
    }

    fn name(&mut self, name: &str) -> Result<Worked, Unexplained> {
        if let Some(value) = self.get(name) {
            return Ok(Worked::plain(value.clone()));
        }
        Ok(Worked::plain(match name {
            "True" => Value::Bool(true),
            "False" => Value::Bool(false),
            "None" => Value::None,
            _ => {
                let module = match self.get("*") {
                    Some(Value::Known(module)) => Some(module.clone()),
                    _ => None,
                };
                match module {
                    Some(module) if !super::library::is_builtin(name) => {
                        return self.known(&format!("{module}.{name}"));
                    }
                    _ if super::library::is_builtin(name) => Value::Known(name.to_owned()),
                    _ => return Err(unknown(name)),
                }
            }
        }))
    }

    fn sequence(
        &mut self,
        items: &[Node],
        make: impl Fn(Vec<Value>) -> Value,
    ) -> Result<Worked, Unexplained> {
        let worked: Vec<Worked> = items.iter().map(|item| self.evaluate(item)).collect::<Result<_, _>>()?;
        let parts = worked.iter().map(|worked| worked.formula.clone()).collect();
        let values = worked.into_iter().map(|worked| worked.value).collect();
        Ok(Worked { value: make(values), formula: Formula::default(), parts, searched: false })
    }

    fn slice(&mut self, base: &Node, bounds: &[Option<Box<Node>>; 3]) -> Result<Worked, Unexplained> {
        let value = self.evaluate(base)?.value;
        let mut numbers = [None; 3];
        for (slot, bound) in numbers.iter_mut().zip(bounds) {
            if let Some(bound) = bound {
                let number = self.evaluate(bound)?;
                *slot = Some(number.number()?.integer().ok_or_else(|| Unexplained::new("this slice"))?);
            }
        }
        let members = value.members(MOST_ROUNDS)?;
        let chosen = sliced(&members, numbers);
        Ok(Worked::plain(match value {
            Value::Text(_) => Value::Text(
                chosen
                    .iter()
                    .filter_map(|c| if let Value::Text(c) = c { Some(c.as_str()) } else { None })
                    .collect(),
            ),
            Value::Tuple(_) => Value::Tuple(chosen),
            _ => Value::List(chosen),
        }))
    }

    fn comprehension(&mut self, made: &Comprehension) -> Result<Worked, Unexplained> {
        let mut found = Vec::new();
        let mut cases = 0;
        self.story.quiet += 1;
        let result = self.clause(made, 0, &mut found, &mut cases);
        self.story.quiet -= 1;
        result?;
        let keys: Vec<Worked> = found.iter().map(|(key, _)| key.clone()).collect();
        let parts = keys.iter().map(|worked| worked.formula.clone()).collect();
        let values: Vec<Value> = keys.into_iter().map(|worked| worked.value).collect();
        let value = match (made.bracket, made.value.is_some()) {
            ('{', true) => {
                let pairs = found
                    .into_iter()
                    .map(|(key, value)| (key.value, value.map_or(Value::None, |value| value.value)));
                Value::Dict(pairs.collect())
            }
            ('{', false) => Value::Set(distinct(values)),
            _ => Value::List(values),
        };
        Ok(Worked { value, formula: Formula::default(), parts, searched: true })
    }

    fn clause(
        &mut self,
        made: &Comprehension,
        level: usize,
        found: &mut Vec<(Worked, Option<Worked>)>,
        cases: &mut usize,
    ) -> Result<(), Unexplained> {
        let Some(clause) = made.clauses.get(level) else {
            let key = self.evaluate(&made.element)?;
            let value = made.value.as_ref().map(|value| self.evaluate(value)).transpose()?;
            found.push((key, value));
            return Ok(());
        };
        let source = self.evaluate(&clause.source)?.value;
        for member in source.members(MOST_CASES)? {
            *cases += 1;
            if *cases > MOST_CASES {
                return Err(Unexplained::search(*cases as i128));
            }
            self.assign(&clause.target, &Worked::plain(member), true)?;
            let mut wanted = true;
            for condition in &clause.conditions {
                wanted = wanted && self.condition(condition)?.0;
            }
            if wanted {
                self.clause(made, level + 1, found, cases)?;
            }
        }
        Ok(())
    }
}

fn literal(text: &str) -> Result<Worked, Unexplained> {
    let number = Number::literal(text).ok_or_else(|| Unexplained::new(&format!("the number {text}")))?;
    Ok(Worked::plain(Value::Number(number)))
}

pub(super) fn distinct(items: Vec<Value>) -> Vec<Value> {
    let mut kept: Vec<Value> = Vec::new();
    for item in items {
        if !kept.iter().any(|known| known.same_as(&item)) {
            kept.push(item);
        }
    }
    kept
}

fn negate(worked: &Worked) -> Result<Worked, Unexplained> {
    let number = worked.number()?;
    let value = Number::new(number.expr.clone().neg(), number.kind)?;
    let plain = number.is_symbolic() || same_text(worked);
    let formula = if plain { Formula::of(&value) } else { worked.formula.negated() };
    Ok(Worked::with(value, formula))
}

/// The value of a binary operation, with its formula; symbolic results stand for themselves.
pub(super) fn binary(operator: &'static str, a: &Worked, b: &Worked) -> Result<Worked, Unexplained> {
    if let Some(value) = super::methods::sequence_operation(operator, &a.value, &b.value) {
        let worked = Worked::plain(value?);
        let formula = match (operator, &b.value) {
            // Powers of a matrix are products, and are written so.
            ("**", Value::Number(power)) => match power.integer() {
                Some(2) => Formula::binary("*", &a.formula, &a.formula),
                _ => None,
            },
            _ => Formula::binary(operator, &a.formula, &b.formula),
        };
        return Ok(match (&worked.value, formula) {
            (Value::Matrix(_), Some(formula)) if formula.text.len() <= 400 => {
                Worked { formula: formula.worth(&worked.formula), ..worked }
            }
            _ => worked,
        });
    }
    let (x, y) = (a.number()?, b.number()?);
    let value = arithmetic(operator, x, y)?;
    // A quotient without a rest needs no rounding down.
    let whole = operator == "//" && arithmetic("/", x, y).is_ok_and(|exact| exact.expr == value.expr);
    let shown = if whole { "/" } else { operator };
    let formula = Formula::binary(shown, &a.formula, &b.formula);
    let formula = formula.filter(|formula| formula.text.len() <= 500).unwrap_or_else(|| Formula::of(&value));
    let formula = match super::rounding::through_root(operator, x, y) {
        Some(lines) => formula.through(&lines),
        None => formula,
    };
    Ok(Worked::with(value, formula))
}

fn arithmetic(operator: &str, x: &Number, y: &Number) -> Result<Number, Unexplained> {
    let kind = joint(x.kind, y.kind);
    let (a, b) = (x.expr.clone(), y.expr.clone());
    let zero = || Unexplained::new("a division by zero");
    match operator {
        "+" => Number::new(Expr::sum([a, b]), kind),
        "-" => Number::new(Expr::sum([a, b.neg()]), kind),
        "*" => Number::new(Expr::product([a, b]), kind),
        "/" if b.is_zero() => Err(zero()),
        "/" => Number::new(a.div(b), if kind == Kind::Int { Kind::Float } else { kind }),
        "**" => {
            let large = y.rational().is_some_and(|e| super::value::bits(e) > 10)
                && x.rational().is_some_and(|b| super::value::bits(b) > 1);
            if large {
                return Err(Unexplained::new("a power this large"));
            }
            let kind =
                if kind == Kind::Int && y.integer().is_some_and(|e| e < 0) { Kind::Float } else { kind };
            match super::rounding::rational_power(x, y) {
                Some(root) => Number::new(Expr::Num(root), kind),
                None => Number::new(a.pow(b), kind),
            }
        }
        "//" | "%" => {
            let (Some(a), Some(b)) = (x.rational(), y.rational()) else {
                return Err(Unexplained::new(&format!("the operator {operator} on these")));
            };
            if b.is_zero() {
                return Err(zero());
            }
            let quotient = Rational::from((a / b).floor());
            let value = if operator == "//" { quotient } else { a - b * quotient };
            Number::new(Expr::Num(value), kind)
        }
        _ => Err(Unexplained::new(&format!("the operator {operator} on numbers"))),
    }
}

fn item(base: &Worked, index: &Value) -> Result<Worked, Unexplained> {
    if let Value::Dict(pairs) = &base.value {
        let found = pairs.iter().find(|(key, _)| key.same_as(index));
        return found
            .map(|(_, value)| Worked::plain(value.clone()))
            .ok_or_else(|| Unexplained::new("a key that is not there"));
    }
    if let (Value::Matrix(rows), Value::Tuple(place)) = (&base.value, index) {
        let at = |i: usize| {
            if let Some(Value::Number(n)) = place.get(i) {
                n.integer().and_then(|n| usize::try_from(n).ok())
            } else {
                None
            }
        };
        let cell = at(0).and_then(|row| rows.get(row)).and_then(|row| row.get(at(1)?));
        return cell
            .map(|cell| Worked::plain(Value::Number(cell.clone())))
            .ok_or_else(|| Unexplained::new("a place outside a matrix"));
    }
    if let (Value::Matrix(rows), Value::Number(n)) = (&base.value, index) {
        let flat: Vec<&Number> = rows.iter().flatten().collect();
        let cell = n.integer().and_then(|n| usize::try_from(n).ok()).and_then(|n| flat.get(n).copied());
        return cell
            .map(|cell| Worked::plain(Value::Number(cell.clone())))
            .ok_or_else(|| Unexplained::new("a place outside a matrix"));
    }
    let Value::Number(number) = index else { return Err(Unexplained::new("an index that is no number")) };
    let members = base.value.members(MOST_ROUNDS)?;
    let at = number.integer().map(|i| if i < 0 { i + members.len() as i64 } else { i });
    let found = at.and_then(|at| members.get(usize::try_from(at).ok()?));
    found.map(|value| Worked::plain(value.clone())).ok_or_else(|| Unexplained::new("an index out of range"))
}

/// Python's slices.
fn sliced(items: &[Value], [low, high, step]: [Option<i64>; 3]) -> Vec<Value> {
    let (length, step) = (items.len() as i64, step.unwrap_or(1));
    let place = |bound: i64| if bound < 0 { (bound + length).max(-1) } else { bound.min(length) };
    if step == 0 {
        return Vec::new();
    }
    let (first, last) = if step > 0 {
        (low.map_or(0, |low| place(low).max(0)), high.map_or(length, |high| place(high).max(0)))
    } else {
        (low.map_or(length - 1, |low| place(low).min(length - 1)), high.map_or(-1, place))
    };
    let mut at = first;
    let mut chosen = Vec::new();
    while at >= 0 && at < length && (step > 0 && at < last || step < 0 && at > last) {
        chosen.push(items[at as usize].clone());
        at = at.saturating_add(step);
    }
    chosen
}
