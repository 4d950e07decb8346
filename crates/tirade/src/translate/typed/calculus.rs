//! Derivatives, integrals, limits, series, extrema, recurrences.

use smol_str::SmolStr;
use tirade_math::expr::Func;
use tirade_math::{Expr, Outcome, Rational, cas, equivalent};

use super::{Call, Explained, equation, equation_as, put, read_result, simple};

/// Most terms of a series.
const MOST_TERMS: usize = 8;

pub(super) fn explain(name: &str, call: &Call) -> Option<Explained> {
    Some(match name {
        "integrate" => antiderivative(call),
        "series_expansion" => series(call),
        "compute_limit" => limit(call),
        "check_continuity" => continuity(call),
        "find_extrema" | "function_range" => extrema(name, call),
        "function_domain" => domain(call),
        "solve_recurrence" => recurrence(call),
        "optimize" => super::lagrange::optimum(call),
        "definite_integral" => definite(call),
        _ => return None,
    })
}

pub(super) fn derivative(e: &Expr, x: &SmolStr) -> Result<Expr, String> {
    cas::differentiate_worked(e, x).map(|made| made.value).map_err(|why| why.to_string())
}

fn at(e: &Expr, x: &SmolStr, value: &Expr) -> Expr {
    put(e, &[(x.clone(), value.clone())])
}

fn same(a: &Expr, b: &Expr) -> bool {
    equivalent(a, b).outcome == Outcome::Equal
}

fn antiderivative(call: &Call) -> Explained {
    let (f, x, found) = (call.expr("expression")?, call.variable("variable"), call.value()?);
    if !same(&derivative(&found, &x)?, f) {
        return Err("an antiderivative that could not be checked".into());
    }
    Ok(format!(
        "The derivative of ${}$ with respect to ${x}$ is ${}$, so it is an antiderivative.",
        found.to_latex(),
        f.to_latex()
    ))
}

/// A few functions whose antiderivatives everybody knows, times a number.
fn definite(call: &Call) -> Explained {
    let (f, x) = (call.expr("expression")?, call.variable("variable"));
    let known = [(Func::Sin, Func::Cos, -1), (Func::Cos, Func::Sin, 1), (Func::Exp, Func::Exp, 1)];
    let found = known.into_iter().find_map(|(of, anti, sign)| {
        let inner = Expr::call(of, Expr::sym(x.clone()));
        let factor = simple(&f.clone().div(inner));
        factor.as_rational().map(|q| {
            Expr::product([Expr::Num(q * Rational::from(sign)), Expr::call(anti, Expr::sym(x.clone()))])
        })
    });
    let primitive = found.ok_or("an integral without a rule")?;
    if !same(&derivative(&simple(&primitive), &x)?, f) {
        return Err("an integral that could not be checked".into());
    }
    let (low, high) = (call.expr("lower")?, call.expr("upper")?);
    let difference = Expr::sum([at(&primitive, &x, high), at(&primitive, &x, low).neg()]);
    Ok(format!(
        "An antiderivative is ${}$. Between the bounds, ${}$.",
        simple(&primitive).to_latex(),
        equation(&difference, &call.value()?)?
    ))
}

/// The coefficients by the derivatives at the point.
fn series(call: &Call) -> Explained {
    let (f, x) = (call.expr("expression")?, call.variable("variable"));
    let point = simple(call.expr("point")?);
    let order = simple(call.expr("order")?)
        .as_i64()
        .and_then(|n| usize::try_from(n).ok())
        .filter(|n| *n <= MOST_TERMS)
        .ok_or("a series of so many terms")?;
    let shown = call.text()?;
    let polynomial = read_result(shown.split(" + O(").next().unwrap_or(shown))?;
    let (mut derived, mut found) = (f.clone(), polynomial.clone());
    let mut steps = Vec::new();
    for n in 0..order {
        let value = simple(&at(&derived, &x, &point));
        if !same(&value, &simple(&at(&found, &x, &point))) {
            return Err("a series that could not be checked".into());
        }
        let name = if n == 0 { "f".to_owned() } else { format!("f^{{({n})}}") };
        steps.push(format!("${name}({}) = {}$", point.to_latex(), value.to_latex()));
        if n + 1 < order {
            (derived, found) = (derivative(&derived, &x)?, derivative(&found, &x)?);
        }
    }
    Ok(format!(
        "The values of $f({x}) = {}$ and its derivatives at ${}$ are {}. Dividing each by its factorial gives the series ${}$ up to terms of order ${order}$.",
        f.to_latex(),
        point.to_latex(),
        steps.join(", "),
        polynomial.to_latex()
    ))
}

