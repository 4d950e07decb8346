//! A fourth set of attacks, by somebody who had not seen the first three: memory that outlives a fork, callbacks that come late, answers that
//! are too long or lie about themselves, and what the interpreter lets be replaced.

use crate::{native, run, sandbox, second_cells_are_unharmed};
use std::time::Duration;
use tirade_sandbox::{Limits, Status};

/// Finds the nonce of the call under way.
const NONCE: &str = "import os, sys, time\nf = sys._getframe()\nwhile 'head' not in f.f_locals: f = f.f_back\nnonce = f.f_locals['head'][:16]\n";

/// Cells that must end in time, print no `ESCAPED` and leave everybody else alone.
const CELLS: &[(&str, &str)] = &[
    (
        "a value that lies about itself",
        "class L(str):\n __class__ = int\n def __repr__(self): return self\n def __str__(self): return self\n def __len__(self): return -1\nL('x')",
    ),
    ("a value whose text is none", "class A:\n def __repr__(self): return None\nA()"),
    ("a value whose text is bytes of another kind", "class A:\n def __repr__(self): return b'x' * 10\nA()"),
    (
        "a value whose text replaces the printer",
        "import sys\nclass A:\n def __repr__(self):\n  sys.stdout = None\n  return 'x'\nA()",
    ),
    (
        "an error that grows while it is told",
        "class E(Exception):\n def __str__(self):\n  self.args += ('x' * 10 ** 6,)\n  raise E\nraise E",
    ),
    (
        "a traceback that ends nowhere",
        "def f(): raise E\nclass E(Exception):\n @property\n def __traceback__(self): return self\n tb_next = __traceback__\nf()",
    ),
    ("an exit with an object", "class X:\n def __repr__(self):\n  while True: pass\nraise SystemExit(X())"),
    (
        "a group of errors without end",
        "e = ValueError('x')\nfor _ in range(10 ** 5): e = ExceptionGroup('g', [e])\nraise e",
    ),
    ("a syntax error with a strange line", "raise SyntaxError('x', ('f', 10 ** 30, -5, 'y' * 10 ** 6))"),
    ("a syntax error whose message is none", "e = SyntaxError()\ne.msg = e\ne.lineno = 'x'\nraise e"),
    (
        "a line number that is no number",
        "class I(int):\n def __sub__(self, o): raise KeyboardInterrupt\ne = SyntaxError('x')\ne.lineno = I(3)\nraise e",
    ),
    ("one line of a gigabyte", "print('x' * (1 << 28))"),
    ("a gigabyte without a line", "import sys\nfor _ in range(1 << 14): sys.stdout.write('x' * (1 << 16))"),
    ("zeros", "import os\nfor _ in range(10 ** 6): os.write(1, bytes(1 << 14))"),
    ("half a character", "import os\nos.write(1, b'\\xf0\\x9f'); os.write(2, b'\\xff\\xfe\\xc3')"),
    (
        "a stack of C frames",
        "import itertools\ni = iter([0])\nfor _ in range(10 ** 6): i = itertools.chain(i)\nnext(i)",
    ),
    (
        "a stack of C frames in SymPy",
        "import sympy, sys\nsys.setrecursionlimit(10 ** 9)\ne = sympy.Symbol('x')\nfor _ in range(10 ** 5): e = sympy.sin(e, evaluate=False)\nstr(e)",
    ),
    (
        "a pickle without end",
        "import pickle, sys\nsys.setrecursionlimit(10 ** 9)\nx = []\nfor _ in range(10 ** 6): x = [x]\npickle.dumps(x)",
    ),
    (
        "a pickle with a shell",
        "import pickle\nprint(pickle.loads(b'cposix\\nsystem\\n(Vecho ESC\"\"APED\\ntR.'))",
    ),
    ("numbers as text and back", "import sys\nsys.set_int_max_str_digits(0)\nint('9' * 10 ** 8)"),
    ("a table of collisions", "class A(int):\n def __hash__(self): return 1\n{A(i) for i in range(10 ** 6)}"),
    ("a format that grows", "'{:{}}'.format(1, 10 ** 10)"),
    ("a shift", "1 << (1 << 40)"),
    ("ranges in numpy", "import numpy as np\nnp.arange(10 ** 12)"),
    (
        "a regular expression of numpy's size",
        "import re\nre.compile('((((a{0,1000}){0,1000}){0,1000}){0,1000}){0,1000}').match('a' * 10000)",
    ),
    (
        "a fault handler on a timer",
        "import faulthandler, signal\nfaulthandler.register(signal.SIGALRM, file=3, chain=True)\nsignal.setitimer(signal.ITIMER_REAL, 0.001, 0.001)\nwhile True: pass",
    ),
    (
        "a core of its own",
        "import resource\nresource.setrlimit(resource.RLIMIT_CORE, (-1, -1))\nprint('ESCAPED')",
    ),
    (
        "executable memory by personality",
        "import ctypes\nprint('ESCAPED' if ctypes.CDLL(None).personality(0x0400000) >= 0 else 'refused')",
    ),
    (
        "a thread by clone3 through the library",
        "import ctypes\nt = ctypes.c_ulong()\nprint('ESCAPED' if ctypes.CDLL(None).pthread_create(ctypes.byref(t), None, ctypes.CDLL(None).pause, None) == 0 else 'refused')",
    ),
    (
        "shared pages through multiprocessing",
        "import mmap, os\nm = mmap.mmap(-1, 4096)\nm[:2] = b'hi'\nprint('ESCAPED' if os.fork() == 0 else '')",
    ),
    (
        "its link taken as a socket",
        "import socket\ns = socket.socket(fileno=3)\nsocket.send_fds(s, [b'x'], [1])\nprint('ESCAPED')",
    ),
    (
        "descriptors received",
        "import socket\nsocket.recv_fds(socket.socket(fileno=3), 9, 9)\nprint('ESCAPED')",
    ),
    ("the numbers of its link", "import socket\nprint('ESCAPED', socket.socket(fileno=3).getpeername())"),
];

