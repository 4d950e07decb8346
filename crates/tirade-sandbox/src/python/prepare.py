# What every interpreter of the sandbox does before it sees untrusted code, in a zygote or in a snapshot: loads and warms all a
# cell may want, and makes the cells' machinery (cells.py) over private copies of what it calls.

import ast, builtins, functools, gc, importlib, io, itertools, json, linecache, pkgutil  # noqa: E401
import random, signal, sys, tracemalloc, types, warnings  # noqa: E401


def preload(plan):
    """Imports all a child may want: once the guard is up no file can be opened any more."""
    gc.disable()
    warnings.simplefilter("ignore")
    for name in plan["modules"]:
        try:
            importlib.import_module(name)
        except ImportError:
            if name in plan["required"]:
                raise
    for name in plan["packages"]:
        walk(importlib.import_module(name), plan["skip"])
    warm(plan["warm"])
    warnings.resetwarnings()
    for action in (DeprecationWarning, PendingDeprecationWarning, ImportWarning, ResourceWarning, BytesWarning):
        warnings.filterwarnings("ignore", category=action)
    versions = {name: getattr(sys.modules[name], "__version__", "") for name in plan["required"]}
    return {"python": sys.version.split()[0], **versions}


def walk(package, skip):
    for found in pkgutil.walk_packages(package.__path__, package.__name__ + ".", onerror=lambda name: None):
        if not any(part in found.name for part in skip):
            try:
                importlib.import_module(found.name)
            except Exception:
                pass  # optional parts that need packages we do not install


def warm(lines):
    """Fills lazy imports and SymPy's caches; a line that fails on some version costs only its warmth."""
    namespace = {}
    for line in lines:
        try:
            exec(line, namespace)
        except Exception:
            pass


def private_code(source, available, **calls):
    """The functions of cells.py, over a private copy of the builtins and of all they call."""
    scope = {name: globals()[name] for name in ("builtins", "linecache", "random", "sys", "types")}
    scope |= {"__name__": "tirade_child", "__builtins__": dict(vars(builtins)), "AVAILABLE": available, **calls}
    scope |= {"json_loads": json.loads, "json_dumps": json.dumps, "ast_parse": ast.parse, "ast_Expr": ast.Expr}
    scope |= {"ast_Expression": ast.Expression, "io_open": io.open, "io_FileIO": io.FileIO}
    scope |= {"io_BufferedWriter": io.BufferedWriter, "io_TextIOWrapper": io.TextIOWrapper}
    scope |= {"get_limit": sys.getrecursionlimit, "set_limit": sys.setrecursionlimit}
    scope |= {"set_trace": sys.settrace, "set_profile": sys.setprofile}
    scope |= {"collector_calls": gc.callbacks, "set_thresholds": gc.set_threshold, "THRESHOLDS": gc.get_threshold()}
    scope |= {"get_thresholds": gc.get_threshold, "collect": gc.collect}
    scope |= {"collect_again": gc.enable, "stop_tracing": tracemalloc.stop}
    scope["signals"] = list(silencers())
    scope |= private_monitoring()
    seeders = [(sys.modules.get("numpy.random"), "seed"), (sys.modules.get("sympy.core.random"), "seed")]
    scope["seeders"] = [getattr(module, name) for module, name in seeders if module]
    exec(compile(source, "<child>", "exec"), scope)
    return scope


def private_monitoring():
    """The calls that switch `sys.monitoring` off (from CPython 3.12)."""
    if not hasattr(sys, "monitoring"):
        return {"monitoring": None}
    calls = {"all_events": sys.monitoring._all_events, "register": sys.monitoring.register_callback}
    events = [value for name, value in vars(sys.monitoring.events).items() if name.isupper() and value]
    events = [event for event in events if event & (event - 1) == 0]  # NO_EVENTS and groups are none
    return {"monitoring": types.SimpleNamespace(**calls), "MONITORED": events, "product": itertools.product}


def silencers():
    """What switches off timers and signal handlers that a cell has left behind. WebAssembly has no timers."""
    for timer in ("ITIMER_REAL", "ITIMER_VIRTUAL", "ITIMER_PROF"):
        if hasattr(signal, timer):
            yield functools.partial(signal.setitimer, getattr(signal, timer), 0)
    yield functools.partial(signal.signal, signal.SIGCONT, signal.SIG_DFL)
    yield functools.partial(signal.set_wakeup_fd, -1)
