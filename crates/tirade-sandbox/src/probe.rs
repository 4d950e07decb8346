//! Start-up probes: small attacks run through the real path, whose outcome is judged from outside.
//!
//! A probe prints `ESCAPED` and what it got hold of when it succeeds. One success and the sandbox refuses to serve.

use crate::{BackendKind, CallResult, Limits, Sandbox, SandboxError, Status};
use std::time::Duration;

/// One probe's verdict, for `tirade doctor`.
#[derive(Debug, Clone, serde::Serialize)]
pub struct Finding {
    /// What was tried.
    pub name: &'static str,
    /// Whether it was contained.
    pub contained: bool,
    /// What the code saw: the refusal, or what got through.
    pub detail: String,
}

/// One layer of the confinement, as found on this machine.
#[derive(Debug, Clone, serde::Serialize)]
pub struct Layer {
    /// What it is.
    pub name: &'static str,
    /// Whether it is in force here. The sandbox serves only when the required ones are; the others are a bonus.
    pub enforced: bool,
    /// Whether the sandbox refuses to serve without it.
    pub required: bool,
    /// What it does, or why it is missing.
    pub detail: String,
}

/// Code that prints `ESCAPED` if what its name says is possible.
const REFUSED: &[(&str, &str)] = &[
    (
        "read a file",
        "for path in ('/etc/passwd', '/proc/self/environ', '/proc/1/cmdline', __import__('sys').executable):\n try: print('ESCAPED', open(path, 'rb').read(9))\n except OSError as e: print(e)",
    ),
    (
        "open by raw system call",
        "import ctypes, os\nl = ctypes.CDLL(None, use_errno=True)\nfor number in (257, 56, 437, 2):\n fd = l.syscall(number, -100, b'/', 0, 0)\n print('ESCAPED' if fd > 3 else 'refused', fd)",
    ),
    ("list a folder", "import os\ntry: print('ESCAPED', os.listdir('/'))\nexcept OSError as e: print(e)"),
    (
        "write a file",
        "import os\nfor path in ('/tmp/tirade-probe', '/dev/shm/tirade-probe', 'tirade-probe'):\n try:\n  open(path, 'w').write('x'); print('ESCAPED', path)\n except OSError as e: print(e)",
    ),
    (
        "make a memory file",
        "import os\ntry: print('ESCAPED', os.memfd_create('x'))\nexcept OSError as e: print(e)",
    ),
    (
        "start a program",
        "import subprocess\ntry: print('ESCAPED', subprocess.run(['/bin/sh', '-c', 'echo x'], capture_output=True).stdout)\nexcept OSError as e: print(e)",
    ),
    (
        "replace itself by a program",
        "import os\ntry: os.execv('/bin/sh', ['sh', '-c', 'echo ESCAPED'])\nexcept OSError as e: print(e)",
    ),
    (
        "fork",
        "import os\ntry:\n if os.fork() == 0: os._exit(0)\n print('ESCAPED')\nexcept OSError as e: print(e)",
    ),
    (
        "start a thread",
        "import threading\ntry: threading.Thread(target=print).start(); print('ESCAPED')\nexcept RuntimeError as e: print(e)",
    ),
    (
        "make a socket",
        "import socket\nfor family in (socket.AF_INET, socket.AF_INET6, socket.AF_UNIX, socket.AF_NETLINK):\n try: socket.socket(family); print('ESCAPED', family)\n except OSError as e: print(e)",
    ),
    (
        "signal another process",
        "import os, signal\nfor pid in (os.getppid(), 1, -1):\n try: os.kill(pid, 0); print('ESCAPED', pid)\n except OSError as e: print(e)",
    ),
    (
        "trace or read another process",
        "import ctypes, os\nl = ctypes.CDLL(None)\nprint('ESCAPED' if l.ptrace(16, os.getppid(), 0, 0) == 0 else 'refused')\nb = ctypes.create_string_buffer(64)\nprint('ESCAPED' if l.process_vm_readv(os.getppid(), b, 1, b, 1, 0) > 0 else 'refused')",
    ),
    (
        "raise its own limits or rights",
        "import ctypes, resource\ntry: resource.setrlimit(resource.RLIMIT_AS, (-1, -1)); print('ESCAPED')\nexcept (OSError, ValueError) as e: print(e)\nl = ctypes.CDLL(None)\nprint('ESCAPED' if l.unshare(0x10000000) == 0 or l.setuid(0) == 0 or l.prctl(1, 0, 0, 0, 0) == 0 else 'refused')",
    ),
    (
        "make memory executable",
        "import mmap\ntry: mmap.mmap(-1, 4096, prot=7); print('ESCAPED')\nexcept OSError as e: print(e)",
    ),
    (
        "see the environment",
        "import ctypes, os\ne = ctypes.POINTER(ctypes.c_char_p).in_dll(ctypes.CDLL(None), 'environ')\nprint('ESCAPED' if os.environ or os.getenv('PATH') or os.getenv('HOME') else 'empty')",
    ),
    (
        "take the descriptors away",
        "import os\nfor fd in range(4):\n try: os.close(fd); print('ESCAPED', fd)\n except OSError as e: print(e)",
    ),
    (
        "find another descriptor",
        "import os\nfor fd in range(4, 4096):\n try: os.read(fd, 1); print('ESCAPED', fd)\n except OSError: pass\nprint('none')",
    ),
];

