//! Points, lines, triangles, polygons and vectors. The first twelve are CAMEL's GeometryToolkit, name by name.

use crate::tool::spec::{Kind, Param, Tool, param, tool};

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
    ),
    tool(
        "compute_line_bisectors",
        "The perpendicular bisector of a segment, as a line through two points.",
        &[P1, P2],
    ),
    tool("compute_centroid", "The centroid of a triangle.", &[P1, P2, P3]),
    tool("compute_orthocenter", "The orthocenter of a triangle.", &[P1, P2, P3]),
    tool("compute_midpoint_GH", "The midpoint of two points.", &[P1, P2]),
    tool("compute_point_distance", "The exact distance of two points.", &[P1, P2]),
    tool(
        "check_points_collinear",
        "Whether points lie on one line: True or False.",
        &[param("points", Kind::Points, "The points, such as [[0, 0], [1, 1], [2, 2]].")],
    ),
    tool("compute_angle_between", "The angle of two lines in radians.", TWO_LINES),
    tool("compute_triangle_area_vertices", "The area of a triangle from its vertices.", &[P1, P2, P3]),
    tool(
        "compute_point_to_line_distance",
        "The distance of a point from the line through two points.",
        &[POINT, LINE_P1, LINE_P2],
    ),
    tool("compute_triangle_area_sides", "The area of a triangle from its sides (Heron).", &[S1, S2, S3]),
    tool("compute_polygon_area", "The area of a polygon from its vertices in order.", &[VERTICES]),
    tool(
        "compute_circumcenter",
        "The centre of the circle through the vertices of a triangle.",
        &[P1, P2, P3],
    ),
    tool("compute_incenter", "The centre of the circle that touches the sides of a triangle.", &[P1, P2, P3]),
    tool("line_through_points", "The equation of the line through two points.", &[P1, P2]),
    tool("line_intersection", "The point where two lines meet.", TWO_LINES),
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
        .alias_of("compute_point_distance", &[]),
    tool("compute_midpoint", "The midpoint of two points.", &[P1, P2]).alias_of("compute_midpoint_GH", &[]),
    tool("compute_line_bisector", "The perpendicular bisector of a segment.", &[P1, P2])
        .alias_of("compute_line_bisectors", &[]),
    tool("compute_area_polygon", "The area of a polygon.", &[VERTICES]).alias_of("compute_polygon_area", &[]),
    tool("compute_area_triangle_vertices", "The area of a triangle.", &[P1, P2, P3])
        .alias_of("compute_triangle_area_vertices", &[]),
    tool("compute_area_triangle_sides", "The area of a triangle.", &[S1, S2, S3])
        .alias_of("compute_triangle_area_sides", &[]),
    tool(
        "compute_distance_point_to_line",
        "The distance of a point from a line.",
        &[POINT, LINE_P1, LINE_P2],
    )
    .alias_of("compute_point_to_line_distance", &[]),
];
