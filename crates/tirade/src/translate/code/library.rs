//! Calls: which function of Python, `math` or SymPy is meant, and those that need no file of their own.

use tirade_math::Expr;
use tirade_math::expr::Const;

use super::Unexplained;
use super::ast::Node;
use super::collections::fold;
use super::compare::relation_sign;
use super::evaluate::{Worked, binary};
use super::follow::{MOST_ROUNDS, Reader};
use super::output::Fragment;
use super::value::{Kind, Number, Value};

/// Names that need no import.
const BUILTINS: [&str; 27] = [
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
    "bin",
    "oct",
    "hex",
    "chr",
    "ord",
];

pub(super) fn is_builtin(name: &str) -> bool {
    BUILTINS.contains(&name)
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
            Value::Known(name) => {
                let mut worked = self.function(last(name), args, &options)?;
                // The functions of `math` give floats where SymPy's stay exact.
                if let Value::Number(number) = &mut worked.value
                    && number.kind == Kind::Exact
                    && (name.starts_with("math.") || name.starts_with("numpy."))
                {
                    number.kind = Kind::Float;
                }
                Ok(worked)
            }
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
            self.tell_place(None, node)?;
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

    fn function(
        &mut self,
        name: &str,
        args: Vec<Worked>,
        options: &[(String, Worked)],
    ) -> Result<Worked, Unexplained> {
        if let Some(worked) = self.collections(name, &args, options)? {
            return Ok(worked);
        }
        if let Some(worked) = self.statistics(name, &args)? {
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
                // A fraction in lowest terms is a number as it stands, another is reduced.
                let lowest = value.rational().zip(b.number()?.rational()).is_some_and(|(value, b)| {
                    let below = value.denominator().as_ibig();
                    b.is_int() && (b.numerator() == below || *b.numerator() == -below.clone())
                });
                Ok(if lowest {
                    Worked::plain(Value::Number(value))
                } else {
                    Worked::with(value, made.formula)
                })
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
}

fn last(name: &str) -> &str {
    name.rsplit('.').next().unwrap_or(name)
}
