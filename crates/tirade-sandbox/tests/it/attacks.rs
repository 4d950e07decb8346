//! Our own attacks: on the host, on other sessions, and by a first cell on the cells after it.

use crate::{backend, native, run, sandbox, stdout};
use std::time::Duration;
use tirade_sandbox::{BackendKind, Limits, Sandbox, Status};

const EXHAUSTING: &[Status] = &[Status::Error, Status::Memory, Status::Crashed, Status::Timeout];
const OK: &[Status] = &[Status::Ok];

/// Cells that exhaust or break something: how they may end.
const BREAKING: &[(&str, &str, &[Status])] = &[
    ("many small objects", "a = []\nwhile True: a.append('x' * 100_000)", &[Status::Memory, Status::Timeout]),
    ("a huge integer", "x = 10 ** (10 ** 10)", &[Status::Timeout, Status::Memory]),
    ("a huge array", "import numpy as np\nnp.ones(10 ** 11)", &[Status::Memory]),
    (
        "arrays one by one",
        "import numpy as np\na = []\nwhile True: a.append(np.ones(10 ** 6))",
        &[Status::Memory, Status::Timeout],
    ),
    (
        "private maps",
        "import mmap\na = []\nwhile True: a.append(mmap.mmap(-1, 1 << 24, flags=mmap.MAP_PRIVATE))",
        &[Status::Error],
    ),
    (
        "raw brk",
        "import ctypes\nl = ctypes.CDLL(None)\nl.sbrk.restype = ctypes.c_void_p\nprint(l.sbrk(ctypes.c_long(1 << 31)) == 2**64 - 1)",
        OK,
    ),
    ("endless recursion", "import sys\nsys.setrecursionlimit(10 ** 9)\ndef f(): f()\nf()", EXHAUSTING),
    (
        "recursion in C",
        "import sys\nsys.setrecursionlimit(10 ** 9)\nx = []\nfor _ in range(10 ** 6): x = [x]\nrepr(x)",
        EXHAUSTING,
    ),
    (
        "recursive comparison",
        "import sys\nsys.setrecursionlimit(10 ** 9)\na = []; b = []\na.append(b); b.append(a)\na == b",
        EXHAUSTING,
    ),
    ("deep parentheses", "eval('(' * 100000 + ')' * 100000)", EXHAUSTING),
    ("deep JSON", "import json\njson.loads('[' * 10 ** 6)", EXHAUSTING),
    ("catastrophic expression", "import re\nre.match('(a+)+$', 'a' * 40 + 'b')", &[Status::Timeout]),
    ("a loop in C", "sum(range(10 ** 12))", &[Status::Timeout]),
    (
        "catching everything",
        "while True:\n    try:\n        while True: pass\n    except BaseException: pass",
        &[Status::Timeout],
    ),
    (
        "a repr that never ends",
        "class A:\n    def __repr__(self):\n        while True: pass\nA()",
        &[Status::Timeout],
    ),
    (
        "a message that never ends",
        "class E(Exception):\n    def __str__(self):\n        while True: pass\nraise E",
        &[Status::Timeout],
    ),
    (
        "a message that raises",
        "class E(Exception):\n    def __str__(self): raise self\nraise E",
        &[Status::Error],
    ),
    ("a huge message", "raise ValueError('x' * 10 ** 7)", &[Status::Error]),
    ("a huge type name", "raise type('E' * 10 ** 6, (Exception,), {})", &[Status::Error]),
    ("an exception outside Exception", "raise BaseException('x')", &[Status::Error]),
    ("an interrupt of its own", "raise KeyboardInterrupt", &[Status::Error]),
    ("flood on standard error", "import sys\nwhile True: sys.stderr.write('x' * 10 ** 4)", &[Status::Output]),
    ("flood by raw writes", "import os\nwhile True: os.write(1, b'x' * 10 ** 4)", &[Status::Output]),
    (
        "flood of the link",
        "import os\nwhile True: os.write(3, b'x' * 10 ** 4)",
        &[Status::Crashed, Status::Output],
    ),
    ("an abort", "import os\nos.abort()", &[Status::Crashed]),
    ("its own death", "import os\nos._exit(42)", &[Status::Crashed]),
    ("stealing the next request", "import os\nos.read(3, 1)", &[Status::Timeout]),
    (
        "a bare reply",
        "import os\nos.write(3, bytes(16) + b'o' + bytes(4))\nwhile True: pass",
        &[Status::Crashed],
    ),
    (
        "a text reply",
        "import os\nos.write(3, b'{\"status\": \"ok\", \"stdout\": \"FORGED\"}\\n')",
        &[Status::Crashed],
    ),
    (
        "half a reply",
        "import os, sys\nf = sys._getframe()\nwhile 'head' not in f.f_locals: f = f.f_back\nos.write(3, f.f_locals['head'][:16] + b'o')\nos._exit(0)",
        &[Status::Crashed],
    ),
    (
        "a reply of endless length",
        "import os, sys\nf = sys._getframe()\nwhile 'head' not in f.f_locals: f = f.f_back\nos.write(3, f.f_locals['head'][:16] + b'o' + b'\\xff' * 4)",
        &[Status::Output],
    ),
    (
        "two replies",
        "import os, sys\nf = sys._getframe()\nwhile 'head' not in f.f_locals: f = f.f_back\nos.write(3, (f.f_locals['head'][:16] + b'o' + bytes(4)) * 2)",
        &[Status::Crashed],
    ),
    ("a null byte in the code", "x = '\0'", &[Status::Error]),
];

