//! Why a training run cannot start or had to stop.

use std::path::{Path, PathBuf};

use crate::NnError;

/// Any failure of training.
#[derive(Debug, thiserror::Error)]
pub enum TrainError {
    /// An option has a value that cannot work.
    #[error("training option {name}: {what}")]
    Option { name: String, what: String },
    /// The base model cannot be read or its template refuses an example.
    #[error(transparent)]
    Model(#[from] NnError),
    /// The model has no chat template, so examples cannot be written as it expects.
    #[error(
        "{model} has no chat template; use an instruct model, or put a chat_template.jinja beside its files"
    )]
    NoTemplate { model: PathBuf },
    /// An example cannot be turned into tokens.
    #[error("example {id:?}: {what}")]
    Example { id: String, what: String },
    /// There is nothing to learn from.
    #[error("nothing to train on: {0}")]
    Corpus(String),
    /// The run would not fit.
    #[error(
        "training needs about {needed_mib} MiB of memory ({detail}) but {limit_mib} MiB are allowed; \
         shorten max_length, lower threads or rank, set activation_checkpointing, or base_precision = \"int8\""
    )]
    TooLarge { needed_mib: u64, limit_mib: u64, detail: String },
    /// The loss or its gradient stopped being a number.
    #[error(
        "step {step}: the loss or its gradient is not a number (examples {examples}); the weights of the last good \
         step are in {}; lower the learning rate or look at these examples",
        checkpoint.display()
    )]
    NotFinite { step: usize, examples: String, checkpoint: PathBuf },
    /// The checkpoint in the output directory belongs to another run.
    #[error(
        "{} was made by a run with {difference}; choose another output directory, delete the checkpoint, or set resume = false",
        path.display()
    )]
    OtherRun { path: PathBuf, difference: String },
    /// A file cannot be written or read back.
    #[error("{}: {source}", path.display())]
    Io { path: PathBuf, source: std::io::Error },
}

impl TrainError {
    pub(crate) fn option(name: &str, what: impl Into<String>) -> Self {
        Self::Option { name: name.into(), what: what.into() }
    }

    pub(crate) fn io(path: &Path, source: std::io::Error) -> Self {
        Self::Io { path: path.to_owned(), source }
    }
}
