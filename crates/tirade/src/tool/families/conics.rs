//! Circles, ellipses, parabolas and hyperbolas, from their equations and to them. The general tools take any conic; CAMEL's
//! EnhancedGeometryToolkit has a name for each kind and property, and these names are answered too, though not offered to models.

use serde_json::json;
use smol_str::SmolStr;
use tirade_math::Expr;
use tirade_math::cas::{self, rational_text, to_sympy_string};
use tirade_math::geometry::{self, Conic, ConicKind, Line, Position};

use super::conic_text;
use super::native::{rational_of, worked};
use super::plane::{line_text, pair_text, point_of};
use crate::tool::args::Args;
use crate::tool::spec::{Answer, Decline, Kind, Native, Param, Tool, param, tool};

const EQUATION: Param = param(
    "equation",
    Kind::Expression,
    "The equation in x and y, such as x^2/9 + y^2/4 = 1 or x^2 + y^2 - 6x = 0.",
);
const LINE: Param = param("line", Kind::Expression, "The equation of the line, such as y = 2x + 1 or x = 3.");
const POINT: Param = param("point", Kind::Point, "The point, such as [3, 4].");
const CENTER: Param = param("center", Kind::Point, "The centre, such as [0, 0].");
const RADIUS: Param = param("radius", Kind::Value, "The radius.");
const SEMI_A: Param = param("a", Kind::Value, "One semi-axis.");
const SEMI_B: Param = param("b", Kind::Value, "The other semi-axis.");

const PROPERTIES: &str = "Everything about a conic: kind, centre or vertex, axes, foci, directrices, asymptotes, eccentricity, standard \
                          form; for a circle radius, area and circumference. Turned conics with a centre are done too.";
const POSITION: &str = "Whether a point lies on, inside or outside a conic; inside is the side of the foci.";
const INTERSECTION: &str = "The real points where a line meets a conic.";
const TANGENT_AT: &str = "The tangent of a conic at one of its points.";
const TANGENTS_FROM: &str = "The tangents of a conic through a point outside.";

