//! Attributes and methods of values, and the operations of lists, texts and matrices.

use tirade_math::matrix::{self, Matrix};
use tirade_math::{Expr, Rational};

use super::Unexplained;
use super::ast::Node;
use super::evaluate::{Worked, distinct};
use super::follow::{Reader, unknown};
use super::formula::Formula;
use super::value::{Kind, Number, Value};

/// Longest list that a list operation makes.
const LONGEST: usize = 1_000;

impl Reader {
    pub(super) fn attribute(&mut self, base: &Node, name: &str) -> Result<Worked, Unexplained> {
        let worked = self.evaluate(base)?;
        match (&worked.value, name) {
            (Value::Known(module), _) => self.known(&format!("{module}.{name}")),
            (Value::Relation(Expr::Relation(left, _)), "lhs") => {
                Ok(Worked::plain(Value::exact((**left).clone())?))
            }
            (Value::Relation(Expr::Relation(_, links)), "rhs") if links.len() == 1 => {
                Ok(Worked::plain(Value::exact(links[0].1.clone())?))
            }
            (Value::Number(number), "numerator" | "p" | "denominator" | "q") => {
                let value = number
                    .rational()
                    .ok_or_else(|| Unexplained::new(&format!("`.{name}` of what is no fraction")))?;
                let part = if matches!(name, "numerator" | "p") {
                    value.numerator().clone()
                } else {
                    value.denominator().as_ibig().clone()
                };
                Ok(Worked::plain(Value::Number(Number { expr: Expr::Num(part.into()), kind: Kind::Int })))
            }
            (Value::Matrix(rows), "T") => Ok(Worked::plain(Value::Matrix(transposed(rows)))),
            (value, _) => Err(Unexplained::new(&format!("the attribute `.{name}` of {}", value.what()))),
        }
    }

    pub(super) fn method(
        &mut self,
        base: &Node,
        method: &str,
        given: &[Node],
        named: &[(String, Node)],
    ) -> Result<Worked, Unexplained> {
        if let (
            Node::Name(name),
            "append" | "add" | "extend" | "remove" | "pop" | "sort" | "update" | "insert",
        ) = (base, method)
            && !matches!(self.get(name), Some(Value::Number(_)))
        {
            return self.mutate(name, method, given);
        }
        let worked = self.evaluate(base)?;
        let args = given.iter().map(|node| self.evaluate(node)).collect::<Result<Vec<_>, _>>()?;
        match (&worked.value, method) {
            (Value::Known(module), _) => {
                let callee = self.known(&format!("{module}.{method}"))?.value;
                let options = named
                    .iter()
                    .map(|(name, node)| Ok((name.clone(), self.evaluate(node)?)))
                    .collect::<Result<Vec<_>, Unexplained>>()?;
                self.apply(&callee, args, options)
            }
            (Value::Number(_) | Value::Relation(_), "subs") => self.substitute(&worked, &args),
            (Value::Number(number), "evalf" | "n") => {
                Ok(Worked::with(Number { kind: Kind::Float, ..number.clone() }, worked.formula.clone()))
            }
            (Value::Number(_), "simplify" | "expand" | "factor" | "cancel" | "together" | "doit") => {
                self.algebra(method, &worked)
            }
            (Value::Number(_), "diff" | "integrate" | "limit" | "round") => {
                let all = std::iter::once(worked.clone()).chain(args).collect();
                self.apply(&Value::Known(method.to_owned()), all, Vec::new())
            }
            (Value::Number(number), "is_integer") => {
                let whole =
                    number.rational().ok_or_else(|| Unexplained::new("`.is_integer` of this"))?.is_int();
                Ok(Worked::plain(Value::Bool(whole)))
            }
            (Value::Number(number), "as_coefficients_dict") => coefficients(number),
            (Value::Dict(pairs), "values") => {
                Ok(Worked::plain(Value::List(pairs.iter().map(|(_, value)| value.clone()).collect())))
            }
            (Value::Dict(pairs), "keys") => {
                Ok(Worked::plain(Value::List(pairs.iter().map(|(key, _)| key.clone()).collect())))
            }
            (Value::Dict(pairs), "items") => {
                let items = pairs.iter().map(|(key, value)| Value::Tuple(vec![key.clone(), value.clone()]));
                Ok(Worked::plain(Value::List(items.collect())))
            }
            (Value::Dict(pairs), "get") => {
                let key = args.first().ok_or_else(|| Unexplained::new("`.get` without a key"))?;
                let found =
                    pairs.iter().find(|(known, _)| known.same_as(&key.value)).map(|(_, value)| value.clone());
                Ok(Worked::plain(
                    found.or_else(|| args.get(1).map(|arg| arg.value.clone())).unwrap_or(Value::None),
                ))
            }
            (Value::List(_) | Value::Tuple(_) | Value::Text(_), "index" | "count") => {
                let wanted =
                    args.first().ok_or_else(|| Unexplained::new(&format!("`.{method}` without a value")))?;
                let members = worked.value.members(LONGEST)?;
                let found = match method {
                    "index" => members.iter().position(|member| member.same_as(&wanted.value)),
                    _ => Some(members.iter().filter(|member| member.same_as(&wanted.value)).count()),
                };
                found
                    .map(|n| Worked::plain(Value::int(n as i64)))
                    .ok_or_else(|| Unexplained::new("an item that is not there"))
            }
            (Value::Set(items), "union" | "intersection" | "difference") => {
                let other = args
                    .first()
                    .ok_or_else(|| Unexplained::new(&format!("`.{method}` of one set")))?
                    .value
                    .members(LONGEST)?;
                Ok(Worked::plain(Value::Set(combined(method, items, &other))))
            }
            (Value::Matrix(rows), "det" | "inv" | "transpose" | "trace" | "rank") => {
                self.matrix_method(rows, method)
            }
            (Value::Matrix(_), "dot") => {
                let other = args.first().ok_or_else(|| Unexplained::new("`.dot` of one vector"))?;
                dot(&worked.value, &other.value)
            }
            (value, _) => Err(Unexplained::new(&format!("the method `.{method}` of {}", value.what()))),
        }
    }

