"""Circles, ellipses, parabolas and hyperbolas from their equations, exactly, also when they are turned."""

X, Y = sp.symbols("x y")


class Conic:
    """A x^2 + B x y + C y^2 + D x + E y + F = 0 with its kind and, where it has one, its centre."""

    def __init__(self, equation):
        self.form = sp.expand(sp.numer(sp.together(zero_form(equation))))
        try:
            poly = sp.Poly(self.form, X, Y)
        except sp.PolynomialError:
            raise ToolError(f"{equation} is no polynomial equation in x and y") from None
        if poly.total_degree() != 2:
            raise ToolError(f"the equation has degree {poly.total_degree()} in x and y, not 2")
        self.quadratic = [poly.coeff_monomial(m) for m in (X**2, X * Y, Y**2)]
        a, b, c = self.quadratic
        self.matrix = sp.Matrix([[a, b / 2], [b / 2, c]])
        self.discriminant = sp.simplify(b**2 - 4 * a * c)
        self.find_kind()

    def find_kind(self):
        a, b, c = self.quadratic
        self.centre = None
        if self.discriminant != 0:
            solution = sp.solve([sp.diff(self.form, X), sp.diff(self.form, Y)], [X, Y], dict=True)[0]
            self.centre = (sp.simplify(solution[X]), sp.simplify(solution[Y]))
            self.value = sp.simplify(self.form.subs({X: self.centre[0], Y: self.centre[1]}))
        if self.discriminant == 0:
            self.kind = "parabola" if self.is_true_parabola() else "degenerate (parallel lines, one line or nothing)"
        elif self.discriminant.is_positive:
            self.kind = "hyperbola" if self.value != 0 else "degenerate (two lines)"
        elif self.value == 0:
            self.kind = "degenerate (one point)"
        elif (self.value / a).is_positive:
            self.kind = "degenerate (no real points)"
        else:
            self.kind = "circle" if b == 0 and a == c else "ellipse"

    def is_true_parabola(self):
        """The line part must not run along the double direction of the quadratic part."""
        a, b, c = self.quadratic
        d, e = (sp.diff(self.form, v).subs({X: 0, Y: 0}) for v in (X, Y))
        return sp.simplify(2 * a * e - b * d) != 0 or sp.simplify(b * e - 2 * c * d) != 0

    def axes(self):
        """Squares of the semi-axes with unit directions: first the one that holds the foci."""
        a, b, c = self.quadratic
        if b == 0:
            pairs = [(a, (sp.Integer(1), sp.Integer(0))), (c, (sp.Integer(0), sp.Integer(1)))]
        else:
            pairs = []
            for value, _, vectors in self.matrix.eigenvects():
                vector = vectors[0] / sp.sqrt(vectors[0].dot(vectors[0]))
                pairs.append((value, tuple(map(sp.simplify, vector))))
        squares = [(sp.simplify(-self.value / value), direction) for value, direction in pairs]
        if self.kind == "hyperbola":
            return sorted(squares, key=lambda pair: not pair[0].is_positive)
        return sorted(squares, key=lambda pair: sp.N(pair[0]), reverse=True)

    def parabola(self):
        """Vertex, signed focal length p and the coordinate that is squared; only for axes along x or y."""
        a, b, c = self.quadratic
        if b != 0:
            raise ToolError("a parabola with a turned axis is not done here")
        squared, other = (X, Y) if c == 0 else (Y, X)
        poly = sp.Poly(self.form, squared, other)
        q, l = poly.coeff_monomial(squared**2), poly.coeff_monomial(squared)
        m, n = poly.coeff_monomial(other), poly.coeff_monomial(1)
        u = sp.simplify(-l / (2 * q))
        v = sp.simplify((l**2 / (4 * q) - n) / m)
        return squared, u, v, sp.simplify(-m / (4 * q))


def pair_text(point):
    return "(" + ", ".join(str(sp.simplify(c)) for c in point) + ")"


def line_equation(a, b, c):
    """a x + b y = c, solved for y or x."""
    if sp.simplify(b) == 0:
        return f"x = {sp.simplify(c / a)}"
    return f"y = {sp.expand(sp.simplify(-a / b) * X + sp.simplify(c / b))}"