/// The family.
pub const TOOLS: &[Tool] = &[
    tool(
        "identify_conic_section_type",
        "What kind of curve a second-degree equation in x and y describes.",
        &[EQUATION],
    )
    .native(identify_conic_section_type),
    tool("conic_properties", PROPERTIES, &[EQUATION]).native(conic_properties),
    tool("check_point_position", POSITION, &[EQUATION, POINT]).native(check_point_position),
    tool("compute_line_conic_intersection", INTERSECTION, &[EQUATION, LINE])
        .native(compute_line_conic_intersection),
    tool("compute_tangent_line_at_point", TANGENT_AT, &[EQUATION, POINT])
        .native(compute_tangent_line_at_point),
    tool("compute_tangent_lines_from_point", TANGENTS_FROM, &[EQUATION, POINT])
        .native(compute_tangent_lines_from_point),
    tool(
        "circle_through_points",
        "Centre, radius and equation of the circle through three points.",
        &[
            param("point1", Kind::Point, "The first point."),
            param("point2", Kind::Point, "The second point."),
            param("point3", Kind::Point, "The third point."),
        ],
    )
    .native(circle_through_points),
    tool("generate_circle_equation", "Standard and general form of a circle.", &[CENTER, RADIUS]),
    tool(
        "generate_ellipse_equation",
        "Standard and general form of an ellipse.",
        &[
            CENTER,
            param("semi_axis_x", Kind::Value, "The semi-axis along x."),
            param("semi_axis_y", Kind::Value, "The semi-axis along y."),
        ],
    ),
    tool(
        "generate_hyperbola_equation",
        "Standard and general form of a hyperbola.",
        &[
            CENTER,
            param("a", Kind::Value, "Distance from the centre to a vertex."),
            param("b", Kind::Value, "The other semi-axis."),
            param("orientation", Kind::Choice(&["x", "y"]), "The axis along which it opens."),
        ],
    ),
    tool(
        "generate_parabola_equation",
        "Standard and general form of a parabola.",
        &[
            param("vertex", Kind::Point, "The vertex."),
            param("p", Kind::Value, "Distance from the vertex to the focus."),
            param("orientation", Kind::Choice(&["up", "down", "left", "right"]), "Where it opens."),
        ],
    ),
    tool(
        "parabola_from_focus_directrix",
        "Standard and general form of the parabola with a focus and a directrix.",
        &[
            param("focus", Kind::Point, "The focus."),
            param("directrix", Kind::Expression, "The equation of the directrix, such as y = -1."),
        ],
    ),
    tool(
        "solve_quadratic",
        "The roots of a*x^2 + b*x + c with the discriminant.",
        &[
            param("a", Kind::Value, "The coefficient of x^2, not 0."),
            param("b", Kind::Value, "The coefficient of x."),
            param("c", Kind::Value, "The constant."),
        ],
    )
    .native(solve_quadratic),
    tool("compute_circle_area", "The area of a circle.", &[RADIUS]),
    tool("compute_circle_circumference", "The circumference of a circle.", &[RADIUS]),
    tool("compute_ellipse_area", "The area of an ellipse.", &[SEMI_A, SEMI_B]),
    tool(
        "compute_ellipse_perimeter",
        "The perimeter of an ellipse, as an elliptic integral and in decimals.",
        &[SEMI_A, SEMI_B],
    ),
    // Names for one kind or property.
    all("parse_conic_equation", &[]),
    all("parse_circle_equation", &[("kind", "circle")]),
    all("parse_ellipse_equation", &[("kind", "ellipse")]),
    all("parse_parabola_equation", &[("kind", "parabola")]),
    all("parse_hyperbola_equation", &[("kind", "hyperbola")]),
    all("compute_circle_properties", &[("kind", "circle")]),
    all("compute_ellipse_properties", &[("kind", "ellipse")]),
    all("compute_parabola_properties", &[("kind", "parabola")]),
    all("compute_hyperbola_properties", &[("kind", "hyperbola")]),
    one("compute_circle_eccentricity", &[("kind", "circle"), ("property", "eccentricity")]),
    one("compute_ellipse_eccentricity", &[("kind", "ellipse"), ("property", "eccentricity")]),
    one("compute_parabola_eccentricity", &[("kind", "parabola"), ("property", "eccentricity")]),
    one("compute_hyperbola_eccentricity", &[("kind", "hyperbola"), ("property", "eccentricity")]),
    one("compute_circle_foci", &[("kind", "circle"), ("property", "foci")]),
    one("compute_ellipse_foci", &[("kind", "ellipse"), ("property", "foci")]),
    one("compute_parabola_foci", &[("kind", "parabola"), ("property", "foci")]),
    one("compute_hyperbola_foci", &[("kind", "hyperbola"), ("property", "foci")]),
    one("compute_circle_directrix", &[("kind", "circle"), ("property", "directrices")]),
    one("compute_ellipse_directrices", &[("kind", "ellipse"), ("property", "directrices")]),
    one("compute_parabola_directrix", &[("kind", "parabola"), ("property", "directrix")]),
    one("compute_hyperbola_directrices", &[("kind", "hyperbola"), ("property", "directrices")]),
    one("compute_circle_asymptotes", &[("kind", "circle"), ("property", "asymptotes")]),
    one("compute_ellipse_asymptotes", &[("kind", "ellipse"), ("property", "asymptotes")]),
    one("compute_parabola_asymptotes", &[("kind", "parabola"), ("property", "asymptotes")]),
    one("compute_hyperbola_asymptotes", &[("kind", "hyperbola"), ("property", "asymptotes")]),
    one("compute_parabola_axis", &[("kind", "parabola"), ("property", "axis")]),
    one("compute_hyperbola_vertices", &[("kind", "hyperbola"), ("property", "vertices")]),
    one("compute_hyperbola_co_vertices", &[("kind", "hyperbola"), ("property", "co_vertices")]),
    meet("compute_line_circle_intersection", &[("kind", "circle")]),
    meet("compute_line_ellipse_intersection", &[("kind", "ellipse")]),
    meet("compute_line_parabola_intersection", &[("kind", "parabola")]),
    meet("compute_line_hyperbola_intersection", &[("kind", "hyperbola")]),
    at_point(
        "check_point_position_circle",
        POSITION,
        "check_point_position",
        check_point_position,
        &[("kind", "circle")],
    ),
    at_point(
        "check_point_position_ellipse",
        POSITION,
        "check_point_position",
        check_point_position,
        &[("kind", "ellipse")],
    ),
    at_point(
        "check_point_position_parabola",
        POSITION,
        "check_point_position",
        check_point_position,
        &[("kind", "parabola")],
    ),
    at_point(
        "check_point_position_hyperbola",
        POSITION,
        "check_point_position",
        check_point_position,
        &[("kind", "hyperbola")],
    ),
    at_point(
        "compute_tangent_line_circle",
        TANGENTS_FROM,
        "compute_tangent_lines_from_point",
        compute_tangent_lines_from_point,
        &[("kind", "circle")],
    ),
    at_point(
        "compute_tangent_line_at_point_circle",
        TANGENT_AT,
        "compute_tangent_line_at_point",
        compute_tangent_line_at_point,
        &[("kind", "circle")],
    ),
    at_point(
        "compute_tangent_line_at_point_ellipse",
        TANGENT_AT,
        "compute_tangent_line_at_point",
        compute_tangent_line_at_point,
        &[("kind", "ellipse")],
    ),
    at_point(
        "compute_tangent_line_at_point_parabola",
        TANGENT_AT,
        "compute_tangent_line_at_point",
        compute_tangent_line_at_point,
        &[("kind", "parabola")],
    ),
    at_point(
        "compute_tangent_line_at_point_hyperbola",
        TANGENT_AT,
        "compute_tangent_line_at_point",
        compute_tangent_line_at_point,
        &[("kind", "hyperbola")],
    ),
];

