# The zygote: a CPython that has loaded and warmed everything, forks guarded children on request, and never
# runs untrusted code. It is a courier: the seccomp program, the landlock ruleset and the namespaces are made
# by Rust (policy.rs, spawn.rs); it applies them in each child, and Rust checks from outside that they hold.
#
# argv: control descriptor, landlock ruleset descriptor or -1.
# supervisor -> zygote   {"fork": id} with three descriptors: link, stdout, stderr
#                        {"limit": id, "memory": bytes of address space}
# zygote -> supervisor   {"ready": versions, "address_space": n, "layers": ..} | {"failed": text} | {"forked": id} with a pidfd
#                        {"limited": id, "memory": n} | {"exited": id, "status": n, "cpu": seconds}

import array, ctypes, gc, json, os, resource, select, signal, socket, struct, sys, time, traceback  # noqa: E401

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
        time.tzset()
        versions = preload(plan)
        filter = bytes.fromhex(plan["seccomp"])
        filter_buffer = ctypes.create_string_buffer(filter, len(filter))
        program = Program(len(filter) // 8, ctypes.addressof(filter_buffer))
        drop_rights()
    except BaseException:
        control.send(json.dumps({"failed": traceback.format_exc()[-4000:]}).encode())
        raise SystemExit(1)
    code = private_code(plan["child"], plan["available"], os_read=os.read, os_write=os.write, os_exit=os._exit)
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
