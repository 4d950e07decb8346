//! Triangles, polygons, circles and other curves.

use tirade_math::expr::{Const, Func};
use tirade_math::{Expr, cas};

use super::{Call, Explained, equation, equation_as, listed, read_result, simple};

pub(super) fn explain(name: &str, call: &Call) -> Option<Explained> {
    Some(match name {
        "compute_circle_area" => formula(
            call,
            "The area of a circle of this radius is",
            |r| Expr::product([pi(), square(r.clone())]),
            "radius",
        ),
        "compute_circle_circumference" => formula(
            call,
            "The circumference of a circle of this radius is",
            |r| Expr::product([Expr::int(2), pi(), r.clone()]),
            "radius",
        ),
        "compute_ellipse_area" => ellipse_area(call),
        "compute_ellipse_perimeter" => ellipse_perimeter(call),
        "generate_circle_equation" => curve(call, "circle"),
        "generate_ellipse_equation" => curve(call, "ellipse"),
        "generate_hyperbola_equation" => curve(call, "hyperbola"),
        "generate_parabola_equation" => curve(call, "parabola"),
        "parabola_from_focus_directrix" => parabola(call),
        "triangle_properties" => triangle(call),
        "triangle_from_sides" => triangle_from_sides(call),
        "polygon_properties" => polygon(call),
        "regular_polygon" => regular(call),
        _ => return None,
    })
}

fn pi() -> Expr {
    Expr::constant(Const::Pi)
}

fn square(e: Expr) -> Expr {
    e.pow(Expr::int(2))
}

fn root(e: Expr) -> Expr {
    Expr::call(Func::Sqrt, e)
}

fn minus(a: &Expr, b: &Expr) -> Expr {
    Expr::sum([a.clone(), b.clone().neg()])
}

fn half(e: Expr) -> Expr {
    e.div(Expr::int(2))
}

fn formula(call: &Call, lead: &str, make: impl Fn(&Expr) -> Expr, argument: &str) -> Explained {
    Ok(format!("{lead} ${}$.", equation(&make(call.expr(argument)?), &call.value()?)?))
}

fn ellipse_area(call: &Call) -> Explained {
    let area = Expr::product([pi(), call.expr("a")?.clone(), call.expr("b")?.clone()]);
    Ok(format!(
        "The area of an ellipse is $\\pi$ times both half axes: ${}$.",
        equation(&area, &call.value()?)?
    ))
}

/// There is no elementary formula; the integral says what the value is.
fn ellipse_perimeter(call: &Call) -> Explained {
    let (a, b) = (simple(call.expr("a")?), simple(call.expr("b")?));
    let (Some(p), Some(q)) = (a.as_rational(), b.as_rational()) else {
        return Err("an ellipse with these axes".into());
    };
    let (long, short) = if p >= q { (&a, &b) } else { (&b, &a) };
    let eccentricity =
        simple(&Expr::sum([Expr::int(1), square(short.clone()).div(square(long.clone())).neg()]));
    let text = call
        .result
        .get("exact")
        .or(call.result.get("perimeter"))
        .and_then(serde_json::Value::as_str)
        .or(call.result.as_str())
        .unwrap_or_default();
    let expected = format!(
        "{}*elliptic_e({})",
        cas::to_sympy_string(&simple(&Expr::product([Expr::int(4), long.clone()])))
            .map_err(|e| e.to_string())?,
        cas::to_sympy_string(&eccentricity).map_err(|e| e.to_string())?
    );
    if text != expected {
        return Err("a perimeter that could not be checked".into());
    }
    Ok(format!(
        "The squared eccentricity is $1 - \\frac{{{}^2}}{{{}^2}} = {}$. The perimeter is $4 \\cdot {}$ times the complete elliptic integral of the second kind at this value; it has no elementary form.",
        short.to_latex(),
        long.to_latex(),
        eccentricity.to_latex(),
        long.to_latex()
    ))
}

fn relation(text: &str) -> Result<(Expr, Expr), String> {
    match read_result(text)? {
        Expr::Relation(left, links) if links.len() == 1 => Ok((*left, links[0].1.clone())),
        _ => Err(format!("{text} is no equation")),
    }
}

/// The general form is the standard form times a number, with everything on one side.
fn forms(call: &Call) -> Result<(String, String), String> {
    let text = |name: &str| {
        call.result
            .get(name)
            .and_then(serde_json::Value::as_str)
            .ok_or_else(|| format!("a result without {name}"))
    };
    let (standard, general) = (text("standard_form")?, text("general_form")?);
    let ((a, b), (c, d)) = (relation(standard)?, relation(general)?);
    let ratio =
        simple(&cas::cancel_worked(&minus(&a, &b).div(minus(&c, &d))).map_err(|why| why.to_string())?.value);
    if ratio.as_rational().is_none_or(|q| q.is_zero()) {
        return Err("two forms that could not be compared".into());
    }
    Ok((read_result(standard)?.to_latex(), read_result(general)?.to_latex()))
}

fn curve(call: &Call, kind: &str) -> Explained {
    let (standard, general) = forms(call)?;
    Ok(format!(
        "The {kind} has the equation ${standard}$ in standard form. Multiplying out and collecting everything on one side gives ${general}$."
    ))
}

fn parabola(call: &Call) -> Explained {
    let (standard, general) = forms(call)?;
    Ok(format!(
        "A point of the parabola is as far from the focus as from the directrix. Squaring both distances and simplifying gives ${standard}$, that is, ${general}$."
    ))
}

fn distance(p: &[Expr], q: &[Expr]) -> Expr {
    root(Expr::sum([square(minus(&q[0], &p[0])), square(minus(&q[1], &p[1]))]))
}

