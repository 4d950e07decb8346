"""The table of tools and the one entry point of the worker."""

TOOLS = {}


def tool(function):
    """Registers a tool under its function's name; its arguments are the names of the tool's specification."""
    TOOLS[function.__name__] = function
    return function


def handle(request):
    """{"name", "function", "args": {name: tree or list or text}, "fixed": {name: text}} -> the JSON object shown to the model."""
    name = request["name"]
    function = TOOLS.get(request["function"])
    if function is None:
        return failure(name, "there is no such tool")
    try:
        return function(**{key: decode(value) for key, value in request["args"].items()}, **request["fixed"])
    except ToolError as error:
        return failure(name, str(error))
    except RecursionError:
        return failure(name, "the expression is nested too deeply")
    except MemoryError:
        raise  # a limit, and none of the answer: with more memory it comes out
    except Exception as error:
        return failure(name, explain(error))


def failure(name, message):
    """A message may hold what the model wrote, which may be long."""
    message = message if len(message) <= 400 else message[:300] + " … " + message[-90:]
    return {"status": "error", "message": f"Error in {name}: {message}"}


def explain(error):
    """One short line: SymPy's messages may hold whole expressions and paragraphs of advice."""
    text = " ".join(str(error).split()) or "it could not be computed"
    if "integer string conversion" in text:
        return "the result has more than 4300 digits"
    if isinstance(error, NotImplementedError):
        text = "SymPy has no method for this: " + text
    elif not isinstance(error, (ValueError, ArithmeticError)):
        text = f"{type(error).__name__}: {text}"
    return text if len(text) <= 300 else text[:300] + "…"


def ok(result):
    return {"result": result}


def texts(values):
    return [str(value) for value in values]


def zero_form(statement):
    """An equation as the expression that must vanish; anything else is already meant as one."""
    if isinstance(statement, sp.Equality):
        return statement.lhs - statement.rhs
    if isinstance(statement, (sp.logic.boolalg.Boolean, sp.core.relational.Relational)) and not isinstance(statement, sp.Expr):
        raise ToolError(f"expected an equation, found {statement}")
    return statement


def as_integer(value, name):
    if isinstance(value, sp.Expr) and value.is_Integer:
        return int(value)
    raise ToolError(f"{name} must be an integer, found {value}")


def as_integers(values, name):
    return [as_integer(value, f"each of {name}") for value in values]
