//! What is fetched on first use: model files and the tools' Python, each with a progress line and a clear word when it cannot be had.

use std::path::PathBuf;

use anyhow::Context as _;
use indicatif::{ProgressBar, ProgressStyle};
use tirade::model::registry::{self, Progress};

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

/// The interpreter of the tools' Python environment; made, or repaired, where it is not complete.
pub fn python(home: &Home) -> anyhow::Result<PathBuf> {
    let folder = home.python();
    if tirade_sandbox::setup::is_complete(&folder) {
        return Ok(tirade_sandbox::setup::ensure_environment(&folder, &mut |_| {})?);
    }
    let bar = ProgressBar::new_spinner();
    bar.set_style(ProgressStyle::with_template("{spinner} python   {msg} {elapsed}")?);
    bar.enable_steady_tick(std::time::Duration::from_millis(120));
    let mut say = |step: &str| {
        if bar.is_hidden() {
            eprintln!("   python {step}");
        }
        bar.set_message(step.to_owned());
    };
    let python =
        tokio::task::block_in_place(|| tirade_sandbox::setup::ensure_environment(&folder, &mut say))?;
    bar.finish_and_clear();
    Ok(python)
}
