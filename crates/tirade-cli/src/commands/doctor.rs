//! `tirade doctor`: what is here, what is missing, what to do about it.

use std::path::Path;

use clap::Args;
use tirade::model::registry;
use tirade::model::remote::{PROVIDERS, SERVER_KEY_VARIABLE};

use crate::home::Home;
use crate::open::Opened;

/// What is installed, what the sandbox can enforce here, what is missing and what to do about it
///
/// Looks at everything tirade needs: the tools' Python, the sandbox and what it can enforce on this machine, models, keys, the processor. Each
/// line that is not well says what to do.
#[derive(Args, Clone, Debug)]
pub struct DoctorArgs {
    /// Remake the tools' Python environment
    #[arg(long)]
    pub repair: bool,
}

pub async fn run(args: DoctorArgs, dir: &Path, home: &Home) -> anyhow::Result<()> {
    println!("tirade {}", env!("CARGO_PKG_VERSION"));
    println!("folder of models and Python  {}", home.folder.display());
    println!(
        "experiment folder            {}{}",
        dir.display(),
        if dir.join("tirade.db").is_file() { "" } else { " (not begun)" }
    );
    if args.repair {
        tirade_sandbox::setup::repair_environment(&home.python(), &mut |step| println!("  {step}"))?;
    }
    let well = sandbox(home);
    models(home);
    keys(home);
    anyhow::ensure!(well, "the tools do not work here; the lines above say why");
    Ok(())
}

fn sandbox(home: &Home) -> bool {
    println!("\nTools");
    let mut opened = Opened::new(home);
    let sandbox = match opened.sandbox() {
        Ok(sandbox) => sandbox,
        Err(error) => {
            println!("  ✗ {error:#}");
            return false;
        }
    };
    println!("  ✓ {}", sandbox.versions());
    match tirade_sandbox::probe::report(&sandbox) {
        Ok(findings) => {
            for finding in &findings {
                let sign = if finding.contained { '✓' } else { '✗' };
                println!("  {sign} cannot {}: {}", finding.name, finding.detail);
            }
            println!("\nWhat confines them here");
            for layer in sandbox.layers() {
                println!("  {} {:<18} {}", if layer.enforced { '✓' } else { '·' }, layer.name, layer.detail);
            }
            findings.iter().all(|finding| finding.contained)
        }
        Err(error) => {
            println!("  ✗ {error}");
            false
        }
    }
}

fn models(home: &Home) {
    println!("\nLocal models");
    for model in registry::MODELS {
        let here = registry::locate(model, home.local_models.as_deref(), &home.models());
        match here {
            Some(path) => println!("  ✓ {:<30} {}", model.name, path.display()),
            None => println!(
                "  · {:<30} not downloaded ({} MB): `tirade models pull {}`",
                model.name,
                model.bytes / 1_000_000,
                model.name
            ),
        }
    }
}

fn keys(home: &Home) {
    println!("\nKeys (from the environment or .env; never shown)");
    let variables = PROVIDERS.iter().map(|provider| (provider.title, provider.key_variable));
    for (provider, variable) in variables.chain([("any server", SERVER_KEY_VARIABLE)]) {
        match home.keys.get(variable) {
            Some(_) => println!("  ✓ {provider:<12} {variable}"),
            None => println!("  · {provider:<12} {variable} is not set"),
        }
    }
}
