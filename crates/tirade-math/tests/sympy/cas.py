"""Seeded random calls with SymPy's answers, one JSON object a line: {"op", "args", "expected"}.

    python3 cas.py SEED COUNT_PER_OP > table.jsonl      # SymPy 1.14.0

The Rust side is tests/it/cas.rs. Expected values are str() of SymPy's results, in the shape that the toolkit returns.
"""

import json
import random
import sys

import sympy as sp

X, Y, Z, A, B, N = sp.symbols("x y z a b n")


def coefficient(r, size=9, fractions=True):
    q = sp.Integer(r.randint(-size, size))
    return q / r.choice([2, 3, 4]) if fractions and r.random() < 0.15 else q


def polynomial(r, variables=(X,), degree=3, terms=4, fractions=True):
    total = sp.Integer(0)
    for _ in range(r.randint(1, terms)):
        monomial = sp.Integer(1)
        for _ in range(r.randint(0, degree)):
            monomial *= r.choice(variables)
        total += coefficient(r, fractions=fractions) * monomial
    return total


def unexpanded(r, variables=(X,), depth=2, negative_powers=False):
    if depth == 0 or r.random() < 0.2:
        return polynomial(r, variables, 2, 3)
    kind = r.choice(["add", "mul", "mul", "pow", "sub"])
    first = unexpanded(r, variables, depth - 1, negative_powers)
    if kind == "pow":
        if negative_powers and r.random() < 0.5 and first != 0:
            return first ** -r.randint(1, 2)
        return first ** r.randint(2, 3)
    second = unexpanded(r, variables, depth - 1, negative_powers)
    return {"add": first + second, "sub": first - second, "mul": first * second}[kind]


def function_expression(r, depth=2):
    if depth == 0:
        return r.choice([X, X**2, 2 * X, X + 1, sp.Integer(r.randint(1, 5)), sp.sqrt(X), 1 / X])
    kind = r.choice(["add", "mul", "call", "call", "pow"])
    first = function_expression(r, depth - 1)
    if kind == "call":
        return r.choice([sp.sin, sp.cos, sp.exp, sp.log, sp.tan])(first)
    if kind == "pow":
        return first ** r.randint(2, 3)
    second = function_expression(r, depth - 1)
    return first + second if kind == "add" else first * second


def surd_number(r, depth=2):
    if depth == 0:
        return r.choice([sp.sqrt(r.randint(2, 20)), sp.Integer(r.randint(1, 9)), sp.Rational(r.randint(1, 9), r.randint(2, 5))])
    first, second = surd_number(r, depth - 1), surd_number(r, depth - 1)
    return r.choice([first + second, first - second, first * second])


def matrix(r, rows, columns, size=6):
    return [[coefficient(r, size) for _ in range(columns)] for _ in range(rows)]


def text(value):
    return str(value)


def rows_text(m):
    return [[str(q) for q in row] for row in m]


def call_canonical(r):
    e = r.choice([unexpanded(r, (X, Y)), unexpanded(r, (X, A, B), 2, True), function_expression(r)])
    return [text(e)], text(e)


def call_expand(r):
    e = unexpanded(r, r.choice([(X,), (X, Y), (A, B), (X, A)]))
    return [text(e)], text(sp.expand(e))


def call_expand_number(r):
    e = surd_number(r)
    return [text(e)], text(sp.expand(e))


def call_factor(r):
    variables = r.choice([(X,), (X,), (X, Y), (A, B)])
    e = sp.expand(unexpanded(r, variables)) if r.random() < 0.7 else unexpanded(r, variables)
    return [text(e)], text(sp.factor(e))


def call_factor_fraction(r):
    e = unexpanded(r, (X,), 1) / (polynomial(r, (X,), 2, 3) + X**3)
    return [text(e)], text(sp.factor(e))


