"""Random expressions beside their rewritings by SymPy: writes crates/tirade-math/tests/sympy/rewrites.jsonl.

    pip install sympy==1.14.0 && python3 crates/tirade-math/tests/sympy/rewrites.py > crates/tirade-math/tests/sympy/rewrites.jsonl

Each row has `a` (SymPy's plain text), `b` (its rewriting, as LaTeX or plain text), `how`, and `equal`: rows with `false` hold a
rewriting that was changed so that its value at a random point differs. Same seed, same rows.
"""
import json
import random
import re

import sympy as sp

x, y = sp.symbols("x y", positive=True)
REWRITES = [
    ("expand", sp.expand),
    ("factor", sp.factor),
    ("simplify", sp.simplify),
    ("together", sp.together),
    ("apart", lambda e: sp.apart(e, x) if e.free_symbols == {x} else sp.cancel(e)),
    ("expand_trig", sp.expand_trig),
    ("trigsimp", sp.trigsimp),
    ("radsimp", sp.radsimp),
    ("powsimp", sp.powsimp),
    ("expand_log", sp.expand_log),
    ("horner", lambda e: sp.horner(sp.expand(e), x) if sp.expand(e).is_polynomial(x) else sp.collect(sp.expand(e), x)),
    ("exp", lambda e: e.rewrite(sp.exp)),
    ("sqrtdenest", sp.sqrtdenest),
]


def leaf(rng):
    return rng.choice([x, y, x, sp.Integer(rng.randint(1, 9)), sp.Rational(rng.randint(1, 9), rng.randint(2, 9)), sp.sqrt(rng.randint(2, 12)), sp.pi])


def expression(rng, depth):
    if depth == 0:
        return leaf(rng)
    a, b = expression(rng, depth - 1), expression(rng, rng.randint(0, depth - 1))
    return rng.choice([
        lambda: a + b, lambda: a - b, lambda: a * b, lambda: a / (b + 11), lambda: a ** rng.randint(2, 3),
        lambda: sp.sin(a), lambda: sp.cos(a + b), lambda: sp.exp(leaf(rng)) * a, lambda: sp.log(x + rng.randint(2, 5)) + a,
        lambda: sp.sqrt(x + rng.randint(1, 4)) * a, lambda: (a + b) ** 2,
    ])()


def differs(a, b, rng):
    point = {x: sp.Rational(rng.randint(1, 40), 17), y: sp.Rational(rng.randint(1, 40), 13)}
    gap = sp.N((a - b).subs(point), 30)
    return gap.is_number and abs(gap) > 1e-6


def main():
    rng = random.Random(20261123)
    seen, rows = set(), 0
    while rows < 240:
        a = expression(rng, rng.randint(1, 3))
        how, rewrite = rng.choice(REWRITES)
        try:
            b = rewrite(a)
        except (sp.PolynomialError, NotImplementedError):
            continue
        if str(a) == str(b) or not b.is_finite and b.has(sp.zoo, sp.nan) or len(str(b)) > 220 or (str(a), str(b)) in seen:
            continue
        if sp.N((a - b).subs({x: sp.Rational(7, 5), y: sp.Rational(3, 7)}), 30, chop=1e-20) != 0:
            continue
        seen.add((str(a), str(b)))
        equal = rng.random() < 0.7
        if not equal:
            b = rng.choice([b + sp.Rational(1, rng.randint(50, 999)), -b, b * sp.Rational(101, 100), b.subs(x, x + 1), 1 / b])
            if not differs(a, b, rng):
                continue
        print(json.dumps({"a": str(a), "b": sp.latex(b) if rows % 2 else re.sub(r"\bI\b", "i", str(b)), "how": how, "equal": equal}))
        rows += 1


main()
