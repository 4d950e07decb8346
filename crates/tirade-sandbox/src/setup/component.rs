//! The component of the WASM back end: made once, kept as one file of machine code and a note of what it is.
//!
//! A throw-away environment holds `componentize-py`, SymPy and mpmath from the hash-pinned list `component.txt`. componentize-py runs
//! `python/snapshot.py` in a CPython of its own that is compiled to WebAssembly, keeps its memory, and wasmtime compiles the result for this processor.

use super::hex;
use super::steps::{self, List, Steps};
use crate::{SandboxError, preload};
use sha2::{Digest, Sha256};
use std::path::{Path, PathBuf};
use std::process::Command;

const LIST: &str = include_str!("component.txt");
const WORLD: &str = include_str!("../python/worker.wit");
const CELLS: &str = include_str!("../python/cells.py");
/// What componentize-py takes for the program.
const PROGRAM: &str = concat!(
    "import wit_world, os, pathlib\n",
    include_str!("../python/prepare.py"),
    include_str!("../python/snapshot.py")
);
/// As it is called: its script begins with the path of an interpreter, which may be too long for the system.
const MAKE: &str = "import sys; from componentize_py import script; sys.exit(script())";
const NOTE: &str = "component.json";
const HINT: &str = "`tirade doctor --repair --backend wasm` tries again; about 1 GB of memory and of disk are needed for a minute";

const ENVIRONMENT: List = List {
    requirements: LIST,
    installing: "installing componentize-py, sympy and mpmath (for the build only; about 25 MB)",
};

/// What is known of a finished component.
#[derive(serde::Serialize, serde::Deserialize)]
pub(crate) struct Made {
    /// Of everything that it was made from, and what runs it.
    key: String,
    /// SHA-256 of the machine code.
    code: String,
    /// As [`Sandbox::versions`](crate::Sandbox::versions) tells it.
    pub versions: String,
}

/// The file of machine code in a folder.
pub(super) fn code(dir: &Path) -> PathBuf {
    dir.join(super::COMPONENT)
}

/// A component of this version of tirade; its code is looked at when it is [read](read).
pub(super) fn complete(dir: &Path) -> Option<Made> {
    let made: Made = serde_json::from_slice(&std::fs::read(dir.join(NOTE)).ok()?).ok()?;
    (made.key == key().ok()? && code(dir).is_file()).then_some(made)
}

/// Makes sure that the code is what was compiled, since it is going to be run.
pub(crate) fn read(code: &Path) -> Result<Made, SandboxError> {
    let broken = |why: String| SandboxError::Component(format!("{}: {why}", code.display()));
    let dir = code.parent().unwrap_or(Path::new(""));
    let made = complete(dir).ok_or_else(|| broken("it is not finished, or of another version".into()))?;
    let bytes = std::fs::read(code).map_err(|error| broken(error.to_string()))?;
    let same = hex(Sha256::digest(&bytes)) == made.code;
    same.then_some(made).ok_or_else(|| broken("it is not what was written there".into()))
}

/// Makes the component in `dir`, whatever is there.
pub(super) fn build(dir: &Path, progress: &mut dyn FnMut(&str)) -> Result<PathBuf, SandboxError> {
    let _ = std::fs::remove_file(dir.join(NOTE));
    let work =
        std::path::absolute(dir.join("build")).map_err(SandboxError::system("folder of the component"))?;
    std::fs::create_dir_all(&work).map_err(SandboxError::system("folder of the component"))?;
    let mut steps = Steps::new(&work, &ENVIRONMENT, progress);
    steps.make()?;
    steps.say("taking a snapshot of an interpreter with SymPy loaded (half a minute)");
    let component = componentize(&work).map_err(|why| steps.error(why, HINT))?;
    steps.say("compiling it for this processor (a minute on one core)");
    let versions = compile(dir, &component)?;
    note(dir, versions)?;
    std::fs::remove_dir_all(&work).map_err(SandboxError::system("clearing the folder of the build"))?;
    Ok(code(dir))
}