type Fixed = &'static [(&'static str, &'static str)];

/// All properties of a conic that must be of one kind.
const fn all(name: &'static str, fixed: Fixed) -> Tool {
    tool(name, PROPERTIES, &[EQUATION]).native(conic_properties).alias_of("conic_properties", fixed)
}

/// One property.
const fn one(name: &'static str, fixed: Fixed) -> Tool {
    tool(name, "One property of a conic of this kind.", &[EQUATION])
        .native(conic_property)
        .alias_of("conic_property", fixed)
}

const fn meet(name: &'static str, fixed: Fixed) -> Tool {
    tool(name, INTERSECTION, &[EQUATION, LINE])
        .native(compute_line_conic_intersection)
        .alias_of("compute_line_conic_intersection", fixed)
}

const fn at_point(
    name: &'static str,
    about: &'static str,
    function: &'static str,
    native: Native,
    fixed: Fixed,
) -> Tool {
    tool(name, about, &[EQUATION, POINT]).native(native).alias_of(function, fixed)
}

/// The conic of the call; of the kind that the tool's name implies.
fn conic_of(args: &Args) -> Result<Conic, Decline> {
    let conic = Conic::from_equation(args.expr("equation")?)?;
    let is = match args.fixed("kind") {
        None => return Ok(conic),
        Some(kind) => kind,
    };
    let kind = conic.kind();
    let fits = match is {
        "circle" => kind == ConicKind::Circle,
        "ellipse" => matches!(kind, ConicKind::Circle | ConicKind::Ellipse),
        "parabola" => kind == ConicKind::Parabola,
        _ => kind == ConicKind::Hyperbola,
    };
    if fits { Ok(conic) } else { Err(Decline::Lane(format!("not of the kind {is}"))) }
}

fn identify_conic_section_type(args: &Args) -> Result<Answer, Decline> {
    worked(geometry::classify_worked(&conic_of(args)?), |kind| {
        json!({ "result": match kind {
            ConicKind::Circle => "circle",
            ConicKind::Ellipse => "ellipse",
            ConicKind::Parabola => "parabola",
            ConicKind::Hyperbola => "hyperbola",
            ConicKind::Point => "degenerate (one point)",
            ConicKind::CrossingLines => "degenerate (two lines)",
            ConicKind::ParallelLines => "degenerate (parallel lines, one line or nothing)",
            ConicKind::Empty => "degenerate (no real points)",
        } })
    })
}

fn conic_properties(args: &Args) -> Result<Answer, Decline> {
    worked(conic_text::properties(&conic_of(args)?), |all| json!({ "result": all }))
}

