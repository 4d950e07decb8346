//! A second set of attacks, by someone who knows how the sandbox works: on the host, on other sessions, on the limits, and
//! by a first cell on the second.

use crate::{native, sandbox};
use std::time::Duration;
use tirade_sandbox::{Limits, Sandbox, Status};

/// Cells that print `ESCAPED` when what their name says is possible.
const REFUSED: &[(&str, &str)] = &[
    ("System V shared memory", "l.shmget(1234, 4096, 0o1666) >= 0"),
    ("System V messages", "l.msgget(1234, 0o1666) >= 0"),
    ("System V semaphores", "l.semget(1234, 1, 0o1666) >= 0"),
    ("POSIX messages", "l.mq_open(b'/tirade', 66, 0o666, None) >= 0"),
    ("POSIX shared memory", "l.shm_open(b'/tirade', 66, 0o666) >= 0"),
    ("shared memory of multiprocessing", "shared()"),
    ("event descriptors", "l.eventfd(0, 0) >= 0 or l.timerfd_create(0, 0) >= 0 or l.epoll_create1(0) >= 0"),
    ("a userfault descriptor", "l.syscall(323, 0) >= 0"),
    ("an io_uring", "l.syscall(425, 8, buffer) >= 0"),
    ("a BPF program", "l.syscall(321, 5, buffer, 64) >= 0"),
    ("performance counters", "l.syscall(298, buffer, 0, -1, -1, 0) >= 0"),
    (
        "keys of the kernel",
        "l.syscall(248, b'user', b'x', b'y', 1, -4) >= 0 or l.syscall(250, 0, -3, 0) >= 0",
    ),
    ("a pidfd", "any(l.syscall(434, pid, 0) >= 0 for pid in (1, os.getpid(), os.getppid()))"),
    ("descriptors of its zygote", "l.syscall(438, 3, 0, 0) >= 0"),
    (
        "processes told apart by their clocks",
        "any(l.clock_getres((~pid << 3) | 2, buffer) == 0 for pid in (1, os.getppid()))",
    ),
    (
        "sleeping on the clock of another",
        "l.clock_nanosleep((~os.getppid() << 3) | 2, 0, bytes(16), None) == 0",
    ),
    ("pages merged with those of others", "l.madvise(page(), 4096, 12) == 0"),
    ("poisoned pages", "l.madvise(page(), 4096, 100) == 0"),
    ("a seccomp filter of its own", "l.syscall(317, 1, 0, buffer) == 0 or l.prctl(22, 2, buffer) == 0"),
    ("dumpable again", "l.prctl(4, 1, 0, 0, 0) == 0 or l.prctl(3, 0, 0, 0, 0) >= 0"),
    ("no parent-death signal", "l.prctl(1, 0, 0, 0, 0) == 0"),
    (
        "user of before",
        "l.setresuid(0, 0, 0) == 0 or l.setgroups(1, buffer) == 0 or l.syscall(126, buffer, buffer) == 0",
    ),
    ("namespaces", "any(l.unshare(flag) == 0 for flag in (0x10000000, 0x20000, 0x20000000, 0x40000000))"),
    (
        "mounts",
        "l.mount(b'none', b'/', b'tmpfs', 0, None) == 0 or l.chroot(b'/') == 0 or l.syscall(428, -100, b'/', 0) >= 0",
    ),
    ("a copy of itself", "any(l.syscall(number, 17, 0, 0, 0, 0) >= 0 for number in (56, 57, 58, 435))"),
    (
        "its own program",
        "l.execve(b'/proc/self/exe', None, None) == 0 or l.execveat(3, b'', None, None, 4096) == 0",
    ),
    (
        "higher priority",
        "l.nice(-5) == -5 or l.setpriority(0, 0, -5) == 0 or l.sched_setscheduler(0, 1, buffer) == 0",
    ),
    ("other processors", "l.sched_setaffinity(0, 8, buffer) == 0"),
    ("higher limits", "l.prlimit(0, 9, buffer, None) == 0 or l.setrlimit(9, buffer) == 0"),
    ("locked memory", "l.mlockall(3) == 0 or l.mlock(buffer, 4096) == 0"),
    ("a mapping at zero", "l.mmap(0, 4096, 3, 0x32, -1, 0) == 0"),
    (
        "executable by a second mapping",
        "l.mprotect(page(), 4096, 7) == 0 or l.syscall(329, page(), 4096, 7, 0) == 0",
    ),
    ("the memory of its zygote", "opens('/proc/%d/mem' % os.getppid()) or opens('/proc/self/mem')"),
    (
        "environments of others",
        "any(opens('/proc/%d/environ' % pid) for pid in (1, os.getppid(), os.getpid()))",
    ),
    ("a library from disk", "loads('libresolv.so.2') or loads('libcrypt.so.1')"),
    (
        "a file through numpy",
        "raises(lambda: np.memmap('/etc/hostname', mode='r')) or raises(lambda: np.fromfile('/etc/hostname'))",
    ),
    ("a file through its own modules", "raises(lambda: __import__('linecache').getlines('/etc/passwd')[0])"),
    ("a file through the import system", "raises(lambda: os.__loader__.get_data('/etc/passwd'))"),
    ("signals to all", "any(l.kill(-1, 0) == 0 or l.tgkill(pid, pid, 0) == 0 for pid in (1, os.getppid()))"),
    (
        "signals by queue",
        "l.syscall(129, os.getppid(), 10, buffer) == 0 or l.syscall(424, 3, 9, None, 0) == 0",
    ),
    (
        "a message with a descriptor",
        "l.sendmsg(3, buffer, 0) >= 0 or l.syscall(44, 3, b'x', 1, 0, None, 0) >= 0",
    ),
    (
        "other flags of the link",
        "l.fcntl(3, 4, 2048) == 0 or l.ioctl(3, 0x5421, buffer) == 0 or l.fcntl(3, 8, 1) == 0",
    ),
];