#[test]
fn breaking_cells_end_as_they_should_and_harm_nobody() {
    let Some(sandbox) = sandbox() else { return };
    let limits =
        Limits { output: 1000, memory: 256 << 20, ..Limits::default() }.within(Duration::from_millis(1500));
    let bystander = sandbox.session();
    bystander.execute("kept = 40", &limits).unwrap();
    for (name, code, allowed) in BREAKING {
        let session = sandbox.session();
        let result = session.execute(code, &limits).unwrap();
        assert!(crate::ended_as(&result, allowed), "{name}: {result:?}");
        assert!(result.wall_ms < 1750.0, "{name}: {} ms", result.wall_ms);
        assert!(
            result.error.len() < 4000 && result.stdout.len() <= 1000 && result.stderr.len() <= 1000,
            "{name}"
        );
        assert!(!result.stdout.contains("FORGED"), "{name}");
        assert_eq!(session.execute("6 * 7", &limits).unwrap().stdout, "42\n", "{name}: the next cell");
        assert_eq!(bystander.execute("kept + 2", &limits).unwrap().stdout, "42\n", "{name}: another session");
    }
}

/// First cells that prepare something for the second one, in the same session.
const FIRST_CELLS: &[(&str, &str)] = &[
    (
        "patched builtins",
        "import builtins\nfor name in ('len', 'print', 'compile', 'exec', 'eval', 'repr', 'isinstance', 'str', 'int', 'getattr', 'bytes', 'range', 'type'): setattr(builtins, name, None)",
    ),
    ("emptied builtins", "import builtins\nvars(builtins).clear()"),
    (
        "closed descriptors",
        "import os\nfor fd in range(4):\n    try: os.close(fd)\n    except OSError: pass\nos.closerange(0, 100)",
    ),
    ("redirected descriptors", "import os\ntry: os.dup2(2, 1)\nexcept OSError: pass"),
    ("no standard output", "import sys\nsys.stdout = sys.stderr = sys.__stdout__ = None"),
    ("closed standard output", "import sys\nsys.stdout.close()\nsys.stderr.close()"),
    ("detached standard output", "import sys\nsys.stdout.detach()"),
    ("captured standard output", "import io, sys\nsys.stdout = io.StringIO()"),
    (
        "a standard output that raises",
        "import sys\nclass W:\n    def __getattr__(self, name): raise SystemError\nsys.stdout = W()",
    ),
    ("a tiny recursion limit", "import sys\nsys.setrecursionlimit(60)"),
    (
        "a trace function",
        "import sys\ndef t(*a): raise SystemError('LATE')\nsys.settrace(t)\nsys.setprofile(t)",
    ),
    (
        "an alarm",
        "import signal\nsignal.signal(signal.SIGALRM, lambda *a: print('LATE'))\nsignal.setitimer(signal.ITIMER_REAL, 0.0005, 0.0005)",
    ),
    ("an alarm that kills", "import signal\nsignal.alarm(1)\nsignal.setitimer(signal.ITIMER_REAL, 0.001)"),
    (
        "a timer on CPU time",
        "import signal\nfor s in (signal.SIGVTALRM, signal.SIGPROF): signal.signal(s, lambda *a: print('LATE'))\nsignal.setitimer(signal.ITIMER_VIRTUAL, 0.001, 0.001)\nsignal.setitimer(signal.ITIMER_PROF, 0.001, 0.001)",
    ),
    (
        "a handler for being resumed",
        "import signal\ndef h(*a): raise SystemError('LATE')\nsignal.signal(signal.SIGCONT, h)",
    ),
    ("no modules", "import sys\nsys.modules.clear()"),
    (
        "no import",
        "import builtins, sys\nbuiltins.__import__ = None\nsys.meta_path.clear()\nsys.path.clear()",
    ),
    ("an exit handler", "import atexit\natexit.register(print, 'LATE')"),
    (
        "patched parser",
        "import ast, io, json, linecache, os, traceback\nast.parse = io.open = io.TextIOWrapper = linecache.getline = json.dumps = os.read = os.write = os._exit = None",
    ),
    ("a poisoned namespace", "import sys\nglobals().clear()"),
    ("a new main module", "import sys\nsys.modules['__main__'] = sys"),
    ("output left in a buffer", "import sys\nsys.stdout.write('LATE')"),
    (
        "endless writing after the end",
        "import threading\ndef f():\n    while True: print('LATE')\ntry: threading.Thread(target=f, daemon=True).start()\nexcept RuntimeError: pass",
    ),
    ("an audit hook", "import sys\nsys.addaudithook(lambda *a: 1 / 0)"),
    ("an answer for the next call", "import os\nfor _ in range(3): os.write(3, bytes(16) + b'o' + bytes(4))"),
    (
        "garbage collected late",
        "import gc\nclass A:\n    def __del__(self): raise SystemError\na = [A() for _ in range(10)]\na.append(a)\ndel a",
    ),
    ("collection switched off", "import gc\ngc.disable()\ngc.freeze()"),
    ("other numbers", "import decimal, sys\ndecimal.getcontext().prec = 1\nsys.set_int_max_str_digits(640)"),
];