fn conic_property(args: &Args) -> Result<Answer, Decline> {
    let name = args.fixed("property").unwrap_or_default();
    worked(
        conic_text::properties(&conic_of(args)?),
        |mut all| json!({ "result": all.remove(name).unwrap_or_else(|| json!([])) }),
    )
}

fn check_point_position(args: &Args) -> Result<Answer, Decline> {
    worked(geometry::position_worked(&conic_of(args)?, &point_of(args, "point")?), |position| {
        json!({ "result": match position {
            Position::Inside => "inside",
            Position::On => "on",
            Position::Outside => "outside",
        } })
    })
}

/// A line from its equation, with rational coefficients.
fn line_of(args: &Args) -> Result<Line, Decline> {
    let system = cas::linear_system(&[args.expr("line")?.clone()], &["x".into(), "y".into()])?;
    let (Some([a, b]), Some(c)) = (system.coefficients.first().map(Vec::as_slice), system.constants.first())
    else {
        return Err(Decline::Lane("not a line".to_owned()));
    };
    if a.is_zero() && b.is_zero() {
        return Err(Decline::Lane("not a line".to_owned()));
    }
    Ok(Line { a: a.clone().into(), b: b.clone().into(), c: c.clone().into() })
}

fn compute_line_conic_intersection(args: &Args) -> Result<Answer, Decline> {
    let found = geometry::line_intersections_worked(&conic_of(args)?, &line_of(args)?)?;
    let points = found.value.iter().map(pair_text).collect::<Result<Vec<_>, _>>()?;
    worked(Ok(found), |_| json!({ "result": points, "count": points.len() }))
}

fn compute_tangent_line_at_point(args: &Args) -> Result<Answer, Decline> {
    let (conic, point) = (conic_of(args)?, point_of(args, "point")?);
    if !conic.value(&point)?.is_zero() {
        return Err(Decline::Lane("the point does not lie on the curve".to_owned()));
    }
    let found = geometry::tangent_at_worked(&conic, &point)?;
    let line = line_text(&found.value)?;
    worked(Ok(found), |_| json!({ "result": line }))
}

fn compute_tangent_lines_from_point(args: &Args) -> Result<Answer, Decline> {
    let found = geometry::tangents_from_worked(&conic_of(args)?, &point_of(args, "point")?);
    // From the centre there are none: the SymPy lane says so.
    let found = found.map_err(|error| Decline::Lane(error.to_string()))?;
    let mut lines = found.value.iter().map(line_text).collect::<Result<Vec<_>, _>>()?;
    lines.sort();
    worked(Ok(found), |_| json!({ "result": lines }))
}

fn circle_through_points(args: &Args) -> Result<Answer, Decline> {
    let [a, b, c] = [point_of(args, "point1")?, point_of(args, "point2")?, point_of(args, "point3")?];
    if geometry::collinear_worked(&[a.clone(), b.clone(), c.clone()])?.value {
        return Err(Decline::Lane("the points lie on one line".to_owned()));
    }
    let found = geometry::circle_from_three_points_worked(&a, &b, &c)?;
    let all = conic_text::properties(&found.value.conic()?)?.value;
    let content =
        json!({ "center": all["center"], "radius": all["radius"], "equation": all["standard_form"] });
    worked(Ok(found), |_| json!({ "result": content }))
}

fn solve_quadratic(args: &Args) -> Result<Answer, Decline> {
    let (a, b, c) = (rational_of(args, "a")?, rational_of(args, "b")?, rational_of(args, "c")?);
    if a.is_zero() {
        return Err(Decline::Error("a must not be 0 in a quadratic equation".to_owned()));
    }
    let discriminant = &b * &b - &a * &c * tirade_math::Rational::from(4);
    let x = || Expr::sym("x");
    let form = Expr::sum([
        Expr::product([Expr::Num(a), x().pow(Expr::int(2))]),
        Expr::product([Expr::Num(b), x()]),
        Expr::Num(c),
    ]);
    let solved = cas::solve_worked(&form, &SmolStr::new_static("x"))?;
    let roots = solved.value.iter().map(to_sympy_string).collect::<Result<Vec<_>, _>>()?;
    worked(Ok(solved), |_| json!({ "result": roots, "discriminant": rational_text(&discriminant) }))
}
