//! The least or greatest value on a curve: derivatives in proportion (Lagrange).

use serde_json::Value;
use smol_str::SmolStr;
use tirade_math::{Expr, Rational, cas};

use super::calculus::derivative;
use super::{Call, Explained, equation, listed, put, read_result, simple};

/// A point that the tool found, and the value there.
struct Place {
    point: Vec<(SmolStr, Expr)>,
    value: Expr,
}

/// Every place is checked to lie on the curve and to have its derivatives in proportion; that there are no others is the tool's word.
pub(super) fn optimum(call: &Call) -> Explained {
    let objective = call.expr("objective")?;
    let [constraint] = call.list("constraints")? else {
        return Err("an optimum with any but one constraint".into());
    };
    let curve = cas::zero_form(constraint).map_err(|why| why.to_string())?;
    let variables = names(call.list("variables")?)?;
    let slopes = |e: &Expr| variables.iter().map(|x| derivative(e, x)).collect::<Result<Vec<_>, _>>();
    let (of_objective, of_curve) = (slopes(objective)?, slopes(&curve)?);
    let places = places(call, &variables)?;
    let goal = if call.args.text("goal") == "min" { "least" } else { "greatest" };
    let mut text = format!(
        "On ${}$ the value of ${}$ can be {goal} only where its derivatives are in proportion to those of ${}$. The derivatives are {} and {}.",
        constraint.to_latex(),
        objective.to_latex(),
        level(constraint).unwrap_or(&curve).to_latex(),
        shown(&of_objective),
        shown(&of_curve),
    );
    let mut values = Vec::new();
    for place in &places {
        text += &format!(" {}", checked(place, objective, &curve, &of_objective, &of_curve)?);
        values.push(place.value.as_rational().cloned().ok_or("values that are no rational numbers")?);
    }
    let best = if goal == "least" { values.iter().min() } else { values.iter().max() };
    let best = best.ok_or("an optimum without a place")?;
    if *best != claimed(call)? {
        return Err("an optimum that could not be checked".into());
    }
    Ok(format!("{text} So the {goal} value is ${}$.", Expr::Num(best.clone()).to_latex()))
}

/// The left side, where the right one is a number: it has the same derivatives.
fn level(constraint: &Expr) -> Option<&Expr> {
    let Expr::Relation(left, links) = constraint else { return None };
    links.first().filter(|(_, right)| right.as_rational().is_some()).map(|_| left.as_ref())
}

fn names(variables: &[Expr]) -> Result<Vec<SmolStr>, String> {
    let name =
        |e: &Expr| if let Expr::Sym(name) = e { Ok(name.clone()) } else { Err(format!("the variable {e}")) };
    variables.iter().map(name).collect()
}

fn places(call: &Call, variables: &[SmolStr]) -> Result<Vec<Place>, String> {
    let rows = call.content["stationary"].as_array().ok_or("an optimum without its places")?;
    let place = |row: &Value| {
        let point = row["point"].as_array().filter(|point| point.len() == variables.len());
        let point = point.ok_or("a place with other variables")?;
        let point = point.iter().map(expression).collect::<Result<Vec<_>, _>>()?;
        Ok(Place { point: variables.iter().cloned().zip(point).collect(), value: expression(&row["value"])? })
    };
    rows.iter().map(place).collect()
}

fn expression(text: &Value) -> Result<Expr, String> {
    read_result(text.as_str().unwrap_or_default()).map(|e| simple(&e))
}

fn claimed(call: &Call) -> Result<Rational, String> {
    call.part("value")?
        .as_rational()
        .cloned()
        .ok_or_else(|| "an optimum that is no rational number".to_owned())
}

/// What is so at one place.
fn checked(
    place: &Place,
    objective: &Expr,
    curve: &Expr,
    of_objective: &[Expr],
    of_curve: &[Expr],
) -> Result<String, String> {
    let here = |slopes: &[Expr]| slopes.iter().map(|e| simple(&put(e, &place.point))).collect::<Vec<_>>();
    let (f, g) = (here(of_objective), here(of_curve));
    let minor = |i: usize, j: usize| {
        let cross = |a: &Expr, b: &Expr| Expr::product([a.clone(), b.clone()]);
        simple(&Expr::sum([cross(&f[i], &g[j]), cross(&f[j], &g[i]).neg()])).is_zero()
    };
    let in_proportion = (0..f.len()).all(|i| (0..i).all(|j| minor(i, j)));
    if !in_proportion || !simple(&put(curve, &place.point)).is_zero() {
        return Err("a place that could not be checked".into());
    }
    let point: Vec<String> =
        place.point.iter().map(|(name, value)| format!("{name} = {}", value.to_latex())).collect();
    Ok(format!(
        "At {} they are {} and {}, which are in proportion, and the value is ${}$.",
        listed(&point),
        shown(&f),
        shown(&g),
        equation(&put(objective, &place.point), &place.value)?
    ))
}

fn shown(expressions: &[Expr]) -> String {
    let latex: Vec<String> = expressions.iter().map(Expr::to_latex).collect();
    format!("$({})$", latex.join(", "))
}
