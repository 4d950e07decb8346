//! Points, lines, triangles, polygons and vectors. The first twelve are CAMEL's GeometryToolkit, name by name.

use serde_json::json;
use tirade_math::cas::surd_of;
use tirade_math::exact::{Exact, ExactError, Worked};
use tirade_math::geometry::{self, Line, Point};

use super::native::{expression, text, worked};
use super::plane::{line_text, number, point_of, points_of, sympy_point};
use crate::tool::args::Args;
use crate::tool::spec::{Answer, Decline, Kind, Param, Tool, param, tool};

const P1: Param = param("point1", Kind::Point, "The first point, such as [0, 0] or [\"sqrt(2)\", \"1/3\"].");
const P2: Param = param("point2", Kind::Point, "The second point.");
const P3: Param = param("point3", Kind::Point, "The third point.");
const POINT: Param = param("point", Kind::Point, "The point, such as [3, 4].");
const LINE_P1: Param = param("line_point1", Kind::Point, "A point of the line.");
const LINE_P2: Param = param("line_point2", Kind::Point, "Another point of the line.");
const S1: Param = param("side1", Kind::Value, "The length of the first side.");
const S2: Param = param("side2", Kind::Value, "The length of the second side.");
const S3: Param = param("side3", Kind::Value, "The length of the third side.");
const VERTICES: Param =
    param("vertices", Kind::Points, "The vertices in order, such as [[0, 0], [4, 0], [4, 3]].");
const V1: Param = param("vector1", Kind::Values, "The first vector, such as [1, 2, 3].");
const V2: Param = param("vector2", Kind::Values, "The second vector, equally long.");
const TWO_LINES: &[Param] = &[
    param("line1_point1", Kind::Point, "A point of the first line."),
    param("line1_point2", Kind::Point, "Another point of the first line."),
    param("line2_point1", Kind::Point, "A point of the second line."),
    param("line2_point2", Kind::Point, "Another point of the second line."),
];

/// The family.
pub const TOOLS: &[Tool] = &[
    tool(
        "compute_inner_product",
        "The sum of the products of matching components of two vectors.",
        &[V1, V2],
    )
    .native(super::matrices::compute_inner_product),
    tool(
        "compute_line_bisectors",
        "The perpendicular bisector of a segment, as a line through two points.",
        &[P1, P2],
    )
    .native(compute_line_bisectors),
    tool("compute_centroid", "The centroid of a triangle.", &[P1, P2, P3]).native(compute_centroid),
    tool("compute_orthocenter", "The orthocenter of a triangle.", &[P1, P2, P3]).native(compute_orthocenter),
    tool("compute_midpoint_GH", "The midpoint of two points.", &[P1, P2]).native(compute_midpoint_GH),
    tool("compute_point_distance", "The exact distance of two points.", &[P1, P2])
        .native(compute_point_distance),
    tool(
        "check_points_collinear",
        "Whether points lie on one line: True or False.",
        &[param("points", Kind::Points, "The points, such as [[0, 0], [1, 1], [2, 2]].")],
    )
    .native(check_points_collinear),
    tool("compute_angle_between", "The angle of two lines in radians.", TWO_LINES)
        .native(compute_angle_between),
    tool("compute_triangle_area_vertices", "The area of a triangle from its vertices.", &[P1, P2, P3])
        .native(compute_triangle_area_vertices),
    tool(
        "compute_point_to_line_distance",
        "The distance of a point from the line through two points.",
        &[POINT, LINE_P1, LINE_P2],
    )
    .native(compute_point_to_line_distance),
    tool("compute_triangle_area_sides", "The area of a triangle from its sides (Heron).", &[S1, S2, S3])
        .native(compute_triangle_area_sides),
    tool("compute_polygon_area", "The area of a polygon from its vertices in order.", &[VERTICES])
        .native(compute_polygon_area),
    tool(
        "compute_circumcenter",
        "The centre of the circle through the vertices of a triangle.",
        &[P1, P2, P3],
    )
    .native(compute_circumcenter),
    tool("compute_incenter", "The centre of the circle that touches the sides of a triangle.", &[P1, P2, P3])
        .native(compute_incenter),
    tool("line_through_points", "The equation of the line through two points.", &[P1, P2])
        .native(line_through_points),
    tool("line_intersection", "The point where two lines meet.", TWO_LINES).native(line_intersection),
    tool(
        "triangle_properties",
        "Sides, angles, perimeter, area, the four centres and both radii of a triangle from its vertices; sides and angles are opposite \
         the vertices, in their order.",
        &[P1, P2, P3],
    ),
    tool(
        "triangle_from_sides",
        "Area, perimeter, angles opposite the sides, altitudes, medians and both radii of a triangle from its sides.",
        &[S1, S2, S3],
    ),
    tool(
        "polygon_properties",
        "Area, perimeter, centroid, sides and convexity of a polygon from its vertices in order.",
        &[VERTICES],
    ),
    tool(
        "regular_polygon",
        "Area, perimeter, interior angle, apothem, circumradius and number of diagonals of a regular polygon.",
        &[
            param("sides", Kind::Value, "How many sides, such as 6."),
            param("side_length", Kind::Value, "The length of a side."),
        ],
    ),
    tool(
        "compute_vector_operations",
        "Sum, difference, dot or cross product, angle in radians, or projection of the first vector on the second.",
        &[
            V1,
            V2,
            param(
                "operation",
                Kind::Choice(&["add", "subtract", "dot", "cross", "angle", "projection"]),
                "What to compute.",
            ),
        ],
    ),
    // Other names of CAMEL's EnhancedGeometryToolkit for the same things.
    tool("compute_distance", "The exact distance of two points.", &[P1, P2])
        .native(compute_point_distance)
        .alias_of("compute_point_distance", &[]),
    tool("compute_midpoint", "The midpoint of two points.", &[P1, P2])
        .native(compute_midpoint_GH)
        .alias_of("compute_midpoint_GH", &[]),
    tool("compute_line_bisector", "The perpendicular bisector of a segment.", &[P1, P2])
        .native(compute_line_bisectors)
        .alias_of("compute_line_bisectors", &[]),
    tool("compute_area_polygon", "The area of a polygon.", &[VERTICES])
        .native(compute_polygon_area)
        .alias_of("compute_polygon_area", &[]),
    tool("compute_area_triangle_vertices", "The area of a triangle.", &[P1, P2, P3])
        .native(compute_triangle_area_vertices)
        .alias_of("compute_triangle_area_vertices", &[]),
    tool("compute_area_triangle_sides", "The area of a triangle.", &[S1, S2, S3])
        .native(compute_triangle_area_sides)
        .alias_of("compute_triangle_area_sides", &[]),
    tool(
        "compute_distance_point_to_line",
        "The distance of a point from a line.",
        &[POINT, LINE_P1, LINE_P2],
    )
    .native(compute_point_to_line_distance)
    .alias_of("compute_point_to_line_distance", &[]),
];