/// What a cell after a hostile one should still do.
const ORDINARY: &str = "from sympy import symbols, solve\nimport math\nx = symbols('x')\nroots = solve(x**2 - 9*x + 14, x)\nprint(sum(roots) + len(str(math.comb(100, 50))) + 3)";

#[test]
fn a_hostile_first_cell_does_not_harm_the_second() {
    let Some(sandbox) = sandbox() else { return };
    let limits = Limits::default().within(Duration::from_secs(2));
    let mut harmed = Vec::new();
    for (name, code) in FIRST_CELLS {
        let session = sandbox.session();
        let first = session.execute(code, &limits).unwrap();
        std::thread::sleep(Duration::from_millis(5));
        for next in ["21 + 21", "print(21 + 21)", ORDINARY] {
            let second = session.execute(next, &limits).unwrap();
            if second.status != Status::Ok || second.stdout != "42\n" {
                harmed.push(format!("{name}\n  {first:?}\n  {next}: {second:?}"));
            }
        }
    }
    assert!(harmed.is_empty(), "{}", harmed.join("\n"));
}

/// Between calls a session's process does not run.
#[test]
fn nothing_burns_between_calls() {
    let Some(sandbox) = sandbox() else { return };
    let session = sandbox.session();
    let limits = Limits::default();
    let clock = "import time\nprint(time.process_time())";
    let before: f64 = session.execute(clock, &limits).unwrap().stdout.trim().parse().unwrap();
    std::thread::sleep(Duration::from_millis(300));
    let after: f64 = session.execute(clock, &limits).unwrap().stdout.trim().parse().unwrap();
    assert!(after - before < 0.05, "{before} {after}");
}