    /// Methods that change a list or set that has a name.
    fn mutate(&mut self, name: &str, method: &str, given: &[Node]) -> Result<Worked, Unexplained> {
        let args = given.iter().map(|node| self.evaluate(node)).collect::<Result<Vec<_>, _>>()?;
        let mut whole = self.get(name).cloned().ok_or_else(|| unknown(name))?;
        match (&mut whole, method, args.as_slice()) {
            (Value::List(items), "append", [item]) => {
                items.push(item.value.clone());
                self.tell_member(name, item);
            }
            (Value::Set(items), "add", [item]) if !items.iter().any(|known| known.same_as(&item.value)) => {
                items.push(item.value.clone());
                self.tell_member(name, item);
            }
            (Value::Set(_), "add", [_]) => {}
            (Value::List(items), "extend", [more]) => items.extend(more.value.members(LONGEST)?),
            (Value::List(items), "sort", []) => sort(items)?,
            (Value::List(items) | Value::Set(items), "remove", [item]) => {
                let at = items
                    .iter()
                    .position(|known| known.same_as(&item.value))
                    .ok_or_else(|| Unexplained::new("an item that is not there"))?;
                items.remove(at);
            }
            _ => return Err(Unexplained::new(&format!("the method `.{method}`"))),
        }
        self.keep(name, whole)?;
        Ok(Worked::plain(Value::None))
    }

    fn tell_member(&mut self, name: &str, item: &Worked) {
        let Some(tex) = item.value.tex() else { return };
        let shown = item.formula.equated(&tex);
        match super::names::label(name) {
            super::names::Label::Words(words) => {
                let list = self.story.names.phrase(&words);
                self.story.say(&format!("${shown}$ belongs to {list}."))
            }
            _ => self.story.say(&format!("we note ${shown}$.")),
        }
    }

    fn substitute(&mut self, worked: &Worked, args: &[Worked]) -> Result<Worked, Unexplained> {
        let mut pairs: Vec<(Value, Value)> = Vec::new();
        match args {
            [Worked { value: Value::Dict(given), .. }] => pairs.extend(given.clone()),
            [Worked { value: Value::List(given), .. }] => {
                for pair in given {
                    let [name, value] = &pair.members(2)?[..] else {
                        return Err(Unexplained::new("this substitution"));
                    };
                    pairs.push((name.clone(), value.clone()));
                }
            }
            [name, value] => pairs.push((name.value.clone(), value.value.clone())),
            _ => return Err(Unexplained::new("this substitution")),
        }
        let replace = |expr: &Expr| -> Result<Expr, Unexplained> {
            pairs.iter().try_fold(expr.clone(), |expr, (name, value)| match (name, value) {
                (Value::Number(Number { expr: Expr::Sym(name), .. }), Value::Number(value)) => {
                    Ok(expr
                        .map(&|part| if part == Expr::Sym(name.clone()) { value.expr.clone() } else { part }))
                }
                _ => Err(Unexplained::new("substituting for what is no variable")),
            })
        };
        match &worked.value {
            Value::Number(number) => {
                let replaced = replace(&number.expr)?;
                // The formula is the expression with the values put in, before anything is computed.
                let formula = Formula::new(replaced.to_latex(), super::formula::Level::Sum);
                let value = Number::new(replaced, number.kind)?;
                Ok(if value.is_symbolic() {
                    Worked::plain(Value::Number(value))
                } else {
                    Worked::with(value, formula)
                })
            }
            Value::Relation(relation) => Ok(Worked::plain(Value::Relation(replace(relation)?))),
            _ => Err(Unexplained::new("this substitution")),
        }
    }

