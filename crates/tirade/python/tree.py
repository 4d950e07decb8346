"""Rebuilds SymPy objects from the JSON expression trees that tirade-math writes.

Every node is built by a constructor named in one of the tables below; no text is ever parsed or evaluated here.
A node is a dict with one key, its kind: {"add": [{"sym": "x"}, {"num": "1/2"}]} is x + 1/2.
"""
import sympy as sp


class ToolError(Exception):
    """What the model did wrong, in words that help it; shown without a traceback."""


# A power of numbers with more bits than this is refused before SymPy tries to write it out.
MAX_BITS = 200_000

FUNCTIONS = {
    "sqrt": sp.sqrt, "exp": sp.exp, "ln": sp.log,
    "sin": sp.sin, "cos": sp.cos, "tan": sp.tan, "cot": sp.cot, "sec": sp.sec, "csc": sp.csc,
    "asin": sp.asin, "acos": sp.acos, "atan": sp.atan, "acot": sp.acot, "asec": sp.asec, "acsc": sp.acsc,
    "sinh": sp.sinh, "cosh": sp.cosh, "tanh": sp.tanh, "coth": sp.coth, "sech": sp.sech, "csch": sp.csch,
    "asinh": sp.asinh, "acosh": sp.acosh, "atanh": sp.atanh, "acoth": sp.acoth, "asech": sp.asech, "acsch": sp.acsch,
    "abs": sp.Abs, "floor": sp.floor, "ceil": sp.ceiling, "sign": sp.sign,
    "factorial": sp.factorial, "double_factorial": sp.factorial2, "gamma": sp.gamma,
    "binom": sp.binomial, "perm": sp.ff, "max": sp.Max, "min": sp.Min,
    "re": sp.re, "im": sp.im, "arg": sp.arg, "conj": sp.conjugate,
    "det": lambda m: matrix_of(m).det(), "trace": lambda m: matrix_of(m).trace(),
    "transpose": lambda m: matrix_of(m).T,
    "gcd": lambda *xs: sp.gcd(list(xs)), "lcm": lambda *xs: sp.lcm(list(xs)),
}

CONSTANTS = {
    "pi": sp.pi, "e": sp.E, "i": sp.I, "infinity": sp.oo, "undefined": sp.nan,
    "true": sp.true, "false": sp.false, "empty_set": sp.EmptySet, "reals": sp.S.Reals, "rationals": sp.S.Rationals,
    "integers": sp.S.Integers, "naturals": sp.S.Naturals, "complexes": sp.S.Complexes,
}

RELATIONS = {
    "=": lambda a, b: sp.Eq(a, b, evaluate=False), "===": lambda a, b: sp.Eq(a, b, evaluate=False),
    "!=": sp.Ne, "<": sp.Lt, "<=": sp.Le, ">": sp.Gt, ">=": sp.Ge,
    "in": lambda a, b: sp.Contains(a, b), "notin": lambda a, b: sp.Not(sp.Contains(a, b)),
}

LOGIC = {"and": sp.And, "or": sp.Or, "not": sp.Not, "implies": sp.Implies, "iff": sp.Equivalent}
SET_OPERATIONS = {"union": sp.Union, "intersection": sp.Intersection, "difference": sp.Complement}


def rebuild(node):
    """The SymPy object of one tree."""
    (kind, value), = node.items()
    builder = BUILDERS.get(kind)
    if builder is None:
        raise ToolError(f"{kind.replace('_', ' ')} is not something SymPy can compute with here")
    return builder(value)


def decode(value):
    """Arguments: a dict is a tree, a list holds arguments, anything else stands for itself."""
    if isinstance(value, dict):
        return rebuild(value)
    if isinstance(value, list):
        return [decode(item) for item in value]
    return value


def matrix_of(value):
    if isinstance(value, sp.MatrixBase):
        return value
    raise ToolError(f"expected a matrix, found {value}")


def number(text):
    """A string such as "-3/4": digits, so int() cannot be made to do anything else."""
    top, _, bottom = text.partition("/")
    return sp.Rational(int(top), int(bottom or 1))


def decimal(text):
    """0.25 is 1/4: exact inputs stay exact."""
    whole, _, places = text.partition(".")
    return sp.Rational(int(whole + places), 10 ** len(places))


def add(nodes):
    parts = [rebuild(n) for n in nodes]
    if any(isinstance(p, sp.MatrixBase) for p in parts):
        total = parts[0]
        for part in parts[1:]:
            total = total + part
        return total
    return sp.Add(*map(scalar, parts))


def mul(nodes):
    parts = [rebuild(n) for n in nodes]
    if any(isinstance(p, sp.MatrixBase) for p in parts):
        total = parts[0]
        for part in parts[1:]:
            total = total * part
        return total
    return sp.Mul(*map(scalar, parts))


def scalar(value):
    if isinstance(value, sp.Expr):
        return value
    raise ToolError(f"expected a number or an expression, found {value}")