const TOOLS: &str = "import ctypes, mmap, os
import numpy as np
l = ctypes.CDLL(None, use_errno=True)
buffer = ctypes.create_string_buffer(4096)
maps = []
def page():
    maps.append(mmap.mmap(-1, 4096))
    return ctypes.c_void_p(ctypes.addressof(ctypes.c_char.from_buffer(maps[-1])))
def raises(call):
    try: return call() is not None
    except Exception: return False
def opens(path): return raises(lambda: open(path, 'rb').read(1))
def loads(name): return raises(lambda: ctypes.CDLL(name))
def shared():
    return raises(lambda: __import__('multiprocessing.shared_memory').shared_memory.SharedMemory('tirade', True, 100))
";

#[test]
fn nothing_of_the_kernel_is_within_reach() {
    let Some(sandbox) = native() else { return };
    let session = sandbox.session();
    session.execute(TOOLS, &Limits::default()).unwrap();
    let through: Vec<&str> = REFUSED
        .iter()
        .filter(|(_, attempt)| {
            // The first library call of a name fails where the C library does not have it: that is no escape.
            let code = format!(
                "try: print('ESCAPED' if {attempt} else 'refused')\nexcept AttributeError: print('refused')"
            );
            session.execute(&code, &Limits::default()).unwrap().stdout != "refused\n"
        })
        .map(|(name, _)| *name)
        .collect();
    assert!(through.is_empty(), "{through:?}");
}

const STOPPED: &[Status] = &[Status::Timeout];
const ENDED: &[Status] =
    &[Status::Ok, Status::Error, Status::Memory, Status::Crashed, Status::Timeout, Status::Output];

