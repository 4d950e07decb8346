//! Functions with a derivation by `tirade-math`, or with a notation of their own.

use dashu::integer::IBig;
use tirade_math::derivation::Derivation;
use tirade_math::exact::{Exact, Worked as Steps};
use tirade_math::expr::{Const, Func};
use tirade_math::{Expr, Rational, cas, integer};

use super::Unexplained;
use super::collections::refused;
use super::evaluate::{Worked, binary};
use super::follow::Reader;
use super::formula::{Formula, Level};
use super::value::{Kind, Number, Value};

impl Reader {
    /// Functions with a derivation by `tirade-math`, or with a notation of their own.
    pub(super) fn mathematics(&mut self, name: &str, args: &[Worked]) -> Result<Worked, Unexplained> {
        let integers = || {
            args.iter()
                .map(|arg| {
                    integer_of(arg)
                        .ok_or_else(|| Unexplained::new(&format!("`{name}` of what is no integer")))
                })
                .collect::<Result<Vec<_>, _>>()
        };
        let formulas: Vec<Formula> = args.iter().map(|arg| arg.formula.clone()).collect();
        match (name, args) {
            ("gcd", [_, _]) => self.number_theory(
                integer::gcd_worked(&integers()?[0], &integers()?[1]),
                Formula::call("\\gcd", &formulas),
            ),
            ("gcd" | "igcd", [_, _, _, ..]) => {
                self.number_theory(integer::gcd_all_worked(&integers()?), Formula::call("\\gcd", &formulas))
            }
            ("lcm" | "ilcm", [_, _, ..]) => self.number_theory(
                integer::lcm_all_worked(&integers()?),
                Formula::call("\\operatorname{lcm}", &formulas),
            ),
            ("factorial", [n]) if integer_of(n).is_some() => {
                self.number_theory(integer::factorial_worked(&integers()?[0]), formulas[0].factorial())
            }
            ("comb" | "binomial", [n, k]) => {
                let formula = Formula::atom(format!("\\binom{{{}}}{{{}}}", n.formula.text, k.formula.text));
                self.number_theory(integer::binomial_worked(&integers()?[0], &integers()?[1]), formula)
            }
            ("perm", [n, k]) => {
                let formula = Formula::new(
                    format!(
                        "\\frac{{{}!}}{{\\left({} - {}\\right)!}}",
                        n.formula.text, n.formula.text, k.formula.text
                    ),
                    Level::Power,
                );
                self.number_theory(integer::permutations_worked(&integers()?[0], &integers()?[1]), formula)
            }
            ("totient", [_]) => self.number_theory(
                integer::totient_worked(&integers()?[0]),
                Formula::call("\\varphi", &formulas),
            ),
            ("mod_inverse", [_, _]) => self.number_theory(
                integer::inverse_mod_worked(&integers()?[0], &integers()?[1]),
                Formula::default(),
            ),
            ("pow", [_, _, _]) => {
                let [a, e, m] = &integers()?[..] else { return Err(Unexplained::new("`pow` of these")) };
                self.number_theory(integer::pow_mod_worked(a, e, m), Formula::default())
            }
            ("isqrt", [_]) => self.number_theory(
                integer::integer_root_worked(&integers()?[0], 2),
                formulas[0].wrapped("\\left\\lfloor \\sqrt{", "} \\right\\rfloor"),
            ),
            ("divisor_count", [_]) => {
                self.number_theory(integer::divisor_count_worked(&integers()?[0]), Formula::default())
            }
            ("divisor_sigma", [_]) => {
                self.number_theory(integer::divisor_sum_worked(&integers()?[0]), Formula::default())
            }
            ("isprime", [_]) => {
                let found = integer::is_prime_worked(&integers()?[0]).map_err(refused(name))?;
                self.story.say(&found.derivation.render_english());
                Ok(Worked::plain(Value::Bool(found.value)))
            }
            ("divisors", [_]) => {
                let found = integer::divisors_worked(&integers()?[0]).map_err(refused(name))?;
                self.story.say(&found.derivation.render_english());
                Ok(Worked::plain(Value::List(found.value.into_iter().map(from_integer).collect())))
            }
            ("factorint" | "primefactors", [_]) => {
                let found = integer::factorint_worked(&integers()?[0]).map_err(refused(name))?;
                self.story.say(&found.derivation.render_english());
                let pairs = found
                    .value
                    .into_iter()
                    .map(|(prime, power)| (from_integer(prime), Value::int(power as i64)));
                Ok(Worked::plain(if name == "factorint" {
                    Value::Dict(pairs.collect())
                } else {
                    Value::List(pairs.map(|pair| pair.0).collect())
                }))
            }
            ("simplify" | "expand" | "factor" | "cancel" | "together" | "radsimp", [x, ..]) => {
                self.algebra(name, x)
            }
            ("summation" | "product", [body, bounds]) => self.over_a_range(name, body, &bounds.value),
            ("diff", _) | ("integrate", _) | ("limit", _) => self.calculus(name, args),
            ("log" | "ln", [x]) => function(Func::Ln, x, "\\ln\\left(", "\\right)"),
            ("log2", [x]) => logarithm(x, &Worked::plain(Value::int(2))),
            ("log10", [x]) => logarithm(x, &Worked::plain(Value::int(10))),
            ("log", [x, base]) => logarithm(x, base),
            ("exp", [x]) => function(Func::Exp, x, "e^{", "}"),
            ("sin", [x]) => function(Func::Sin, x, "\\sin\\left(", "\\right)"),
            ("cos", [x]) => function(Func::Cos, x, "\\cos\\left(", "\\right)"),
            ("tan", [x]) => function(Func::Tan, x, "\\tan\\left(", "\\right)"),
            ("radians" | "rad", [x]) => {
                let pi = Worked::plain(Value::Number(Number {
                    expr: Expr::constant(Const::Pi),
                    kind: Kind::Exact,
                }));
                let part = binary("/", &pi, &Worked::plain(Value::int(180)))?;
                binary("*", x, &part)
            }
            ("hypot", [a, b]) => {
                let two = Worked::plain(Value::int(2));
                let sum = binary("+", &binary("**", a, &two)?, &binary("**", b, &two)?)?;
                self.root(&sum, None)
            }
            ("Matrix" | "array", [rows, ..]) => super::methods::matrix(&rows.value),
            _ => Err(Unexplained::new(&format!("the function `{name}` of {} arguments", args.len()))),
        }
    }