/// Every system call number, in the native and in the x32 table: all but the listed ones are refused.
#[test]
#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
fn every_other_system_call_is_refused() {
    let Some(sandbox) = native() else { return };
    let code = "import ctypes
libc = ctypes.CDLL(None, use_errno=True)
allowed = {0, 1, 7, 8, 9, 10, 11, 12, 13, 14, 15, 23, 24, 25, 28, 34, 35, 36, 37, 38, 39, 60, 72, 96, 98, 100, 102, 104, 107,
    108, 110, 131, 186, 201, 202, 204, 219, 228, 229, 230, 231, 270, 271, 318}
allowed |= {335, 336}  # uretprobe, uprobe: the kernel answers them before seccomp, with SIGILL
through = []
for number in [*range(600), *range(0x40000000, 0x40000000 + 600)]:
    if number not in allowed:
        ctypes.set_errno(0)
        if libc.syscall(ctypes.c_long(number), 0, 0, 0, 0, 0, 0) != -1 or ctypes.get_errno() != 1:
            through.append(number)
through";
    assert_eq!(stdout(sandbox, code), "[]\n");
}

/// The allowed calls take only harmless arguments.
#[test]
#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
fn arguments_of_allowed_calls_are_looked_at() {
    let Some(sandbox) = native() else { return };
    let table = [
        ("executable memory", "l.syscall(9, 0, 4096, 7, 34, -1, 0)"),
        ("making memory executable", "l.syscall(10, 0, 0, 4)"),
        ("setting signals on a descriptor", "l.syscall(72, 3, 8, 1)"),
        ("copying a descriptor", "l.syscall(72, 3, 0, 10)"),
        ("reading an output pipe", "l.syscall(0, 1, b, 1)"),
        ("writing to the input", "l.syscall(1, 0, b, 1)"),
        ("the clock of another process", "l.syscall(228, ctypes.c_long(-6), b)"),
        ("the processors of another process", "l.syscall(204, 1, 8, b)"),
        ("locks with priority", "l.syscall(202, b, 6, 0, 0)"),
    ];
    for (name, call) in table {
        let code = format!(
            "import ctypes\nl = ctypes.CDLL(None, use_errno=True)\nb = ctypes.create_string_buffer(64)\nprint({call}, ctypes.get_errno())"
        );
        assert_eq!(stdout(sandbox, &code), "-1 1\n", "{name}");
    }
}

#[test]
fn the_host_is_not_to_be_seen() {
    let Some(sandbox) = sandbox() else { return };
    let table = [
        ("import os; dict(os.environ)", "{}\n"),
        ("import sys; sys.argv", "['-c']\n"),
        ("import sys; '' in sys.path or '.' in sys.path", "False\n"),
        ("import sys; sys.stdin.read()", "''\n"),
    ];
    for (code, expected) in table {
        assert_eq!(stdout(sandbox, code), expected, "{code}");
    }
    // A folder that is named `/` and holds nothing, and a system that is called `wasi`.
    let harmless =
        |call: &str| backend() == BackendKind::Wasm && ["os.getcwd()", "os.uname()"].contains(&call);
    let files = [
        "os.listdir('.')",
        "os.stat('/etc')",
        "os.getcwd()",
        "os.readlink('/proc/self/exe')",
        "os.uname()",
        "open(0)",
        "os.getpgid(0)",
    ];
    for call in files {
        let result = run(sandbox, &format!("import os\n{call}"));
        assert_eq!(
            result.status,
            if call == "open(0)" || harmless(call) { Status::Ok } else { Status::Error },
            "{call}: {result:?}"
        );
    }
}

/// Attackers and a bystander at once, on several threads.
#[test]
fn sessions_do_not_meet() {
    let Some(sandbox) = sandbox() else { return };
    std::thread::scope(|scope| {
        for thread in 0..3 {
            scope.spawn(move || crowd(sandbox, thread));
        }
    });
}

fn crowd(sandbox: &Sandbox, thread: usize) {
    let limits = Limits::default().within(Duration::from_millis(1000));
    for round in 0..20 {
        let session = sandbox.session();
        let mine = thread * 1000 + round;
        session.execute(&format!("mine = {mine}"), &limits).unwrap();
        let hostile = ["import os; os._exit(1)", "import os; os.write(3, b'x' * 100)", "1/0"][round % 3];
        sandbox.session().execute(hostile, &limits).unwrap();
        assert_eq!(session.execute("mine", &limits).unwrap().stdout, format!("{mine}\n"));
    }
}