/// Probes that mean nothing in WebAssembly: descriptors there are numbers in the instance's own memory.
const DESCRIPTORS: &[&str] = &["take the descriptors away", "find another descriptor"];

/// Runs all probes; each finding with what was seen.
///
/// # Errors
/// Only when the sandbox is broken.
pub fn report(sandbox: &Sandbox) -> Result<Vec<Finding>, SandboxError> {
    let limits = Limits::default().within(Duration::from_secs(5));
    let mut findings = Vec::new();
    let session = sandbox.session();
    let descriptors = if is_wasm(sandbox) { DESCRIPTORS } else { &[] };
    for (name, code) in REFUSED.iter().filter(|(name, _)| !descriptors.contains(name)) {
        let result = session.execute(code, &limits)?;
        let contained = !result.stdout.contains("ESCAPED") && was_tried(sandbox, &result);
        findings.push(Finding { name, contained, detail: seen(&result) });
    }
    findings.push(time(sandbox)?);
    findings.push(memory(sandbox)?);
    findings.push(output(sandbox)?);
    findings.push(forgery(sandbox)?);
    Ok(findings)
}

/// Whether the probe came to its end. In WebAssembly many lack what they would attack with, or are ended at the attempt.
fn was_tried(sandbox: &Sandbox, result: &CallResult) -> bool {
    let lacks = |kind: &str| result.error.starts_with(kind);
    match result.status {
        Status::Ok => true,
        Status::Error => is_wasm(sandbox) && (lacks("ModuleNotFoundError") || lacks("AttributeError")),
        Status::Crashed => is_wasm(sandbox),
        _ => false,
    }
}

fn is_wasm(sandbox: &Sandbox) -> bool {
    sandbox.config().backend == BackendKind::Wasm
}

/// The start-up gate.
pub(crate) fn refuse_escapes(sandbox: &Sandbox) -> Result<(), SandboxError> {
    match report(sandbox)?.into_iter().find(|finding| !finding.contained) {
        Some(Finding { name, detail, .. }) => Err(SandboxError::Probe { name, detail }),
        None => Ok(()),
    }
}

fn time(sandbox: &Sandbox) -> Result<Finding, SandboxError> {
    let limits = Limits::default().within(Duration::from_millis(50));
    let code = "import signal\nfor s in range(1, 32):\n try: signal.signal(s, signal.SIG_IGN)\n except (OSError, ValueError): pass\nwhile True:\n try:\n  while True: pass\n except BaseException: pass";
    let result = sandbox.session().execute(code, &limits)?;
    Ok(Finding {
        name: "outlive the time limit",
        contained: result.status == Status::Timeout,
        detail: seen(&result),
    })
}

fn memory(sandbox: &Sandbox) -> Result<Finding, SandboxError> {
    let limits = Limits { memory: 64 << 20, ..Limits::default() };
    let code = "try:\n import mmap\n print('ESCAPED', len(mmap.mmap(-1, 65 << 20)))\nexcept (ImportError, OSError) as e: print(e)\nprint('ESCAPED', len(bytearray(65 << 20)))";
    let result = sandbox.session().execute(code, &limits)?;
    let contained = result.status == Status::Memory && !result.stdout.contains("ESCAPED");
    Ok(Finding { name: "exceed the memory limit", contained, detail: seen(&result) })
}

fn output(sandbox: &Sandbox) -> Result<Finding, SandboxError> {
    let limits = Limits { output: 1000, ..Limits::default() };
    let result = sandbox.session().execute("while True: print('A' * 10000)", &limits)?;
    let contained = result.status == Status::Output && result.stdout.len() <= 1000;
    let detail = format!("{:?}, {} bytes kept", result.status, result.stdout.len());
    Ok(Finding { name: "flood the output", contained, detail })
}

fn forgery(sandbox: &Sandbox) -> Result<Finding, SandboxError> {
    let code = "import os\nos.write(3, bytes(16) + b'o' + bytes(4))\nos._exit(0)";
    let result = sandbox.session().execute(code, &Limits::default())?;
    Ok(Finding { name: "forge a reply", contained: result.status != Status::Ok, detail: seen(&result) })
}

fn seen(result: &CallResult) -> String {
    let text = format!("{:?}: {}{}", result.status, result.stdout, result.error);
    text.trim().replace('\n', "; ").chars().take(300).collect()
}
