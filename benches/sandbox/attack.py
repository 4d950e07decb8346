"""Attacks `tirade tool batch` from outside, as its users run it, under one of several conditions.

    python3 attack.py TIRADE DATA [--as root|user|plain|docker] [--backend native|wasm]        (as root, since it changes users)

TIRADE is the binary, DATA the folder with attacks.jsonl and legit.jsonl. The environments stay in /tmp/tirade-attack-UID. Each attack is a call of its own session, followed by a harmless call in the same session and one in a new session.
    root     as root
    user     as uid 12345
    plain    as uid 12345 with user namespaces refused
    docker   as root under a filter that refuses what Docker's default seccomp profile refuses, with Docker's default capabilities
One line per failure, a summary at the end; exit code 1 when anything got through.
"""

import argparse
import ctypes
import json
import os
import socket
import struct
import subprocess
import sys
import tempfile

SECRETS = {"@FILESECRET@": "file-secret-5512", "@ENVSECRET@": "env-secret-3391", "@STDINSECRET@": "stdin-secret-8842"}
SECRETS["@ARGSECRET@"] = "arg-secret-7781"
USER = 12345
# Docker's default: refused calls by number (x86-64), and the flags of clone that make namespaces.
REFUSED = {"unshare": 272, "setns": 308, "mount": 165, "umount2": 166, "pivot_root": 155, "keyctl": 250, "add_key": 248}
REFUSED |= {"request_key": 249, "bpf": 321, "perf_event_open": 298, "userfaultfd": 323, "open_tree": 428, "fsopen": 430}
REFUSED |= {"move_mount": 429, "quotactl": 179, "kexec_load": 246, "init_module": 175, "iopl": 172, "io_uring_setup": 425}
CLONE, CLONE3, PERSONALITY, NAMESPACES = 56, 435, 135, 0x7E020000
CAPABILITIES = "-all,+chown,+dac_override,+fsetid,+fowner,+mknod,+net_raw,+setgid,+setuid,+setfcap,+setpcap,+net_bind_service"
CAPABILITIES += ",+sys_chroot,+kill,+audit_write"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("tirade")
    parser.add_argument("data")
    parser.add_argument("--as", dest="mode", default="root", choices=["root", "user", "plain", "docker"])
    parser.add_argument("--backend", default="native", choices=["native", "wasm"])
    args = parser.parse_args()
    world = World()
    attacks = [json.loads(line) for line in open(f"{args.data}/attacks.jsonl")]
    legit = [json.loads(line)["code"] for line in open(f"{args.data}/legit.jsonl")]
    rows = rows_of(world, attacks, legit)
    home = f"{tempfile.gettempdir()}/tirade-attack-{USER if args.mode in ('user', 'plain') else 0}"
    found = run(args, world, home, rows)
    wrong = [f"{row['name']}: {why}" for number, row in enumerate(attacks) for why in judge(world, number, row["oracle"], found)]
    wrong += [f"legit {number}: {why}" for number, code in enumerate(legit) for why in compare(f"{home}/python/bin/python", number, code, found)]
    print("\n".join(wrong))
    print(json.dumps({"as": args.mode, "backend": args.backend, "attacks": len(attacks), "legit": len(legit), "failures": len(wrong)}))
    sys.exit(1 if wrong else 0)


class World:
    """What the attacks are after."""

    def __init__(self):
        self.dir = tempfile.mkdtemp()
        os.chmod(self.dir, 0o777)
        for name, text in (("secret.txt", SECRETS["@FILESECRET@"]), ("victim.txt", "whole")):
            with open(f"{self.dir}/{name}", "w") as file:
                file.write(text)
            os.chmod(f"{self.dir}/{name}", 0o666)
        self.tcp = socket.create_server(("127.0.0.1", 0))
        self.unix = socket.socket(socket.AF_UNIX)
        self.unix.bind(f"{self.dir}/host.sock")
        self.unix.listen()
        for listener in (self.tcp, self.unix):
            listener.setblocking(False)

    def fill(self, text):
        places = {"@CANARY@": self.dir, "@PORT@": str(self.tcp.getsockname()[1]), "@CWD@": self.dir, "@HOME@": self.dir}
        for mark, value in {**places, **SECRETS}.items():
            text = text.replace(mark, value)
        return text

    def visited(self):
        for listener in (self.tcp, self.unix):
            try:
                listener.accept()
                return True
            except BlockingIOError:
                pass
        return False


def rows_of(world, attacks, legit):
    for number, row in enumerate(attacks):
        limits = {"wall_s": 1, "cpu_s": 1, "output_bytes": 10_000}
        follow = row["oracle"].get("followup_code", "print(6 * 7)") + f"  # {number}"
        name = f"attack {number}"
        yield {"id": f"a{number}", "session": name, "code": world.fill(row["code"]), "limits": limits}
        yield {"id": f"b{number}", "session": name, "code": follow}
        yield {"id": f"c{number}", "code": f"print(6 * 7)  # {number}, so that no cache answers"}
    for number, code in enumerate(legit):
        yield {"id": f"l{number}", "code": code}


