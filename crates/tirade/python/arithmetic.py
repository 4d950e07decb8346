"""Exact arithmetic with decimals beside the exact values."""


@tool
def math_add(a, b):
    return exact(a + b)


@tool
def math_subtract(a, b):
    return exact(a - b)


@tool
def math_multiply(a, b, decimal_places):
    return exact(a * b, decimal_places)


@tool
def math_divide(a, b, decimal_places):
    if b == 0:
        raise ToolError("Cannot divide by zero.")
    return exact(a / b, decimal_places)


@tool
def math_round(a, decimal_places):
    return exact(a, sp.Integer(0) if decimal_places is None else decimal_places)


@tool
def evaluate(expression):
    return exact(expression)


def exact(value, places=None):
    value = sp.simplify(value)
    if places is not None:
        places = as_integer(places, "decimal_places")
        if not -50 <= places <= 50:
            raise ToolError(f"decimal_places must be between -50 and 50, found {places}")
        if not value.is_real:
            raise ToolError(f"{value} is not a real number, so it cannot be rounded")
        scale = sp.Integer(10) ** places
        value = sp.sign(value) * sp.floor(sp.Abs(value) * scale + sp.Rational(1, 2)) / scale
    if value.is_Rational:
        return with_decimal(value, finite_decimal(value))
    return with_decimal(value, str(sp.N(value, 15)) if value.is_number and value.is_finite else None)


def with_decimal(value, decimal):
    """The decimal is told where it is not the value itself."""
    return {"result": str(value)} if decimal in (None, str(value)) else {"result": str(value), "decimal": decimal}


def finite_decimal(value):
    """All digits where they end within fifty places, else fifteen of them."""
    for places in range(51):
        scaled = value * sp.Integer(10) ** places
        if scaled.is_Integer:
            digits = str(abs(scaled)).rjust(places + 1, "0")
            sign = "-" if value < 0 else ""
            return sign + (digits[:-places] + "." + digits[-places:] if places else digits)
    return str(sp.N(value, 15))