    /// Says the steps of an integer function and gives its value.
    fn number_theory(&mut self, result: Exact<Steps<IBig>>, formula: Formula) -> Result<Worked, Unexplained> {
        let Steps { value, derivation } = result.map_err(refused("this function"))?;
        self.derive(&derivation);
        let number = Number::new(Expr::Num(value.into()), Kind::Int)?;
        let text = if formula.text.is_empty() { Formula::of(&number) } else { formula };
        Ok(Worked::with(number, text))
    }

    pub(super) fn derive(&mut self, steps: &Derivation) {
        let text = steps.render_english();
        if !text.is_empty() {
            self.story.say(&text);
        }
    }

    /// Rewriting an expression.
    pub(super) fn algebra(&mut self, name: &str, x: &Worked) -> Result<Worked, Unexplained> {
        let number = x.number()?;
        if !number.is_symbolic() {
            let simple = Number::new(number.expr.clone(), number.kind)?;
            return Ok(Worked::with(simple, x.formula.clone()));
        }
        let made = match name {
            "expand" => cas::expand_worked(&number.expr),
            "factor" => cas::factor_worked(&number.expr),
            "cancel" | "together" => cas::cancel_worked(&number.expr),
            _ => cas::simplify_worked(&number.expr),
        };
        let made = made.map_err(refused(name))?;
        if made.value == number.expr {
            return Ok(x.clone());
        }
        self.derive(&made.derivation);
        Ok(Worked::plain(Value::exact(made.value)?))
    }

    /// `summation(f, (k, a, b))` and `product(f, (k, a, b))`.
    fn over_a_range(&mut self, name: &str, body: &Worked, bounds: &Value) -> Result<Worked, Unexplained> {
        let here = || Unexplained::new(&format!("`{name}` with these bounds"));
        let (Value::Number(body), Value::Tuple(parts)) = (&body.value, bounds) else { return Err(here()) };
        let [Value::Number(k), Value::Number(low), Value::Number(high)] = parts.as_slice() else {
            return Err(here());
        };
        let Expr::Sym(k) = &k.expr else { return Err(here()) };
        let made = match name {
            "summation" => cas::sum_worked(&body.expr, k, &low.expr, &high.expr),
            _ => cas::product_worked(&body.expr, k, &low.expr, &high.expr),
        };
        let made = made.map_err(refused(name))?;
        self.derive(&made.derivation);
        Ok(Worked::plain(Value::exact(made.value)?))
    }

