"""Seeded random calls of plane geometry with SymPy's answers, in the rows of cas.py.

    python3 geometry.py SEED COUNT_PER_OP > geometry.jsonl      # SymPy 1.14.0
"""

import json
import random
import sys

import sympy as sp


def number(r):
    return sp.Rational(r.randint(-9, 9), r.choice([1, 1, 1, 2, 3]))


def point(r):
    return sp.Point(number(r), number(r))


def row(op, points, expected):
    print(json.dumps({"op": op, "args": [[str(p.x), str(p.y)] for p in points], "expected": expected}))


def main():
    r = random.Random(sys.argv[1])
    for _ in range(int(sys.argv[2])):
        a, b, c, d = (point(r) for _ in range(4))
        if len({a, b, c, d}) < 4 or sp.Point.is_collinear(a, b, c):
            continue
        triangle = sp.Triangle(a, b, c)
        row("distance", [a, b], str(a.distance(b)))
        row("midpoint", [a, b], str(a.midpoint(b)))
        row("bisector", [a, b], str(sp.Segment(a, b).perpendicular_bisector()))
        row("centroid", [a, b, c], str(triangle.centroid))
        row("orthocenter", [a, b, c], str(triangle.orthocenter))
        row("circumcenter", [a, b, c], str(triangle.circumcenter))
        row("collinear", [a, b, c, d], str(sp.Point.is_collinear(a, b, c, d)))
        row("triangle_area", [a, b, c], str(abs(triangle.area)))
        row("angle", [a, b, c, d], str(sp.Line(a, b).angle_between(sp.Line(c, d))))
        row("point_line", [a, b, c], str(sp.Line(b, c).distance(a)))


main()
