"""Expressions, equations, inequalities and polynomials."""
from sympy.polys import polyroots


@tool
def simplify_expression(expression):
    return {"status": "success", "result": str(sp.simplify(expression))}


@tool
def expand_expression(expression):
    return ok(str(sp.expand(expression)))


@tool
def factor_expression(expression):
    return ok(str(sp.factor(expression)))


@tool
def cancel_expression(expression):
    return ok(str(sp.cancel(sp.together(expression))))


@tool
def partial_fractions(expression, variable):
    return ok(str(sp.apart(expression, variable or only_symbol(expression))))


@tool
def simplify_trig(expression):
    return ok(str(sp.trigsimp(expression)))


@tool
def expand_trig(expression):
    return ok(str(sp.expand_trig(expression)))


@tool
def simplify_radicals(expression):
    return ok(str(sp.radsimp(sp.sqrtdenest(sp.nsimplify(expression) if expression.has(sp.Float) else expression))))


@tool
def substitute(expression, variables, values):
    if len(variables) != len(values):
        raise ToolError(f"{len(variables)} variables but {len(values)} values")
    return ok(str(expression.subs(list(zip(variables, values)), simultaneous=True)))


@tool
def evaluate_numeric(expression, digits):
    digits = as_integer(digits, "digits")
    if not 1 <= digits <= 1000:
        raise ToolError(f"digits must be between 1 and 1000, found {digits}")
    return ok(str(sp.N(expression, digits)))


@tool
def complex_form(expression):
    real, imaginary = (sp.simplify(part) for part in expression.expand(complex=True).as_real_imag())
    return ok({
        "real": str(real), "imaginary": str(imaginary), "modulus": str(sp.simplify(sp.sqrt(real**2 + imaginary**2))),
        "argument": str(sp.simplify(sp.arg(real + sp.I * imaginary))), "conjugate": str(real - sp.I * imaginary),
    })


def only_symbol(expression):
    symbols = sorted(expression.free_symbols, key=str)
    if len(symbols) == 1:
        return symbols[0]
    found = ", ".join(map(str, symbols)) or "none"
    raise ToolError(f"say which variable is meant (found: {found})")


def default_symbol(variable, *expressions):
    """The variable named; else x where it occurs or nothing does; else the only one there is."""
    if variable is not None:
        return variable
    symbols = set().union(*(e.free_symbols for e in expressions))
    x = sp.Symbol("x")
    return symbols.pop() if len(symbols) == 1 and x not in symbols else x


@tool
def solve_equation(sympy_equation, variable):
    form = zero_form(sympy_equation)
    symbol = default_symbol(variable, form)
    solutions = plain_roots(form, symbol) or sp.solve(form, symbol)
    if not solutions and sp.simplify(form) == 0:
        return {"result": [], "note": f"the equation holds for every {symbol}"}
    return ok(texts(solutions))


def plain_roots(form, symbol):
    """What `solve` finds for an equation of degree one or two over the rational numbers, in its order and without its search for a
    method; None for other equations."""
    if form.free_symbols != {symbol} or not form.is_polynomial(symbol):
        return None
    poly = sp.Poly(form, symbol)
    if not (1 <= poly.degree() <= 2 and all(c.is_Rational for c in poly.all_coeffs())):
        return None
    roots = polyroots.roots_linear(poly) if poly.degree() == 1 else polyroots.roots_quadratic(poly)
    return sorted(set(roots), key=sp.default_sort_key)


@tool
def find_roots(expression):
    return {"status": "success", "result": str(sp.solve(zero_form(expression)))}


@tool
def solve_linear_system(equations, variables):
    return ok(texts(sp.linsolve([zero_form(e) for e in equations], *variables)))


@tool
def solve_nonlinear_system(sympy_equations, variables):
    return ok(texts(sp.nonlinsolve([zero_form(e) for e in sympy_equations], variables)))


@tool
def solve_univariate_inequality(inequality, variable):
    if inequality in (sp.true, sp.false):
        return ok(str(inequality))
    if isinstance(inequality, sp.And):
        return ok(str(sp.reduce_inequalities(list(inequality.args), variable)))
    return ok(str(sp.solve_univariate_inequality(statement(inequality), variable)))


@tool
def reduce_inequalities(inequalities):
    return ok(str(sp.reduce_inequalities([part for i in inequalities for part in sp.And.make_args(statement(i))])))


def statement(value):
    if isinstance(value, sp.logic.boolalg.Boolean):
        return value
    raise ToolError(f"expected an inequality such as x**2 > 4, found {value}")


@tool
def polynomial_representation(expression, variable):
    return ok(str(sp.Poly(expression, variable)))


@tool
def polynomial_degree(expression, variable):
    degree = sp.degree(expression, variable)
    return ok(int(degree) if degree != -sp.oo else str(degree))


@tool
def polynomial_coefficients(expression, variable):
    return ok(texts(sp.Poly(expression, variable).all_coeffs()))


@tool
def polynomial_division(dividend, divisor, variable):
    quotient, remainder = sp.div(dividend, divisor, variable)
    return ok({"quotient": str(quotient), "remainder": str(remainder)})


@tool
def polynomial_gcd(expression1, expression2):
    return ok(str(sp.gcd(expression1, expression2)))


@tool
def complete_square(expression, variable):
    poly = sp.Poly(expression, variable)
    if poly.degree() != 2:
        raise ToolError(f"{expression} is not quadratic in {variable}")
    a, b, c = poly.all_coeffs()
    h = sp.simplify(-b / (2 * a))
    return ok(str(a * (variable - h) ** 2 + sp.simplify(c - a * h**2)))