/// Cells that try to last, to grow, to crash or to lie: how they may end. Whatever that is, the next cell is right.
const BREAKING: &[(&str, &str, &[Status])] = &[
    (
        "waiting for a lock for ever",
        "import threading\nl = threading.Lock()\nl.acquire()\nl.acquire()",
        STOPPED,
    ),
    ("waiting for a queue", "import queue\nqueue.Queue().get()", STOPPED),
    ("waiting for a signal", "import signal\nwhile True: signal.pause()", STOPPED),
    ("waiting for a descriptor", "import select\nwhile True: select.select([0], [], [0], 9)", STOPPED),
    (
        "every signal ignored and blocked",
        "import signal\nfor s in signal.valid_signals():\n try: signal.signal(s, signal.SIG_IGN)\n except (OSError, ValueError): pass\nsignal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())\nwhile True: pass",
        STOPPED,
    ),
    (
        "a storm of timers",
        "import signal\nsignal.signal(signal.SIGALRM, lambda *a: None)\nsignal.setitimer(signal.ITIMER_REAL, 1e-6, 1e-6)\nwhile True: pass",
        STOPPED,
    ),
    ("a loop in a destructor", "class A:\n def __del__(self):\n  while True: pass\nA()\nNone", STOPPED),
    (
        "a loop in a comparison",
        "class A:\n def __eq__(self, other):\n  while True: pass\n __hash__ = None\n[A()].index(1)",
        STOPPED,
    ),
    (
        "a loop in flush",
        "import sys\nclass W:\n def write(self, text): pass\n def flush(self):\n  while True: pass\nsys.stdout = W()",
        STOPPED,
    ),
    (
        "a loop in the collector",
        "import gc\ndef loop(*a):\n while True: pass\ngc.callbacks.append(loop)\ngc.collect()",
        STOPPED,
    ),
    ("a long power modulo", "pow(3, 10 ** 500000, 10 ** 5000 + 1)", STOPPED),
    ("a huge format", "print(len('%0999999999d' % 1))", ENDED),
    ("a huge product", "x = [0] * (10 ** 12)", &[Status::Memory]),
    (
        "a bomb of zeros",
        "import zlib\nz = zlib.compress(bytes(10 ** 7))\nlen(b''.join(zlib.decompress(z) for _ in range(1000)))",
        &[Status::Memory, Status::Timeout],
    ),
    (
        "ten terabytes without reserve",
        "import ctypes\nl = ctypes.CDLL(None)\nl.mmap.restype = ctypes.c_void_p\nl.mmap(0, ctypes.c_size_t(10 << 40), 3, 0x4022, -1, 0) == 2 ** 64 - 1",
        &[Status::Ok],
    ),
    (
        "caught memory errors",
        "a = []\nwhile True:\n try: a.append(bytearray(1 << 24))\n except MemoryError: pass",
        STOPPED,
    ),
    ("a bomb of processes", "import os\nwhile True:\n try: os.fork()\n except OSError: pass", STOPPED),
    (
        "processes of multiprocessing",
        "import multiprocessing as m\nm.Process(target=print).start()",
        &[Status::Error],
    ),
    (
        "a pool",
        "import concurrent.futures as f\nf.ThreadPoolExecutor().submit(print).result()",
        &[Status::Error],
    ),
    ("a thread by hand", "import _thread\n_thread.start_new_thread(print, ())", &[Status::Error]),
    ("memory overwritten", "import ctypes\nctypes.memset(id(len), 0, 64)\nlen('x')", ENDED),
    ("None overwritten", "import ctypes\nctypes.memset(id(None), 255, 16)\nprint(None)", ENDED),
    ("a jump to nowhere", "import ctypes\nctypes.CFUNCTYPE(None)(8)()", &[Status::Crashed]),
    (
        "a jump into its heap",
        "import ctypes\nb = ctypes.create_string_buffer(b'\\xcd\\x80' * 50)\nctypes.CFUNCTYPE(None)(ctypes.addressof(b))()",
        &[Status::Crashed],
    ),
    (
        "forged bytecode",
        "def f(): pass\nf.__code__ = f.__code__.replace(co_code=bytes(range(1, 200)) * 3, co_stacksize=1)\nf()",
        ENDED,
    ),
    (
        "a stack overflow in C",
        "import functools\nf = int\nfor _ in range(10 ** 6): f = functools.partial(f)\nf()",
        ENDED,
    ),
    (
        "nested lists compared",
        "import sys\nsys.setrecursionlimit(10 ** 8)\na = b = ()\nfor _ in range(10 ** 6): a, b = (a,), (b,)\na == b",
        ENDED,
    ),
    ("nested lists let go", "a = []\nfor _ in range(3 * 10 ** 6): a = [a]\ndel a", ENDED),
    ("a parser at its end", "compile('-' * 10 ** 6 + '1', 'x', 'eval')", ENDED),
    ("a long line of digits", "eval('1' * 10 ** 6)", ENDED),
    (
        "exit in a handler",
        "import atexit, os\natexit.register(os._exit, 0)\natexit._run_exitfuncs()",
        &[Status::Crashed],
    ),
    ("an abort by the collector", "import faulthandler\nfaulthandler._sigabrt()", &[Status::Crashed]),
    (
        "a reply of another kind",
        "import os, sys\nf = sys._getframe()\nwhile 'head' not in f.f_locals: f = f.f_back\nos.write(3, f.f_locals['head'][:16] + b'j' + b'\\0\\0\\0\\x10{\"result\": \"42\"}')",
        &[Status::Crashed],
    ),
    (
        "replies with guessed nonces",
        "import os, random\nfor _ in range(1000): os.write(3, random.randbytes(16) + b'o' + bytes(4))",
        &[Status::Crashed, Status::Output],
    ),
    ("surrogates and zeros", "print('\\ud800\\0\\udfff\\x1b[2J')", &[Status::Ok]),
    (
        "an exception that names itself badly",
        "class M(type):\n __name__ = property(lambda c: 1 / 0)\nclass E(Exception, metaclass=M): pass\nraise E",
        ENDED,
    ),
    (
        "a syntax error with an odd line",
        "raise SyntaxError('x', ('f', -5, 10 ** 30, None))",
        &[Status::Error],
    ),
    (
        "a chain of a million causes",
        "e = None\nfor _ in range(10 ** 5):\n n = ValueError()\n n.__cause__ = e\n e = n\nraise e",
        ENDED,
    ),
    (
        "a group of exceptions",
        "g = ValueError()\nfor _ in range(10 ** 4): g = ExceptionGroup('g', [g])\nraise g",
        ENDED,
    ),
    (
        "a replaced output hook",
        "import sys\nsys.displayhook = sys.excepthook = sys.unraisablehook = None\n1 / 0",
        &[Status::Error],
    ),
];

