//! The Python environment: one call makes it, reuses it, or repairs it.
//!
//! [`ensure_environment`] makes a virtual environment from the best CPython of 3.10 or newer it finds and installs the
//! hash-pinned list `requirements.txt` into it (`pip --require-hashes`, wheels only). A finished environment is marked with
//! the hash of the list and reused without the network. Where there is no Python, an installed `uv` fetches one; where
//! there is no `uv` either, the error says what to install. pip's own settings (an index, `PIP_NO_INDEX` with
//! `PIP_FIND_LINKS` for an offline folder of wheels) apply.

mod steps;

use crate::{Sandbox, SandboxConfig, SandboxError};
use sha2::{Digest, Sha256};
use std::fs::File;
use std::path::{Path, PathBuf};
use steps::Steps;

const REQUIREMENTS: &str = include_str!("requirements.txt");
const MARKER: &str = "tirade-environment";

/// The interpreter of a ready environment in `dir`, made or repaired if need be. `progress` hears one line per step.
///
/// Several processes may call this at once: one works, the others wait. The check of a finished environment is quick and
/// shallow; when the sandbox still finds it broken, call [`repair_environment`].
///
/// # Errors
/// [`SandboxError::Setup`] with the tool's own words and a hint.
pub fn ensure_environment(dir: &Path, progress: &mut dyn FnMut(&str)) -> Result<PathBuf, SandboxError> {
    // Before the lock: a finished environment may lie where nothing can be written.
    if is_complete(dir) {
        return Ok(interpreter(dir));
    }
    let steps = Steps::new(dir, progress);
    let _lock = lock(&steps)?;
    if is_complete(dir) {
        return Ok(interpreter(dir)); // another process made it meanwhile
    }
    build(steps)
}

/// A running sandbox over the environment in `dir`, made if need be, and made anew when it lacks what it should hold.
///
/// # Errors
/// As [`ensure_environment`] and [`Sandbox::start`].
pub fn start(
    dir: &Path,
    progress: &mut dyn FnMut(&str),
    configure: &dyn Fn(PathBuf) -> SandboxConfig,
) -> Result<Sandbox, SandboxError> {
    let python = ensure_environment(dir, progress)?;
    match Sandbox::start(configure(python)) {
        // Nothing but a failed import is a reason to throw the environment away.
        Err(SandboxError::Zygote(why))
            if why.contains("ImportError") || why.contains("ModuleNotFoundError") =>
        {
            progress("the environment is damaged; making it anew");
            Sandbox::start(configure(repair_environment(dir, progress)?))
        }
        other => other,
    }
}

/// A sandbox over the environment in `dir`, made if need be, that starts when it is prepared or first used.
///
/// # Errors
/// As [`ensure_environment`].
pub fn start_later(
    dir: &Path,
    progress: impl Fn(&str) + Send + Sync + 'static,
    configure: impl Fn(PathBuf) -> SandboxConfig + Send + Sync + 'static,
) -> Result<Sandbox, SandboxError> {
    let mut versions = complete(dir);
    if versions.is_none() {
        ensure_environment(dir, &mut |step| progress(step))?;
        versions = complete(dir);
    }
    let broken = || Steps::new(dir, &mut |_| {}).error("it does not hold".into(), steps::HINT_BROKEN);
    let versions = versions.ok_or_else(broken)?;
    let (config, dir) = (configure(interpreter(dir)), dir.to_owned());
    let begin = move || start(&dir, &mut |step| progress(step), &configure);
    Ok(Sandbox::later(config, versions, Box::new(begin)))
}

/// The same, but made anew whatever is there.
///
/// # Errors
/// As [`ensure_environment`].
pub fn repair_environment(dir: &Path, progress: &mut dyn FnMut(&str)) -> Result<PathBuf, SandboxError> {
    let steps = Steps::new(dir, progress);
    let _lock = lock(&steps)?;
    build(steps)
}

/// Whether `dir` holds a finished environment of this version's list whose interpreter runs.
pub fn is_complete(dir: &Path) -> bool {
    complete(dir).is_some()
}

/// What a finished environment holds, as [`Sandbox::versions`] tells it.
fn complete(dir: &Path) -> Option<String> {
    let marked = std::fs::read_to_string(dir.join(MARKER)).is_ok_and(|mark| mark == list_hash());
    marked.then(|| steps::installed(&interpreter(dir))).flatten()
}

fn build(mut steps: Steps<'_>) -> Result<PathBuf, SandboxError> {
    let dir = steps.dir;
    let _ = std::fs::remove_file(dir.join(MARKER));
    steps.make()?;
    steps.check(&interpreter(dir))?;
    std::fs::write(dir.join(MARKER), list_hash()).map_err(SandboxError::system("marking the environment"))?;
    Ok(interpreter(dir))
}

fn interpreter(dir: &Path) -> PathBuf {
    let python = dir.join("bin").join("python");
    std::path::absolute(&python).unwrap_or(python)
}

fn list_hash() -> String {
    Sha256::digest(REQUIREMENTS).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Held until dropped. The lock lies beside the folder, which is cleared while it is built.
fn lock(steps: &Steps<'_>) -> Result<File, SandboxError> {
    let path = steps.dir.with_extension("lock");
    if let Some(parent) = path.parent() {
        std::fs::create_dir_all(parent)
            .map_err(|error| steps.error(error.to_string(), steps::HINT_FOLDER))?;
    }
    let file = File::create(&path).map_err(|error| steps.error(error.to_string(), steps::HINT_FOLDER))?;
    file.lock().map_err(SandboxError::system("locking the environment"))?;
    Ok(file)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_pinned_package_has_hashes_of_wheels() {
        for package in ["sympy==1.14.0", "mpmath==1.3.0", "numpy==2.2.6", "numpy==2.3.5"] {
            let (_, rest) = REQUIREMENTS.split_once(&format!("\n{package}")).expect(package);
            assert!(rest.lines().nth(1).unwrap().trim().starts_with("--hash=sha256:"), "{package}");
        }
    }

    #[test]
    fn an_empty_folder_is_not_complete() {
        let dir = tempfile::tempdir().unwrap();
        assert!(!is_complete(dir.path()));
        std::fs::write(dir.path().join(MARKER), list_hash()).unwrap();
        assert!(!is_complete(dir.path()), "a mark without an interpreter");
    }
}
