//! Functions of lists.

use tirade_math::exact::ExactError;
use tirade_math::{Expr, cas};

use super::Unexplained;
use super::evaluate::{Worked, binary, distinct};
use super::follow::{MOST_ROUNDS, Reader};
use super::formula::Formula;
use super::value::{Kind, Number, Value};

/// Most terms of a sum that are written out.
pub(super) const MOST_TERMS: usize = 20;

impl Reader {
    /// Functions of lists.
    pub(super) fn collections(
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
                self.story.say(&format!("we find ${}$, in all ${}$.", shown.join(", "), members.len()));
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

pub(super) fn fold(operator: &'static str, terms: &[Worked]) -> Result<Worked, Unexplained> {
    let (first, rest) = terms.split_first().ok_or_else(|| Unexplained::new("nothing to add up"))?;
    rest.iter().try_fold(first.clone(), |all, term| binary(operator, &all, term))
}

pub(super) fn refused(name: &str) -> impl Fn(ExactError) -> Unexplained {
    let name = name.to_owned();
    move |why| Unexplained::new(&format!("`{name}` here ({why})"))
}