def call_simplify(r):
    if r.random() < 0.5:
        e = polynomial(r, r.choice([(X,), (X, Y)]), 3, 4)
    else:
        common = polynomial(r, (X,), 1, 2) + X
        e = sp.expand(common * polynomial(r, (X,), 1, 2)) / sp.expand(common * (polynomial(r, (X,), 1, 2) + X))
    return [text(e)], text(sp.simplify(e))


def call_differentiate(r):
    e = r.choice([unexpanded(r, (X,)), unexpanded(r, (X, A), 2, True), function_expression(r)])
    return [text(e), "x"], text(sp.diff(e, X))


def call_integrate(r):
    e = polynomial(r, (X,), 4, 4)
    return [text(e), "x"], text(sp.integrate(e, X))


def call_definite_integral(r):
    e = polynomial(r, (X,), 4, 4)
    low, high = coefficient(r), coefficient(r)
    return [text(e), "x", text(low), text(high)], text(sp.integrate(e, (X, low, high)))


def call_solve(r):
    kind = r.randint(0, 5)
    if kind == 0:
        e = polynomial(r, (X,), 2, 3)
    elif kind == 1:
        e = sp.expand((X - coefficient(r)) * (X - coefficient(r)) * (X - coefficient(r, 4)))
    elif kind == 2:
        e = r.randint(1, 5) * X**2 + r.randint(-9, 9) * X + r.randint(-9, 9)
    elif kind == 3:
        e = sp.expand((X - coefficient(r, 5, False)) * (X**2 + r.randint(-5, 5) * X + r.randint(-9, 9)))
    elif kind == 4:
        e = X**4 + r.randint(-9, 9) * X**2 + r.randint(-9, 9)
    else:
        e = polynomial(r, (X,), 2, 3) / (polynomial(r, (X,), 1, 2) + X**2)
    if not e.has(X):
        return None
    return [text(e), "x"], [text(s) for s in sp.solve(e, X)]


def call_solve_biquadratic(r):
    e = r.choice([1, 1, 2, 3]) * X**4 + r.randint(-30, 30) * X**2 + r.randint(-30, 30)
    return [text(e), "x"], [text(s) for s in sp.solve(e, X)]


def call_solve_linear_symbolic(r):
    e = r.randint(1, 5) * X + coefficient(r, 5) * Y + r.choice([A, 0, 3]) + coefficient(r)
    return [text(e), "x"], [text(s) for s in sp.solve(e, X)]


def call_linear_system(r):
    variables = [X, Y, Z][: r.randint(2, 3)]
    equations = [sum((coefficient(r, 5) * v for v in variables), coefficient(r)) for _ in range(r.randint(1, len(variables)))]
    if any(not e.free_symbols for e in equations):
        return None
    solution = sp.linsolve(equations, variables)
    return [[text(e) for e in equations], [text(v) for v in variables]], [text(s) for s in solution]


def call_coefficients(r):
    e = unexpanded(r, (X,), 1)
    if not e.has(X):
        return None
    return [text(e), "x"], [text(c) for c in sp.Poly(e, X).all_coeffs()]


def call_polynomial(r):
    e = unexpanded(r, r.choice([(X,), (X, Y)]), 1)
    if not e.has(X):
        return None
    return [text(e), "x"], text(sp.Poly(e, X))


def call_summation(r):
    e = polynomial(r, (N,), 3, 3)
    low, high = r.randint(-3, 3), r.randint(4, 40)
    return [text(e), "n", text(low), text(high)], text(sp.summation(e, (N, low, high)))


def call_summation_symbolic(r):
    e = polynomial(r, (X,), 3, 3)
    low = r.randint(0, 3)
    return [text(e), "x", text(low), "n"], text(sp.summation(e, (X, low, N)))


