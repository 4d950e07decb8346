//! What is fetched on first use: model files and the tools' Python, each with a progress line and a clear word when it cannot be had.

use std::path::PathBuf;

use anyhow::Context as _;
use indicatif::{ProgressBar, ProgressStyle};
use tirade::model::registry::{self, Progress};
use tirade_sandbox::{Sandbox, SandboxConfig, setup};

use crate::home::Home;

/// The file of a known model: from the user's own folder, the cache, or a source.
pub async fn model(name: &str, home: &Home) -> anyhow::Result<PathBuf> {
    let model = registry::find(name).with_context(|| {
        let known: Vec<&str> = registry::MODELS.iter().map(|model| model.name).collect();
        format!(
            "there is no local model {name:?}\n  hint: known ones are {}; a file is named file:PATH",
            known.join(", ")
        )
    })?;
    if let Some(path) = registry::locate(model, home.local_models.as_deref(), &home.models()) {
        return Ok(path);
    }
    let bar = ProgressBar::new(model.bytes);
    bar.set_style(ProgressStyle::with_template(
        "{spinner} {msg} {bar:24.cyan/blue} {bytes}/{total_bytes} {bytes_per_sec} {eta} left",
    )?);
    let mut shown = 0;
    let mut tell = |progress: Progress| {
        bar.set_message(format!("{name} from the {}", progress.source));
        bar.set_position(progress.done);
        let percent = progress.done * 100 / progress.total.max(1);
        if bar.is_hidden() && percent >= shown + 10 {
            shown = percent;
            eprintln!(
                " download {name} from the {}: {percent} % of {} MB",
                progress.source,
                progress.total / 1_000_000
            );
        }
    };
    let path = registry::pull(model, &home.models(), &home.sources(), &mut tell).await?;
    bar.finish_and_clear();
    Ok(path)
}

/// A sandbox over the tools' Python environment, which is made, or repaired, where it is not complete. It starts when it is needed.
pub fn sandbox(home: &Home) -> anyhow::Result<Sandbox> {
    let bar = ProgressBar::new_spinner();
    bar.set_style(ProgressStyle::with_template("{spinner} python   {msg} {elapsed}")?);
    let shown = bar.clone();
    let say = move |step: &str| {
        if shown.is_hidden() {
            eprintln!("   python {step}");
        }
        shown.enable_steady_tick(std::time::Duration::from_millis(120));
        shown.set_message(step.to_owned());
    };
    let sandbox = setup::start_later(home.backend, &home.python(), say, SandboxConfig::new)?;
    bar.finish_and_clear();
    Ok(sandbox)
}
