# How an interpreter carries out cells and typed calls, in a forked child of the zygote as in a WebAssembly instance.
#
# Untrusted code runs in this very interpreter, so nothing here is a defence: the defences are outside (the kernel's
# by policy.rs and the supervisor's in exchange.rs, or those of wasm/). What is here is hygiene. The functions below hold a
# private copy of the builtins, so that a cell that patches `len` or `print` breaks itself and not the next cell.

ERROR_CHARS = 2000
SOURCE_CHARS = 200
HINTS = {
    "ModuleNotFoundError": f"available here: {AVAILABLE}",
    "PermissionError": "files, processes, threads and the network are out of reach here",
    "FileNotFoundError": "there are no files here; write the data into the code",
    "EOFError": "there is no input here; write the values into the code",
}


def answer(cell, tools, kind, body):
    """Carries out one request. Kinds: C cell, L load handler, T typed call; answers: o ok, e error, m memory error, j JSON, b broken."""
    try:
        if kind == b"C":
            return cell.run(body.decode())
        if kind == b"L":
            return tools.load(body.decode())
        return tools.call(body)
    except MemoryError:
        return (b"m", b"MemoryError")
    except BaseException:  # an earlier cell has broken the interpreter: the supervisor takes another
        return (b"b", b"")


class Cell:
    """The namespace of a session; runs cells in it as a notebook does."""

    def __init__(self):
        self.count = 0
        module = types.ModuleType("__main__")
        module.__builtins__ = builtins
        sys.modules["__main__"] = module
        sys.argv = ["-c"]
        self.namespace = module.__dict__
        self.known = dict(vars(builtins))
        self.modules = dict(sys.modules)
        random.seed(0)
        for seed in seeders:
            seed(0)

    def run(self, code):
        self.count += 1
        name = f"<cell {self.count}>"
        self.restore()
        self.lines = code.splitlines(True)
        known = vars(linecache).get("cache")
        if type(known) is dict:  # for tracebacks that the code prints itself
            known[name] = (len(code), None, self.lines, name)
        streams = open_streams()
        if get_limit() < 1000:
            set_limit(1000)
        try:
            self.evaluate(code, name)
            answer = (b"o", b"")
        except SystemExit as exit:
            answer = (b"o", b"") if exit.code in (None, 0) else (b"e", f"SystemExit: {exit.code}".encode("utf-8", "replace"))
        except MemoryError as error:
            answer = (b"m", describe(error, name, self.lines))
        except BaseException as error:
            answer = (b"e", describe(error, name, self.lines))
        quiet()
        for stream in (sys.stdout, sys.stderr, *streams):
            try:
                stream.flush()
            except BaseException:
                pass
        return answer

    def restore(self):
        """Builtins and modules that an earlier cell took away or changed are there again; what it defined itself stays."""
        vars(builtins).update(self.known)
        self.namespace["__builtins__"] = builtins
        if len(sys.modules) < len(self.modules):
            sys.modules.update(self.modules)

    def evaluate(self, code, name):
        tree = ast_parse(code, name)
        last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast_Expr) else None
        exec(compile(tree, name, "exec", dont_inherit=True), self.namespace)
        if last is not None:
            value = eval(compile(ast_Expression(last.value), name, "eval", dont_inherit=True), self.namespace)
            if value is not None:
                print_value(value)


def quiet():
    """Switches off what could run a cell's code after its end, slow the next one down, or make noise when the supervisor resumes us."""
    set_trace(None)
    set_profile(None)
    stop_tracing()
    collector_calls.clear()
    if get_thresholds() != THRESHOLDS:
        # Who times the collector has what it finds now: finalizers would print into the next cell.
        set_thresholds(*THRESHOLDS)
        collect()
    collect_again()
    if monitoring and monitoring.all_events():
        for tool, event in product(range(6), MONITORED):
            monitoring.register(tool, event, None)
    for silence in signals:
        silence()


def print_value(value):
    text = repr(value)
    sys.stdout.write(text + "\n")


def open_streams():
    """Fresh text streams on the two pipes: whatever the last cell did to the old ones is over."""
    sys.stdout = stream(1)
    sys.stderr = stream(2)
    sys.stdin = io_open(0, "r", closefd=False)
    return sys.stdout, sys.stderr


def stream(fd):
    raw = io_BufferedWriter(io_FileIO(fd, "w", closefd=False))
    return io_TextIOWrapper(raw, "utf-8", "backslashreplace", "\n", line_buffering=True)


def describe(error, name, lines=()):
    """The last line of the traceback and the offending line: what a reader needs to repair the code."""
    try:
        return told(error, name, lines)
    except MemoryError:
        return b"MemoryError"
    except BaseException:
        return b"an exception that cannot be shown"


def told(error, name, lines):
    kind = type(error).__name__
    try:
        message = str(error)
    except BaseException:
        message = "(its message could not be made)"
    if isinstance(error, SyntaxError):
        message, line = str(error.msg), error.lineno
    else:
        line = line_of(error.__traceback__, name)
    text = f"{kind}: {message}" if message else kind
    if len(text) > ERROR_CHARS:
        text = text[:ERROR_CHARS] + " ..."
    if line:
        source = "".join(lines[line - 1 : line]).strip()[:SOURCE_CHARS]
        text += f"\n  line {line}: {source}" if source else f"\n  line {line}"
    if kind in HINTS:
        text += f"\n  hint: {HINTS[kind]}"
    return text.encode("utf-8", "replace")


def line_of(traceback, name):
    line = None
    while traceback is not None:
        if traceback.tb_frame.f_code.co_filename == name:
            line = traceback.tb_lineno
        traceback = traceback.tb_next
    return line


class Tools:
    """A handler given by the host: trusted code, untrusted arguments. JSON in, JSON out."""

    def __init__(self):
        self.namespace = {"__name__": "tirade_handler", "__builtins__": builtins}

    def load(self, source):
        open_streams()
        try:
            exec(compile(source, "<handler>", "exec", dont_inherit=True), self.namespace)
            return (b"o", b"")
        except Exception as error:
            return (b"e", describe(error, "<handler>"))

    def call(self, body):
        try:
            result = self.namespace["handle"](json_loads(body))
            return (b"j", json_dumps(result).encode("utf-8", "replace"))
        except MemoryError as error:
            return (b"m", describe(error, "<handler>"))
        except Exception as error:
            return (b"e", describe(error, "<handler>"))
