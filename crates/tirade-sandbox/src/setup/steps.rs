//! The steps of a set-up: find a Python, make the environment, install, look.

use crate::SandboxError;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

pub(super) const HINT_FOLDER: &str = "choose a folder you may write to";
const HINT_PYTHON: &str = "install CPython 3.10 or newer (Debian: apt install python3 python3-venv), or uv (https://docs.astral.sh/uv), then run again";
const HINT_NETWORK: &str = "the packages come from the index pip is set to; check the network or proxy, or point PIP_NO_INDEX=1 \
     PIP_FIND_LINKS=<folder of wheels> at a local copy, then run again";
pub(super) const HINT_BROKEN: &str = "remove the folder and run again";

/// Best first. From 3.12 on (as far as tested) a session starts in half the time, see `python/share.py`; else a
/// distribution's own `python3` is the best tried.
const NAMES: &[&str] =
    &["python3.13", "python3.12", "python3", "python3.11", "python3.10", "python3.14", "python"];
const IMPORTS: &str = "import sympy, mpmath, numpy";
const VERSIONS: &str = "import importlib.metadata as m, sys
held = {name: m.version(name) for name in ('sympy', 'mpmath', 'numpy')} | {'python': sys.version.split()[0]}
print(', '.join(f'{name} {held[name]}' for name in sorted(held)))";

/// What an environment is to hold.
pub(super) struct List {
    /// Hash-pinned, as pip reads it.
    pub requirements: &'static str,
    /// What is said while it is installed.
    pub installing: &'static str,
}

pub(super) struct Steps<'a> {
    pub dir: &'a Path,
    list: &'a List,
    progress: &'a mut dyn FnMut(&str),
}

impl<'a> Steps<'a> {
    pub fn new(dir: &'a Path, list: &'a List, progress: &'a mut dyn FnMut(&str)) -> Steps<'a> {
        Steps { dir, list, progress }
    }

    pub fn say(&mut self, step: &str) {
        (self.progress)(step);
    }

    pub fn error(&self, reason: String, hint: &'static str) -> SandboxError {
        error(self.dir, reason, hint)
    }

    /// Makes the environment with what there is: venv and pip, or `uv`.
    pub fn make(&mut self) -> Result<(), SandboxError> {
        let list = self.dir.with_extension("requirements.txt");
        std::fs::write(&list, self.list.requirements)
            .map_err(|error| self.error(error.to_string(), HINT_FOLDER))?;
        let made = self.with_any(find_pythons(), &list);
        let _ = std::fs::remove_file(&list);
        made
    }

    /// The first Python that will do; `uv` after all of them. What the best one said when none does.
    fn with_any(&mut self, pythons: Vec<(PathBuf, String)>, list: &Path) -> Result<(), SandboxError> {
        let mut first = None;
        for (python, version) in pythons {
            self.say(&format!("making a Python environment with {} ({version})", python.display()));
            match self.with_venv(&python, list) {
                Ok(()) => return Ok(()),
                Err(error) => drop(first.get_or_insert(error)),
            }
        }
        self.with_uv(list).unwrap_or_else(|| {
            let none = || self.error("no CPython of 3.10 or newer and no uv was found".into(), HINT_PYTHON);
            Err(first.unwrap_or_else(none))
        })
    }

    fn with_venv(&mut self, python: &Path, list: &Path) -> Result<(), SandboxError> {
        let mut venv = Command::new(python);
        venv.args(["-m", "venv", "--clear"]).arg(self.dir);
        let mut pip = Command::new(super::interpreter(self.dir));
        pip.args(["-m", "pip"]);
        if run(&mut venv).is_err() {
            // Debian cuts `ensurepip` out of its Python; the system's pip can install into an environment without one.
            let mut bare = Command::new(python);
            bare.args(["-m", "venv", "--clear", "--without-pip"]).arg(self.dir);
            run(&mut bare).map_err(|why| self.error(why, HINT_PYTHON))?;
            pip = Command::new(python);
            pip.args(["-m", "pip", "--python"]).arg(super::interpreter(self.dir));
        }
        self.say(self.list.installing);
        pip.args(["install", "--quiet", "--disable-pip-version-check", "--no-input", "--no-deps"]);
        pip.args(["--require-hashes", "--only-binary", ":all:", "-r"]).arg(list);
        run(&mut pip).map_err(|why| self.error(why, HINT_NETWORK))
    }

    /// `None` where there is no `uv`.
    fn with_uv(&mut self, list: &Path) -> Option<Result<(), SandboxError>> {
        run(Command::new("uv").arg("--version")).ok()?;
        self.say("making a Python environment with uv (fetches a CPython if there is none)");
        let mut venv = Command::new("uv");
        venv.args(["venv", "--quiet", "--clear", "--python", ">=3.10,<3.15"]).arg(self.dir);
        let mut install = Command::new("uv");
        install.args(["pip", "install", "--quiet", "--require-hashes", "--only-binary", ":all:", "--python"]);
        install.arg(super::interpreter(self.dir)).arg("-r").arg(list);
        let made = run(&mut venv).and_then(|_| run(&mut install));
        Some(made.map_err(|why| self.error(why, HINT_NETWORK)))
    }

    /// The slow and sure check at the end: everything imports.
    pub fn check(&mut self, python: &Path) -> Result<(), SandboxError> {
        self.say("checking the environment");
        run(Command::new(python).args(["-s", "-c", IMPORTS])).map_err(|why| self.error(why, HINT_BROKEN))
    }
}

pub(super) fn error(dir: &Path, reason: String, hint: &'static str) -> SandboxError {
    SandboxError::Setup { dir: dir.to_path_buf(), reason, hint }
}

/// The quick check: the interpreter runs and names our packages. Their versions, as the zygote will tell them.
pub(super) fn installed(python: &Path) -> Option<String> {
    let output = Command::new(python).args(["-s", "-c", VERSIONS]).stdin(Stdio::null()).output().ok()?;
    let versions = String::from_utf8(output.stdout).ok().filter(|_| output.status.success())?;
    let ours = ["mpmath 1.3.0, numpy 2.", "sympy 1.14.0"].iter().all(|part| versions.contains(part));
    ours.then(|| versions.trim().to_owned())
}

/// Every CPython that is supported, best first: on the path, then those that `pyenv` keeps off it.
fn find_pythons() -> Vec<(PathBuf, String)> {
    let on_path = NAMES.iter().map(PathBuf::from);
    let mut found: Vec<(PathBuf, String)> = on_path.chain(pyenv()).filter_map(version_of).collect();
    found.sort_by_key(|(_, version)| !starts_sessions_fast(version));
    found
}

fn version_of(python: PathBuf) -> Option<(PathBuf, String)> {
    const TELL: &str = "import sys; print(sys.implementation.name, *sys.version_info[:3])";
    let output = Command::new(&python).args(["-c", TELL]).stdin(Stdio::null()).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    let version = text.trim().strip_prefix("cpython ")?.replace(' ', ".");
    supported(&version).then_some((python, version))
}

/// The interpreters of `pyenv`, newest first.
fn pyenv() -> Vec<PathBuf> {
    let output = Command::new("pyenv").arg("root").stdin(Stdio::null()).output();
    let root =
        output.map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned()).unwrap_or_default();
    let versions = std::fs::read_dir(Path::new(&root).join("versions")).into_iter().flatten().flatten();
    let mut pythons: Vec<PathBuf> =
        versions.map(|version| version.path().join("bin").join("python3")).collect();
    pythons.sort();
    pythons.reverse();
    pythons
}

