//! Circles, ellipses, parabolas and hyperbolas, from their equations and to them. The general tools take any conic; CAMEL's
//! EnhancedGeometryToolkit has a name for each kind and property, and these names are answered too, though not offered to models.

use crate::tool::spec::{Kind, Param, Tool, param, tool};

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
    ),
    tool("conic_properties", PROPERTIES, &[EQUATION]),
    tool("check_point_position", POSITION, &[EQUATION, POINT]),
    tool("compute_line_conic_intersection", INTERSECTION, &[EQUATION, LINE]),
    tool("compute_tangent_line_at_point", TANGENT_AT, &[EQUATION, POINT]),
    tool("compute_tangent_lines_from_point", TANGENTS_FROM, &[EQUATION, POINT]),
    tool(
        "circle_through_points",
        "Centre, radius and equation of the circle through three points.",
        &[
            param("point1", Kind::Point, "The first point."),
            param("point2", Kind::Point, "The second point."),
            param("point3", Kind::Point, "The third point."),
        ],
    ),
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
    ),
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
    at_point("check_point_position_circle", POSITION, "check_point_position", &[("kind", "circle")]),
    at_point("check_point_position_ellipse", POSITION, "check_point_position", &[("kind", "ellipse")]),
    at_point("check_point_position_parabola", POSITION, "check_point_position", &[("kind", "parabola")]),
    at_point("check_point_position_hyperbola", POSITION, "check_point_position", &[("kind", "hyperbola")]),
    at_point(
        "compute_tangent_line_circle",
        TANGENTS_FROM,
        "compute_tangent_lines_from_point",
        &[("kind", "circle")],
    ),
    at_point(
        "compute_tangent_line_at_point_circle",
        TANGENT_AT,
        "compute_tangent_line_at_point",
        &[("kind", "circle")],
    ),
    at_point(
        "compute_tangent_line_at_point_ellipse",
        TANGENT_AT,
        "compute_tangent_line_at_point",
        &[("kind", "ellipse")],
    ),
    at_point(
        "compute_tangent_line_at_point_parabola",
        TANGENT_AT,
        "compute_tangent_line_at_point",
        &[("kind", "parabola")],
    ),
    at_point(
        "compute_tangent_line_at_point_hyperbola",
        TANGENT_AT,
        "compute_tangent_line_at_point",
        &[("kind", "hyperbola")],
    ),
];

type Fixed = &'static [(&'static str, &'static str)];

/// All properties of a conic that must be of one kind.
const fn all(name: &'static str, fixed: Fixed) -> Tool {
    tool(name, PROPERTIES, &[EQUATION]).alias_of("conic_properties", fixed)
}

/// One property.
const fn one(name: &'static str, fixed: Fixed) -> Tool {
    tool(name, "One property of a conic of this kind.", &[EQUATION]).alias_of("conic_property", fixed)
}

const fn meet(name: &'static str, fixed: Fixed) -> Tool {
    tool(name, INTERSECTION, &[EQUATION, LINE]).alias_of("compute_line_conic_intersection", fixed)
}

const fn at_point(name: &'static str, about: &'static str, function: &'static str, fixed: Fixed) -> Tool {
    tool(name, about, &[EQUATION, POINT]).alias_of(function, fixed)
}
