//! Cells: output, errors, state, limits.

use crate::{backend, native, run, sandbox, stdout};
use std::sync::Arc;
use std::time::Duration;
use tirade_sandbox::{BackendKind, Limits, ResultCache, Sandbox, SandboxConfig, SessionLimits, Status};

#[test]
fn cells_print_like_a_notebook() {
    let Some(sandbox) = sandbox() else { return };
    let table = [
        ("1 + 1", "2\n"),
        ("x = 3", ""),
        ("None", ""),
        ("print('a'); 'b'", "a\n'b'\n"),
        ("from sympy import *\nx = symbols('x')\nsolve(x**2 - 5*x + 6, x)", "[2, 3]\n"),
        ("for i in range(2): print(i)", "0\n1\n"),
        ("if True:\n    y = 1\nelse:\n    y = 2\ny", "1\n"),
        ("", ""),
        ("# nothing", ""),
        ("import sys\nsys.stdout.write('no newline')", "no newline10\n"),
        ("'é ∑'", "'é ∑'\n"),
        ("print('\\ud800x')", "\\ud800x\n"),
        ("import sys; _ = sys.stdout.buffer.write(b'\\xff\\n')", "\u{fffd}\n"),
        ("exit()", ""),
        ("__name__", "'__main__'\n"),
    ];
    for (code, expected) in table {
        assert_eq!(stdout(sandbox, code), expected, "{code}");
    }
}

#[test]
fn errors_are_short_and_name_the_line() {
    let Some(sandbox) = sandbox() else { return };
    let table = [
        ("x = 1\ny = x / 0\n", "ZeroDivisionError: division by zero\n  line 2: y = x / 0"),
        (
            "def f():\n    return undefined\nf()",
            "NameError: name 'undefined' is not defined\n  line 2: return undefined",
        ),
        ("x = = 1", "SyntaxError: invalid syntax\n  line 1: x = = 1"),
        ("raise ValueError", "ValueError\n  line 1: raise ValueError"),
        ("import sys; sys.exit(3)", "SystemExit: 3"),
        (
            "import pandas",
            "ModuleNotFoundError: No module named 'pandas'\n  line 1: import pandas\n  hint: available here: the standard library, \
             sympy",
        ),
    ];
    for (code, expected) in table {
        let result = run(sandbox, code);
        // What there is to import is named last, and differs between the back ends.
        let told = result.error.get(..expected.len()).unwrap_or(&result.error);
        let rest = &result.error[told.len()..];
        assert_eq!((result.status, told), (Status::Error, expected), "{code}");
        assert!(rest.is_empty() || code == "import pandas" && rest.contains("mpmath"), "{code}: {rest}");
        assert!(!result.state_lost);
    }
}

#[test]
fn a_session_keeps_its_definitions_and_shares_none() {
    let Some(sandbox) = sandbox() else { return };
    let limits = Limits::default();
    let (first, second) = (sandbox.session(), sandbox.session());
    assert_eq!(first.execute("a = 41\ndef f(): return a + 1", &limits).unwrap().status, Status::Ok);
    assert_eq!(first.execute("1/0", &limits).unwrap().status, Status::Error);
    assert_eq!(first.execute("f()", &limits).unwrap().stdout, "42\n");
    assert_eq!(second.execute("a", &limits).unwrap().status, Status::Error);
}

#[test]
fn limits_hold_and_the_next_call_works() {
    let Some(sandbox) = sandbox() else { return };
    let quick = Limits { output: 1000, memory: 128 << 20, ..Limits::default() };
    let short = quick.within(Duration::from_millis(200));
    let cpu = Limits { cpu: Duration::from_millis(100), ..quick };
    let table = [
        ("while True: pass", short, Status::Timeout),
        ("import time; time.sleep(60)", short, Status::Timeout),
        ("while True: pass", cpu, Status::Timeout),
        ("b'x' * (1 << 30)", quick, Status::Memory),
        ("while True: print('x' * 1000)", quick, Status::Output),
        ("import os; os._exit(0)", quick, Status::Crashed),
        ("import ctypes; ctypes.string_at(0)", quick, Status::Crashed),
    ];
    for (code, limits, expected) in table {
        // In WebAssembly there is nothing to wait for, and no ctypes.
        if backend() == BackendKind::Wasm && (code.contains("sleep") || code.contains("ctypes")) {
            continue;
        }
        let session = sandbox.session();
        session.execute("kept = 1", &limits).unwrap();
        let result = session.execute(code, &limits).unwrap();
        assert_eq!(result.status, expected, "{code}: {result:?}");
        assert!(!result.state_lost, "{code}");
        assert!(result.wall_ms < limits.wall.as_secs_f64() * 1e3 + 250.0, "{code}: {} ms", result.wall_ms);
        let next = session.execute("kept + 41", &Limits::default()).unwrap();
        assert_eq!((next.stdout.as_str(), next.state_lost), ("42\n", false), "{code}: {next:?}");
    }
}