    fn matrix_method(&mut self, rows: &[Vec<Number>], method: &str) -> Result<Worked, Unexplained> {
        let refused = |why| Unexplained::new(&format!("`.{method}` of this matrix ({why})"));
        let exact = exact_matrix(rows)?;
        Ok(Worked::plain(match method {
            "det" => {
                let made = matrix::determinant_worked(&exact).map_err(refused)?;
                self.derive(&made.derivation);
                Value::exact(Expr::Num(made.value))?
            }
            "inv" => {
                let made = matrix::inverse_worked(&exact).map_err(refused)?;
                self.derive(&made.derivation);
                from_matrix(&made.value)
            }
            "rank" => {
                let made = matrix::rank_worked(&exact).map_err(refused)?;
                self.derive(&made.derivation);
                Value::int(made.value as i64)
            }
            "trace" => Value::exact(Expr::Num(exact.trace().map_err(refused)?))?,
            _ => Value::Matrix(transposed(rows)),
        }))
    }
}

/// The terms of a sum with their rational factors: `3\sqrt{2} + 5` is 3 of `\sqrt{2}` and 5 of 1.
fn coefficients(number: &Number) -> Result<Worked, Unexplained> {
    let terms = match &number.expr {
        Expr::Add(terms) => terms.clone(),
        one => vec![one.clone()],
    };
    let exact = |expr: Expr| Number::new(expr, Kind::Exact).map(Value::Number);
    let mut pairs = Vec::new();
    for term in terms {
        let (factor, rest) = match term {
            Expr::Num(value) => (Expr::Num(value), Expr::int(1)),
            Expr::Mul(factors) => {
                let (numbers, others): (Vec<Expr>, Vec<Expr>) =
                    factors.into_iter().partition(|factor| factor.as_rational().is_some());
                (Expr::product(numbers), Expr::product(others))
            }
            other => (Expr::int(1), other),
        };
        pairs.push((exact(rest)?, exact(factor)?));
    }
    Ok(Worked::plain(Value::Dict(pairs)))
}

/// `Matrix([[1, 2], [3, 4]])`; a flat list is a column.
pub(super) fn matrix(rows: &Value) -> Result<Worked, Unexplained> {
    let cell = |value: &Value| match value {
        Value::Number(number) => Ok(number.clone()),
        other => Err(Unexplained::new(&format!("a matrix of {}", other.what()))),
    };
    let rows = rows.members(50)?;
    let made = rows
        .iter()
        .map(|row| match row {
            Value::List(cells) | Value::Tuple(cells) => cells.iter().map(cell).collect::<Result<Vec<_>, _>>(),
            one => Ok(vec![cell(one)?]),
        })
        .collect::<Result<Vec<_>, _>>()?;
    let width = made.first().map_or(0, Vec::len);
    if width == 0 || made.iter().any(|row| row.len() != width) {
        return Err(Unexplained::new("a matrix of unequal rows"));
    }
    Ok(Worked::plain(Value::Matrix(made)))
}

fn exact_matrix(rows: &[Vec<Number>]) -> Result<Matrix, Unexplained> {
    let cell = |number: &Number| {
        number.rational().cloned().ok_or_else(|| Unexplained::new("a matrix with expressions in it"))
    };
    let rows = rows
        .iter()
        .map(|row| row.iter().map(cell).collect::<Result<Vec<Rational>, _>>())
        .collect::<Result<Vec<_>, _>>()?;
    Matrix::new(rows).map_err(|why| Unexplained::new(&format!("this matrix ({why})")))
}

fn from_matrix(matrix: &Matrix) -> Value {
    let cell = |q: &Rational| Number { expr: Expr::Num(q.clone()), kind: Kind::Exact };
    Value::Matrix(matrix.rows().iter().map(|row| row.iter().map(cell).collect()).collect())
}

fn transposed(rows: &[Vec<Number>]) -> Vec<Vec<Number>> {
    let width = rows.first().map_or(0, Vec::len);
    (0..width).map(|column| rows.iter().filter_map(|row| row.get(column).cloned()).collect()).collect()
}

fn dot(a: &Value, b: &Value) -> Result<Worked, Unexplained> {
    let (Value::Matrix(a), Value::Matrix(b)) = (a, b) else {
        return Err(Unexplained::new("`.dot` of these"));
    };
    let (a, b): (Vec<_>, Vec<_>) = (a.iter().flatten().collect(), b.iter().flatten().collect());
    if a.len() != b.len() {
        return Err(Unexplained::new("`.dot` of unequal vectors"));
    }
    let plain = |number: &Number| Worked::plain(Value::Number(number.clone()));
    let mut sum: Option<Worked> = None;
    for (a, b) in a.into_iter().zip(b) {
        let product = super::evaluate::binary("*", &plain(a), &plain(b))?;
        sum = Some(match sum {
            Some(sum) => super::evaluate::binary("+", &sum, &product)?,
            None => product,
        });
    }
    sum.ok_or_else(|| Unexplained::new("`.dot` of nothing"))
}

