"""Points, lines, triangles and polygons, exactly; coordinates may be symbolic."""


def point_of(coordinates):
    return sp.Point(*coordinates)


def tidy(value):
    return str(sp.simplify(value))


def tidy_point(point):
    return str(sp.Point(*[sp.simplify(c) for c in point.args]))


def triangle_of(*vertices):
    triangle = sp.Triangle(*map(point_of, vertices))
    if not isinstance(triangle, sp.Triangle):
        raise ToolError("the points lie on one line, so they are no triangle")
    return triangle


@tool
def compute_line_bisectors(point1, point2):
    return ok(str(sp.Segment(point_of(point1), point_of(point2)).perpendicular_bisector()))


@tool
def compute_centroid(point1, point2, point3):
    return ok(tidy_point(triangle_of(point1, point2, point3).centroid))


@tool
def compute_orthocenter(point1, point2, point3):
    return ok(tidy_point(triangle_of(point1, point2, point3).orthocenter))


@tool
def compute_circumcenter(point1, point2, point3):
    return ok(tidy_point(triangle_of(point1, point2, point3).circumcenter))


@tool
def compute_incenter(point1, point2, point3):
    return ok(tidy_point(triangle_of(point1, point2, point3).incenter))


@tool
def compute_midpoint_GH(point1, point2):
    return ok(tidy_point(point_of(point1).midpoint(point_of(point2))))


@tool
def compute_point_distance(point1, point2):
    return ok(tidy(point_of(point1).distance(point_of(point2))))


@tool
def check_points_collinear(points):
    return ok(str(sp.Point.is_collinear(*map(point_of, points))))


@tool
def compute_angle_between(line1_point1, line1_point2, line2_point1, line2_point2):
    first = sp.Line(point_of(line1_point1), point_of(line1_point2))
    second = sp.Line(point_of(line2_point1), point_of(line2_point2))
    return ok(tidy(first.angle_between(second)))


@tool
def compute_triangle_area_vertices(point1, point2, point3):
    return ok(tidy(sp.Abs(shoelace([point1, point2, point3]))))


def shoelace(vertices):
    pairs = zip(vertices, vertices[1:] + vertices[:1])
    return sp.expand(sum(a[0] * b[1] - a[1] * b[0] for a, b in pairs)) / 2


@tool
def compute_point_to_line_distance(point, line_point1, line_point2):
    start, end = point_of(line_point1), point_of(line_point2)
    target = start if start == end else sp.Line(start, end)
    return ok(tidy(target.distance(point_of(point))))


def check_sides(a, b, c):
    for one, two, three in ((a, b, c), (b, c, a), (c, a, b)):
        if (one + two <= three) == True:  # noqa: E712, a symbolic comparison is neither
            raise ToolError(f"no triangle has the sides {a}, {b}, {c}: {one} + {two} is not more than {three}")


@tool
def compute_triangle_area_sides(side1, side2, side3):
    check_sides(side1, side2, side3)
    return ok(tidy(heron(side1, side2, side3)))


def heron(a, b, c):
    return sp.sqrt(sp.expand((a + b + c) * (-a + b + c) * (a - b + c) * (a + b - c))) / 4


@tool
def compute_polygon_area(vertices):
    if len(vertices) < 3:
        raise ToolError("a polygon needs at least three vertices")
    return ok(tidy(sp.Abs(shoelace(vertices))))


@tool
def line_through_points(point1, point2):
    return ok(line_text(sp.Line(point_of(point1), point_of(point2))))


def line_text(line):
    x, y = sp.symbols("x y")
    a, b, c = (sp.simplify(k) for k in line.coefficients)
    if b == 0:
        return f"x = {sp.simplify(-c / a)}"
    return f"y = {sp.expand(sp.simplify(-a / b) * x + sp.simplify(-c / b))}"


@tool
def line_intersection(line1_point1, line1_point2, line2_point1, line2_point2):
    first = sp.Line(point_of(line1_point1), point_of(line1_point2))
    found = first.intersection(sp.Line(point_of(line2_point1), point_of(line2_point2)))
    if not found:
        raise ToolError("the lines are parallel")
    return ok("the lines are the same" if isinstance(found[0], sp.Line) else tidy_point(found[0]))