    fn calculus(&mut self, name: &str, args: &[Worked]) -> Result<Worked, Unexplained> {
        let expr = |index: usize| {
            args.get(index).ok_or_else(|| Unexplained::new(&format!("`{name}` with so few arguments")))
        };
        let body = expr(0)?.number()?.expr.clone();
        let variable = |value: &Value| match value {
            Value::Number(Number { expr: Expr::Sym(name), .. }) => Ok(name.clone()),
            _ => Err(Unexplained::new(&format!("`{name}` by what is no variable"))),
        };
        let value = match (name, args) {
            ("diff", [_, x, order @ ..]) => {
                let x = variable(&x.value)?;
                let times = order
                    .first()
                    .map_or(Some(1), |n| n.number().ok().and_then(Number::integer))
                    .filter(|n| (1..=6).contains(n));
                let mut value = body;
                for _ in 0..times.ok_or_else(|| Unexplained::new("this derivative"))? {
                    let made = cas::differentiate_worked(&value, &x).map_err(refused(name))?;
                    self.derive(&made.derivation);
                    value = made.value;
                }
                value
            }
            ("integrate", [_, bounds]) => match &bounds.value {
                Value::Tuple(parts) if parts.len() == 3 => {
                    let bound = |value: &Value| match value {
                        Value::Number(number) => number
                            .rational()
                            .cloned()
                            .ok_or_else(|| Unexplained::new("an integral with these bounds")),
                        _ => Err(Unexplained::new("an integral with these bounds")),
                    };
                    let made = cas::definite_integral_worked(
                        &body,
                        &variable(&parts[0])?,
                        &bound(&parts[1])?,
                        &bound(&parts[2])?,
                    )
                    .map_err(refused(name))?;
                    self.derive(&made.derivation);
                    Expr::Num(made.value)
                }
                one => {
                    let made = cas::integrate_worked(&body, &variable(one)?).map_err(refused(name))?;
                    self.derive(&made.derivation);
                    made.value
                }
            },
            ("limit", [_, x, point]) => {
                let point =
                    point.number()?.rational().cloned().ok_or_else(|| Unexplained::new("this limit"))?;
                let made = cas::limit_worked(&body, &variable(&x.value)?, &point).map_err(refused(name))?;
                self.derive(&made.derivation);
                Expr::Num(made.value)
            }
            _ => return Err(Unexplained::new(&format!("`{name}` with these arguments"))),
        };
        Ok(Worked::plain(Value::exact(value)?))
    }
}

fn integer_of(worked: &Worked) -> Option<IBig> {
    let Value::Number(number) = &worked.value else { return None };
    number.rational().filter(|q| q.is_int()).map(|q| q.numerator().clone())
}

fn from_integer(value: IBig) -> Value {
    Value::Number(Number { expr: Expr::Num(value.into()), kind: Kind::Int })
}

fn function(func: Func, x: &Worked, before: &str, after: &str) -> Result<Worked, Unexplained> {
    let number = x.number()?;
    let value = special_angle(func, &number.expr).unwrap_or_else(|| Expr::call(func, number.expr.clone()));
    let value = Number::new(value, if number.kind == Kind::Int { Kind::Exact } else { number.kind })?;
    let symbolic = value.is_symbolic();
    let formula = if symbolic { Formula::of(&value) } else { x.formula.wrapped(before, after) };
    Ok(Worked::with(value, formula))
}

fn logarithm(x: &Worked, base: &Worked) -> Result<Worked, Unexplained> {
    let (a, b) = (x.number()?, base.number()?);
    let power = match (a.rational(), b.rational()) {
        (Some(a), Some(b)) => exact_logarithm(a, b),
        _ => None,
    };
    let value = match power {
        Some(power) => Number::int(power),
        None => Number::new(Expr::Call(Func::Log, vec![a.expr.clone(), b.expr.clone()]), Kind::Exact)?,
    };
    let formula = Formula::atom(format!("\\log_{{{}}}\\left({}\\right)", base.formula.text, x.formula.text));
    Ok(Worked::with(value, formula))
}

/// The whole number `p` with `b^p = a`.
fn exact_logarithm(a: &Rational, b: &Rational) -> Option<i64> {
    if *b <= Rational::ONE || *a < Rational::ONE {
        return None;
    }
    let mut power = Rational::ONE;
    (0..200).find(|_| {
        let found = power == *a;
        if !found {
            power = &power * b;
        }
        found
    })
}

/// Sine, cosine or tangent of a multiple of 15 degrees that has a simple value.
fn special_angle(func: Func, x: &Expr) -> Option<Expr> {
    let share = cas::canonical(&x.clone().div(Expr::constant(Const::Pi))).ok()?;
    let steps = share.as_rational()? * Rational::from(12);
    let steps = if steps.is_int() {
        i64::try_from(&(steps.numerator() % IBig::from(24))).ok()?.rem_euclid(24)
    } else {
        return None;
    };
    let sine = |steps: i64| -> Option<Expr> {
        let steps = steps.rem_euclid(24);
        let (sign, within) = if steps < 12 { (1, steps) } else { (-1, steps - 12) };
        let root = |n: i64| Expr::call(Func::Sqrt, Expr::int(n)).div(Expr::int(2));
        let six = Expr::call(Func::Sqrt, Expr::int(6));
        let two = Expr::call(Func::Sqrt, Expr::int(2));
        let quarter =
            |sign: Expr| Expr::sum([six.clone(), Expr::product([sign, two.clone()])]).div(Expr::int(4));
        let value = match within.min(12 - within) {
            0 => Expr::int(0),
            // 15 and 75 degrees, as differences and sums of 45 and 30.
            1 => quarter(Expr::int(-1)),
            5 => quarter(Expr::int(1)),
            2 => Expr::int(1).div(Expr::int(2)),
            3 => root(2),
            4 => root(3),
            6 => Expr::int(1),
            _ => return None,
        };
        Some(Expr::product([Expr::int(sign), value]))
    };
    match func {
        Func::Sin => sine(steps),
        Func::Cos => sine(steps + 6),
        Func::Tan if steps % 12 == 6 => None,
        Func::Tan => Some(sine(steps)?.div(sine(steps + 6)?)),
        _ => None,
    }
}
