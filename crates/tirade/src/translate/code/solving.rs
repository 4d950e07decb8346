//! SymPy's `solve` and its relatives, by `tirade-math`'s computer algebra.

use smol_str::SmolStr;
use tirade_math::{Expr, cas};

use super::Unexplained;
use super::evaluate::Worked;
use super::follow::Reader;
use super::value::{Kind, Number, Value};

/// An equation or an expression that is to be zero.
pub(super) fn equation(value: &Value) -> Result<Expr, Unexplained> {
    match value {
        Value::Relation(relation) => Ok(relation.clone()),
        Value::Number(number) => Ok(number.expr.clone()),
        other => Err(Unexplained::new(&format!("solving {}", other.what()))),
    }
}

fn symbol(value: &Value) -> Result<SmolStr, Unexplained> {
    match value {
        Value::Number(Number { expr: Expr::Sym(name), .. }) => Ok(name.clone()),
        other => Err(Unexplained::new(&format!("solving for {}", other.what()))),
    }
}

fn equations(value: &Value) -> Result<Vec<Expr>, Unexplained> {
    match value {
        Value::List(items) | Value::Tuple(items) => items.iter().map(equation).collect(),
        one => Ok(vec![equation(one)?]),
    }
}

impl Reader {
    /// `solve(equations, unknowns)`; `as_dicts` for `dict=True`.
    pub(super) fn solve(
        &mut self,
        given: &[Worked],
        as_dicts: bool,
        real: bool,
    ) -> Result<Value, Unexplained> {
        let first = &given.first().ok_or_else(|| Unexplained::new("solve without arguments"))?.value;
        let system = equations(first)?;
        let unknowns = match given.get(1).map(|worked| &worked.value) {
            Some(Value::List(items) | Value::Tuple(items)) => {
                items.iter().map(symbol).collect::<Result<Vec<_>, _>>()?
            }
            Some(_) if given.len() > 2 => {
                given[1..].iter().map(|worked| symbol(&worked.value)).collect::<Result<Vec<_>, _>>()?
            }
            Some(one) => vec![symbol(one)?],
            None => all_symbols(&system),
        };
        match (system.as_slice(), unknowns.as_slice()) {
            ([one], [x]) => self.solve_one(one, x, as_dicts, real),
            _ => self.solve_system(&system, &unknowns, as_dicts),
        }
    }

    fn solve_one(
        &mut self,
        equation: &Expr,
        x: &SmolStr,
        as_dicts: bool,
        real: bool,
    ) -> Result<Value, Unexplained> {
        let solved = cas::solve_worked(equation, x)
            .map_err(|why| Unexplained::new(&format!("solving this equation ({why})")))?;
        let shown = match equation {
            Expr::Relation(..) => cas::display_order(equation).to_latex(),
            other => format!("{} = 0", cas::tex(other)),
        };
        self.story.say(&format!("we solve the equation ${shown}$."));
        self.story.say(&solved.derivation.render_english());
        let positive = self.positive.iter().any(|name| name == x.as_str());
        let mut roots = Vec::new();
        for root in solved.value {
            roots.push(Number::new(root, Kind::Exact)?);
        }
        let before = roots.len();
        if positive {
            roots.retain(|root| root.approximate().is_some_and(|value| value > 0.0));
        } else if real {
            roots.retain(|root| root.approximate().is_some() || root.is_symbolic());
        }
        if roots.len() < before {
            let kept: Vec<String> = roots.iter().map(|root| format!("${x} = {}$", root.tex())).collect();
            let which = if positive { "positive" } else { "real" };
            self.story.say(&match kept.as_slice() {
                [] => format!("none of these is {which}."),
                kept => format!(
                    "only {} {} {which}.",
                    super::story::listed(kept),
                    if kept.len() > 1 { "are" } else { "is" }
                ),
            });
        }
        let values = roots.into_iter().map(Value::Number);
        let key = Value::Number(Number { expr: Expr::sym(x.clone()), kind: Kind::Exact });
        Ok(Value::List(match as_dicts {
            true => values.map(|value| Value::Dict(vec![(key.clone(), value)])).collect(),
            false => values.collect(),
        }))
    }

    /// Linear equations: a dictionary, as SymPy gives it.
    fn solve_system(
        &mut self,
        system: &[Expr],
        unknowns: &[SmolStr],
        as_dicts: bool,
    ) -> Result<Value, Unexplained> {
        let values = self.linear(system, unknowns)?;
        let Some(values) = values else { return Ok(Value::List(Vec::new())) };
        let mut pairs = Vec::new();
        for (name, value) in unknowns.iter().zip(values) {
            if value.expr != Expr::Sym(name.clone()) {
                let key = Value::Number(Number { expr: Expr::Sym(name.clone()), kind: Kind::Exact });
                pairs.push((key, Value::Number(value)));
            }
        }
        let solution = Value::Dict(pairs);
        Ok(if as_dicts { Value::List(vec![solution]) } else { solution })
    }

    fn linear(&mut self, system: &[Expr], unknowns: &[SmolStr]) -> Result<Option<Vec<Number>>, Unexplained> {
        let refused = |why| Unexplained::new(&format!("solving this system ({why})"));
        let solved = cas::solve_linear_system_worked(system, unknowns).map_err(refused)?;
        let shown: Vec<String> = system
            .iter()
            .map(|equation| match equation {
                Expr::Relation(..) => format!("${}$", cas::display_order(equation).to_latex()),
                other => format!("${} = 0$", cas::tex(other)),
            })
            .collect();
        self.story.say(&format!("we solve the equations {}.", super::story::listed(&shown)));
        self.story.say(&solved.derivation.render_english());
        let numbers = |values: Vec<Expr>| {
            values.into_iter().map(|value| Number::new(value, Kind::Exact)).collect::<Result<Vec<_>, _>>()
        };
        solved.value.map(numbers).transpose()
    }

    /// `linsolve(equations, unknowns)`: a set of one tuple.
    pub(super) fn linsolve(&mut self, given: &[Worked]) -> Result<Value, Unexplained> {
        let [system, unknowns @ ..] = given else {
            return Err(Unexplained::new("linsolve without arguments"));
        };
        let system = equations(&system.value)?;
        let names = match unknowns {
            [Worked { value: Value::List(items) | Value::Tuple(items), .. }] => {
                items.iter().map(symbol).collect::<Result<Vec<_>, _>>()?
            }
            [] => all_symbols(&system),
            several => several.iter().map(|worked| symbol(&worked.value)).collect::<Result<Vec<_>, _>>()?,
        };
        let values = self.linear(&system, &names)?;
        Ok(Value::Set(
            values
                .map(|values| Value::Tuple(values.into_iter().map(Value::Number).collect()))
                .into_iter()
                .collect(),
        ))
    }
}

fn all_symbols(system: &[Expr]) -> Vec<SmolStr> {
    let mut names: Vec<SmolStr> = Vec::new();
    for equation in system {
        let zero = cas::zero_form(equation).unwrap_or_else(|_| equation.clone());
        for name in cas::symbols(&zero) {
            if !names.contains(&name) {
                names.push(name);
            }
        }
    }
    names.sort();
    names
}
