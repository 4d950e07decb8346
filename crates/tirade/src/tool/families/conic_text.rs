//! The properties of a conic as the JSON that tools answer with, the same keys and spellings as in the SymPy lane.

use serde_json::{Map, Value, json};
use tirade_math::cas::{self, rational_text, to_sympy_string};
use tirade_math::exact::{Exact, ExactError, Worked};
use tirade_math::geometry::{self, Central, CentralKind, Circle, Conic, ConicKind, Parabola};
use tirade_math::surd::Surd;
use tirade_math::{Expr, Rational};

use super::plane::{line_text, pair_text, surd_text};

/// All properties with the steps that lead to the standard form.
pub fn properties(conic: &Conic) -> Exact<Worked<Map<String, Value>>> {
    let Worked { value, derivation } = match conic.kind() {
        ConicKind::Circle => put(geometry::circle_worked(conic)?, circle)?,
        ConicKind::Ellipse => put(geometry::ellipse_worked(conic)?, central)?,
        ConicKind::Hyperbola => put(geometry::hyperbola_worked(conic)?, central)?,
        ConicKind::Parabola => put(geometry::parabola_worked(conic)?, parabola)?,
        other => return Err(ExactError::Unsupported(other.name().to_owned())),
    };
    let Value::Object(map) = value else { return Err(ExactError::Unsupported("this conic".to_owned())) };
    Ok(Worked { value: map, derivation })
}

fn put<T>(found: Worked<T>, tell: fn(&T) -> Exact<Value>) -> Exact<Worked<Value>> {
    Ok(Worked { value: tell(&found.value)?, derivation: found.derivation })
}

fn circle(circle: &Circle) -> Exact<Value> {
    let center = pair_text(&circle.center)?;
    let (Some((h, k)), Some(square)) = (circle.center.as_rationals(), circle.radius_squared.as_rational())
    else {
        return Err(ExactError::Unsupported("an irrational circle".to_owned()));
    };
    let standard =
        format!("{} + {} = {}", shifted_square("x", &h)?, shifted_square("y", &k)?, rational_text(&square));
    Ok(json!({
        "type": "circle", "center": center, "radius": surd_text(&circle.radius()?)?,
        "area": to_sympy_string(&circle.area()?)?, "circumference": to_sympy_string(&circle.circumference()?)?,
        "eccentricity": "0", "foci": [center], "directrices": [], "asymptotes": [], "standard_form": standard,
    }))
}

fn central(conic: &Central) -> Exact<Value> {
    let root = |square: &Rational| surd_text(&Surd::sqrt_rational(square)?);
    let pairs = |points: [geometry::Point; 2]| points.iter().map(pair_text).collect::<Exact<Vec<_>>>();
    let lines = |lines: [geometry::Line; 2]| lines.iter().map(line_text).collect::<Exact<Vec<_>>>();
    let hyperbola = conic.kind == CentralKind::Hyperbola;
    let mut map = json!({
        "type": if hyperbola { "hyperbola" } else { "ellipse" }, "center": pair_text(&conic.center())?,
        "a": root(&conic.a_squared)?, "b": root(&conic.b_squared)?, "c": root(&conic.c_squared())?,
        "eccentricity": surd_text(&conic.eccentricity()?)?, "foci": pairs(conic.foci()?)?, "vertices": pairs(conic.vertices()?)?,
        "co_vertices": pairs(conic.co_vertices()?)?, "directrices": lines(conic.directrices()?)?,
        "asymptotes": if hyperbola { lines(conic.asymptotes()?)? } else { Vec::new() }, "standard_form": standard_form(conic)?,
    });
    if !hyperbola {
        map["area"] = json!(to_sympy_string(&conic.area()?)?);
    }
    Ok(map)
}

/// `(x - 1)**2/9 + (y - 2)**2/4 = 1`, the positive term first.
fn standard_form(conic: &Central) -> Exact<String> {
    let over = |name: &str, shift: &Rational, square: &Rational| -> Exact<String> {
        let term = shifted_square(name, shift)?;
        Ok(match rational_text(square) {
            one if one == "1" => term,
            text if square.is_int() => format!("{term}/{text}"),
            text => format!("{term}/({text})"),
        })
    };
    let (major, minor) = (&conic.a_squared, &conic.b_squared);
    let (x_square, y_square) = if conic.horizontal { (major, minor) } else { (minor, major) };
    let (x, y) = (over("x", &conic.h, x_square)?, over("y", &conic.k, y_square)?);
    Ok(match conic.kind {
        CentralKind::Ellipse => format!("{x} + {y} = 1"),
        CentralKind::Hyperbola if conic.horizontal => format!("{x} - {y} = 1"),
        CentralKind::Hyperbola => format!("{y} - {x} = 1"),
    })
}

fn parabola(conic: &Parabola) -> Exact<Value> {
    let (focus, directrix) = (pair_text(&conic.focus())?, line_text(&conic.directrix())?);
    let positive = conic.p > Rational::ZERO;
    let opens = match (conic.horizontal, positive) {
        (false, true) => "up",
        (false, false) => "down",
        (true, true) => "right",
        (true, false) => "left",
    };
    let four_p = &conic.p * Rational::from(4);
    let latus = if positive { four_p.clone() } else { -four_p.clone() };
    let (squared, shift, other, along) =
        if conic.horizontal { ("y", &conic.k, "x", &conic.h) } else { ("x", &conic.h, "y", &conic.k) };
    let right = Expr::product([Expr::Num(four_p), difference(other, along)]);
    let right = to_sympy_string(&cas::factor_worked(&right)?.value)?;
    Ok(json!({
        "type": "parabola", "vertex": pair_text(&conic.vertex())?, "focus": focus, "foci": [focus], "directrix": directrix,
        "directrices": [directrix], "axis": line_text(&conic.axis())?, "p": rational_text(&conic.p),
        "latus_rectum": rational_text(&latus), "eccentricity": "1", "opens": opens, "asymptotes": [],
        "standard_form": format!("{} = {right}", shifted_square(squared, shift)?),
    }))
}

fn difference(name: &str, shift: &Rational) -> Expr {
    Expr::sum([Expr::sym(name), Expr::Num(-shift.clone())])
}

fn shifted_square(name: &str, shift: &Rational) -> Exact<String> {
    to_sympy_string(&cas::canonical(&difference(name, shift).pow(Expr::int(2)))?)
}
