//! A third set of attacks: through SymPy and numpy, through memory that stays taken, through what is called late, on the cache.

use crate::{sandbox, second_cells_are_unharmed};
use std::sync::Arc;
use std::time::Duration;
use tirade_sandbox::{Limits, ResultCache, Sandbox, Status};

const ENDED: &[Status] = &[Status::Ok, Status::Error, Status::Memory, Status::Crashed, Status::Timeout];
const STOPPED: &[Status] = &[Status::Timeout];
const REFUSED: &[Status] = &[Status::Ok, Status::Error];

/// Cells with how they may end. None may print `ESCAPED`.
const CELLS: &[(&str, &str, &[Status])] = &[
    (
        "a shell through the parser of SymPy",
        "import sympy\nprint(sympy.sympify(\"__import__('os').popen('echo ESC'+'APED').read()\"))",
        REFUSED,
    ),
    (
        "a shell through lambdify",
        "import sympy\nprint(sympy.lambdify('x', \"__import__('subprocess').check_output('echo ESC'+'APED', shell=True)\")(1))",
        REFUSED,
    ),
    (
        "a compiler through autowrap",
        "from sympy.utilities.autowrap import autowrap\nfrom sympy.abc import x\nautowrap(x + 1, tempdir='/tmp/tirade-autowrap')\nprint('ESCAPED')",
        REFUSED,
    ),
    (
        "a program through preview",
        "import sympy\nsympy.preview(sympy.Symbol('x'), viewer='file', filename='/tmp/tirade-preview.png')\nprint('ESCAPED')",
        REFUSED,
    ),
    (
        "modules of the system through those of SymPy",
        "import sympy, sys\nfor m in list(sys.modules.values()):\n o = getattr(m, 'os', None)\n try:\n  o.listdir('/'); print('ESCAPED')\n except Exception: pass",
        REFUSED,
    ),
    (
        "every way to write to every descriptor",
        "import os\nfor fd in range(4, 1024):\n for way in (lambda: os.write(fd, b'x'), lambda: os.writev(fd, [b'x']), lambda: os.pwrite(fd, b'x', 0), lambda: os.sendfile(fd, 0, 0, 9), lambda: os.ftruncate(fd, 0)):\n  try: way(); print('ESCAPED', fd)\n  except OSError: pass",
        REFUSED,
    ),
    (
        "a mapping that grows",
        "import ctypes\nl = ctypes.CDLL(None)\nl.mmap.restype = l.mremap.restype = ctypes.c_void_p\np = l.mmap(0, 4096, 3, 0x22, -1, 0)\nprint('ESCAPED' if l.mremap(ctypes.c_void_p(p), 4096, ctypes.c_size_t(8 << 30), 1) != 2 ** 64 - 1 else 'refused')",
        REFUSED,
    ),
    (
        "pages of the host's own kind",
        "import ctypes\nl = ctypes.CDLL(None)\nl.mmap.restype = ctypes.c_void_p\nprint('ESCAPED' if l.mmap(0, ctypes.c_size_t(4 << 30), 3, 0x40022, -1, 0) != 2 ** 64 - 1 else 'refused')",
        REFUSED,
    ),
    (
        "numbers read behind the end of an array",
        "import numpy as np\nnp.lib.stride_tricks.as_strided(np.zeros(1), (1 << 34,), (8,)).sum()",
        ENDED,
    ),
    (
        "a buffer that is resized while it is viewed",
        "import ctypes\nb = bytearray(8)\nc = (ctypes.c_char * 8).from_buffer(b)\nb.extend(bytes(1 << 20))",
        ENDED,
    ),
    (
        "bytes changed in place",
        "import ctypes\nk = b'abc'\nctypes.memmove(id(k) + 32, b'xyz', 3)\nfor name in ('42', 'ok'): ctypes.memset(id(name) + 40, 0x37, len(name))",
        ENDED,
    ),
    (
        "a crash that is caught for ever",
        "import ctypes, signal\nsignal.signal(signal.SIGSEGV, lambda *a: None)\nctypes.string_at(0)",
        ENDED,
    ),
    (
        "signals written to the link",
        "import signal, time\nsignal.set_wakeup_fd(3, warn_on_full_buffer=False)\nsignal.signal(signal.SIGALRM, lambda *a: None)\nsignal.setitimer(signal.ITIMER_REAL, 0.01, 0.01)\ntime.sleep(0.1)",
        &[Status::Crashed, Status::Error, Status::Ok],
    ),
    (
        "the server called by its cell",
        "import gc\nfor f in gc.get_objects():\n if getattr(f, '__name__', '') == 'serve' and hasattr(f, '__globals__'): f(None, None)",
        ENDED,
    ),
    (
        "the session found by the collector",
        "import gc\nfor o in gc.get_objects():\n if type(o).__name__ == 'Cell' and hasattr(o, 'namespace'): o.run = None; o.namespace = None",
        ENDED,
    ),
    ("a wait for a signal", "import signal\nsignal.sigwait(range(1, 32))", ENDED),
    ("a pause", "import signal\nsignal.pause()", STOPPED),
    ("a number with a tower of powers", "import sympy\nsympy.Integer(7) ** 7 ** 7 ** 7", ENDED),
    (
        "all digits of a factorial",
        "import math, sys\nsys.set_int_max_str_digits(0)\nstr(math.factorial(10 ** 7))",
        STOPPED,
    ),
    ("eigenvalues of a huge matrix", "import numpy as np\nnp.linalg.eig(np.random.rand(3000, 3000))", ENDED),
    (
        "a matrix product in the library",
        "import numpy as np\na = np.ones((2000, 2000))\nwhile True: a = a @ a / 1e9",
        STOPPED,
    ),
    (
        "a string search of quadratic time",
        "import difflib\ndifflib.SequenceMatcher(None, 'ab' * 10 ** 5, 'ba' * 10 ** 5, False).ratio()",
        STOPPED,
    ),
    (
        "a sort with comparisons that never end",
        "class A:\n def __lt__(self, o):\n  while True: pass\nsorted([A(), A()])",
        STOPPED,
    ),
    ("a hash that never ends", "class A:\n def __hash__(self):\n  while True: pass\n{A()}", STOPPED),
    (
        "a generator that closes never",
        "def g():\n while True:\n  try: yield\n  except GeneratorExit: pass\nnext(g())",
        ENDED,
    ),
];