fn list_part(call: &Call, name: &str) -> Result<Vec<Expr>, String> {
    let items = call
        .result
        .get(name)
        .and_then(serde_json::Value::as_array)
        .ok_or_else(|| format!("a result without {name}"))?;
    items.iter().map(|item| read_result(item.as_str().unwrap_or_default())).collect()
}

/// Twice the area with its sign, by the shoelace formula.
fn shoelace(points: &[&[Expr]]) -> Expr {
    let terms = (0..points.len()).map(|i| {
        let (p, q) = (points[i], points[(i + 1) % points.len()]);
        Expr::sum([
            Expr::product([p[0].clone(), q[1].clone()]),
            Expr::product([q[0].clone(), p[1].clone()]).neg(),
        ])
    });
    Expr::sum(terms.collect::<Vec<_>>())
}

fn area_step(points: &[&[Expr]], area: &Expr) -> Explained {
    let whole = half(Expr::call(Func::Abs, simple(&shoelace(points))));
    Ok(format!("By the shoelace formula the area is ${}$.", equation_as(&whole.to_latex(), &whole, area)?))
}

fn side_steps(points: &[&[Expr]], sides: &[Expr]) -> Result<Vec<String>, String> {
    let all: Vec<Expr> =
        (0..points.len()).map(|i| distance(points[i], points[(i + 1) % points.len()])).collect();
    let mut steps = Vec::new();
    for length in &all {
        let value = sides.iter().find_map(|side| equation(length, side).ok());
        steps.push(value.ok_or("a side that could not be checked")?);
    }
    Ok(steps)
}

fn triangle(call: &Call) -> Explained {
    let points = [call.list("point1")?, call.list("point2")?, call.list("point3")?];
    let (sides, area, perimeter) = (list_part(call, "sides")?, call.part("area")?, call.part("perimeter")?);
    let steps = side_steps(&points, &sides)?;
    let sum = Expr::sum(sides.clone());
    let product = Expr::product(sides.clone());
    let circumradius = product.div(Expr::product([Expr::int(4), area.clone()]));
    let inradius = Expr::product([Expr::int(2), area.clone()]).div(perimeter.clone());
    Ok(format!(
        "By the distance formula the sides are {}. The perimeter is ${}$. {} The circumradius is the product of the sides divided by four times the area, ${}$. \
         The inradius is twice the area divided by the perimeter, ${}$.",
        listed(&steps),
        equation(&sum, &perimeter)?,
        area_step(&points, &area)?,
        equation(&circumradius, &call.part("circumradius")?)?,
        equation(&inradius, &call.part("inradius")?)?
    ))
}

fn triangle_from_sides(call: &Call) -> Explained {
    let sides = [call.expr("side1")?.clone(), call.expr("side2")?.clone(), call.expr("side3")?.clone()];
    let (area, perimeter) = (call.part("area")?, call.part("perimeter")?);
    let s = simple(&half(perimeter.clone()));
    let heron =
        root(Expr::product([s.clone(), minus(&s, &sides[0]), minus(&s, &sides[1]), minus(&s, &sides[2])]));
    let mut altitudes = Vec::new();
    for (side, altitude) in sides.iter().zip(list_part(call, "altitudes")?) {
        altitudes.push(equation(&Expr::product([Expr::int(2), area.clone()]).div(side.clone()), &altitude)?);
    }
    let circumradius = Expr::product(sides.clone()).div(Expr::product([Expr::int(4), area.clone()]));
    Ok(format!(
        "The perimeter is ${}$, so half of it is ${}$. By Heron's formula the area is ${}$. Each altitude is twice the area divided by its side: {}. \
         The circumradius is ${}$ and the inradius is ${}$.",
        equation(&Expr::sum(sides.clone()), &perimeter)?,
        s.to_latex(),
        equation(&heron, &area)?,
        listed(&altitudes),
        equation(&circumradius, &call.part("circumradius")?)?,
        equation(&area.clone().div(s.clone()), &call.part("inradius")?)?
    ))
}

fn polygon(call: &Call) -> Explained {
    let rows = call.rows("vertices")?;
    let points: Vec<&[Expr]> = rows.iter().map(Vec::as_slice).collect();
    let sides = list_part(call, "sides")?;
    let steps = side_steps(&points, &sides)?;
    Ok(format!(
        "The sides are {}. The perimeter is ${}$. {}",
        listed(&steps),
        equation(&Expr::sum(sides), &call.part("perimeter")?)?,
        area_step(&points, &call.part("area")?)?
    ))
}

fn regular(call: &Call) -> Explained {
    let (n, side) = (call.expr("sides")?, call.expr("side_length")?);
    let angle = Expr::product([minus(n, &Expr::int(2)), Expr::int(180)]).div(n.clone());
    let diagonals = half(Expr::product([n.clone(), minus(n, &Expr::int(3))]));
    let part = pi().div(n.clone());
    let apothem = side.clone().div(Expr::product([Expr::int(2), Expr::call(Func::Tan, part.clone())]));
    let radius = side.clone().div(Expr::product([Expr::int(2), Expr::call(Func::Sin, part)]));
    let area = half(Expr::product([call.part("perimeter")?, call.part("apothem")?]));
    Ok(format!(
        "Each interior angle has ${}$ degrees, and there are ${}$ diagonals. The perimeter is ${}$. The apothem is ${}$ and the circumradius is ${}$. \
         The area is half the perimeter times the apothem, ${}$.",
        equation(&angle, &call.part("interior_angle_degrees")?)?,
        equation(&diagonals, &call.part("diagonals")?)?,
        equation(&Expr::product([n.clone(), side.clone()]), &call.part("perimeter")?)?,
        equation(&apothem, &call.part("apothem")?)?,
        equation(&radius, &call.part("circumradius")?)?,
        equation(&area, &call.part("area")?)?
    ))
}