#[test]
fn strange_cells_are_contained() {
    let Some(sandbox) = sandbox() else { return };
    let limits =
        Limits { output: 2000, memory: 256 << 20, ..Limits::default() }.within(Duration::from_millis(800));
    let bystander = sandbox.session();
    bystander.execute("kept = 40", &limits).unwrap();
    let mut wrong = Vec::new();
    for (name, code) in CELLS {
        let session = sandbox.session();
        let result = session.execute(code, &limits).unwrap();
        let next = session.execute("print(6 * 7)", &Limits::default()).unwrap();
        let other = bystander.execute("kept + 2", &Limits::default()).unwrap();
        let contained = result.status != Status::Killed
            && result.wall_ms < 1050.0
            && !result.stdout.contains("ESCAPED")
            && result.error.len() + result.stdout.len() + result.stderr.len() < 20_000;
        if !contained || next.stdout != "42\n" || other.stdout != "42\n" {
            wrong.push(format!("{name}: {result:?}\n  next {next:?}\n  other {other:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// First cells that leave something behind for the second.
const LATE: &[(&str, &str)] = &[
    (
        "a callback of the collector",
        "import gc\ngc.callbacks.append(lambda *a: print('LATE'))\ngc.set_threshold(1)",
    ),
    (
        "rubbish that speaks when it is collected",
        "import gc\nclass A:\n def __del__(self): print('LATE')\nfor _ in range(99):\n a = A(); a.a = a\ndel a\ngc.set_threshold(1)",
    ),
    ("another encoder", "import codecs\ncodecs.lookup('utf-8').incrementalencoder = lambda *a: 1 / 0"),
    (
        "an encoder for all",
        "import codecs\ncodecs.register(lambda name: print('LATE'))\ncodecs.register_error('backslashreplace', lambda e: ('LATE', e.end))",
    ),
    ("hooks for errors", "import sys\nsys.excepthook = sys.unraisablehook = lambda *a: print('LATE')"),
    ("a frame that never ends", "def g():\n try: yield\n finally: print('LATE')\nkeep = g(); next(keep)"),
    (
        "a fault handler on a timer",
        "import faulthandler, signal\nfaulthandler.register(signal.SIGALRM, file=1)\nsignal.setitimer(signal.ITIMER_REAL, 0.01, 0.01)",
    ),
    (
        "warnings as errors",
        "import warnings\nwarnings.simplefilter('error')\nwarnings.showwarning = lambda *a: print('LATE')",
    ),
    (
        "a class that is every class",
        "import abc, numbers\nnumbers.Number.register(object)\nabc.ABCMeta.__instancecheck__ = lambda *a: 1 / 0",
    ),
    ("all signals blocked", "import signal\nsignal.pthread_sigmask(signal.SIG_BLOCK, range(1, 64))"),
    ("a profile function of C", "import cProfile\np = cProfile.Profile()\np.enable()"),
    ("memory traced", "import tracemalloc\ntracemalloc.start(99)"),
    ("another seed", "import random\nrandom.seed = random.random = None"),
    ("floating-point errors raised", "import numpy, mpmath\nnumpy.seterr(all='raise')\nmpmath.mp.dps = 1"),
    ("a module in the place of another", "import sys\nsys.modules['sympy.core'] = sys.modules['ast'] = sys"),
    ("no source", "import sys, linecache\nlinecache.cache = None\nlinecache.getlines = 1 / 1"),
];

#[test]
fn what_strange_cells_leave_does_not_harm_the_second() {
    let Some(sandbox) = sandbox() else { return };
    let limits = Limits { memory: 256 << 20, ..Limits::default() }.within(Duration::from_secs(3));
    second_cells_are_unharmed(sandbox, LATE, &limits);
}

/// A cell that answers for itself is believed only as far as it could have said the same by printing or raising: errors stay short, and what
/// it does after its answer reaches nobody.
#[test]
fn forged_answers_are_no_longer_than_real_ones_and_end_with_their_call() {
    let Some(sandbox) = sandbox() else { return };
    let limits = Limits::default().within(Duration::from_secs(2));
    let long =
        format!("{NONCE}os.write(3, nonce + b'e' + (60000).to_bytes(4, 'big') + b'x' * 60000)\nos._exit(0)");
    let result = run(sandbox, &long);
    assert!(result.status == Status::Error && result.error.len() < 20_000, "{} bytes", result.error.len());
    let early =
        format!("{NONCE}os.write(3, nonce + b'o' + bytes(4))\nfor _ in range(5): os.write(1, b'LATE')");
    for _ in 0..20 {
        let session = sandbox.session();
        session.execute(&early, &limits).unwrap();
        for _ in 0..2 {
            let next = session.execute("print(6 * 7)", &limits).unwrap();
            assert_eq!((next.status, next.stdout.as_str()), (Status::Ok, "42\n"), "{next:?}");
        }
    }
}

/// A cell that answers for itself and never ends costs the next one neither its time nor its result.
#[test]
fn a_cell_that_answers_and_never_ends_costs_the_next_one_nothing() {
    let Some(sandbox) = native() else { return };
    let limits = Limits::default().within(Duration::from_secs(20));
    for way in [
        "while True: pass",
        "time.sleep(1000)",
        "import signal; signal.pause()",
        "os.read(0, 1); time.sleep(9 ** 9)",
    ] {
        let session = sandbox.session();
        let early = format!("{NONCE}os.write(3, nonce + b'o' + bytes(4))\n{way}");
        session.execute(&early, &limits).unwrap();
        let next = session.execute("print(6 * 7)", &limits).unwrap();
        assert_eq!((next.status, next.stdout.as_str()), (Status::Ok, "42\n"), "{way}: {next:?}");
        assert!(next.wall_ms < 5000.0, "{way}: {} ms", next.wall_ms);
        assert!(next.state_lost, "{way}");
        let last = session.execute("print(1)", &limits).unwrap();
        assert_eq!((last.stdout.as_str(), last.state_lost), ("1\n", false), "{way}");
    }
}

/// No page of a child is shared with another process for writing.
#[test]
#[cfg(target_os = "linux")]
fn no_memory_is_shared_for_writing() {
    let Some(sandbox) = native() else { return };
    let session = sandbox.session();
    let pid = session.execute("import os; print(os.getpid())", &Limits::default()).unwrap().stdout;
    // In a pid namespace of its own the number is another one; without one it is the child's.
    let Ok(maps) = std::fs::read_to_string(format!("/proc/{}/maps", pid.trim())) else { return };
    let shared: Vec<&str> = maps.lines().filter(|line| line.contains(" rw-s ")).collect();
    assert!(shared.is_empty(), "{shared:?}");
}
