//! What the environment says, read once: folders and keys.

use std::path::PathBuf;

use anyhow::Context as _;
use tirade::model::registry::Sources;
use tirade::model::remote::Keys;
use tirade_sandbox::BackendKind;

/// Folders and keys of this user.
pub struct Home {
    /// Models, the Python environment, imported data: `$TIRADE_HOME`, else the cache folder of the platform.
    pub folder: PathBuf,
    /// A folder with model files that is looked at before anything is downloaded: `$TIRADE_MODELS`.
    pub local_models: Option<PathBuf>,
    /// A proxy for the hub: `$HTTPS_PROXY`.
    pub proxy: Option<String>,
    /// What confines the tools' Python: `--backend`.
    pub backend: BackendKind,
    /// API keys by provider, from the environment or `.env`. Never printed.
    pub keys: Keys,
}

impl Home {
    /// Reads the environment, and `.env` where it does not say.
    pub fn from_environment(backend: BackendKind) -> anyhow::Result<Self> {
        match dotenvy::dotenv() {
            Ok(_) => {}
            Err(error) if error.not_found() => {}
            Err(error) => {
                anyhow::bail!("the file .env is not readable: {error}\n  hint: one NAME=value per line")
            }
        }
        let read = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
        let cache = || {
            Some(
                PathBuf::from(read("XDG_CACHE_HOME").or_else(|| Some(read("HOME")? + "/.cache"))?)
                    .join("tirade"),
            )
        };
        let folder = read("TIRADE_HOME").map(PathBuf::from).or_else(cache);
        Ok(Self {
            folder: folder
                .context("neither TIRADE_HOME nor HOME is set\n  hint: export TIRADE_HOME=/some/folder")?,
            backend,
            local_models: read("TIRADE_MODELS").map(PathBuf::from),
            proxy: read("HTTPS_PROXY").or_else(|| read("https_proxy")),
            keys: Keys::from_variables(read),
        })
    }

    pub fn models(&self) -> PathBuf {
        self.folder.join("models")
    }

    /// Where known models are fetched from.
    pub fn sources(&self) -> Sources {
        Sources { proxy: self.proxy.clone(), ..Sources::default() }
    }

    /// What the tools' Python runs on.
    pub fn python(&self) -> PathBuf {
        self.folder.join(self.backend.folder())
    }

    pub fn data(&self) -> PathBuf {
        self.folder.join("data")
    }
}