type Native = Result<Answer, Decline>;
type OfTriangle = fn(&Point, &Point, &Point) -> Exact<Worked<Point>>;

fn triangle(args: &Args) -> Result<[Point; 3], Decline> {
    Ok([point_of(args, "point1")?, point_of(args, "point2")?, point_of(args, "point3")?])
}

/// A centre of a triangle; corners on one line are left to the SymPy lane, which words the error.
fn centre(args: &Args, find: OfTriangle) -> Native {
    let [a, b, c] = triangle(args)?;
    if geometry::collinear_worked(&[a.clone(), b.clone(), c.clone()])?.value {
        return Err(Decline::Lane("the points lie on one line".to_owned()));
    }
    sympy_point(find(&a, &b, &c))
}

fn compute_centroid(args: &Args) -> Native {
    centre(args, geometry::centroid_worked)
}

fn compute_orthocenter(args: &Args) -> Native {
    centre(args, geometry::orthocenter_worked)
}

fn compute_circumcenter(args: &Args) -> Native {
    centre(args, geometry::circumcenter_worked)
}

fn compute_incenter(args: &Args) -> Native {
    centre(args, geometry::incenter_worked)
}

fn compute_line_bisectors(args: &Args) -> Native {
    let solved =
        geometry::perpendicular_bisector_worked(&point_of(args, "point1")?, &point_of(args, "point2")?)?;
    let (_, middle, second) = &solved.value;
    let line = format!("Line2D({}, {})", middle.sympy_text()?, second.sympy_text()?);
    worked(Ok(solved), |_| json!({ "result": line }))
}

#[expect(non_snake_case, reason = "CAMEL's name")]
fn compute_midpoint_GH(args: &Args) -> Native {
    sympy_point(geometry::midpoint_worked(&point_of(args, "point1")?, &point_of(args, "point2")?))
}

fn compute_point_distance(args: &Args) -> Native {
    number(geometry::distance_worked(&point_of(args, "point1")?, &point_of(args, "point2")?))
}

fn check_points_collinear(args: &Args) -> Native {
    worked(
        geometry::collinear_worked(&points_of(args, "points")?),
        |yes| json!({ "result": if yes { "True" } else { "False" } }),
    )
}

fn lines(args: &Args) -> Result<[Point; 4], Decline> {
    let point = |name| point_of(args, name);
    Ok([point("line1_point1")?, point("line1_point2")?, point("line2_point1")?, point("line2_point2")?])
}

fn compute_angle_between(args: &Args) -> Native {
    let [a, b, c, d] = lines(args)?;
    expression(geometry::angle_between_worked((&a, &b), (&c, &d)))
}

fn line_intersection(args: &Args) -> Native {
    let [a, b, c, d] = lines(args)?;
    let found = geometry::intersection_worked(&Line::through(&a, &b)?, &Line::through(&c, &d)?)?;
    let Some(point) = &found.value else {
        return Err(Decline::Lane("the lines are parallel or equal".to_owned()));
    };
    text(Ok(Worked { value: point.sympy_text()?, derivation: found.derivation }))
}

fn line_through_points(args: &Args) -> Native {
    let line = Line::through(&point_of(args, "point1")?, &point_of(args, "point2")?)?;
    Ok(Answer::new(line_text(&line)?, Some(format!("The line through the two points is ${}$.", line.tex()))))
}

fn compute_triangle_area_vertices(args: &Args) -> Native {
    number(geometry::polygon_area_worked(&triangle(args)?))
}

fn compute_polygon_area(args: &Args) -> Native {
    number(geometry::polygon_area_worked(&points_of(args, "vertices")?))
}

fn compute_point_to_line_distance(args: &Args) -> Native {
    let [point, a, b] =
        [point_of(args, "point")?, point_of(args, "line_point1")?, point_of(args, "line_point2")?];
    number(if a == b {
        geometry::distance_worked(&point, &a)
    } else {
        geometry::point_line_distance_worked(&point, &a, &b)
    })
}

fn compute_triangle_area_sides(args: &Args) -> Native {
    let side = |name| -> Result<_, Decline> { Ok(surd_of(args.expr(name)?)?.surd) };
    let area = geometry::heron_worked(&side("side1")?, &side("side2")?, &side("side3")?);
    // The SymPy lane says which two sides are too short.
    number(area.map_err(|error| ExactError::Unsupported(error.to_string())))
}
