//! The functions of Python, `math` and SymPy that are explained.

use dashu::integer::IBig;
use tirade_math::derivation::Derivation;
use tirade_math::exact::{Exact, ExactError, Worked as Steps};
use tirade_math::expr::{Const, Func};
use tirade_math::{Expr, Rational, cas, integer};

use super::Unexplained;
use super::ast::Node;
use super::evaluate::{Worked, binary, distinct, relation_sign};
use super::follow::{MOST_ROUNDS, Reader};
use super::formula::{Formula, Level};
use super::output::Fragment;
use super::value::{Kind, Number, Value};

/// Most terms of a sum that are written out.
const MOST_TERMS: usize = 20;
/// Names that need no import.
const BUILTINS: [&str; 22] = [
    "print",
    "sum",
    "len",
    "range",
    "abs",
    "min",
    "max",
    "round",
    "int",
    "float",
    "str",
    "list",
    "tuple",
    "set",
    "sorted",
    "pow",
    "all",
    "any",
    "enumerate",
    "zip",
    "map",
    "divmod",
];

pub(super) fn is_builtin(name: &str) -> bool {
    BUILTINS.contains(&name)
}

fn refused(name: &str) -> impl Fn(ExactError) -> Unexplained {
    let name = name.to_owned();
    move |why| Unexplained::new(&format!("`{name}` here ({why})"))
}

impl Reader {
    pub(super) fn call(
        &mut self,
        function: &Node,
        given: &[Node],
        named: &[(String, Node)],
    ) -> Result<Worked, Unexplained> {
        if let Node::Attribute(base, method) = function {
            let is_module =
                matches!(&**base, Node::Name(name) if matches!(self.get(name), Some(Value::Known(_))));
            if !is_module {
                return self.method(base, method, given, named);
            }
        }
        let callee = self.evaluate(function)?.value;
        if let Value::Known(name) = &callee {
            if name == "print" {
                return self.print(given, named);
            }
            if matches!(last(name), "sum" | "Sum")
                && let [Node::Comprehension(_)] = given
                && let Some(worked) = self.long_sum(&given[0])?
            {
                return Ok(worked);
            }
        }
        let args = given.iter().map(|node| self.evaluate(node)).collect::<Result<Vec<_>, _>>()?;
        let mut options = Vec::new();
        for (name, node) in named {
            options.push((name.clone(), self.evaluate(node)?));
        }
        self.apply(&callee, args, options)
    }

    pub(super) fn apply(
        &mut self,
        callee: &Value,
        args: Vec<Worked>,
        options: Vec<(String, Worked)>,
    ) -> Result<Worked, Unexplained> {
        match callee {
            Value::Function(own) => self.call_own(&own.clone(), args, options),
            Value::Lambda(lambda) => {
                let (params, body) = &**lambda;
                let before: Vec<Option<Value>> =
                    params.iter().map(|param| self.get(param).cloned()).collect();
                for (param, arg) in params.iter().zip(&args) {
                    self.set(param, arg.value.clone());
                }
                let result = self.evaluate(body);
                for (param, before) in params.iter().zip(before) {
                    self.unset(param, before);
                }
                result
            }
            Value::Known(name) => self.function(last(name), args, &options),
            other => Err(Unexplained::new(&format!("calling {}", other.what()))),
        }
    }

    fn print(&mut self, given: &[Node], named: &[(String, Node)]) -> Result<Worked, Unexplained> {
        if self.story.quiet > 0 {
            return Err(Unexplained::new("printing inside a search"));
        }
        if named.iter().any(|(name, _)| name != "end" && name != "sep") {
            return Err(Unexplained::new("this way of printing"));
        }
        let mut line = Vec::new();
        for node in given {
            line.extend(self.fragments(node)?);
        }
        self.printed.push(
            line.into_iter()
                .filter(|part| !matches!(part, Fragment::Text(text) if text.trim().is_empty()))
                .collect(),
        );
        Ok(Worked::plain(Value::None))
    }