/// Lists, texts, sets and matrices have operators of their own; none where both are numbers.
pub(super) fn sequence_operation(operator: &str, a: &Value, b: &Value) -> Option<Result<Value, Unexplained>> {
    let too_long = || Unexplained::new("a list this long");
    Some(match (operator, a, b) {
        (_, Value::Number(_), Value::Number(_)) => return None,
        ("+", Value::List(a), Value::List(b)) if a.len() + b.len() <= LONGEST => {
            Ok(Value::List([a.clone(), b.clone()].concat()))
        }
        ("+", Value::Tuple(a), Value::Tuple(b)) if a.len() + b.len() <= LONGEST => {
            Ok(Value::Tuple([a.clone(), b.clone()].concat()))
        }
        ("+", Value::Text(a), Value::Text(b)) if a.len() + b.len() <= LONGEST => {
            Ok(Value::Text(format!("{a}{b}")))
        }
        ("*", Value::List(items), Value::Number(n)) => {
            match n.integer().and_then(|n| usize::try_from(n).ok()) {
                Some(n) if n.saturating_mul(a.weight()) <= LONGEST => {
                    Ok(Value::List(std::iter::repeat_n(items, n).flatten().cloned().collect()))
                }
                _ => Err(too_long()),
            }
        }
        ("&", Value::Set(a), Value::Set(b)) => Ok(Value::Set(combined("intersection", a, b))),
        ("|", Value::Set(a), Value::Set(b)) => Ok(Value::Set(combined("union", a, b))),
        ("-", Value::Set(a), Value::Set(b)) => Ok(Value::Set(combined("difference", a, b))),
        (_, Value::Matrix(a), Value::Matrix(b)) => matrix_operation(operator, a, b),
        ("*", Value::Matrix(rows), Value::Number(n)) | ("*", Value::Number(n), Value::Matrix(rows)) => {
            scaled(rows, n)
        }
        ("**", Value::Matrix(rows), Value::Number(n)) => match n.integer() {
            Some(n @ 1..=6) => (1..n).try_fold(Value::Matrix(rows.clone()), |power, _| match &power {
                Value::Matrix(power) => matrix_operation("*", power, rows),
                _ => Err(Unexplained::new("this power of a matrix")),
            }),
            _ => Err(Unexplained::new("this power of a matrix")),
        },
        _ => return None,
    })
}

fn scaled(rows: &[Vec<Number>], n: &Number) -> Result<Value, Unexplained> {
    let cell = |cell: &Number| Number::new(Expr::product([cell.expr.clone(), n.expr.clone()]), Kind::Exact);
    let rows = rows
        .iter()
        .map(|row| row.iter().map(cell).collect::<Result<Vec<_>, _>>())
        .collect::<Result<Vec<_>, _>>()?;
    Ok(Value::Matrix(rows))
}

fn matrix_operation(operator: &str, a: &[Vec<Number>], b: &[Vec<Number>]) -> Result<Value, Unexplained> {
    let (x, y) = (exact_matrix(a)?, exact_matrix(b)?);
    let refused = |why| Unexplained::new(&format!("these matrices ({why})"));
    let made = match operator {
        "+" => x.add_scaled(&y, &Rational::ONE),
        "-" => x.add_scaled(&y, &-Rational::ONE),
        "*" => x.mul(&y),
        _ => return Err(Unexplained::new(&format!("the operator {operator} on matrices"))),
    };
    Ok(from_matrix(&made.map_err(refused)?))
}

fn combined(method: &str, a: &[Value], b: &[Value]) -> Vec<Value> {
    let has = |items: &[Value], item: &Value| items.iter().any(|known| known.same_as(item));
    match method {
        "union" => distinct(a.iter().chain(b).cloned().collect()),
        "intersection" => a.iter().filter(|item| has(b, item)).cloned().collect(),
        _ => a.iter().filter(|item| !has(b, item)).cloned().collect(),
    }
}

/// Sorts numbers or texts.
pub(super) fn sort(items: &mut [Value]) -> Result<(), Unexplained> {
    let mut comparable = true;
    items.sort_by(|a, b| {
        let order = match (a, b) {
            (Value::Number(a), Value::Number(b)) => a.compare(b),
            (Value::Text(a), Value::Text(b)) => Some(a.cmp(b)),
            _ => None,
        };
        comparable &= order.is_some();
        order.unwrap_or(std::cmp::Ordering::Equal)
    });
    if comparable { Ok(()) } else { Err(Unexplained::new("sorting these")) }
}
