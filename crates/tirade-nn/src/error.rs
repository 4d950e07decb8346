//! What can go wrong, said so that the reader knows what to do next.

use std::path::{Path, PathBuf};

/// Any failure of this crate.
#[derive(Debug, thiserror::Error)]
pub enum NnError {
    /// The operating system refused.
    #[error("{path}: {source}")]
    Io { path: PathBuf, source: std::io::Error },
    /// The bytes are not what the format promises: corrupt, truncated or hostile.
    #[error("{file} is damaged or not what it claims to be: {what}")]
    Format { file: String, what: String },
    /// A well-formed file this crate cannot run.
    #[error("not supported: {0}")]
    Unsupported(String),
    /// The model, with its caches, would not fit.
    #[error(
        "needs about {needed_mib} MiB of memory ({detail}) but {available_mib} MiB are available; \
         take a smaller or more strongly quantised model, or a shorter context"
    )]
    TooLarge { needed_mib: u64, available_mib: u64, detail: String },
    /// A conversation could not be rendered or turned into tokens.
    #[error("{0}")]
    Text(String),
    /// An adapter does not fit its base model.
    #[error("adapter {path}: {what}")]
    Adapter { path: PathBuf, what: String },
    /// A request that cannot be served.
    #[error("{0}")]
    Request(String),
}

impl NnError {
    /// A [`NnError::Format`].
    pub fn format(file: impl Into<String>, what: impl Into<String>) -> Self {
        Self::Format { file: file.into(), what: what.into() }
    }

    /// An [`NnError::Io`] for `path`.
    pub fn io(path: &Path, source: std::io::Error) -> Self {
        Self::Io { path: path.to_owned(), source }
    }
}