#[test]
fn lasting_growing_crashing_and_lying_cells_are_contained() {
    let Some(sandbox) = sandbox() else { return };
    let limits =
        Limits { output: 2000, memory: 256 << 20, ..Limits::default() }.within(Duration::from_millis(400));
    let bystander = sandbox.session();
    bystander.execute("kept = 40", &limits).unwrap();
    let mut wrong = Vec::new();
    for (name, code, allowed) in BREAKING {
        let session = sandbox.session();
        let result = session.execute(code, &limits).unwrap();
        let small = result.error.len() < 4000 && result.stdout.len() <= 2000 && result.stderr.len() <= 2000;
        let next = session.execute("6 * 7", &Limits::default()).unwrap();
        let other = bystander.execute("kept + 2", &Limits::default()).unwrap();
        let in_time = result.wall_ms < 650.0;
        if !crate::ended_as(&result, allowed)
            || !small
            || !in_time
            || next.stdout != "42\n"
            || other.stdout != "42\n"
        {
            wrong.push(format!("{name}: {result:?}\n  next {next:?}\n  other {other:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// First cells that sabotage the interpreter below what code normally reaches.
const SABOTAGE: &[(&str, &str)] = &[
    ("no source lines", "import linecache\ndel linecache.cache"),
    (
        "poisoned source lines",
        "import linecache\nclass D(dict):\n def __setitem__(self, *a): raise SystemError\nlinecache.cache = D()",
    ),
    (
        "an audit hook that refuses all",
        "import sys\ndef hook(*a): raise SystemError('LATE')\nsys.addaudithook(hook)",
    ),
    (
        "a monitor",
        "import sys\nm = getattr(sys, 'monitoring', None)\ndef late(*a): raise SystemError('LATE')\nif m:\n m.use_tool_id(4, 'late')\n for e in (m.events.PY_START, m.events.LINE, m.events.CALL): m.register_callback(4, e, late)\n m.set_events(4, m.events.PY_START | m.events.LINE | m.events.CALL)",
    ),
    (
        "a collector that complains",
        "import gc\ndef late(*a): raise SystemError('LATE')\ngc.callbacks.append(late)\ngc.set_threshold(1)",
    ),
    (
        "a codec that lies",
        "import codecs\ncodecs.register_error('backslashreplace', lambda e: ('LATE', e.end))\ncodecs.register(lambda name: 1 / 0)",
    ),
    ("an output of another encoding", "import sys\nsys.stdout.reconfigure(encoding='utf-16')"),
    (
        "functions of the server gone",
        "import sys\nf = sys._getframe()\nwhile 'head' not in f.f_locals: f = f.f_back\nf.f_globals['open_streams'] = f.f_globals['describe'] = None",
    ),
    (
        "the server's cell gone",
        "import sys\nf = sys._getframe()\nwhile 'head' not in f.f_locals: f = f.f_back\nf.f_locals['cell'].__dict__.clear()",
    ),
    ("the parser's classes changed", "import ast\nast.Expr.__init__ = None\nast.Expression = None"),
    (
        "a module that was never there",
        "import sys\nclass M: pass\nfor name in list(sys.modules): sys.modules[name] = M()",
    ),
    (
        "an import that loops",
        "import sys, time\nclass F:\n def find_spec(self, *a): time.sleep(9)\nsys.meta_path.insert(0, F())",
    ),
    (
        "every warning an error",
        "import warnings\nwarnings.simplefilter('error')\nwarnings.showwarning = None",
    ),
    ("a display that says something else", "import sys\nsys.displayhook = lambda value: print('LATE')"),
];

#[test]
fn sabotage_does_not_outlive_its_session() {
    let Some(sandbox) = sandbox() else { return };
    let limits = Limits::default().within(Duration::from_secs(2));
    let mut harmed = Vec::new();
    for (name, code) in SABOTAGE {
        let session = sandbox.session();
        let first = session.execute(code, &limits).unwrap();
        let second = session.execute("21 + 21", &limits).unwrap();
        let right = second.status == Status::Ok && second.stdout == "42\n";
        if !right || !next_session_works(sandbox) {
            harmed.push(format!("{name}\n  {first:?}\n  {second:?}"));
        }
    }
    assert!(harmed.is_empty(), "{}", harmed.join("\n"));
}

fn next_session_works(sandbox: &Sandbox) -> bool {
    sandbox.session().execute("6 * 7", &Limits::default()).unwrap().stdout == "42\n"
}
