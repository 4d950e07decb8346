"""Derivatives, integrals, limits, series, extrema, sums, products and recurrences."""

# Where these are differentiated once, most of SymPy's time goes into two questions about each part of the derivative: whether it is zero, and
# whether derivatives of unknown functions are left in it. The answer to neither changes what is returned, so here they are not asked.
PLAIN = {
    sp.Add, sp.Mul, sp.Pow, sp.exp, sp.log, sp.sin, sp.cos, sp.tan, sp.cot, sp.sec, sp.csc, sp.asin, sp.acos, sp.atan,
    sp.sinh, sp.cosh, sp.tanh, sp.asinh, sp.acosh, sp.atanh,
}
sympys_diff = sp.Expr.diff


def diff(self, *symbols, **options):
    """`Expr.diff`, shorter for once by one symbol; `Mul` asks for derivatives of order 0 and 1 of its factors as `(symbol, order)`."""
    symbol, order = symbols[0] if symbols and type(symbols[0]) is tuple and len(symbols[0]) == 2 else (*symbols[:1], 1)
    if len(symbols) != 1 or options or not isinstance(symbol, sp.Symbol) or order not in (0, 1):
        return sympys_diff(self, *symbols, **options)
    if order == 0:
        return self
    if isinstance(self, (sp.Symbol, sp.Rational)):
        return sp.S.One if self == symbol else sp.S.Zero
    if type(self) not in PLAIN:
        return sympys_diff(self, symbol)
    if symbol not in self.free_symbols:
        return sp.S.Zero
    found = self._eval_derivative_n_times(symbol, 1)
    return sympys_diff(self, symbol) if found is None else found


sp.Expr.diff = diff


@tool
def differentiate(expression, variable):
    return ok(str(sp.diff(expression, default_symbol(variable, expression))))


@tool
def integrate(expression, variable):
    return ok(str(sp.integrate(expression, default_symbol(variable, expression))))


@tool
def definite_integral(expression, variable, lower, upper):
    return ok(str(sp.integrate(expression, (variable, lower, upper))))


@tool
def series_expansion(expression, variable, point, order):
    return ok(str(sp.series(expression, variable, point, as_integer(order, "order"))))


@tool
def compute_limit(expression, variable, point, direction):
    """The two-sided limit unless one side is asked for; at infinity there is only one side."""
    if point.is_infinite:
        return ok(str(sp.limit(expression, variable, point)))
    side = {None: "+-", "both": "+-", "+": "+", "-": "-"}[direction]
    return ok(str(sp.limit(expression, variable, point, side)))


@tool
def find_critical_points(expression, variable):
    return ok(texts(sp.solve(sp.diff(expression, variable), variable)))


@tool
def check_continuity(expression, variable, point):
    value = expression.subs(variable, point)
    if not value.is_finite:
        return ok("False")
    left, right = (sp.limit(expression, variable, point, side) for side in "-+")
    return ok(str(bool(sp.simplify(left - right) == 0 and sp.simplify(left - value) == 0)))


@tool
def find_extrema(expression, variable, lower, upper):
    """Least and greatest value on an interval, compared exactly; without bounds on the whole line."""
    domain = sp.Interval(-sp.oo if lower is None else lower, sp.oo if upper is None else upper)
    return ok({
        "minimum": str(sp.calculus.util.minimum(expression, variable, domain)),
        "maximum": str(sp.calculus.util.maximum(expression, variable, domain)),
        "stationary_points": str(sp.calculus.util.stationary_points(expression, variable, domain)),
    })


@tool
def optimize(objective, constraints, variables, goal):
    """Lagrange: every stationary point of the objective on the constraints, and the best real one."""
    multipliers = [sp.Symbol(f"_lambda{i}") for i in range(len(constraints))]
    lagrangian = objective - sum(m * zero_form(c) for m, c in zip(multipliers, constraints))
    unknowns = list(variables) + multipliers
    points = sp.solve([sp.diff(lagrangian, u) for u in unknowns], unknowns, dict=True)
    found = [(sp.simplify(objective.subs(p)), [p.get(v, v) for v in variables]) for p in points]
    real = [(value, point) for value, point in found if value.is_real and all(c.is_real for c in point)]
    if not real:
        raise ToolError("no stationary point with real values was found")
    best = (min if goal == "min" else max)(real, key=lambda pair: sp.N(pair[0], 30))
    rows = [{"value": str(value), "point": texts(point)} for value, point in real]
    return {"result": {"value": str(best[0]), "point": texts(best[1])}, "stationary": rows,
            "note": "best of the stationary points; whether it is global depends on the domain"}


@tool
def function_range(expression, variable, lower, upper):
    domain = sp.Interval(-sp.oo if lower is None else lower, sp.oo if upper is None else upper)
    domain = sp.Intersection(domain, sp.calculus.util.continuous_domain(expression, variable, domain))
    return ok(str(sp.calculus.util.function_range(expression, variable, domain)))


@tool
def function_domain(expression, variable):
    return ok(str(sp.calculus.util.continuous_domain(expression, variable, sp.S.Reals)))


@tool
def compute_sum(expression, variable, lower, upper):
    return ok(str(sp.simplify(bounded_terms(sp.summation, expression, variable, lower, upper))))


@tool
def compute_product(expression, variable, lower, upper):
    return ok(str(sp.simplify(bounded_terms(sp.product, expression, variable, lower, upper))))


def bounded_terms(operation, expression, variable, lower, upper):
    """A short range is added up term by term: SymPy leaves floor, mod or gcd inside a sum alone otherwise."""
    if lower.is_Integer and upper.is_Integer and upper - lower < 20_000 and expression.has(sp.floor, sp.ceiling, sp.Mod, sp.Abs):
        terms = [expression.subs(variable, k) for k in range(int(lower), int(upper) + 1)]
        return sp.Add(*terms) if operation is sp.summation else sp.Mul(*terms)
    return operation(expression, (variable, lower, upper))


@tool
def solve_recurrence(recurrence, function, variable, initial_points, initial_values):
    form = zero_form(recurrence)
    unknown = sp.Function(str(function))
    initial = {unknown(point): value for point, value in zip(initial_points, initial_values)}
    solution = sp.rsolve(form, unknown(variable), initial or None)
    if solution is None:
        raise ToolError("SymPy finds no closed form for this recurrence")
    return ok(str(sp.simplify(solution)))
