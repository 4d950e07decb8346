//! `tirade doctor`: what is here, what is missing, what to do about it.

use std::path::Path;

use clap::Args;
use tirade::model::registry;
use tirade::model::remote::{PROVIDERS, SERVER_KEY_VARIABLE};
use tirade_nn::engine::{Isa, available_memory};

use crate::home::Home;
use crate::open::Opened;

/// What is installed, what the sandbox can enforce here, what is missing and what to do about it
///
/// Looks at everything tirade needs: the tools' Python, the sandbox and what it can enforce on this machine, models, keys, the processor. Each
/// line that is not well says what to do.
#[derive(Args, Clone, Debug)]
pub struct DoctorArgs {
    /// Remake the tools' Python environment (with --backend wasm: the component)
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
        tirade_sandbox::setup::repair_environment(home.backend, &home.python(), &mut |step| {
            println!("  {step}")
        })?;
    }
    machine();
    let well = sandbox(home);
    models(home);
    keys(home);
    anyhow::ensure!(well, "the tools do not work here; the lines above say why");
    Ok(())
}

fn machine() {
    println!("\nMachine");
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    println!("  ✓ {threads} processors, local models use {:?}", Isa::best());
    match available_memory() {
        Some(bytes) => println!("  ✓ {:.1} GB of memory are free", bytes as f64 / 1e9),
        None => println!("  · how much memory is free is not known here: models are loaded without asking"),
    }
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
            let (contained, escaped): (Vec<_>, Vec<_>) = findings.iter().partition(|found| found.contained);
            println!("  ✓ the tools' Python was tried and cannot:");
            for names in contained.chunks(3) {
                let names: Vec<String> = names.iter().map(|found| format!("{:<34}", found.name)).collect();
                println!("      {}", names.concat().trim_end());
            }
            for finding in &escaped {
                println!("  ✗ it can {}: {}", finding.name, finding.detail);
            }
            println!("\nWhat confines them here");
            for layer in sandbox.layers() {
                println!("  {} {:<18} {}", if layer.enforced { '✓' } else { '·' }, layer.name, layer.detail);
            }
            escaped.is_empty()
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