    /// A constant such as `math.pi`, or the name of a function.
    pub(super) fn known(&mut self, full: &str) -> Result<Worked, Unexplained> {
        let constant = |value| {
            Ok(Worked::plain(Value::Number(Number { expr: Expr::constant(value), kind: Kind::Exact })))
        };
        match last(full) {
            "pi" => constant(Const::Pi),
            "E" | "e" => constant(Const::E),
            "I" => constant(Const::I),
            "oo" | "inf" => constant(Const::Infinity),
            _ => Ok(Worked::plain(Value::Known(full.to_owned()))),
        }
    }

    /// `sum(f(i) for i in range(…))` of many terms, by the formula for sums of powers.
    fn long_sum(&mut self, node: &Node) -> Result<Option<Worked>, Unexplained> {
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

    fn function(
        &mut self,
        name: &str,
        args: Vec<Worked>,
        options: &[(String, Worked)],
    ) -> Result<Worked, Unexplained> {
        if let Some(worked) = self.collections(name, &args, options)? {
            return Ok(worked);
        }
        let option = |wanted: &str| {
            options.iter().find(|(name, _)| name == wanted).and_then(|(_, worked)| worked.value.truth())
        };
        let symbols = |value: Result<Value, Unexplained>| value.map(Worked::plain);
        match (name, args.as_slice()) {
            ("symbols" | "Symbol" | "var", [one]) => self.symbols(one, options),
            ("solve", _) => symbols(self.solve(&args, option("dict") == Some(true), false)),
            ("solveset", _) => {
                let real = args.get(2).is_some();
                let solved = self.solve(&args[..args.len().min(2)], false, real)?;
                symbols(Ok(Value::Set(solved.members(MOST_ROUNDS)?)))
            }
            ("linsolve", _) => symbols(self.linsolve(&args)),
            ("Eq" | "Ne" | "Lt" | "Le" | "Gt" | "Ge", [a, b]) => {
                let operator = match name {
                    "Lt" => "<",
                    "Le" => "<=",
                    "Gt" => ">",
                    "Ge" => ">=",
                    "Ne" => "!=",
                    _ => "==",
                };
                let relation = Expr::relation(
                    a.number()?.expr.clone(),
                    relation_sign(operator),
                    b.number()?.expr.clone(),
                );
                Ok(Worked::plain(Value::Relation(relation)))
            }
            ("Eq", [a]) => Ok(Worked::plain(Value::Relation(Expr::relation(
                a.number()?.expr.clone(),
                relation_sign("=="),
                Expr::int(0),
            )))),
            ("sqrt", [x]) => self.root(x, None),
            ("root" | "real_root", [x, n]) => self.root(x, Some(n)),
            ("cbrt", [x]) => self.root(x, Some(&Worked::plain(Value::int(3)))),
            ("Rational" | "Fraction", [a, b]) => {
                let made = binary("/", a, b)?;
                let value = Number { kind: Kind::Exact, ..made.number()?.clone() };
                Ok(Worked::plain(Value::Number(value)))
            }
            ("Rational" | "Fraction" | "Integer" | "sympify" | "S" | "nsimplify", [x]) => {
                let number = match &x.value {
                    Value::Text(text) => {
                        Number::literal(text).ok_or_else(|| Unexplained::new("a number given as text"))?
                    }
                    _ => x.number()?.clone(),
                };
                Ok(Worked::with(Number { kind: Kind::Exact, ..number }, x.formula.clone()))
            }
            ("float" | "N" | "Float", [x, ..]) => {
                let number = match &x.value {
                    Value::Text(text) => {
                        Number::literal(text).ok_or_else(|| Unexplained::new("a number given as text"))?
                    }
                    _ => x.number()?.clone(),
                };
                Ok(Worked::with(Number { kind: Kind::Float, ..number }, x.formula.clone()))
            }
            ("int" | "trunc", [x]) => self.whole(x),
            ("ceil" | "ceiling", [x]) => self.rounded(x, "\\left\\lceil ", " \\right\\rceil", |x| x.ceil()),
            ("floor", [x]) => self.rounded(x, "\\left\\lfloor ", " \\right\\rfloor", |x| x.floor()),
            ("round", [x, ..]) => self.round(x, args.get(1)),
            ("abs" | "fabs" | "Abs", [x]) => {
                let number = x.number()?;
                let negative = number
                    .compare(&Number::int(0))
                    .ok_or_else(|| Unexplained::new("the absolute value of this"))?
                    .is_lt();
                let value = if negative {
                    Number::new(number.expr.clone().neg(), number.kind)?
                } else {
                    number.clone()
                };
                Ok(Worked::with(value, x.formula.wrapped("\\left|", "\\right|")))
            }
            ("pow", [x, y]) => binary("**", x, y),
            ("Pow", [x, y]) => binary("**", x, y),
            ("Mul", _) if !args.is_empty() => fold("*", &args),
            ("Add", _) if !args.is_empty() => fold("+", &args),
            ("Mod", [x, y]) | ("fmod", [x, y]) => binary("%", x, y),
            _ => self.mathematics(name, &args),
        }
    }

    fn symbols(&mut self, names: &Worked, options: &[(String, Worked)]) -> Result<Worked, Unexplained> {
        let Value::Text(text) = &names.value else { return Err(Unexplained::new("symbols without names")) };
        let list: Vec<&str> = text.split([',', ' ']).filter(|name| !name.is_empty()).collect();
        if list.iter().any(|name| name.contains([':', '('])) || list.is_empty() {
            return Err(Unexplained::new("symbols with a range of names"));
        }
        let positive =
            options.iter().any(|(name, worked)| name == "positive" && worked.value.truth() == Some(true));
        if positive {
            self.positive.extend(list.iter().map(|name| (*name).to_owned()));
        }
        let mut made: Vec<Value> = list
            .iter()
            .map(|name| Value::Number(Number { expr: Expr::sym(*name), kind: Kind::Exact }))
            .collect();
        Ok(Worked::plain(if made.len() == 1 { made.remove(0) } else { Value::Tuple(made) }))
    }

    fn root(&mut self, x: &Worked, n: Option<&Worked>) -> Result<Worked, Unexplained> {
        let number = x.number()?;
        let exponent = match n {
            None => Rational::from_parts(1.into(), 2u8.into()),
            Some(n) => {
                let n = n
                    .number()?
                    .rational()
                    .filter(|n| !n.is_zero())
                    .cloned()
                    .ok_or_else(|| Unexplained::new("this root"))?;
                Rational::ONE / n
            }
        };
        let before = match n {
            None => "\\sqrt{".to_owned(),
            Some(n) => format!("\\sqrt[{}]{{", n.formula.text),
        };
        let value = match (number.rational(), n) {
            // An exact root where there is one.
            (Some(q), Some(n)) => exact_root(q, n.number()?.integer())
                .map_or_else(|| number.expr.clone().pow(Expr::Num(exponent)), Expr::Num),
            _ => number.expr.clone().pow(Expr::Num(exponent)),
        };
        Ok(Worked::with(
            Number::new(value, if number.kind == Kind::Int { Kind::Exact } else { number.kind })?,
            x.formula.wrapped(&before, "}"),
        ))
    }

    fn rounded(
        &mut self,
        x: &Worked,
        before: &str,
        after: &str,
        round: impl Fn(f64) -> f64,
    ) -> Result<Worked, Unexplained> {
        let number = x.number()?;
        let value = match number.rational() {
            Some(q) if before.contains("ceil") => q.ceil(),
            Some(q) => q.floor(),
            None => {
                let value = number.approximate().ok_or_else(|| Unexplained::new("rounding this"))?;
                if (value - value.round()).abs() < 1e-9 || value.abs() > 1e12 {
                    return Err(Unexplained::new("rounding a number this near to a whole one"));
                }
                IBig::from(round(value) as i64)
            }
        };
        let value = Number { expr: Expr::Num(value.into()), kind: Kind::Int };
        let whole = number.rational().is_some_and(Rational::is_int) && x.formula.text == number.tex();
        Ok(Worked::with(value, if whole { x.formula.clone() } else { x.formula.wrapped(before, after) }))
    }

    /// `int(…)` of a text or of a number towards zero.
    fn whole(&mut self, x: &Worked) -> Result<Worked, Unexplained> {
        if let Value::Text(text) = &x.value {
            let number = Number::literal(text.trim()).filter(|number| number.integer().is_some());
            return Ok(Worked::plain(Value::Number(
                number.ok_or_else(|| Unexplained::new("text as a number"))?,
            )));
        }
        let number = x.number()?;
        if number.rational().is_some_and(Rational::is_int) {
            return Ok(Worked::with(Number { kind: Kind::Int, ..number.clone() }, x.formula.clone()));
        }
        if number.compare(&Number::int(0)).is_some_and(|order| order.is_lt()) {
            return Err(Unexplained::new("cutting off a negative number"));
        }
        self.rounded(x, "\\left\\lfloor ", " \\right\\rfloor", f64::floor)
    }

    fn round(&mut self, x: &Worked, places: Option<&Worked>) -> Result<Worked, Unexplained> {
        let number = x.number()?;
        let places = match places {
            Some(places) => {
                places.number()?.integer().and_then(|n| usize::try_from(n).ok()).filter(|n| *n <= 12)
            }
            None => Some(0),
        };
        let places = places.ok_or_else(|| Unexplained::new("rounding to so many places"))?;
        let scale = Rational::from(IBig::from(10).pow(places));
        let rounded = match number.rational() {
            Some(q) => {
                let scaled = q * &scale;
                if scaled.is_int() {
                    return Ok(x.clone());
                }
                let half = Rational::from_parts(1.into(), 2u8.into());
                Rational::from((scaled + half).floor()) / scale
            }
            None => {
                let text = format!(
                    "{:.*}",
                    places,
                    number.approximate().ok_or_else(|| Unexplained::new("rounding this"))?
                );
                return match Number::literal(&text) {
                    Some(value) => Ok(Worked::with(value, Formula { rounded: true, ..x.formula.clone() })),
                    None => Err(Unexplained::new("rounding a negative number")),
                };
            }
        };
        let kind = if places == 0 { Kind::Int } else { Kind::Float };
        Ok(Worked::with(
            Number::new(Expr::Num(rounded), kind)?,
            Formula { rounded: true, ..x.formula.clone() },
        ))
    }

    /// Functions with a derivation by `tirade-math`, or with a notation of their own.
    fn mathematics(&mut self, name: &str, args: &[Worked]) -> Result<Worked, Unexplained> {
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
            ("diff", _) | ("integrate", _) | ("limit", _) => self.calculus(name, args),
            ("log" | "ln", [x]) => function(Func::Ln, x, "\\ln\\left(", "\\right)"),
            ("log2", [x]) => logarithm(x, &Worked::plain(Value::int(2))),
            ("log10", [x]) => logarithm(x, &Worked::plain(Value::int(10))),
            ("log", [x, base]) => logarithm(x, base),
            ("exp", [x]) => function(Func::Exp, x, "e^{", "}"),
            ("sin", [x]) => function(Func::Sin, x, "\\sin\\left(", "\\right)"),
            ("cos", [x]) => function(Func::Cos, x, "\\cos\\left(", "\\right)"),
            ("tan", [x]) => function(Func::Tan, x, "\\tan\\left(", "\\right)"),
            ("radians", [x]) => {
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

    /// Functions of lists.
    fn collections(
        &mut self,
        name: &str,
        args: &[Worked],
        options: &[(String, Worked)],
    ) -> Result<Option<Worked>, Unexplained> {
        let members = |index: usize| args[index].value.members(MOST_ROUNDS);
        let worked = match (name, args) {
            ("range", _) => {
                let numbers: Option<Vec<i64>> =
                    args.iter().map(|arg| arg.number().ok().and_then(Number::integer)).collect();
                match numbers.as_deref() {
                    Some([high]) => Worked::plain(Value::Range(0, *high, 1)),
                    Some([low, high]) => Worked::plain(Value::Range(*low, *high, 1)),
                    Some([low, high, step]) if *step != 0 => Worked::plain(Value::Range(*low, *high, *step)),
                    _ => return Err(Unexplained::new("this range")),
                }
            }
            ("sum" | "fsum", [list, ..]) => self.folded("+", list, Value::int(0))?,
            ("prod", [list]) => self.folded("*", list, Value::int(1))?,
            ("len", [list]) => match &list.value {
                Value::Range(low, high, step) => {
                    Worked::plain(Value::int(super::value::range_length(*low, *high, *step) as i64))
                }
                Value::Text(text) => Worked::plain(Value::int(text.chars().count() as i64)),
                _ => self.counted(list, members(0)?)?,
            },
            ("min" | "max", [_, ..]) if options.is_empty() => self.extreme(name, args)?,
            ("list" | "tuple" | "set" | "FiniteSet", [list]) => {
                let items = members(0)?;
                let value = match name {
                    "list" => Value::List(items),
                    "tuple" => Value::Tuple(items),
                    _ => Value::Set(distinct(items)),
                };
                Worked { value, ..list.clone() }
            }
            ("list", []) => Worked::plain(Value::List(Vec::new())),
            ("set", []) => Worked::plain(Value::Set(Vec::new())),
            ("sorted", [_]) if options.is_empty() => {
                let mut items = members(0)?;
                super::methods::sort(&mut items)?;
                Worked { searched: true, ..Worked::plain(Value::List(items)) }
            }
            ("enumerate", [_]) => {
                let pairs = members(0)?
                    .into_iter()
                    .enumerate()
                    .map(|(index, item)| Value::Tuple(vec![Value::int(index as i64), item]));
                Worked::plain(Value::List(pairs.collect()))
            }
            ("zip", [_, _]) => {
                let pairs = members(0)?.into_iter().zip(members(1)?).map(|(a, b)| Value::Tuple(vec![a, b]));
                Worked::plain(Value::List(pairs.collect()))
            }
            ("all" | "any", [_]) => {
                let truths: Option<Vec<bool>> = members(0)?.iter().map(Value::truth).collect();
                let truths = truths.ok_or_else(|| Unexplained::new(&format!("`{name}` of these")))?;
                Worked::plain(Value::Bool(if name == "all" {
                    truths.iter().all(|t| *t)
                } else {
                    truths.iter().any(|t| *t)
                }))
            }
            ("map", [function, _]) => {
                let mut parts = Vec::new();
                self.story.quiet += 1;
                for member in members(1)? {
                    let made = self.apply(&function.value, vec![Worked::plain(member)], Vec::new());
                    parts.push(made);
                }
                self.story.quiet -= 1;
                let made: Vec<Worked> = parts.into_iter().collect::<Result<_, _>>()?;
                let formulas = made.iter().map(|worked| worked.formula.clone()).collect();
                Worked {
                    value: Value::List(made.into_iter().map(|worked| worked.value).collect()),
                    formula: Formula::default(),
                    parts: formulas,
                    searched: true,
                }
            }
            ("str", [x]) => match &x.value {
                Value::Number(number) if number.kind == Kind::Int && number.integer().is_some() => {
                    Worked::plain(Value::Text(number.tex()))
                }
                Value::Text(_) => x.clone(),
                _ => return Err(Unexplained::new("this as text")),
            },
            ("bin", [_]) => return Err(Unexplained::new("binary numerals as text")),
            ("divmod", [a, b]) => {
                let (quotient, rest) = (binary("//", a, b)?, binary("%", a, b)?);
                Worked {
                    value: Value::Tuple(vec![quotient.value, rest.value]),
                    formula: Formula::default(),
                    parts: vec![quotient.formula, rest.formula],
                    searched: false,
                }
            }
            _ => return Ok(None),
        };
        Ok(Some(worked))
    }

    /// A sum or product of a list, with its terms written out.
    fn folded(&mut self, operator: &'static str, list: &Worked, empty: Value) -> Result<Worked, Unexplained> {
        let members = list.value.members(MOST_ROUNDS)?;
        if members.len() > MOST_TERMS
            && operator == "+"
            && let Value::Range(low, high, 1) = list.value
        {
            let sum = cas::sum_worked(&Expr::sym("k"), &"k".into(), &Expr::int(low), &Expr::int(high - 1))
                .map_err(refused("sum"))?;
            self.derive(&sum.derivation);
            return Ok(Worked::plain(Value::Number(Number::new(sum.value, Kind::Int)?)));
        }
        if members.len() > MOST_TERMS {
            return Err(Unexplained::new(&format!("a sum or product of {} terms", members.len())));
        }
        let mut terms = Vec::new();
        for (index, member) in members.into_iter().enumerate() {
            let plain = Worked::plain(member);
            let truth = if let Value::Bool(truth) = plain.value {
                Some(Worked::plain(Value::int(i64::from(truth))))
            } else {
                None
            };
            terms.push(match (truth, list.parts.get(index)) {
                (Some(number), _) => number,
                (None, Some(formula)) => Worked { formula: formula.clone(), ..plain },
                (None, None) => plain,
            });
        }
        if terms.is_empty() { Ok(Worked::plain(empty)) } else { fold(operator, &terms) }
    }

    /// The length of a list that was found is said with its members.
    fn counted(&mut self, list: &Worked, members: Vec<Value>) -> Result<Worked, Unexplained> {
        if self.story.quiet == 0 && list.searched && (1..=30).contains(&members.len()) {
            let shown: Option<Vec<String>> = members.iter().map(Value::tex).collect();
            if let Some(shown) = shown {
                self.story.say(&format!("we find ${}$.", shown.join(", ")));
            }
        }
        Ok(Worked::plain(Value::int(members.len() as i64)))
    }

    fn extreme(&mut self, name: &str, args: &[Worked]) -> Result<Worked, Unexplained> {
        let members = if let [list] = args {
            list.value.members(MOST_ROUNDS)?
        } else {
            args.iter().map(|arg| arg.value.clone()).collect()
        };
        let mut sorted = members.clone();
        super::methods::sort(&mut sorted)?;
        let found = if name == "min" { sorted.first() } else { sorted.last() };
        let found = found.ok_or_else(|| Unexplained::new(&format!("`{name}` of nothing")))?;
        let Value::Number(number) = found else { return Ok(Worked::plain(found.clone())) };
        let formulas: Vec<Formula> =
            members.iter().map(|member| Worked::plain(member.clone()).formula).collect();
        let formula = if formulas.len() <= 15 {
            Formula::call(&format!("\\{name}"), &formulas)
        } else {
            Formula::of(number)
        };
        Ok(Worked::with(number.clone(), formula))
    }
}

fn last(name: &str) -> &str {
    name.rsplit('.').next().unwrap_or(name)
}

fn fold(operator: &'static str, terms: &[Worked]) -> Result<Worked, Unexplained> {
    let (first, rest) = terms.split_first().ok_or_else(|| Unexplained::new("nothing to add up"))?;
    rest.iter().try_fold(first.clone(), |all, term| binary(operator, &all, term))
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
    let value = Number::new(
        Expr::call(func, number.expr.clone()),
        if number.kind == Kind::Int { Kind::Exact } else { number.kind },
    )?;
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

/// The rational n-th root, where there is one.
fn exact_root(q: &Rational, n: Option<i64>) -> Option<Rational> {
    let n = usize::try_from(n?).ok().filter(|n| (1..=60).contains(n))?;
    let root = |value: &IBig| {
        let found = integer::integer_root(value, n).ok()?;
        (found.pow(n) == *value).then_some(found)
    };
    let (top, bottom) = (root(q.numerator())?, root(q.denominator().as_ibig())?);
    Some(Rational::from(top) / Rational::from(bottom))
}
