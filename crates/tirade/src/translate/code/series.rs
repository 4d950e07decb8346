//! Long sums and products: by a formula or by what cancels, not term by term.

use smol_str::SmolStr;
use tirade_math::{Expr, Rational, cas};

use super::Unexplained;
use super::ast::{Node, Statement};
use super::collections::{MOST_TERMS, refused};
use super::evaluate::{Worked, binary};
use super::follow::Reader;
use super::value::{Kind, Number, Value, range_length};

/// Factors that are multiplied to prove what is left of a product.
const MOST_FACTORS: i128 = 2_000;

impl Reader {
    /// `sum(f(i) for i in range(…))` of many terms, by the formula for sums of powers.
    pub(super) fn long_sum(&mut self, node: &Node) -> Result<Option<Worked>, Unexplained> {
        let Node::Comprehension(made) = node else { return Ok(None) };
        let [clause] = made.clauses.as_slice() else { return Ok(None) };
        let (true, Node::Name(name)) = (clause.conditions.is_empty(), &clause.target) else {
            return Ok(None);
        };
        let Value::Range(low, high, 1) = self.evaluate(&clause.source)?.value else { return Ok(None) };
        if super::value::range_length(low, high, 1) <= MOST_TERMS as i128 {
            return Ok(None);
        }
        let before = self.get(name).cloned();
        self.set(name, Value::Number(Number { expr: Expr::sym(name.as_str()), kind: Kind::Int }));
        let element = self.evaluate(&made.element);
        self.unset(name, before);
        let Ok(Worked { value: Value::Number(element), .. }) = element else { return Ok(None) };
        let sum =
            cas::sum_worked(&element.expr, &name.as_str().into(), &Expr::int(low), &Expr::int(high - 1));
        let sum = sum.map_err(refused("sum"))?;
        self.story.say(&sum.derivation.render_english());
        Ok(Some(Worked::plain(Value::Number(Number::new(sum.value, element.kind)?))))
    }

    /// `for k in range(…): total += f(k)` or `*=` of many rounds. False where it is to be followed round by round.
    pub(super) fn long_loop(
        &mut self,
        target: &Node,
        source: &Value,
        body: &[Statement],
    ) -> Result<bool, Unexplained> {
        let (Value::Range(low, high, 1), Node::Name(name)) = (source, target) else { return Ok(false) };
        let [Statement::Augment(Node::Name(total), operator @ ("+" | "*"), node)] = body else {
            return Ok(false);
        };
        if range_length(*low, *high, 1) <= MOST_TERMS as i128 || total == name {
            return Ok(false);
        }
        let Some(term) = self.general_term(name, node) else { return Ok(false) };
        let (from, to) = (Expr::int(*low), Expr::int(*high - 1));
        let variable = SmolStr::from(name.as_str());
        let result = match *operator {
            "+" => match cas::sum_worked(&term.expr, &variable, &from, &to) {
                Ok(sum) => {
                    self.derive(&sum.derivation);
                    sum.value
                }
                Err(_) => return Ok(false),
            },
            _ => match self.telescope(&term.expr, name, *low, *high - 1)? {
                Some(value) => value,
                None => return Ok(false),
            },
        };
        let before = self.get(total).cloned().ok_or_else(|| super::follow::unknown(total))?;
        let change = Worked::plain(Value::Number(Number::new(result, term.kind)?));
        let worked = binary(operator, &Worked::plain(before), &change)?;
        self.assign(&Node::Name(total.clone()), &worked, false)?;
        Ok(true)
    }

    /// What is added or multiplied, with the variable left open.
    fn general_term(&mut self, name: &str, node: &Node) -> Option<Number> {
        let before = self.get(name).cloned();
        self.set(name, Value::Number(Number { expr: Expr::sym(name), kind: Kind::Int }));
        self.story.quiet += 1;
        let term = self.evaluate(node);
        self.story.quiet -= 1;
        self.unset(name, before);
        match term {
            Ok(Worked { value: Value::Number(term), .. }) => Some(term),
            _ => None,
        }
    }

    /// A product whose factors cancel against their neighbours.
    fn telescope(
        &mut self,
        factor: &Expr,
        name: &str,
        low: i64,
        high: i64,
    ) -> Result<Option<Expr>, Unexplained> {
        let Ok(one) = cas::cancel_worked(factor) else { return Ok(None) };
        let (top, bottom) = parts(&one.value);
        let shifted = |part: &Expr| at(part, name, &Expr::sum([Expr::sym(name), Expr::int(1)]));
        let left = if shifted(&top)?.same_as(&Number::new(bottom.clone(), Kind::Exact)?) {
            at(&top, name, &Expr::int(low))?.expr.div(at(&bottom, name, &Expr::int(high))?.expr)
        } else if shifted(&bottom)?.same_as(&Number::new(top.clone(), Kind::Exact)?) {
            at(&top, name, &Expr::int(high))?.expr.div(at(&bottom, name, &Expr::int(low))?.expr)
        } else {
            return Ok(None);
        };
        let left = Number::new(left, Kind::Exact)?;
        if left.rational() != product(factor, name, low, high)?.as_ref() {
            return Ok(None);
        }
        let shown = Number::new(top, Kind::Exact)?.tex();
        let below = Number::new(bottom, Kind::Exact)?.tex();
        self.story.say(&format!(
            "each factor is $\\frac{{{shown}}}{{{below}}}$, and in the product from ${name} = {low}$ to ${name} = {high}$ each cancels against \
             its neighbour, so that ${}$ is left.",
            left.tex()
        ));
        Ok(Some(left.expr))
    }
}

/// Numerator and denominator of a fraction.
fn parts(fraction: &Expr) -> (Expr, Expr) {
    let factors = match fraction {
        Expr::Mul(factors) => factors.clone(),
        one => vec![one.clone()],
    };
    let (mut top, mut bottom) = (Vec::new(), Vec::new());
    for factor in factors {
        match factor {
            Expr::Pow(base, exponent) if exponent.as_i64().is_some_and(|power| power < 0) => {
                bottom.push(base.pow(exponent.neg()))
            }
            other => top.push(other),
        }
    }
    (Expr::product(top), Expr::product(bottom))
}

fn at(expr: &Expr, name: &str, value: &Expr) -> Result<Number, Unexplained> {
    let variable = Expr::sym(name);
    Number::new(expr.clone().map(&|part| if part == variable { value.clone() } else { part }), Kind::Exact)
}

/// All factors multiplied, to be sure.
fn product(factor: &Expr, name: &str, low: i64, high: i64) -> Result<Option<Rational>, Unexplained> {
    if range_length(low, high, 1) > MOST_FACTORS {
        return Ok(None);
    }
    let mut product = Rational::ONE;
    for k in low..=high {
        let Some(value) = at(factor, name, &Expr::int(k))?.rational().cloned() else { return Ok(None) };
        product *= value;
    }
    Ok(Some(product))
}