def central_properties(conic):
    (a2, u), (b2, _) = conic.axes()
    h, k = conic.centre
    hyperbola = conic.kind == "hyperbola"
    b2 = -b2 if hyperbola else b2
    a, b = sp.sqrt(a2), sp.sqrt(b2)
    c = sp.sqrt(sp.simplify(a2 + b2 if hyperbola else a2 - b2))
    w = (-u[1], u[0])
    at = lambda length, d, sign: pair_text((h + sign * length * d[0], k + sign * length * d[1]))
    found = {"type": conic.kind, "center": pair_text((h, k))}
    if conic.kind == "circle":
        return found | {
            "radius": tidy(a), "area": tidy(sp.pi * a2), "circumference": tidy(2 * sp.pi * a), "eccentricity": "0",
            "foci": [pair_text((h, k))], "directrices": [], "asymptotes": [],
        }
    found |= {"a": tidy(a), "b": tidy(b), "c": tidy(c), "eccentricity": tidy(c / a), "foci": [at(c, u, -1), at(c, u, 1)]}
    found["vertices"] = [at(a, u, -1), at(a, u, 1)]
    found["co_vertices"] = [at(b, w, -1), at(b, w, 1)]
    offset = u[0] * h + u[1] * k
    found["directrices"] = [line_equation(u[0], u[1], sp.simplify(offset + s * a2 / c)) for s in (-1, 1)]
    found["asymptotes"] = asymptotes(a, b, u, w, (h, k)) if hyperbola else []
    if not hyperbola:
        found["area"] = tidy(sp.pi * a * b)
    return found


def asymptotes(a, b, u, w, centre):
    lines = []
    for sign in (-1, 1):
        d = (a * u[0] + sign * b * w[0], a * u[1] + sign * b * w[1])
        lines.append(line_equation(sp.simplify(-d[1]), sp.simplify(d[0]), sp.simplify(-d[1] * centre[0] + d[0] * centre[1])))
    return lines


def parabola_properties(conic):
    squared, u, v, p = conic.parabola()
    upright = squared == X
    place = (lambda along, across: pair_text((across, along))) if upright else (lambda along, across: pair_text((along, across)))
    name, axis = ("y", "x") if upright else ("x", "y")
    opens = ("up", "down") if upright else ("right", "left")
    return {
        "type": "parabola", "vertex": place(v, u), "focus": place(v + p, u), "foci": [place(v + p, u)],
        "directrix": f"{name} = {sp.simplify(v - p)}", "directrices": [f"{name} = {sp.simplify(v - p)}"], "axis": f"{axis} = {u}",
        "p": str(p), "latus_rectum": tidy(sp.Abs(4 * p)), "eccentricity": "1", "opens": opens[0] if p.is_positive else opens[1],
        "asymptotes": [],
    }


def standard_form(conic):
    if conic.kind == "parabola":
        squared, u, v, p = conic.parabola()
        return f"{(squared - u)**2} = {sp.factor(4 * p * ((Y if squared == X else X) - v))}"
    if conic.quadratic[1] != 0 or conic.centre is None:
        return None
    a, _, c = conic.quadratic
    h, k = conic.centre
    if conic.kind == "circle":
        return f"{(X - h)**2} + {(Y - k)**2} = {sp.simplify(-conic.value / a)}"
    parts = [((X - h) ** 2, sp.simplify(-conic.value / a)), ((Y - k) ** 2, sp.simplify(-conic.value / c))]
    shown = [(sign_of(square), f"{term}/{paren(sp.Abs(square))}" if sp.Abs(square) != 1 else str(term)) for term, square in parts]
    shown.sort(key=lambda pair: pair[0] < 0)
    return f"{shown[0][1]} {'-' if shown[1][0] < 0 else '+'} {shown[1][1]} = 1"


def sign_of(value):
    return 1 if value.is_positive else -1


def paren(value):
    return str(value) if value.is_Integer and value > 0 else f"({value})"


def properties(conic):
    if conic.kind == "parabola":
        found = parabola_properties(conic)
    elif conic.kind in ("circle", "ellipse", "hyperbola"):
        found = central_properties(conic)
    else:
        raise ToolError(f"the equation is {conic.kind}")
    standard = standard_form(conic)
    return found | ({"standard_form": standard} if standard else {})


def conic_of_kind(equation, kind):
    conic = Conic(equation)
    if kind and conic.kind != kind and not (kind == "ellipse" and conic.kind == "circle"):
        raise ToolError(f"the equation describes a {conic.kind}, not a {kind}")
    return conic


@tool
def identify_conic_section_type(equation):
    return ok(Conic(equation).kind)


@tool
def conic_properties(equation, kind=None):
    return ok(properties(conic_of_kind(equation, kind)))


@tool
def conic_property(equation, kind, property):
    return ok(properties(conic_of_kind(equation, kind)).get(property, []))


@tool
def check_point_position(equation, point, kind=None):
    conic = conic_of_kind(equation, kind)
    value = sp.simplify(conic.form.subs({X: point[0], Y: point[1]}))
    if value == 0:
        return ok("on")
    inner = conic.form.subs(dict(zip((X, Y), inner_point(conic))))
    return ok("inside" if (value * inner).is_positive else "outside")


def inner_point(conic):
    """A point on the side of the foci."""
    if conic.kind == "parabola":
        squared, u, v, p = conic.parabola()
        return (u, v + p) if squared == X else (v + p, u)
    if conic.kind == "hyperbola":
        (a2, u), _ = conic.axes()
        reach = 2 * sp.sqrt(a2)
        return conic.centre[0] + reach * u[0], conic.centre[1] + reach * u[1]
    if conic.centre is None or conic.kind.startswith("degenerate"):
        raise ToolError(f"the equation is {conic.kind}")
    return conic.centre