@tool
def triangle_properties(point1, point2, point3):
    t = triangle_of(point1, point2, point3)
    a, b, c = (sp.simplify(t.vertices[i].distance(t.vertices[j])) for i, j in ((1, 2), (2, 0), (0, 1)))
    area = sp.simplify(sp.Abs(t.area))
    return ok({
        "sides": texts((a, b, c)), "perimeter": tidy(a + b + c), "area": str(area), "angles": texts(angles_of(a, b, c)),
        "centroid": tidy_point(t.centroid), "circumcenter": tidy_point(t.circumcenter), "orthocenter": tidy_point(t.orthocenter),
        "incenter": tidy_point(t.incenter), "circumradius": tidy(a * b * c / (4 * area)), "inradius": tidy(2 * area / (a + b + c)),
    })


def angles_of(a, b, c):
    """Opposite the sides, by the law of cosines."""
    pairs = ((b, c, a), (c, a, b), (a, b, c))
    return [sp.simplify(sp.acos(sp.simplify((u**2 + v**2 - w**2) / (2 * u * v)))) for u, v, w in pairs]


@tool
def triangle_from_sides(side1, side2, side3):
    check_sides(side1, side2, side3)
    a, b, c = side1, side2, side3
    area = sp.simplify(heron(a, b, c))
    return ok({
        "area": str(area), "perimeter": tidy(a + b + c), "angles": texts(angles_of(a, b, c)),
        "altitudes": [tidy(2 * area / side) for side in (a, b, c)],
        "medians": [tidy(sp.sqrt(2 * u**2 + 2 * v**2 - w**2) / 2) for u, v, w in ((b, c, a), (c, a, b), (a, b, c))],
        "circumradius": tidy(a * b * c / (4 * area)), "inradius": tidy(2 * area / (a + b + c)),
    })


@tool
def polygon_properties(vertices):
    if len(vertices) < 3:
        raise ToolError("a polygon needs at least three vertices")
    polygon = sp.Polygon(*map(point_of, vertices))
    if not isinstance(polygon, (sp.Polygon, sp.Triangle)):
        raise ToolError("the points lie on one line, so they are no polygon")
    return ok({
        "area": tidy(sp.Abs(shoelace(vertices))), "perimeter": tidy(polygon.perimeter), "centroid": tidy_point(polygon.centroid),
        "sides": [tidy(side.length) for side in polygon.sides], "convex": bool(polygon.is_convex()),
    })


@tool
def regular_polygon(sides, side_length):
    n, s = as_integer(sides, "sides"), side_length
    if n < 3:
        raise ToolError(f"a regular polygon has at least three sides, found {n}")
    apothem = s / (2 * sp.tan(sp.pi / n))
    return ok({
        "area": tidy(n * s * apothem / 2), "perimeter": tidy(n * s), "interior_angle_degrees": str(sp.Rational(180 * (n - 2), n)),
        "apothem": tidy(apothem), "circumradius": tidy(s / (2 * sp.sin(sp.pi / n))), "diagonals": str(n * (n - 3) // 2),
    })


@tool
def compute_vector_operations(vector1, vector2, operation):
    if len(vector1) != len(vector2):
        raise ToolError(f"Vectors must have the same dimensions, found {len(vector1)} and {len(vector2)}")
    u, v = sp.Matrix(vector1), sp.Matrix(vector2)
    if operation in ("add", "subtract"):
        return ok(texts(sp.simplify(u + v if operation == "add" else u - v)))
    if operation == "dot":
        return ok(tidy(u.dot(v)))
    if operation == "cross":
        if len(u) == 2:
            return ok(tidy(u[0] * v[1] - u[1] * v[0]))
        return ok(texts(sp.simplify(u.cross(v))))
    lengths = [sp.sqrt(w.dot(w)) for w in (u, v)]
    if 0 in lengths:
        raise ToolError("the zero vector has no direction")
    if operation == "angle":
        return ok(tidy(sp.acos(sp.simplify(u.dot(v) / (lengths[0] * lengths[1])))))
    return ok(texts(sp.simplify(v * u.dot(v) / v.dot(v))))