def run(args, world, home, rows):
    os.makedirs(home, exist_ok=True)
    os.chmod(home, 0o777)
    path = os.environ["PATH"] if args.mode in ("root", "docker") else "/usr/local/bin:/usr/bin:/bin"
    env = {"PATH": path, "TIRADE_HOME": home, "HOME": home, "SECRET": SECRETS["@ENVSECRET@"]}
    bystander = subprocess.Popen(["sleep", "600", SECRETS["@ARGSECRET@"]], stderr=subprocess.DEVNULL)
    command = [args.tirade, "tool", "batch", "--backend", args.backend]
    before = {"root": None, "user": None, "plain": refuse_namespaces, "docker": like_docker}[args.mode]
    who = {"user": USER, "group": USER, "extra_groups": []} if args.mode in ("user", "plain") else {}
    if args.mode == "docker":
        command = ["setpriv", "--bounding-set", CAPABILITIES, "--inh-caps", "-all", *command]
    text = "".join(json.dumps(row) + "\n" for row in rows)
    process = subprocess.run(command, input=text, capture_output=True, text=True, env=env, cwd=world.dir, preexec_fn=before, **who)
    bystander.kill()
    bystander.wait()
    if process.returncode:
        sys.exit(f"{args.mode}: tirade ended with {process.returncode}: {process.stderr[-2000:]}")
    return {row["id"]: row for row in map(json.loads, process.stdout.splitlines())}


def judge(world, number, oracle, found):
    """Why an attack counts as not contained."""
    attack, same, other = (found.get(f"{kind}{number}") for kind in "abc")
    if not (attack and same and other):
        yield "a row is missing"
        return
    told = attack.get("stdout", "") + attack.get("stderr", "") + attack.get("error", "")
    if attack["wall_ms"] > 1250:
        yield f"took {attack['wall_ms']} ms"
    yield from (f"shows {word}" for word in map(world.fill, oracle.get("hidden", [])) if word in told)
    yield from (f"shows a secret: {word}" for word in SECRETS.values() if word in told)
    yield from (f"left {path}" for path in map(world.fill, oracle.get("nofile", [])) if os.path.exists(path))
    if len(attack.get("stdout", "")) > 10_000:
        yield "too much output"
    if world.visited():
        yield "connected"
    if open(f"{world.dir}/victim.txt").read() != "whole":
        yield "changed the victim"
    yield from (f"next call: {call}" for call in (same, other) if call["status"] != "ok" and not oracle.get("stateless"))
    if "followup_code" not in oracle and same["stdout"] != "42\n":
        yield f"next call: {same}"
    if other["stdout"] != "42\n":
        yield f"another session: {other}"
    hidden = [] if oracle.get("stateless") else oracle.get("followup_hidden", [])
    yield from (f"next call shows {word}" for word in hidden if word in same.get("stdout", ""))


def compare(python, number, code, found):
    out = subprocess.run([python, "-c", code], capture_output=True, text=True, env={"PYTHONHASHSEED": "0"})
    row = found.get(f"l{number}", {})
    if row.get("stdout") != out.stdout or (row.get("status") == "ok") != (out.returncode == 0):
        yield f"{code!r}\n  ours {row}\n  CPython's {out.stdout!r}"


def refuse_namespaces():
    install([(REFUSED["unshare"], None), (REFUSED["setns"], None), (CLONE, NAMESPACES), (CLONE3, None)])


def like_docker():
    calls = [(number, None) for number in REFUSED.values()]
    install([*calls, (PERSONALITY, 0x0040000), (CLONE, NAMESPACES), (CLONE3, None)])


def install(refusals):
    """A seccomp filter: each call fails with EPERM (clone3 with ENOSYS), one with flags only when it has one of them."""
    steps = [(0x20, 0, 0, 0)]  # load the number of the call
    for call, flags in refusals:
        errno = 38 if call == CLONE3 else 1
        refuse = (0x06, 0, 0, 0x00050000 | errno)
        if flags is None:
            steps += [(0x15, 0, 1, call), refuse]
        else:
            # load the first argument, look for a flag, load the number again
            steps += [(0x15, 0, 4, call), (0x20, 0, 0, 16), (0x45, 0, 1, flags), refuse, (0x20, 0, 0, 0)]
    steps.append((0x06, 0, 0, 0x7FFF0000))
    program = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *step) for step in steps))
    libc = ctypes.CDLL(None, use_errno=True)
    head = ctypes.create_string_buffer(struct.pack("HxxxxxxQ", len(steps), ctypes.addressof(program)))
    # Not no_new_privs: root may install a filter without, as Docker does; others have to.
    if os.geteuid() != 0:
        libc.prctl(38, 1, 0, 0, 0)
    if libc.prctl(22, 2, head) != 0:
        raise OSError(ctypes.get_errno(), "seccomp")


main()
