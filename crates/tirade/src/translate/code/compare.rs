//! Conditions: whether they hold, and the formula that says so.

use tirade_math::Expr;
use tirade_math::expr::RelOp;

use super::Unexplained;
use super::ast::Node;
use super::evaluate::Worked;
use super::follow::Reader;
use super::formula::{Formula, Level};
use super::value::{Kind, Number, Value};

impl Reader {
    /// Whether a condition holds, and the formula that says so, where there is one.
    pub(super) fn condition(&mut self, node: &Node) -> Result<(bool, Option<String>), Unexplained> {
        self.spend()?;
        match node {
            Node::Unary("not", inner) => Ok((!self.condition(inner)?.0, None)),
            Node::Logic(word, parts) => {
                let mut formulas = Vec::new();
                for part in parts {
                    let (holds, formula) = self.condition(part)?;
                    // `or` ends with the first that holds, `and` with the first that does not.
                    if holds == (*word == "or") {
                        return Ok((holds, formula));
                    }
                    formulas.extend(formula);
                }
                let all = *word == "and";
                Ok((all, Some(formulas.join("$ and $")).filter(|text| all && !text.is_empty())))
            }
            Node::Compare(first, links) => self.chain(first, links),
            _ => {
                let value = self.evaluate(node)?.value;
                let truth = match &value {
                    Value::Relation(relation) => relation_truth(relation),
                    other => other.truth(),
                };
                Ok((
                    truth.ok_or_else(|| Unexplained::new(&format!("{} as a condition", value.what())))?,
                    None,
                ))
            }
        }
    }

    fn chain(
        &mut self,
        first: &Node,
        links: &[(&'static str, Node)],
    ) -> Result<(bool, Option<String>), Unexplained> {
        let mut left = self.evaluate(first)?;
        let mut text = left.formula.text.clone();
        let mut computed = !same_text(&left);
        for (operator, right) in links {
            let right = self.evaluate(right)?;
            if !compare(operator, &left, &right)? {
                return Ok((false, None));
            }
            // A remainder or a sum is shown with its value, else only the comparison.
            text = format!("{text} {} {}", sign(operator), right.formula.text);
            computed |= !same_text(&right);
            left = right;
        }
        let shown = !text.starts_with(' ')
            && !text.ends_with(' ')
            && (computed || !links.iter().all(|(op, _)| *op == "=="));
        let mathematical = links.iter().all(|(op, _)| !matches!(*op, "in" | "not in"));
        Ok((true, Some(text).filter(|_| shown && mathematical)))
    }

    /// A comparison as a value: a truth, or with variables a relation.
    pub(super) fn comparison(&mut self, node: &Node) -> Result<Worked, Unexplained> {
        if let Node::Compare(first, links) = node
            && let [(operator, right)] = links.as_slice()
            && !matches!(*operator, "in" | "not in" | "==" | "!=")
        {
            let (a, b) = (self.evaluate(first)?, self.evaluate(right)?);
            if let (Value::Number(x), Value::Number(y)) = (&a.value, &b.value)
                && (x.is_symbolic() || y.is_symbolic())
            {
                let relation = Expr::relation(x.expr.clone(), relation_sign(operator), y.expr.clone());
                return Ok(Worked::plain(Value::Relation(relation)));
            }
        }
        let (holds, formula) = self.condition(node)?;
        let mut worked = Worked::plain(Value::Bool(holds));
        if let (true, Some(formula)) = (holds, formula) {
            worked.formula = Formula::new(formula, Level::Sum);
        }
        Ok(worked)
    }
}

pub(super) fn same_text(worked: &Worked) -> bool {
    worked.value.tex().is_none_or(|tex| tex == worked.formula.text)
}

pub(super) fn relation_sign(operator: &str) -> RelOp {
    match operator {
        "<" => RelOp::Lt,
        "<=" => RelOp::Le,
        ">" => RelOp::Gt,
        ">=" => RelOp::Ge,
        "!=" => RelOp::Ne,
        _ => RelOp::Eq,
    }
}

fn sign(operator: &str) -> &'static str {
    match operator {
        "<=" => "\\le",
        ">=" => "\\ge",
        "!=" => "\\ne",
        "<" => "<",
        ">" => ">",
        _ => "=",
    }
}

fn relation_truth(relation: &Expr) -> Option<bool> {
    let Expr::Relation(left, links) = relation else { return None };
    let [(operator, right)] = links.as_slice() else { return None };
    let number = |expr: &Expr| Number { expr: expr.clone(), kind: Kind::Exact };
    let (left, right) = (number(left), number(right));
    if left.is_symbolic() || right.is_symbolic() {
        return None;
    }
    Some(holds(*operator, left.compare(&right)?))
}

fn holds(operator: RelOp, order: std::cmp::Ordering) -> bool {
    match operator {
        RelOp::Lt => order.is_lt(),
        RelOp::Le => order.is_le(),
        RelOp::Gt => order.is_gt(),
        RelOp::Ge => order.is_ge(),
        RelOp::Ne => order.is_ne(),
        _ => order.is_eq(),
    }
}

fn compare(operator: &str, a: &Worked, b: &Worked) -> Result<bool, Unexplained> {
    match (operator, &a.value, &b.value) {
        (
            "in" | "not in",
            item,
            Value::Range(..) | Value::List(_) | Value::Tuple(_) | Value::Set(_) | Value::Dict(_),
        ) => {
            let inside = b.value.members(1000)?.iter().any(|member| member.same_as(item));
            Ok(inside == (operator == "in"))
        }
        ("in" | "not in", Value::Text(part), Value::Text(whole)) => {
            Ok(whole.contains(part) == (operator == "in"))
        }
        ("==" | "!=", x, y) => Ok(x.same_as(y) == (operator == "==")),
        (_, Value::Number(x), Value::Number(y)) => {
            let order = x.compare(y).ok_or_else(|| Unexplained::new("a comparison of these"))?;
            Ok(holds(relation_sign(operator), order))
        }
        _ => Err(Unexplained::new(&format!("a comparison of {} and {}", a.value.what(), b.value.what()))),
    }
}