#[test]
fn cunning_cells_are_contained() {
    let Some(sandbox) = sandbox() else { return };
    let limits =
        Limits { output: 2000, memory: 256 << 20, ..Limits::default() }.within(Duration::from_millis(800));
    let bystander = sandbox.session();
    bystander.execute("kept = 40", &limits).unwrap();
    let mut wrong = Vec::new();
    for (name, code, allowed) in CELLS {
        let session = sandbox.session();
        let result = session.execute(code, &limits).unwrap();
        let next = session.execute("print(6 * 7)", &Limits::default()).unwrap();
        let other = bystander.execute("kept + 2", &Limits::default()).unwrap();
        let contained = crate::ended_as(&result, allowed)
            && result.wall_ms < 1050.0
            && !result.stdout.contains("ESCAPED")
            && result.error.len() + result.stdout.len() + result.stderr.len() < 8000;
        if !contained || next.stdout != "42\n" || other.stdout != "42\n" {
            wrong.push(format!("{name}: {result:?}\n  next {next:?}\n  other {other:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// First cells whose work is done when the second one runs, if it can be.
const LATE: &[(&str, &str)] = &[
    ("an interrupt on its way", "import _thread\n_thread.interrupt_main()"),
    (
        "a handler for an interrupt on its way",
        "import _thread, signal\nsignal.signal(signal.SIGINT, lambda *a: print('LATE'))\n_thread.interrupt_main()",
    ),
    (
        "calls that are pending",
        "import ctypes\ntry:\n keep = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p)(lambda x: print('LATE') or 0)\n for _ in range(20): ctypes.pythonapi.Py_AddPendingCall(keep, None)\nexcept MemoryError: pass",
    ),
    ("a module loaded anew", "import importlib, sympy\ntry: importlib.reload(sympy)\nexcept Exception: pass"),
    (
        "another print",
        "import builtins\nbuiltins.print = lambda *a: None\nbuiltins.len = builtins.sum = lambda *a: 0",
    ),
    ("no builtins in the namespace", "global __builtins__\n__builtins__ = {}"),
    (
        "modules taken away",
        "import sys\nfor name in list(sys.modules):\n if name != 'sys': del sys.modules[name]",
    ),
    (
        "a weak reference that calls back",
        "import weakref\nclass A: pass\na = A()\nr = weakref.ref(a, lambda r: print('LATE'))\ndel a",
    ),
    ("a short switch interval", "import sys\nsys.setswitchinterval(1e-9)"),
    ("all memory taken", "a = []\ntry:\n while True: a.append(bytearray(1 << 20))\nexcept MemoryError: pass"),
    (
        "all memory taken, to the last byte",
        "a, n = [], 1 << 24\nwhile n > 16:\n try: a.append(bytearray(n))\n except MemoryError: n //= 2",
    ),
    (
        "a directory of weak limits",
        "import resource\ntry: resource.setrlimit(resource.RLIMIT_AS, (1 << 20, 1 << 20))\nexcept Exception: pass",
    ),
];

#[test]
fn what_comes_late_does_not_harm_the_second_cell() {
    let Some(sandbox) = sandbox() else { return };
    let limits = Limits { memory: 128 << 20, ..Limits::default() }.within(Duration::from_secs(3));
    second_cells_are_unharmed(sandbox, LATE, &limits);
}

/// What a hostile cell makes of its own answer stays the answer to that cell after that history.
#[test]
fn a_cell_cannot_spoil_what_others_find_in_the_cache() {
    let Some(sandbox) = sandbox() else { return };
    let (cache, limits) =
        (Arc::new(ResultCache::new(1 << 20)), Limits::default().within(Duration::from_secs(1)));
    let forge = "import os, sys\nf = sys._getframe()\nwhile 'head' not in f.f_locals: f = f.f_back\nos.write(1, b'FORGED')\nos.write(3, f.f_locals['head'][:16] + b'o' + bytes(4))\nos._exit(0)";
    let patch = "import sys\nf = sys._getframe()\nwhile 'cell' not in f.f_locals: f = f.f_back\ntype(f.f_locals['cell']).run = lambda self, code: (__import__('os').write(1, b'FORGED'), (b'o', b''))[1]";
    for hostile in [forge, patch] {
        for _ in 0..2 {
            let session = sandbox.session_with_cache(cache.clone());
            session.execute(hostile, &limits).unwrap();
            session.execute("print(6 * 7)", &limits).unwrap();
            assert_eq!(clean(sandbox, &cache, "print(6 * 7)"), "42\n");
            assert_eq!(clean(sandbox, &cache, "21 + 21"), "42\n");
        }
    }
}

fn clean(sandbox: &Sandbox, cache: &Arc<ResultCache>, code: &str) -> String {
    sandbox.session_with_cache(cache.clone()).execute(code, &Limits::default()).unwrap().stdout
}

/// A cell that noticed how little memory there was does not answer for calls that have more.
#[test]
fn the_cache_knows_how_much_memory_a_cell_had() {
    let Some(sandbox) = sandbox() else { return };
    let cache = Arc::new(ResultCache::new(1 << 20));
    let code = "try: print(len(bytearray(100 << 20)))\nexcept MemoryError: print('no')";
    let under = |memory: u64| {
        let limits = Limits { memory, ..Limits::default() };
        sandbox.session_with_cache(cache.clone()).execute(code, &limits).unwrap().stdout
    };
    assert_eq!((under(64 << 20).as_str(), under(256 << 20).as_str()), ("no\n", "104857600\n"));
}

/// Nothing of another session is in a child's memory: children are forked from an interpreter that never ran a cell.
#[test]
fn other_sessions_words_are_not_in_memory() {
    let Some(sandbox) = sandbox() else { return };
    let bystander = sandbox.session();
    bystander.execute("word = 'bystander-' + str(7 * 11 * 13)", &Limits::default()).unwrap();
    let code = "import gc, sys\nfor i in range(3): gc.collect()\nsecret = '-'.join(['bystander', str(1001)])\nfound = 0\nfor o in gc.get_objects():\n for s in gc.get_referents(o):\n  if type(s) is str and s == secret and s is not secret: found += 1\nprint(found)";
    assert_eq!(crate::stdout(sandbox, code), "0\n");
}