def power(pair):
    base, exponent = map(rebuild, pair)
    if isinstance(base, sp.MatrixBase):
        return base ** exponent
    base, exponent = scalar(base), scalar(exponent)
    if base.is_Rational and exponent.is_Integer:
        bits = max(int(base.p).bit_length(), int(base.q).bit_length()) - 1
        if bits * abs(int(exponent)) > MAX_BITS:
            raise ToolError(f"{base}**{exponent} has too many digits; for a remainder use mod_power")
    return sp.Pow(base, exponent)


def call(pair):
    name, nodes = pair
    if name == "mod":
        return modulo(*nodes)
    args = [rebuild(n) for n in nodes]
    if name == "log":
        return sp.log(*args)
    if name == "root":
        return real_root(*args)
    if name == "round":
        return rounded(*args)
    if name == "factorial" and args[0].is_Integer and args[0] > 20_000:
        raise ToolError(f"{args[0]}! has too many digits")
    function = FUNCTIONS.get(name)
    if function is None:
        raise ToolError(f"the function {name} is not available here")
    return function(*args)


def modulo(node, modulus):
    """a**b mod m of numbers is taken by repeated squaring, so 7**(10**9) mod 1000 costs nothing."""
    m = rebuild(modulus)
    (kind, value), = node.items()
    if kind == "pow" and m.is_Integer and m > 0:
        base, exponent = map(rebuild, value)
        if base.is_Integer and exponent.is_Integer and exponent >= 0:
            return sp.Integer(pow(int(base), int(exponent), int(m)))
    return sp.Mod(rebuild(node), m)


def real_root(base, degree):
    """The n-th root; a negative number has a real one for odd n."""
    if base.is_number and base.is_extended_negative and degree.is_Integer and degree % 2 == 1:
        return -sp.root(-base, degree)
    return sp.root(base, degree)


def rounded(value, places=sp.Integer(0)):
    """Half goes up, as at school."""
    return sp.floor(value * 10**places + sp.Rational(1, 2)) / 10**places


def apply(pair):
    name, nodes = pair
    return sp.Function(name)(*[rebuild(n) for n in nodes])


def relation(pair):
    left, rest = pair
    left, parts = rebuild(left), []
    for op, right in rest:
        right = rebuild(right)
        build = RELATIONS.get(op)
        if build is None:
            raise ToolError(f"the relation {op} is not available here")
        parts.append(build(left, right))
        left = right
    return parts[0] if len(parts) == 1 else sp.And(*parts)


def logic(pair):
    op, nodes = pair
    build = LOGIC.get(op)
    if build is None:
        raise ToolError(f"the operator {op} is not available here")
    return build(*[rebuild(n) for n in nodes])


def based(pair):
    digits, base = pair
    value = 0
    for digit in digits:
        value = value * base + digit
    return sp.Integer(value)


def interval(value):
    low_closed, high_closed = value["closed"]
    return sp.Interval(rebuild(value["low"]), rebuild(value["high"]), not low_closed, not high_closed)


def cases(rows):
    return sp.Piecewise(*[(rebuild(value), rebuild(condition)) for value, condition in rows])


def sequence(nodes):
    return sp.Tuple(*[rebuild(n) for n in nodes])


def quantity(pair):
    value, unit = rebuild(pair[0]), pair[1]
    factor = {"%": sp.Rational(1, 100), "deg": sp.pi / 180, "°": sp.pi / 180, "degree": sp.pi / 180}.get(unit)
    if factor is None:
        raise ToolError(f"write the number without the unit {unit!r}")
    return value * factor


def big(value):
    """Sums, products, integrals, limits and derivatives are carried out where SymPy can."""
    op, body, var = value["op"], rebuild(value["body"]), sp.Symbol(value["var"])
    low, high = (rebuild(value[end]) if value.get(end) is not None else None for end in ("low", "high"))
    if op == "limit":
        return sp.limit(body, var, low, {None: "+-", 1: "+", -1: "-"}[high])
    if op == "derivative":
        return sp.diff(body, var, 1 if low is None else low)
    if op == "integral":
        return sp.integrate(body, var if low is None else (var, low, high))
    build = {"sum": sp.summation, "prod": sp.product}[op]
    if low is None or high is None:
        raise ToolError(f"the {op} over {var} needs both bounds")
    return build(body, (var, low, high))


BUILDERS = {
    "num": number, "dec": decimal, "sym": sp.Symbol, "add": add, "mul": mul, "pow": power, "call": call, "apply": apply,
    "relation": relation, "logic": logic, "based": based, "interval": interval, "cases": cases, "tuple": sequence,
    "bracket": sequence, "list": sequence, "set": lambda ns: sp.FiniteSet(*[rebuild(n) for n in ns]),
    "set_op": lambda pair: SET_OPERATIONS[pair[0]](*[rebuild(n) for n in pair[1]]),
    "matrix": lambda rows: sp.Matrix([[rebuild(n) for n in row] for row in rows]),
    "ratio": lambda ns: sp.Mul(rebuild(ns[0]), *[1 / rebuild(n) for n in ns[1:]]),
    "quantity": quantity, "big": big,
    "const": lambda name: CONSTANTS[name] if name in CONSTANTS else rebuild({name: None}),
}