/// Top and bottom of a quotient.
fn quotient(e: &Expr) -> Option<(Expr, Expr)> {
    let Expr::Mul(factors) = e else { return None };
    let (mut top, mut bottom) = (Vec::new(), Vec::new());
    for factor in factors {
        match factor {
            Expr::Pow(base, exponent) if exponent.as_i64().is_some_and(|n| n < 0) => {
                bottom.push((**base).clone().pow(Expr::int(exponent.as_i64()?.checked_neg()?)));
            }
            other => top.push(other.clone()),
        }
    }
    (!bottom.is_empty()).then(|| (Expr::product(top), Expr::product(bottom)))
}

/// A value that is there, or the rule of l'Hôpital, at most three times.
fn limit(call: &Call) -> Explained {
    let (f, x, found) = (call.expr("expression")?, call.variable("variable"), call.value()?);
    let point = simple(call.expr("point")?);
    let mut current = f.clone();
    let mut text = String::new();
    for _ in 0..4 {
        let parts = quotient(&current);
        let zero = |e: &Expr| simple(&at(e, &x, &point)).is_zero();
        match parts {
            Some((top, bottom)) if zero(&bottom) && zero(&top) => {
                let (above, below) = (derivative(&top, &x)?, derivative(&bottom, &x)?);
                text += &format!(
                    "Both ${}$ and ${}$ tend to $0$ as ${x}$ tends to ${}$, so by l'Hôpital's rule we may take the quotient of the derivatives, ${}$. ",
                    top.to_latex(),
                    bottom.to_latex(),
                    point.to_latex(),
                    above.clone().div(below.clone()).to_latex()
                );
                current = above.div(below);
            }
            Some((_, bottom)) if zero(&bottom) => return Err("an infinite limit".into()),
            _ => {
                let value = at(&current, &x, &point);
                return Ok(format!(
                    "{text}Putting ${x} = {}$ in gives ${}$.",
                    point.to_latex(),
                    equation(&value, &found)?
                ));
            }
        }
    }
    Err("a limit without a rule".into())
}

fn continuity(call: &Call) -> Explained {
    let (f, x) = (call.expr("expression")?, call.variable("variable"));
    let point = simple(call.expr("point")?);
    let names = [x.clone()];
    let fraction = cas::to_fraction(f, &names).map_err(|why| why.to_string())?;
    let bottom = cas::from_polynomial(&fraction.bottom, &names).map_err(|why| why.to_string())?;
    let below = simple(&at(&bottom, &x, &point));
    let continuous = !below.is_zero();
    if call.text()? != if continuous { "True" } else { "False" } {
        return Err("a continuity that could not be checked".into());
    }
    let value = if continuous {
        equation(&at(&bottom, &x, &point), &below)?
    } else {
        format!("{} = 0", at(&bottom, &x, &point).to_latex())
    };
    let shown = f.to_latex();
    Ok(if continuous {
        format!(
            "The function ${shown}$ is a quotient of polynomials. At ${x} = {}$ its denominator is ${value}$, which is not zero, so it is continuous there.",
            point.to_latex()
        )
    } else {
        format!(
            "At ${x} = {}$ the denominator of ${shown}$ is ${value}$, so the function is not defined there and not continuous.",
            point.to_latex()
        )
    })
}

/// The values at the ends and where the derivative is zero.
fn extrema(name: &str, call: &Call) -> Explained {
    let (f, x) = (call.expr("expression")?, call.variable("variable"));
    let (low, high) = (simple(call.expr("lower")?), simple(call.expr("upper")?));
    let (Some(a), Some(b)) = (low.as_rational(), high.as_rational()) else {
        return Err("an interval with these ends".into());
    };
    cas::to_dense(f, &x).map_err(|_| "extrema of what is no polynomial".to_owned())?;
    let slope = derivative(f, &x)?;
    let mut places = vec![low.clone(), high.clone()];
    let mut text = format!("The derivative of ${}$ is ${}$.", f.to_latex(), slope.to_latex());
    if !cas::symbols(&slope).is_empty() {
        let solved = cas::solve_worked(&slope, &x).map_err(|why| why.to_string())?;
        text += &format!(" {}", solved.derivation.render_english());
        for root in solved.value {
            let q = root.as_rational().ok_or("stationary points that are no rational numbers")?;
            if q > a && q < b {
                places.push(root.clone());
            }
        }
    }
    let mut values = Vec::new();
    let mut steps = Vec::new();
    for place in &places {
        let put = at(f, &x, place);
        let value = simple(&put);
        steps.push(format!("at ${x} = {}$ the value is ${}$", place.to_latex(), equation(&put, &value)?));
        values.push(value.as_rational().cloned().ok_or("values that are no rational numbers")?);
    }
    let (least, greatest) =
        (values.iter().min().ok_or("no values")?, values.iter().max().ok_or("no values")?);
    let right = if name == "find_extrema" {
        same(&call.part("minimum")?, &Expr::Num(least.clone()))
            && same(&call.part("maximum")?, &Expr::Num(greatest.clone()))
    } else {
        call.text()?.replace(' ', "")
            == format!("Interval({},{})", cas::rational_text(least), cas::rational_text(greatest))
    };
    if !right {
        return Err("extrema that could not be checked".into());
    }
    let shown = |q: &Rational| Expr::Num(q.clone()).to_latex();
    Ok(format!(
        "{text} We compare: {}. So the least value is ${}$ and the greatest is ${}$.",
        steps.join(", "),
        shown(least),
        shown(greatest)
    ))
}