@tool
def compute_line_conic_intersection(equation, line, kind=None):
    form = conic_of_kind(equation, kind).form
    found = sp.solve([form, zero_form(line)], [X, Y], dict=True)
    real = [(p.get(X, X), p.get(Y, Y)) for p in found]
    real = [p for p in real if all(c.is_real is not False for c in p)]
    return {"result": [pair_text(p) for p in real], "count": len(real)}


@tool
def compute_tangent_line_at_point(equation, point, kind=None):
    form = conic_of_kind(equation, kind).form
    place = {X: point[0], Y: point[1]}
    if sp.simplify(form.subs(place)) != 0:
        raise ToolError(f"the point {pair_text(point)} does not lie on the curve; use compute_tangent_lines_from_point")
    gx, gy = (sp.simplify(sp.diff(form, v).subs(place)) for v in (X, Y))
    return ok(line_equation(gx, gy, sp.simplify(gx * point[0] + gy * point[1])))


@tool
def compute_tangent_lines_from_point(equation, point, kind=None):
    """The polar of the point meets the curve where the tangents through the point touch it."""
    conic = conic_of_kind(equation, kind)
    px, py = point
    gx, gy = sp.diff(conic.form, X), sp.diff(conic.form, Y)
    polar = sp.expand(gx * (px - X) + gy * (py - Y))
    touching = sp.solve([conic.form, polar], [X, Y], dict=True)
    lines = []
    for p in touching:
        if all(c.is_real is not False for c in p.values()):
            a, b = (sp.simplify(g.subs(p)) for g in (gx, gy))
            lines.append(line_equation(a, b, sp.simplify(a * px + b * py)))
    return ok(sorted(set(lines)))


@tool
def circle_through_points(point1, point2, point3):
    t = triangle_of(point1, point2, point3)
    h, k = (sp.simplify(c) for c in t.circumcenter.args)
    r2 = sp.simplify((point1[0] - h) ** 2 + (point1[1] - k) ** 2)
    return ok({"center": pair_text((h, k)), "radius": tidy(sp.sqrt(r2)), "equation": f"{(X - h)**2} + {(Y - k)**2} = {r2}"})


def equation_result(conic):
    standard = standard_form(conic)
    return ok({"standard_form": standard, "general_form": f"{conic.form} = 0"})


@tool
def generate_circle_equation(center, radius):
    return equation_result(Conic((X - center[0]) ** 2 + (Y - center[1]) ** 2 - radius**2))


@tool
def generate_ellipse_equation(center, semi_axis_x, semi_axis_y):
    return equation_result(Conic((X - center[0]) ** 2 / semi_axis_x**2 + (Y - center[1]) ** 2 / semi_axis_y**2 - 1))


@tool
def generate_hyperbola_equation(center, a, b, orientation):
    u, v = ((X - center[0]), (Y - center[1])) if orientation == "x" else ((Y - center[1]), (X - center[0]))
    return equation_result(Conic(u**2 / a**2 - v**2 / b**2 - 1))


@tool
def generate_parabola_equation(vertex, p, orientation):
    u, v = X - vertex[0], Y - vertex[1]
    form = {"up": u**2 - 4 * p * v, "down": u**2 + 4 * p * v, "right": v**2 - 4 * p * u, "left": v**2 + 4 * p * u}[orientation]
    return equation_result(Conic(form))


@tool
def parabola_from_focus_directrix(focus, directrix):
    line = zero_form(directrix)
    a, b = sp.diff(line, X), sp.diff(line, Y)
    form = ((X - focus[0]) ** 2 + (Y - focus[1]) ** 2) * (a**2 + b**2) - line**2
    return equation_result(Conic(form))


@tool
def solve_quadratic(a, b, c):
    if a == 0:
        raise ToolError("a must not be 0 in a quadratic equation")
    d = sp.simplify(b**2 - 4 * a * c)
    return {"result": texts(sp.solve(a * X**2 + b * X + c, X)), "discriminant": str(d)}


@tool
def compute_circle_area(radius):
    return ok(tidy(sp.pi * radius**2))


@tool
def compute_circle_circumference(radius):
    return ok(tidy(2 * sp.pi * radius))


@tool
def compute_ellipse_area(a, b):
    return ok(tidy(sp.pi * a * b))


@tool
def compute_ellipse_perimeter(a, b):
    a, b = (b, a) if (b > a) == True else (a, b)  # noqa: E712
    exact = sp.simplify(4 * a * sp.elliptic_e(1 - b**2 / a**2))
    return {"result": str(exact), "decimal": str(sp.N(exact, 15))}
