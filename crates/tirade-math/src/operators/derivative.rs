//! Derivatives by rule, of everything elementary.
//!
//! One set of rules serves comparison, which wants only the value ([`derivative`]), and the tool lane
//! ([`crate::cas`]), which wants SymPy's form and the steps: a [`Form`] says how the parts are put together.

use super::depends;
use crate::derivation::Rule;
use crate::exact::{Exact, at_most, unsupported};
use crate::expr::{Const, Expr, Func};

/// How the parts of a derivative are put together, and who is told of each step.
pub trait Form {
    /// Called with the cost of each part that is visited; an error ends the derivation.
    fn visit(&mut self, _cost: usize) -> Exact<()> {
        Ok(())
    }
    /// A sum.
    fn sum(&self, terms: Vec<Expr>) -> Exact<Expr>;
    /// A product.
    fn product(&self, factors: Vec<Expr>) -> Exact<Expr>;
    /// A power.
    fn power(&self, base: &Expr, exponent: &Expr) -> Exact<Expr>;
    /// The derivative of `base^n` for a constant `n`, where `inner` is that of `base`.
    fn lowered(&self, base: &Expr, n: &Expr, inner: Expr) -> Exact<Expr> {
        let lower = match n.as_rational() {
            Some(n) => Expr::Num(n - crate::Rational::ONE),
            None => self.sum(vec![n.clone(), Expr::int(-1)])?,
        };
        self.product(vec![n.clone(), self.power(base, &lower)?, inner])
    }
    /// The derivative of `e` was found by `rule`.
    fn told(&mut self, _rule: Rule, _e: &Expr, _value: &Expr) {}
}

/// The derivative of `e` with respect to `name`, not simplified; `None` for what has no rule here, or over the allowance
/// `left` of parts.
pub fn derivative(e: &Expr, name: &str, left: u32) -> Option<Expr> {
    let mut form = AsWritten { left: left as usize };
    derived(e, name, &mut form).ok()
}

/// Nothing is simplified but zeros and ones, and nobody is told.
struct AsWritten {
    left: usize,
}

impl Form for AsWritten {
    fn visit(&mut self, cost: usize) -> Exact<()> {
        at_most("parts of a derivative", cost, self.left)?;
        self.left -= cost;
        Ok(())
    }

    fn sum(&self, terms: Vec<Expr>) -> Exact<Expr> {
        Ok(Expr::sum(terms.into_iter().filter(|t| !t.is_zero())))
    }

    fn product(&self, factors: Vec<Expr>) -> Exact<Expr> {
        if factors.iter().any(Expr::is_zero) {
            return Ok(Expr::int(0));
        }
        Ok(Expr::product(factors.into_iter().filter(|f| *f != Expr::int(1))))
    }

    fn power(&self, base: &Expr, exponent: &Expr) -> Exact<Expr> {
        Ok(if exponent.is_zero() { Expr::int(1) } else { base.clone().pow(exponent.clone()) })
    }
}

/// The derivative of `e` in a form.
///
/// # Errors
/// `Unsupported` for what has no rule here, and what the form refuses.
pub fn derived(e: &Expr, name: &str, form: &mut dyn Form) -> Exact<Expr> {
    form.visit(1)?;
    if !depends(e, name) && !matches!(e, Expr::Const(Const::Infinity | Const::Undefined)) {
        return Ok(Expr::int(0));
    }
    match e {
        Expr::Sym(_) => Ok(Expr::int(1)),
        Expr::Add(terms) => {
            let parts = terms.iter().map(|t| derived(t, name, form)).collect::<Exact<_>>()?;
            let value = form.sum(parts)?;
            form.told(Rule::DerivativeSum, e, &value);
            Ok(value)
        }
        Expr::Mul(factors) => product_rule(e, factors, name, form),
        Expr::Pow(base, exponent) => power_rule(e, base, exponent, name, form),
        Expr::Call(func, args) => chain_rule(e, *func, args, name, form),
        Expr::Apply(f, args) => match args.as_slice() {
            // f(x) becomes f'(x)
            [x] => {
                let inner = derived(x, name, form)?;
                form.product(vec![Expr::Apply(format!("{f}'").into(), args.clone()), inner])
            }
            _ => none(e),
        },
        _ => none(e),
    }
}

fn none(e: &Expr) -> Exact<Expr> {
    unsupported(format!("the derivative of {e}"))
}

