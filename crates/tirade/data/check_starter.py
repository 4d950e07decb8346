"""Checks every answer of starter.jsonl with SymPy, without reading the answer first.

    pip install sympy && python3 crates/tirade/data/check_starter.py

CHECKS has one entry per problem: the answer computed from the problem's numbers by solving, counting or brute force, not by the
steps of the worked solution. The answer in the file must be equal to it, and so must the last box of the worked solution.
"""

from sympy import *  # noqa: F403, I001  (a calculator: the checks read as mathematics; first, since it takes names such as `re`)

import json
import re
import sys
from itertools import permutations, product
from pathlib import Path

x, y, z, n, k, w, s, b = symbols("x y z n k w s b")
a_, b_ = symbols("a b", positive=True)


def only(values):
    """The single element; anything else means that the problem is not well posed."""
    values = list(values)
    assert len(values) == 1, values
    return values[0]


def count(values):
    return sum(1 for _ in values)


def dice(number, wanted):
    rolls = list(product(range(1, 7), repeat=number))
    return Rational(sum(wanted(roll) for roll in rolls), len(rolls))


def area(*points):
    return Triangle(*map(Point, points)).area


CHECKS = {
    "prealgebra/1": lambda: Rational(138, 6),
    "prealgebra/2": lambda: sympify("5 + 3*(12 - 8)**2"),
    "prealgebra/3": lambda: Rational(84, 126),
    "prealgebra/4": lambda: 8000 * Rational(85, 100) * Rational(110, 100),
    "prealgebra/5": lambda: only(solve((7 * 14 - x) / 6 - 12, x)),
    "prealgebra/6": lambda: Rational(3, 4) + Rational(5, 6),
    "prealgebra/7": lambda: only(solve(Rational(2, 5) * x + 18 - Rational(7, 10) * x, x)),
    "prealgebra/8": lambda: count(i for i in range(1, 300) if sum(map(int, str(i))) == 5),
    "algebra/1": lambda: only(solve(Eq(7 * x - 11, 3 * x + 17), x)),
    "algebra/2": lambda: (2 * x**2 - 5 * x + 4).subs(x, -3),
    "algebra/3": lambda: simplify(sum(solve(3 * x**2 - 24 * x + 5, x))),
    "algebra/4": lambda: prod(solve([2 * x + 3 * y - 31, 5 * x - 2 * y - 11], [x, y]).values()),
    "algebra/5": lambda: only({u**2 + v**2 for u, v in solve([a_ + b_ - 10, a_**3 + b_**3 - 370], [a_, b_])}),
    "algebra/6": lambda: factor(x**2 - 5 * x - 36),
    "algebra/7": lambda: Line((-2, 9), (4, -3)).intersection(Line((0, 0), (0, 1)))[0].y,
    "algebra/8": lambda: count(i for i in range(-1000, 1000) if i * i - 8 * i - 20 <= 0),
    "counting_and_probability/1": lambda: count(product(range(4), range(5), range(3))),
    "counting_and_probability/2": lambda: len(set(permutations("LEVEL"))),
    "counting_and_probability/3": lambda: dice(2, lambda roll: sum(roll) == 9),
    "counting_and_probability/4": lambda: binomial(5, 2) * binomial(6, 2),
    "counting_and_probability/5": lambda: count(
        i for i in range(5001, 10000) if len(set(str(i))) == 4 and set(str(i)) <= set("13579")
    ),
    "counting_and_probability/6": lambda: Rational(5, 7 + 5),
    "counting_and_probability/7": lambda: Rational(sum(sum(t) == 4 for t in product((0, 1), repeat=6)), 2**6),
    "counting_and_probability/8": lambda: count(t for t in product(range(2, 11), repeat=3) if sum(t) == 10),
    "geometry/1": lambda: only(solve(x + 47 + 68 - 180, x)),
    "geometry/2": lambda: Point(20, 0).distance(Point(0, 21)),
    "geometry/3": lambda: only(3 * v**2 for v in solve(2 * (w + 3 * w) - 56, w)),
    "geometry/4": lambda: pi * only(solve(2 * pi * x - 18 * pi, x)) ** 2 * Rational(80, 360),
    "geometry/5": lambda: Triangle(sss=(13, 14, 15)).area,
    "geometry/6": lambda: 6 * 4**2,
    "geometry/7": lambda: integrate(pi * (6 * x / 8) ** 2, (x, 0, sqrt(10**2 - 6**2))),
    "geometry/8": lambda: Circle(Point(0, 0), Point(8, 0), Point(2, 6)).radius,
    "number_theory/1": lambda: gcd(210, 462),
    "number_theory/2": lambda: count(d for d in range(1, 721) if 720 % d == 0),
    "number_theory/3": lambda: 3**50 % 7,
    "number_theory/4": lambda: min(i for i in range(1, 46) if i % 5 == 3 and i % 9 == 4),
    "number_theory/5": lambda: sum(primerange(40, 71)),
    "number_theory/6": lambda: lcm(18, 24),
    "number_theory/7": lambda: only(i for i in range(1000) if set(str(i)) <= set("0123456") and int(str(i), 7) == 100),
    "number_theory/8": lambda: len(re.search("0*$", str(factorial(60)))[0]),
    "intermediate_algebra/1": lambda: log(64, 2),
    "intermediate_algebra/2": lambda: rem(x**3 - 4 * x**2 + 7, x - 3, x),
    "intermediate_algebra/3": lambda: only(
        sum(v[x] + i * v[y] for i in range(10)) for v in [solve([x + 2 * y - 11, x + 7 * y - 36], [x, y])]
    ),
    "intermediate_algebra/4": lambda: only(solve(sqrt(2 * x + 7) - (x - 4), x)),
    "intermediate_algebra/5": lambda: simplify(sum(r**2 for r in roots(x**3 - 6 * x**2 + 3 * x + 10, x, multiple=True))),
    "intermediate_algebra/6": lambda: expand((3 + 2 * I) * (4 - 5 * I)),
    "intermediate_algebra/7": lambda: summation(12 * Rational(8, 12) ** n, (n, 0, oo)),
    "intermediate_algebra/8": lambda: minimum(x**2 + 16 / x**2, x, Interval.open(0, oo)),
    "precalculus/1": lambda: sin(rad(150)),
    "precalculus/2": lambda: Matrix([[4, -3], [2, 5]]).det(),
    "precalculus/3": lambda: Matrix([2, -1, 5]).dot(Matrix([3, 4, -2])),
    "precalculus/4": lambda: cos(rad(75)),
    "precalculus/5": lambda: sum(
        len(solveset(sin(x) - u, x, Interval.Ropen(0, 2 * pi))) for u in solve(2 * y**2 - y - 1, y)
    ),
    "precalculus/6": lambda: (6 * cos(2 * pi / 3), 6 * sin(2 * pi / 3)),
    "precalculus/7": lambda: Matrix([1, 2, 2]).dot(Matrix([4, 0, 3])) / (Matrix([1, 2, 2]).norm() * Matrix([4, 0, 3]).norm()),
    "precalculus/8": lambda: (Matrix([-1, 2, 0]).cross(Matrix([-1, 0, 2]))).norm() / 2,
    "word_problems/1": lambda: 5 * 18 + 2 * 35,
    "word_problems/2": lambda: 14 * 24 - 47,
    "word_problems/3": lambda: 9 * 12 * Rational(3, 4) - 16,
    "word_problems/4": lambda: (13 * 60 + 25) - (9 * 60 + 40) - 35,
    "word_problems/5": lambda: 24 * ceiling(Rational(2 * 6 * 4 + 3 * 4, 15)),
    "word_problems/6": lambda: 420 * (1 - Rational(3, 7)) * (1 - Rational(1, 3)),
    "word_problems/7": lambda: only(4 * v for v in solve(4 * s + 6 - 3 * (s + 6), s)),
    "word_problems/8": lambda: only(solve(x * (Rational(1, 360) + Rational(1, 180)) - 1, x)),
    "word_problems/9": lambda: 50 - 27 * Rational(2, 3),
    "word_problems/10": lambda: 700 * Rational(65, 1000) * Rational(18, 10),
    "word_problems/11": lambda: 8 * 32 - 75,
    "word_problems/12": lambda: floor(Rational(250 + 206 - 24, 12)),
    "word_problems/13": lambda: Rational(12 * 60 + 30, 5),
    "word_problems/14": lambda: only(v + 15 for v in solve(b + 2 * b + b + 15 - 135, b)),
}