#[test]
fn definitions_that_cannot_be_replayed_are_said_to_be_lost() {
    let Some(sandbox) = native() else { return };
    let limits = Limits::default().within(Duration::from_millis(400));
    let session = sandbox.session();
    for _ in 0..2 {
        session.execute("kept = 1\nimport time; time.sleep(0.25)", &limits).unwrap();
    }
    let result = session.execute("while True: pass", &limits).unwrap();
    assert_eq!((result.status, result.state_lost), (Status::Timeout, true));
    assert_eq!(session.execute("kept", &limits).unwrap().status, Status::Error);
}

#[test]
fn a_session_has_limits_of_its_own() {
    let Some(sandbox) = sandbox() else { return };
    let config = SandboxConfig {
        session: SessionLimits { calls: 3, ..SessionLimits::default() },
        workers: 1,
        ..sandbox.config().clone()
    };
    let sandbox = Sandbox::start(SandboxConfig { insecure: true, ..config }).unwrap();
    let session = sandbox.session();
    for n in 0..3 {
        assert_eq!(session.execute("1", &Limits::default()).unwrap().status, Status::Ok, "{n}");
    }
    let refused = session.execute("1", &Limits::default()).unwrap();
    assert_eq!(refused.status, Status::Timeout);
    assert!(refused.error.contains("3 calls"), "{}", refused.error);
}

#[test]
fn a_repeated_call_runs_once() {
    let Some(sandbox) = sandbox() else { return };
    let session = sandbox.session();
    let limits = Limits::default();
    session.execute("n = 0", &limits).unwrap();
    let first = session.execute_once("call-1", "n += 1; n", &limits).unwrap();
    let again = session.execute_once("call-1", "n += 1; n", &limits).unwrap();
    assert_eq!((first.stdout.as_str(), again.stdout.as_str(), again.cached), ("1\n", "1\n", true));
    assert_eq!(session.execute("n", &limits).unwrap().stdout, "1\n");
    assert!(session.execute_once("call-1", "n", &limits).is_err());
}

#[test]
fn a_known_cell_is_not_run_again_and_its_definitions_are_there_when_needed() {
    let Some(sandbox) = sandbox() else { return };
    let cache = Arc::new(ResultCache::new(1 << 20));
    let limits = Limits::default();
    let cells = ["a = 20\nprint('once')", "def f(): return a + 1", "2 * f()", "1 / 0"];
    let first = sandbox.session_with_cache(cache.clone());
    let wanted: Vec<_> = cells.iter().map(|cell| first.execute(cell, &limits).unwrap()).collect();
    assert!(wanted.iter().all(|result| !result.cached));
    let second = sandbox.session_with_cache(cache.clone());
    for (cell, wanted) in cells.iter().zip(&wanted) {
        let known = second.execute(cell, &limits).unwrap();
        assert!(known.cached, "{cell}");
        assert_eq!(
            (known.status, &known.stdout, &known.error),
            (wanted.status, &wanted.stdout, &wanted.error)
        );
    }
    let new = second.execute("f() + a", &limits).unwrap();
    assert_eq!((new.stdout.as_str(), new.cached), ("41\n", false));
    // The same cell after another history is another call.
    let third = sandbox.session_with_cache(cache);
    third.execute("a = 1", &limits).unwrap();
    assert!(!third.execute("def f(): return a + 1", &limits).unwrap().cached);
    assert_eq!(third.execute("2 * f()", &limits).unwrap().stdout, "4\n");
}

#[test]
fn output_beyond_the_limit_is_cut_and_the_session_lives() {
    let Some(sandbox) = sandbox() else { return };
    let limits = Limits { output: 1000, ..Limits::default() };
    let session = sandbox.session();
    let result = session.execute("kept = 7\nprint('x' * 50_000)", &limits).unwrap();
    assert_eq!((result.status, result.truncated, result.stdout.len()), (Status::Ok, true, 1000));
    assert_eq!(session.execute("kept", &limits).unwrap().stdout, "7\n");
}

#[test]
fn runs_repeat_exactly() {
    let Some(sandbox) = sandbox() else { return };
    let code = match backend() {
        BackendKind::Native => {
            "import random\nimport numpy as np\nprint(hash('abc'), list({'alpha', 'beta', 'gamma', 'delta'}), random.random(), np.random.rand())"
        }
        BackendKind::Wasm => {
            "import random, os, time, datetime\nprint(hash('abc'), list({'alpha', 'beta', 'gamma', 'delta'}), random.random(), os.urandom(9), time.time(), datetime.datetime.now(), id(object()))"
        }
    };
    let first = stdout(sandbox, code);
    for _ in 0..5 {
        assert_eq!(stdout(sandbox, code), first);
    }
}
