# The zygote: a CPython that has loaded and warmed everything, forks guarded children on request, and never
# runs untrusted code. It is a courier: the seccomp program, the landlock ruleset and the namespaces are made
# by Rust (policy.rs, spawn.rs); it applies them in each child, and Rust checks from outside that they hold.
#
# argv: control descriptor, landlock ruleset descriptor or -1.
# supervisor -> zygote   {"fork": id} with three descriptors: link, stdout, stderr
#                        {"limit": id, "memory": bytes of address space}
# zygote -> supervisor   {"ready": versions, "address_space": n, "layers": ..} | {"failed": text} | {"forked": id} with a pidfd
#                        {"limited": id, "memory": n} | {"exited": id, "status": n, "cpu": seconds}

import array, ast, builtins, ctypes, gc, importlib, io, itertools, json, linecache, os, pkgutil  # noqa: E401
import random, resource, select, signal, socket, struct, sys, time, traceback, tracemalloc, types, warnings  # noqa: E401

LIBC = ctypes.CDLL(None, use_errno=True)
# Not `os.fork`: that draws new seeds and writes to some hundred pages to make up for threads, which a zygote does not have.
FORK = ctypes.PyDLL(None).fork
SYS_LANDLOCK_RESTRICT_SELF = 446  # the same on x86-64 and aarch64
PR_SET_PDEATHSIG, PR_SET_DUMPABLE, PR_SET_SECCOMP, PR_SET_NO_NEW_PRIVS = 1, 4, 22, 38
NOBODY = 65534
CAPABILITY_VERSION_3 = 0x20080522


class Program(ctypes.Structure):
    """struct sock_fprog"""

    _fields_ = [("length", ctypes.c_ushort), ("filter", ctypes.c_void_p)]


def main():
    control, ruleset = (int(number) for number in sys.argv[1:3])
    control = socket.socket(fileno=control)
    plan = json.loads(control.recv(1 << 20))
    try:
        versions = preload(plan)
        filter = bytes.fromhex(plan["seccomp"])
        filter_buffer = ctypes.create_string_buffer(filter, len(filter))
        program = Program(len(filter) // 8, ctypes.addressof(filter_buffer))
        drop_rights()
    except BaseException:
        control.send(json.dumps({"failed": traceback.format_exc()[-4000:]}).encode())
        raise SystemExit(1)
    code = private_code(plan["child"])
    cell, tools = code["Cell"](), code["Tools"]()
    os.environ.clear()
    share_memory(LIBC)
    base = address_space()
    control.send(json.dumps({"ready": versions, "address_space": base, "layers": layers()}).encode())
    limits = [(number, (value, value)) for number, value in plan["rlimits"]]
    limits.append((resource.RLIMIT_AS, (base + plan["memory"], resource.RLIM_INFINITY)))
    guard = (program, filter_buffer, ruleset, os.getpid(), limits, plan["insecure"])
    if fork_on_request(control, guard):
        gc.enable()
        code["serve"](cell, tools)


def preload(plan):
    """Imports all a child may want: once the guard is up no file can be opened any more."""
    gc.disable()
    time.tzset()
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


def drop_rights():
    """Becomes nobody where it is root, and gives up all capabilities. What a container does not allow is left; the
    supervisor looks at the result and decides."""
    if os.geteuid() == 0:
        for drop in (lambda: os.setgroups([]), lambda: os.setresgid(*[NOBODY] * 3), lambda: os.setresuid(*[NOBODY] * 3)):
            try:
                drop()
            except OSError:
                pass
    header = struct.pack("=Ii", CAPABILITY_VERSION_3, 0)
    LIBC.capset(header, bytes(24))
    prctl(PR_SET_PDEATHSIG, signal.SIGKILL)  # a change of uid clears it


def layers():
    """What only this process can see of itself, for the supervisor's report."""
    spaces = {name: os.stat(f"/proc/self/ns/{name}").st_ino for name in ("user", "net", "ipc", "uts")}
    return {"uid": os.getuid(), **spaces}


def address_space():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[0]) * os.sysconf("SC_PAGESIZE")


def prctl(option, *arguments):
    if LIBC.prctl(option, *(list(arguments) + [0, 0, 0, 0])[:4]) != 0:
        raise OSError(ctypes.get_errno(), f"prctl({option})")