def call_inequality(r):
    kind = r.randint(0, 3)
    e = [
        lambda: polynomial(r, (X,), 1, 2),
        lambda: sp.expand((X - coefficient(r)) * (X - coefficient(r))),
        lambda: r.randint(1, 4) * X**2 + r.randint(-9, 9) * X + r.randint(-9, 9),
        lambda: sp.expand((X - coefficient(r, 5, False)) * (X - coefficient(r, 5, False)) * (X - coefficient(r, 5, False))),
    ][kind]()
    if not e.has(X):
        return None
    op = r.choice(["<", "<=", ">", ">="])
    relation = {"<": e < 0, "<=": e <= 0, ">": e > 0, ">=": e >= 0}[op]
    return [f"{e} {op} 0", "x"], text(sp.solve_univariate_inequality(relation, X))


def call_determinant(r):
    n = r.randint(1, 4)
    m = matrix(r, n, n)
    return [rows_text(m)], text(sp.Matrix(m).det())


def call_inverse(r):
    n = r.randint(1, 4)
    m = matrix(r, n, n)
    if sp.Matrix(m).det() == 0:
        return None
    return [rows_text(m)], text(sp.Matrix(m).inv())


def call_rank(r):
    m = matrix(r, r.randint(1, 4), r.randint(1, 4), 2)
    return [rows_text(m)], sp.Matrix(m).rank()


def call_nullspace(r):
    m = matrix(r, r.randint(1, 3), r.randint(1, 4), 2)
    return [rows_text(m)], [text(v) for v in sp.Matrix(m).nullspace()]


def call_eigenvalues(r):
    n = r.randint(1, 3)
    m = [[sp.Integer(r.randint(-3, 3)) for _ in range(n)] for _ in range(n)]
    return [rows_text(m)], {text(k): text(v) for k, v in sp.Matrix(m).eigenvals().items()}


def call_eigenvectors(r):
    n = r.randint(1, 3)
    m = [[sp.Integer(r.randint(-3, 3)) for _ in range(n)] for _ in range(n)]
    vectors = sp.Matrix(m).eigenvects()
    if any(not v[0].is_rational for v in vectors):
        return None
    return [rows_text(m)], [[text(v), k, [text(b) for b in basis]] for v, k, basis in vectors]


def call_factorint(r):
    n = r.choice([r.randint(1, 10**4), r.randint(1, 10**9), r.randint(1, 10**15)])
    return [text(n)], {str(k): v for k, v in sp.factorint(n).items()}


def call_number_theory(r):
    a, b, m = r.randint(-200, 2000), r.randint(-200, 2000), r.randint(2, 500)
    n = r.randint(1, 5000)
    values = {
        "gcd": sp.gcd(a, b), "lcm": sp.lcm(a, b), "totient": sp.totient(n), "divisor_count": sp.divisor_count(n),
        "divisor_sigma": sp.divisor_sigma(n), "mobius": sp.functions.combinatorial.numbers.mobius(n),
        "isprime": sp.isprime(n), "nextprime": sp.nextprime(n), "pow": pow(a, n, m), "binomial": sp.binomial(n, m % 7),
        "order": sp.n_order(a, m) if sp.gcd(a, m) == 1 else None,
        "inverse": sp.mod_inverse(a, m) if sp.gcd(a, m) == 1 else None,
    }
    return [str(a), str(b), str(m), str(n)], {k: str(v) for k, v in values.items()}


def main():
    seed, count = int(sys.argv[1]), int(sys.argv[2])
    only = sys.argv[3].split(",") if len(sys.argv) > 3 else None
    for name, call in sorted(globals().items()):
        if not name.startswith("call_") or (only and name[5:] not in only):
            continue
        r = random.Random(f"{seed} {name}")
        done = 0
        while done < count:
            try:
                row = call(r)
            except (ZeroDivisionError, NotImplementedError, sp.PolynomialError, ValueError):
                row = None
            if row is None or "zoo" in str(row) or "nan" in str(row) or len(str(row)) > 600:
                continue
            print(json.dumps({"op": name[5:], "args": row[0], "expected": row[1]}))
            done += 1


main()
