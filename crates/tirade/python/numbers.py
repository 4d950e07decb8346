"""Number theory, combinatorics and bases."""
from sympy.functions.combinatorial.numbers import partition, stirling
from sympy.ntheory.modular import crt as chinese_remainder


@tool
def gcd(numbers):
    return ok(str(sp.gcd(list(numbers))))


@tool
def lcm(numbers):
    return ok(str(sp.lcm(list(numbers))))


@tool
def factorint(number):
    n = as_integer(number, "number")
    if n == 0:
        raise ToolError("0 has no prime factorisation")
    return ok({str(p): int(k) for p, k in sp.factorint(n).items()})


@tool
def is_prime(number):
    return ok(bool(sp.isprime(as_integer(number, "number"))))


@tool
def next_prime(number):
    return ok(str(sp.nextprime(as_integer(number, "number"))))


@tool
def divisors(number):
    found = sp.divisors(as_integer(number, "number"))
    return {"result": texts(found), "count": len(found), "sum": str(sum(found))}


@tool
def totient(number):
    return ok(str(sp.totient(positive(number, "number"))))


def positive(value, name):
    n = as_integer(value, name)
    if n > 0:
        return n
    raise ToolError(f"{name} must be positive, found {n}")


@tool
def mod_inverse(number, modulus):
    a, m = as_integer(number, "number"), positive(modulus, "modulus")
    if sp.gcd(a, m) != 1:
        raise ToolError(f"{a} has no inverse modulo {m}: their greatest common divisor is {sp.gcd(a, m)}")
    return ok(str(pow(a, -1, m)))  # modulo 1 every number is 0 and its own inverse, which SymPy refuses to say


@tool
def mod_power(base, exponent, modulus):
    a, k, m = as_integer(base, "base"), as_integer(exponent, "exponent"), positive(modulus, "modulus")
    if k < 0 and sp.gcd(a, m) != 1:
        raise ToolError(f"{a} has no inverse modulo {m}")
    return ok(str(pow(a, k, m)))


@tool
def multiplicative_order(number, modulus):
    a, m = as_integer(number, "number"), positive(modulus, "modulus")
    return ok("1" if m == 1 else str(sp.n_order(a, m)))


@tool
def crt(remainders, moduli):
    if len(remainders) != len(moduli):
        raise ToolError(f"{len(remainders)} remainders but {len(moduli)} moduli")
    moduli = [positive(m, "each modulus") for m in moduli]
    found = chinese_remainder(moduli, as_integers(remainders, "remainders"))
    if found is None:
        raise ToolError("the congruences contradict each other")
    modulus = sp.ilcm(1, *moduli)  # where the moduli share factors SymPy gives their product
    return {"result": str(found[0] % modulus), "modulus": str(modulus)}


@tool
def solve_linear_congruence(coefficient, remainder, modulus):
    """a x = b (mod m): all solutions in 0..m-1, or their pattern when there are many."""
    a, b, m = as_integer(coefficient, "coefficient"), as_integer(remainder, "remainder"), positive(modulus, "modulus")
    g = int(sp.gcd(a, m))
    if b % g:
        return {"result": [], "note": f"no solution: gcd({a}, {m}) = {g} does not divide {b}"}
    step = m // g
    first = (b // g) * int(sp.mod_inverse(a // g, step)) % step if step > 1 else 0
    return {"result": texts(first + step * i for i in range(min(g, 100))), "modulus": str(step)}


@tool
def diophantine(equation, variables):
    """All integer solutions, each a tuple in the order of the variables; t_0, t_1, ... are any integers."""
    found = sp.diophantine(zero_form(equation), syms=tuple(variables) or None)
    return ok(sorted(texts(found)))


@tool
def factorial(number):
    n = as_integer(number, "number")
    if not 0 <= n <= 1000:
        raise ToolError(f"number must be between 0 and 1000, found {n}")
    return ok(str(sp.factorial(n)))


@tool
def binomial(n, k):
    return ok(str(sp.binomial(as_integer(n, "n"), as_integer(k, "k"))))


@tool
def permutations(n, k):
    n, k = as_integer(n, "n"), as_integer(k, "k")
    if not 0 <= k <= n <= 10_000:
        raise ToolError(f"0 <= k <= n <= 10000 is needed, found n = {n}, k = {k}")
    return ok(str(sp.ff(n, k)))


@tool
def multinomial(counts):
    total, value = 0, 1
    for count in as_integers(counts, "counts"):
        if count < 0 or total > 10_000:
            raise ToolError("counts must be non-negative, with a sum of at most 10000")
        total += count
        value *= int(sp.binomial(total, count))
    return ok(str(value))


COUNTING = {
    "catalan": sp.catalan, "bell": sp.bell, "fibonacci": sp.fibonacci, "lucas": sp.lucas, "partitions": partition,
    "derangements": sp.subfactorial, "harmonic": sp.harmonic,
}


@tool
def special_number(kind, n):
    n = as_integer(n, "n")
    if not 0 <= n <= 3000:
        raise ToolError(f"n must be between 0 and 3000, found {n}")
    return ok(str(COUNTING[kind](n)))


@tool
def stirling_number(kind, n, k):
    which = {"first": 1, "second": 2}[kind]
    return ok(str(stirling(as_integer(n, "n"), as_integer(k, "k"), kind=which)))


DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"


@tool
def convert_base(number, from_base, to_base):
    source, target = as_integer(from_base, "from_base"), as_integer(to_base, "to_base")
    if not (2 <= source <= 36 and 2 <= target <= 36):
        raise ToolError("bases must be between 2 and 36")
    value, out = int(number.strip().replace("_", "")[:4000], source), ""
    rest = abs(value)
    while rest:
        rest, digit = divmod(rest, target)
        out = DIGITS[digit] + out
    return ok(("-" if value < 0 else "") + (out or "0"))
