//! The Python environment: one call makes it, reuses it, or repairs it.
//!
//! [`ensure_environment`] makes a virtual environment from the best CPython of 3.10 or newer it finds and installs the
//! hash-pinned list `requirements.txt` into it (`pip --require-hashes`, wheels only). A finished environment is marked with
//! the hash of the list and reused without the network. Where there is no Python, an installed `uv` fetches one; where
//! there is no `uv` either, the error says what to install. pip's own settings (an index, `PIP_NO_INDEX` with
//! `PIP_FIND_LINKS` for an offline folder of wheels) apply. The WASM back end has a component instead, which a throw-away
//! environment of the same kind makes.

#[cfg(feature = "wasm")]
pub(crate) mod component;
mod steps;

use crate::{BackendKind, Sandbox, SandboxConfig, SandboxError};
use sha2::{Digest, Sha256};
use std::fs::File;
use std::path::{Path, PathBuf};
use steps::{List, Steps};

const REQUIREMENTS: &str = include_str!("requirements.txt");
const MARKER: &str = "tirade-environment";
/// The machine code of the WASM back end.
const COMPONENT: &str = "component.cwasm";
const ENVIRONMENT: List =
    List { requirements: REQUIREMENTS, installing: "installing sympy, mpmath and numpy (once; about 20 MB)" };

/// What a back end runs on, in `dir`, made or repaired if need be: the interpreter of an environment, or a component.
/// `progress` hears one line per step.
///
/// Several processes may call this at once: one works, the others wait. The check of what is finished is quick and
/// shallow; when the sandbox still finds it broken, call [`repair_environment`].
///
/// # Errors
/// [`SandboxError::Setup`] with the tool's own words and a hint; [`SandboxError::NotBuilt`] for a back end that is not compiled in.
pub fn ensure_environment(
    backend: BackendKind,
    dir: &Path,
    progress: &mut dyn FnMut(&str),
) -> Result<PathBuf, SandboxError> {
    // Before the lock: what is finished may lie where nothing can be written.
    if is_complete(backend, dir) {
        return Ok(place(backend, dir));
    }
    let _lock = lock(dir)?;
    if is_complete(backend, dir) {
        return Ok(place(backend, dir)); // another process made it meanwhile
    }
    build(backend, dir, progress)
}

/// A running sandbox over what is in `dir`, made if need be, and made anew when it lacks what it should hold.
///
/// # Errors
/// As [`ensure_environment`] and [`Sandbox::start`].
pub fn start(
    backend: BackendKind,
    dir: &Path,
    progress: &mut dyn FnMut(&str),
    configure: &dyn Fn(PathBuf) -> SandboxConfig,
) -> Result<Sandbox, SandboxError> {
    let configure = |path| SandboxConfig { backend, ..configure(path) };
    let path = ensure_environment(backend, dir, progress)?;
    match Sandbox::start(configure(path)) {
        Err(error) if is_damage(&error) => {
            progress("the environment is damaged; making it anew");
            Sandbox::start(configure(repair_environment(backend, dir, progress)?))
        }
        other => other,
    }
}

/// Nothing but a failed import, or a component that cannot be loaded, is a reason to throw an environment away.
fn is_damage(error: &SandboxError) -> bool {
    match error {
        SandboxError::Zygote(why) => why.contains("ImportError") || why.contains("ModuleNotFoundError"),
        SandboxError::Component(_) => true,
        _ => false,
    }
}

/// A sandbox over what is in `dir`, made if need be, that starts when it is prepared or first used.
///
/// # Errors
/// As [`ensure_environment`].
pub fn start_later(
    backend: BackendKind,
    dir: &Path,
    progress: impl Fn(&str) + Send + Sync + 'static,
    configure: impl Fn(PathBuf) -> SandboxConfig + Send + Sync + 'static,
) -> Result<Sandbox, SandboxError> {
    let mut versions = complete(backend, dir);
    if versions.is_none() {
        ensure_environment(backend, dir, &mut |step| progress(step))?;
        versions = complete(backend, dir);
    }
    let broken = || steps::error(dir, "it does not hold".into(), steps::HINT_BROKEN);
    let versions = versions.ok_or_else(broken)?;
    let config = SandboxConfig { backend, ..configure(place(backend, dir)) };
    let dir = dir.to_owned();
    let begin = move || start(backend, &dir, &mut |step| progress(step), &configure);
    Ok(Sandbox::later(config, versions, Box::new(begin)))
}

/// The same as [`ensure_environment`], but made anew whatever is there.
///
/// # Errors
/// As [`ensure_environment`].
pub fn repair_environment(
    backend: BackendKind,
    dir: &Path,
    progress: &mut dyn FnMut(&str),
) -> Result<PathBuf, SandboxError> {
    let _lock = lock(dir)?;
    build(backend, dir, progress)
}

/// Whether `dir` holds what this version of tirade makes: an environment whose interpreter runs, or a component.
pub fn is_complete(backend: BackendKind, dir: &Path) -> bool {
    complete(backend, dir).is_some()
}

/// What is finished in `dir`, as [`Sandbox::versions`] tells it.
fn complete(backend: BackendKind, dir: &Path) -> Option<String> {
    match backend {
        BackendKind::Native => {
            let marked = std::fs::read_to_string(dir.join(MARKER)).is_ok_and(|mark| mark == list_hash());
            marked.then(|| steps::installed(&interpreter(dir))).flatten()
        }
        #[cfg(feature = "wasm")]
        BackendKind::Wasm => component::complete(dir).map(|made| made.versions),
        #[cfg(not(feature = "wasm"))]
        BackendKind::Wasm => None,
    }
}

fn place(backend: BackendKind, dir: &Path) -> PathBuf {
    match backend {
        BackendKind::Native => interpreter(dir),
        BackendKind::Wasm => dir.join(COMPONENT),
    }
}

fn build(backend: BackendKind, dir: &Path, progress: &mut dyn FnMut(&str)) -> Result<PathBuf, SandboxError> {
    match backend {
        BackendKind::Native => build_environment(Steps::new(dir, &ENVIRONMENT, progress)),
        #[cfg(feature = "wasm")]
        BackendKind::Wasm => component::build(dir, progress),
        #[cfg(not(feature = "wasm"))]
        BackendKind::Wasm => Err(SandboxError::NotBuilt),
    }
}

fn build_environment(mut steps: Steps<'_>) -> Result<PathBuf, SandboxError> {
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
    hex(Sha256::digest(REQUIREMENTS))
}

fn hex(bytes: impl AsRef<[u8]>) -> String {
    bytes.as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Held until dropped. The lock lies beside the folder, which is cleared while it is built.
fn lock(dir: &Path) -> Result<File, SandboxError> {
    let failed = |error: std::io::Error| steps::error(dir, error.to_string(), steps::HINT_FOLDER);
    let path = dir.with_extension("lock");
    if let Some(parent) = path.parent() {
        std::fs::create_dir_all(parent).map_err(failed)?;
    }
    let file = File::create(&path).map_err(failed)?;
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
        assert!(!is_complete(BackendKind::Native, dir.path()));
        std::fs::write(dir.path().join(MARKER), list_hash()).unwrap();
        assert!(!is_complete(BackendKind::Native, dir.path()), "a mark without an interpreter");
    }
}