/// Runs componentize-py; the component's bytes.
fn componentize(work: &Path) -> Result<Vec<u8>, String> {
    let put =
        |name: &str, text: &str| std::fs::write(work.join(name), text).map_err(|error| error.to_string());
    put("worker.wit", WORLD)?;
    let program = work.join("program");
    std::fs::create_dir_all(&program).map_err(|error| error.to_string())?;
    put("program/tirade_snapshot.py", PROGRAM)?;
    put("program/plan.json", &plan())?;
    let mut make = Command::new(super::interpreter(work));
    make.args([
        "-s",
        "-c",
        MAKE,
        "--quiet",
        "--wit-path",
        "worker.wit",
        "--world",
        "interpreter",
        "componentize",
    ]);
    make.args(["--python-path", "program", "--output", "component.wasm", "tirade_snapshot"]);
    make.current_dir(work).env("VIRTUAL_ENV", work).env("RUST_BACKTRACE", "0");
    steps::run(&mut make)?;
    std::fs::read(work.join("component.wasm")).map_err(|error| error.to_string())
}

/// Writes the machine code, runs it once, and says what is in it.
fn compile(dir: &Path, component: &[u8]) -> Result<String, SandboxError> {
    let unfinished = dir.join("component.part");
    std::fs::write(&unfinished, crate::wasm::compile(component)?)
        .and_then(|()| std::fs::rename(&unfinished, code(dir)))
        .map_err(SandboxError::system("writing the component"))?;
    let held = crate::wasm::Wasm::load(&code(dir), String::new())?.held()?;
    let wasm = &hex(Sha256::digest(component))[..8];
    Ok(format!("{held}, wasm {wasm}"))
}

fn note(dir: &Path, versions: String) -> Result<(), SandboxError> {
    let bytes = std::fs::read(code(dir)).map_err(SandboxError::system("reading the component"))?;
    let made = Made { key: key()?, code: hex(Sha256::digest(&bytes)), versions };
    let text = serde_json::to_vec(&made).unwrap_or_default();
    std::fs::write(dir.join(NOTE), text).map_err(SandboxError::system("marking the component"))
}

/// What the snapshot loads: the same as a zygote, but for what does not exist in WebAssembly.
fn plan() -> String {
    let here = |name: &&&str| !name.starts_with("numpy");
    serde_json::json!({
        "cells": CELLS,
        "available": "the standard library, sympy and mpmath (numpy is not: this is the WASM sandbox)",
        "required": preload::REQUIRED.iter().filter(here).collect::<Vec<_>>(),
        "modules": preload::MODULES.iter().filter(here).collect::<Vec<_>>(),
        "packages": preload::PACKAGES,
        "skip": preload::SKIP,
        "warm": preload::WARM,
    })
    .to_string()
}

fn key() -> Result<String, SandboxError> {
    let mut hash = Sha256::new();
    for part in [LIST, WORLD, PROGRAM, &plan(), &crate::wasm::compatibility()?] {
        hash.update(part.len().to_le_bytes());
        hash.update(part);
    }
    Ok(hex(hash.finalize()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_lists_pin_the_same_sympy() {
        let package = |list: &str, name: &str| -> String {
            let (_, rest) = list.split_once(&format!("\n{name}")).expect(name);
            let lines = rest.lines().take_while(|line| !line.starts_with(char::is_alphabetic));
            lines.map(str::trim).collect::<Vec<_>>().join(" ")
        };
        for name in ["sympy==1.14.0", "mpmath==1.3.0"] {
            let ours = package(LIST, name);
            assert!(ours.contains("--hash=sha256:"), "{name}");
            assert_eq!(ours.trim(), package(super::super::REQUIREMENTS, name).trim(), "{name}");
        }
    }

    #[test]
    fn a_component_that_was_changed_is_not_loaded() {
        let dir = tempfile::tempdir().unwrap();
        let refused = |what| {
            let error = read(&code(dir.path())).err().map(|error| error.to_string()).unwrap_or_default();
            assert!(error.contains(what), "{error}");
        };
        refused("not finished");
        std::fs::write(code(dir.path()), "machine code").unwrap();
        note(dir.path(), "python 3".into()).unwrap();
        assert_eq!(read(&code(dir.path())).unwrap().versions, "python 3");
        std::fs::write(code(dir.path()), "machine node").unwrap();
        refused("not what was written");
    }
}