def private_code(source):
    """The child's functions, over a private copy of the builtins and of all they call."""
    scope = {name: globals()[name] for name in ("builtins", "linecache", "random", "sys", "types")}
    scope |= {"__name__": "tirade_child", "__builtins__": dict(vars(builtins))}
    scope |= {"os_read": os.read, "os_write": os.write, "os_exit": os._exit, "json_loads": json.loads}
    scope |= {"json_dumps": json.dumps, "ast_parse": ast.parse, "ast_Expr": ast.Expr}
    scope |= {"ast_Expression": ast.Expression, "io_open": io.open, "io_FileIO": io.FileIO}
    scope |= {"io_BufferedWriter": io.BufferedWriter, "io_TextIOWrapper": io.TextIOWrapper}
    scope |= {"get_limit": sys.getrecursionlimit, "set_limit": sys.setrecursionlimit}
    scope |= {"set_trace": sys.settrace, "set_profile": sys.setprofile}
    scope |= {"collector_calls": gc.callbacks, "set_thresholds": gc.set_threshold, "THRESHOLDS": gc.get_threshold()}
    scope |= {"get_thresholds": gc.get_threshold, "collect": gc.collect}
    scope |= {"collect_again": gc.enable, "stop_tracing": tracemalloc.stop}
    scope |= {"set_timer": signal.setitimer, "set_handler": signal.signal, "set_wakeup": signal.set_wakeup_fd}
    scope |= {"TIMERS": (signal.ITIMER_REAL, signal.ITIMER_VIRTUAL, signal.ITIMER_PROF)}
    scope |= {"SIGCONT": signal.SIGCONT, "SIG_DFL": signal.SIG_DFL}
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


def fork_on_request(control, guard):
    """Serves the supervisor; returns True in a child, and exits when the supervisor is gone."""
    poll = select.poll()
    poll.register(control, select.POLLIN)
    children = {}  # pidfd -> (id, pid)
    while True:
        for fd, _ in poll.poll():
            if fd != control.fileno():
                poll.unregister(fd)
                identity, pid = children.pop(fd)
                _, status, usage = os.wait4(pid, 0)
                os.close(fd)
                cpu = usage.ru_utime + usage.ru_stime
                control.send(json.dumps({"exited": identity, "status": status, "cpu": cpu}).encode())
                continue
            data, fds, _, _ = socket.recv_fds(control, 4096, 3)
            if not data:
                os._exit(0)
            request = json.loads(data)
            if "limit" in request:
                limit(control, children, **request)
                continue
            identity = request["fork"]
            pid = FORK()
            if pid < 0:
                raise OSError("no child could be forked")
            if pid == 0:
                become_child(fds, guard)
                return True
            for given in fds:
                os.close(given)
            pidfd = os.pidfd_open(pid)
            children[pidfd] = (identity, pid)
            poll.register(pidfd, select.POLLIN)
            socket.send_fds(control, [json.dumps({"forked": identity, "pid": pid}).encode()], [pidfd])


def limit(control, children, limit, memory):
    """Sets a child's soft limit on address space, for a supervisor that may not (root without CAP_SYS_RESOURCE)."""
    for identity, pid in children.values():
        if identity == limit:
            resource.prlimit(pid, resource.RLIMIT_AS, (memory, resource.RLIM_INFINITY))
            control.send(json.dumps({"limited": identity, "memory": memory}).encode())


def become_child(fds, guard):
    """Keeps four descriptors, then gives up every right. Anything that fails here ends the child."""
    program, _, ruleset, parent, limits, insecure = guard
    try:
        os.setsid()
        if ruleset >= 0 and LIBC.syscall(SYS_LANDLOCK_RESTRICT_SELF, ruleset, 0) != 0:
            raise OSError(ctypes.get_errno(), "landlock_restrict_self")
        for fd, target in ((fds[1], 1), (fds[2], 2), (fds[0], 3)):
            os.dup2(fd, target)
        fds = [3]
        os.closerange(4, 4096)
        for number, pair in limits:
            resource.setrlimit(number, pair)
        prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:
            os._exit(71)
        prctl(PR_SET_DUMPABLE, 0)
        prctl(PR_SET_NO_NEW_PRIVS, 1)
        prctl(PR_SET_SECCOMP, 2, ctypes.byref(program))
    except BaseException as error:
        if not insecure:
            os.write(fds[0], repr(error).encode())
            os._exit(70)


main()