/// Square roots need radicands that are not negative.
fn domain(call: &Call) -> Explained {
    let (f, x) = (call.expr("expression")?, call.variable("variable"));
    let radicand = match f {
        Expr::Call(Func::Sqrt, args) => args.first(),
        Expr::Pow(base, exponent)
            if *exponent.as_ref() == Expr::Num(Rational::from_parts(1.into(), 2u8.into())) =>
        {
            Some(base.as_ref())
        }
        _ => None,
    };
    let radicand = radicand.ok_or("the domain of what is no square root")?;
    let condition = Expr::relation(radicand.clone(), tirade_math::expr::RelOp::Ge, Expr::int(0));
    let solved = cas::solve_inequality_worked(&condition, &x).map_err(|why| why.to_string())?;
    let shown = cas::intervals_text(&solved.value, &x).map_err(|why| why.to_string())?;
    let shown = read_result(&shown)?;
    let claimed = call.text()?;
    for n in -80..=80 {
        let place = Rational::from_parts(n.into(), 4u8.into());
        let mut values = tirade_math::Assumptions::default();
        values.set(&x, Expr::Num(place.clone()));
        let inside = tirade_math::check_statement(&condition, &values) == tirade_math::Truth::True;
        if inside != in_interval(claimed, &place).ok_or("a domain of this form")? {
            return Err("a domain that could not be checked".into());
        }
    }
    Ok(format!(
        "The root is defined where ${}$. {} This is ${}$.",
        condition.to_latex(),
        solved.derivation.render_english(),
        shown.to_latex()
    ))
}

/// `Interval(2, oo)`, `Interval.open(-oo, 3)` and the like.
fn in_interval(text: &str, place: &Rational) -> Option<bool> {
    let (kind, rest) = text.strip_prefix("Interval")?.split_once('(')?;
    let (low, high) = rest.strip_suffix(')')?.split_once(',')?;
    let end = |text: &str| read_result(text.trim()).ok().and_then(|e| simple(&e).as_rational().cloned());
    let above = match end(low) {
        Some(low) if matches!(kind, ".open" | ".Lopen") => *place > low,
        Some(low) => *place >= low,
        None => low.trim() == "-oo",
    };
    let below = match end(high) {
        Some(high) if matches!(kind, ".open" | ".Ropen") => *place < high,
        Some(high) => *place <= high,
        None => high.trim() == "oo",
    };
    Some(above && below)
}

/// The closed form is put into the recurrence and the initial values.
fn recurrence(call: &Call) -> Explained {
    let (given, n, form) = (call.expr("recurrence")?, call.variable("variable"), call.value()?);
    let name: SmolStr = match call.args.expr("function") {
        Ok(Expr::Sym(name)) => name.clone(),
        _ => "a".into(),
    };
    let expand = |e: &Expr| {
        e.clone().map(&|part| match &part {
            Expr::Apply(own, args) if *own == name && args.len() == 1 => at(&form, &n, &args[0]),
            _ => part,
        })
    };
    let (left, right) = match given {
        Expr::Relation(left, links) if links.len() == 1 => ((**left).clone(), links[0].1.clone()),
        other => (other.clone(), Expr::int(0)),
    };
    if !same(&expand(&left), &expand(&right)) {
        return Err("a closed form that could not be checked".into());
    }
    let mut starts = Vec::new();
    for (place, value) in call.list("initial_points")?.iter().zip(call.list("initial_values")?) {
        let put = at(&form, &n, place);
        starts.push(format!(
            "${name}({}) = {}$",
            place.to_latex(),
            equation_as(&put.to_latex(), &put, value)?
        ));
    }
    Ok(format!(
        "The formula ${name}({n}) = {}$ satisfies the recurrence ${}$, since ${} = {}$, and it has the right start: {}.",
        form.to_latex(),
        given.to_latex(),
        expand(&left).to_latex(),
        expand(&right).to_latex(),
        starts.join(", ")
    ))
}
