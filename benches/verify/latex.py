"""How many LaTeX cases are read as SymPy's test suites expect. See README.md.

Ours is compared by value: our plain text goes back into SymPy and is subtracted from the expected tree, at a random point
when nothing simpler decides. Rows whose expected answer is an error count as right when our parser refuses them.
"""
import argparse, collections, functools, json, os, random, re, subprocess
import sympy as sp
from sympy.parsing.sympy_parser import parse_expr, rationalize, standard_transformations

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BINARY = os.path.join(ROOT, "target/release/examples/parse_lines")
NAMES = {"i": sp.I, "e": sp.E, "infinity": sp.oo, "ln": sp.log, "root": lambda x, n: sp.real_root(x, n) if x.is_number else sp.root(x, n),
         "mod": sp.Mod, "prod": lambda f, v, a, b: sp.Product(f, (v, a, b)), "sum": lambda f, v, a, b: sp.Sum(f, (v, a, b)),
         "integral": lambda f, v, *ends: sp.Integral(f, (v, *ends) if ends else v), "limit": lambda f, v, to: sp.Limit(f, v, to, dir="+-"),
         "gcd": lambda *a: functools.reduce(sp.gcd, a), "lcm": lambda *a: functools.reduce(sp.lcm, a),
         "abs": sp.Abs, "ceil": sp.ceiling, "binom": sp.binomial, "asin": sp.asin, "acos": sp.acos, "atan": sp.atan, "conj": sp.conjugate}


def ours(text):
    """SymPy's tree of our plain text."""
    if "=" in text and not any(op in text for op in ("<=", ">=", "!=")):
        left, right = text.split("=", 1)
        return sp.Eq(ours(left), ours(right), evaluate=False)
    # Decimals are exact, so that the gcd of 3.6 and 2.4 is 6/5.
    return parse_expr(text.replace("^", "**"), local_dict=NAMES, transformations=standard_transformations + (rationalize,))


def plain_names(e):
    """Names as we print them: x_{23} is x_23, bar{x} is xbar."""
    clean = lambda name: re.sub(r"bar\{(\w+)\}", r"\1bar", name).replace("{", "").replace("}", "").replace("\\", "")
    return e.xreplace({s: sp.Symbol(clean(s.name)) for s in e.free_symbols})


def same(a, b):
    if a == b or str(a) == str(b):
        return True
    if isinstance(a, sp.Equality) and isinstance(b, sp.Equality):
        return same(a.lhs, b.lhs) and same(a.rhs, b.rhs)
    if isinstance(a, sp.logic.boolalg.Boolean) or isinstance(b, sp.logic.boolalg.Boolean):
        return False
    names = sorted({str(s) for s in a.free_symbols | b.free_symbols})
    rng = random.Random(7)
    point = {name: sp.Rational(rng.randint(3, 40), 17) for name in names}
    value = lambda e: sp.N(e.doit().subs({s: point[str(s)] for s in e.free_symbols}), 25)
    return abs(value(a) - value(b)) < 1e-12


def main():
    args = argparse.ArgumentParser(description=__doc__)
    args.add_argument("cases")
    args.add_argument("--show", action="store_true", help="print what differs")
    args = args.parse_args()
    rows = [json.loads(line) for line in open(args.cases)]
    lines = "\n".join(r["latex"].replace("\n", "⏎") for r in rows)
    out = subprocess.run([BINARY], input=lines, capture_output=True, text=True, check=True).stdout.split("\n")
    counts = collections.defaultdict(collections.Counter)
    for row, line in zip(rows, out):
        text = line.split("\t=>\t")[1].split("\t")[0]
        refused = text.startswith("ERROR")
        if row.get("expected_error"):
            kind = "right" if refused else "accepted, an error was expected"
        elif refused:
            kind = "refused"
        elif "expected_tree" in row:
            kind = "read (no SymPy tree to compare)"
        else:
            try:
                kind = "right" if same(plain_names(ours(text)), plain_names(eval(row["expected_sympy"], dict(vars(sp))))) else "another value"
            except Exception:
                kind = "not comparable in SymPy"
        counts[row["source"]][kind] += 1
        if args.show and kind not in ("right", "read (no SymPy tree to compare)"):
            print(kind, "|", row["latex"], "|", text, "|", row.get("expected_str"))
    for source, kinds in counts.items():
        print(source, dict(kinds))


main()