/// Each factor is differentiated in turn.
fn product_rule(e: &Expr, factors: &[Expr], name: &str, form: &mut dyn Form) -> Exact<Expr> {
    let mut terms = Vec::new();
    for (i, f) in factors.iter().enumerate().filter(|(_, f)| depends(f, name)) {
        form.visit(factors.len())?;
        let inner = derived(f, name, form)?;
        let others = factors.iter().enumerate().filter(|(j, _)| *j != i).map(|(_, g)| g.clone());
        terms.push(form.product(others.chain([inner]).collect())?);
    }
    let rule = if terms.len() == 1 { Rule::ConstantMultiple } else { Rule::DerivativeProduct };
    let value = form.sum(terms)?;
    form.told(rule, e, &value);
    Ok(value)
}

fn power_rule(e: &Expr, base: &Expr, exponent: &Expr, name: &str, form: &mut dyn Form) -> Exact<Expr> {
    if !depends(exponent, name) {
        let inner = derived(base, name, form)?;
        let value = form.lowered(base, exponent, inner)?;
        let simple = matches!(base, Expr::Sym(_));
        form.told(if simple { Rule::DerivativePower } else { Rule::DerivativeChain }, e, &value);
        return Ok(value);
    }
    // b^x = e^{x ln b}
    let slope = derived(exponent, name, form)?;
    let mut grown = vec![e.clone(), slope];
    if *base != Expr::Const(Const::E) {
        grown.push(Expr::call(Func::Ln, base.clone()));
    }
    let grown = form.product(grown)?;
    if !depends(base, name) {
        return Ok(grown);
    }
    let inner = derived(base, name, form)?;
    let shrunk = form.product(vec![e.clone(), exponent.clone(), form.power(base, &Expr::int(-1))?, inner])?;
    form.sum(vec![grown, shrunk])
}

fn chain_rule(e: &Expr, func: Func, args: &[Expr], name: &str, form: &mut dyn Form) -> Exact<Expr> {
    let (x, outer) = match (func, args) {
        (Func::Root, [x, n]) if !depends(n, name) => {
            let scaled = vec![e.clone(), form.power(n, &Expr::int(-1))?, form.power(x, &Expr::int(-1))?];
            (x, form.product(scaled)?)
        }
        (Func::Log, [x, base]) if !depends(base, name) => {
            let below = form.product(vec![x.clone(), Expr::call(Func::Ln, base.clone())])?;
            (x, form.power(&below, &Expr::int(-1))?)
        }
        (_, [x]) => (x, outer(func, x, e, form)?),
        _ => return none(e),
    };
    let inner = derived(x, name, form)?;
    let simple = inner == Expr::int(1);
    let value = form.product(vec![inner, outer])?;
    form.told(if simple { Rule::DerivativeBasic } else { Rule::DerivativeChain }, e, &value);
    Ok(value)
}

/// The derivative of a function at `x`; `e` is the function's value there.
fn outer(f: Func, x: &Expr, e: &Expr, form: &dyn Form) -> Exact<Expr> {
    let call = |f: Func| Expr::call(f, x.clone());
    let square = |e: Expr| form.power(&e, &Expr::int(2));
    let negative = |e: Expr| form.product(vec![Expr::int(-1), e]);
    let over = |below: Expr| form.power(&below, &Expr::int(-1));
    let one_plus =
        |sign: i64| form.sum(vec![Expr::int(1), form.product(vec![Expr::int(sign), square(x.clone())?])?]);
    let root = |radicand: Expr| Expr::call(Func::Sqrt, radicand);
    match f {
        Func::Sqrt => over(form.product(vec![Expr::int(2), e.clone()])?),
        Func::Exp => Ok(e.clone()),
        Func::Ln | Func::Log => over(x.clone()),
        Func::Sin => Ok(call(Func::Cos)),
        Func::Cos => negative(call(Func::Sin)),
        Func::Tan => form.sum(vec![Expr::int(1), square(e.clone())?]),
        Func::Cot => negative(square(call(Func::Csc))?),
        Func::Sec => form.product(vec![e.clone(), call(Func::Tan)]),
        Func::Csc => negative(form.product(vec![e.clone(), call(Func::Cot)])?),
        Func::Asin => over(root(one_plus(-1)?)),
        Func::Acos => negative(over(root(one_plus(-1)?))?),
        Func::Atan => over(one_plus(1)?),
        Func::Acot => negative(over(one_plus(1)?)?),
        Func::Sinh => Ok(call(Func::Cosh)),
        Func::Cosh => Ok(call(Func::Sinh)),
        Func::Tanh => over(square(call(Func::Cosh))?),
        Func::Asinh => over(root(one_plus(1)?)),
        Func::Atanh => over(one_plus(-1)?),
        Func::Abs => form.product(vec![x.clone(), over(e.clone())?]),
        _ => none(e),
    }
}