/// Whether children share the interpreter's memory, see `python/share.py`.
fn starts_sessions_fast(version: &str) -> bool {
    version.starts_with("3.13.") || version.starts_with("3.12.")
}

/// CPython 3.10 to 3.14: what the pinned numpy has wheels for.
fn supported(version: &str) -> bool {
    let mut parts = version.split('.').map(|part| part.parse::<u32>().unwrap_or(0));
    parts.next() == Some(3) && parts.next().is_some_and(|minor| (10..=14).contains(&minor))
}

/// Runs a tool; its last words when it fails.
pub(super) fn run(command: &mut Command) -> Result<(), String> {
    let name = command.get_program().to_string_lossy().into_owned();
    let output = command.stdin(Stdio::null()).output().map_err(|error| format!("{name}: {error}"))?;
    if output.status.success() {
        return Ok(());
    }
    let said = [output.stdout, output.stderr].concat();
    let said = String::from_utf8_lossy(&said);
    let lines: Vec<&str> = said.lines().filter(|line| !line.trim().is_empty()).collect();
    let last = lines[lines.len().saturating_sub(6)..].join("\n  ");
    Err(format!("{name} failed ({}):\n  {last}", output.status))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read_as_numbers() {
        for (version, wanted) in [
            ("3.9.18", false),
            ("3.10.0", true),
            ("3.11.7", true),
            ("3.14.0", true),
            ("3.15.0", false),
            ("2.7.18", false),
            ("", false),
        ] {
            assert_eq!(supported(version), wanted, "{version}");
        }
    }

    #[test]
    fn a_failing_tool_is_quoted() {
        let why =
            run(Command::new("sh").args(["-c", "echo first; echo the reason >&2; exit 3"])).unwrap_err();
        assert!(why.contains("the reason") && why.contains("exit status: 3"), "{why}");
        assert!(run(&mut Command::new("/nonexistent/tool")).unwrap_err().contains("/nonexistent/tool"));
    }
}