def read(latex):
    """The few LaTeX forms the answers use, as SymPy."""
    text = re.sub(r"\\frac\{((?:[^{}]|\{[^{}]*\})*)\}\{([^{}]*)\}", r"((\1)/(\2))", latex)
    text = re.sub(r"\\sqrt\{([^{}]*)\}", r"sqrt(\1)", text).replace("\\pi", "pi")
    text = re.sub(r"(?<=[0-9)])(?=[a-z(])", "*", text)
    text = re.sub(r"\bi\b", "I", text)
    return sympify(text, rational=True)


def last_box(solution):
    start = solution.rindex("\\boxed{") + len("\\boxed{")
    depth, end = 1, start
    while depth:
        depth += {"{": 1, "}": -1}.get(solution[end], 0)
        end += 1
    return solution[start : end - 1]


def equal(left, right):
    if isinstance(left, (tuple, Tuple)):
        return len(left) == len(right) and all(map(equal, left, right))
    return simplify(left - right) == 0


def main():
    rows = [json.loads(line) for line in (Path(__file__).parent / "starter.jsonl").open()]
    failures = 0
    for row in rows:
        name = row["id"].removeprefix("starter/")
        computed = sympify(CHECKS.pop(name)())
        same = equal(computed, read(row["answer"])) and last_box(row["solution"]) == row["answer"]
        if not same:
            failures += 1
            print(f"{name}: computed {computed}, answer {row['answer']}, boxed {last_box(row['solution'])}")
    if CHECKS:
        failures += len(CHECKS)
        print("checks without a problem:", ", ".join(CHECKS))
    print(f"{len(rows)} problems, {failures} failures")
    sys.exit(failures > 0)


if __name__ == "__main__":
    main()
