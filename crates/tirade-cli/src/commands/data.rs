//! `tirade data`: what problems there are, bringing in others, looking at them.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::Result;
use clap::{Args, Subcommand};
use tirade::dataset::{self, Import, Listing, Manifest, Selected, Split};

use crate::problems::{FieldArgs, FilterArgs, Mode};

/// As many problems are shown where it is not said.
const SHOWN: usize = 10;

/// Problem sets: list, import, show
#[derive(Args, Debug)]
pub struct DataArgs {
    #[command(subcommand)]
    command: DataCommand,
    #[command(flatten)]
    folder: DataDir,
}

/// Where known data sets are looked for and imported ones are kept.
#[derive(Args, Clone, Debug)]
pub struct DataDir {
    /// The folder of data sets; else the one that `solve` and `eval` look into too
    #[arg(long, global = true, value_name = "DIR")]
    pub data_dir: Option<PathBuf>,
}

#[derive(Subcommand, Debug)]
enum DataCommand {
    /// Show every known data set, whether it is here and where it comes from, and every other file of the data folder.
    List,
    /// Read a file or folder into the data folder as <NAME>.jsonl, with a manifest of counts, malformed rows and checksum.
    ///
    /// Read are JSONL, JSON, CSV, TSV and Parquet files and folders of them, such as the tree of MATH (train/algebra/1.json).
    /// Malformed rows are listed and left out. Importing again under the same name replaces what was there.
    Import(ImportArgs),
    /// Print the problems that a selection gives, as a run would see them; 10 where --num does not say how many.
    Show(ShowArgs),
}

#[derive(Args, Debug)]
struct ImportArgs {
    /// A file or folder.
    source: PathBuf,
    /// The name by which the set is used afterwards. `math`, `gsm8k`, … are found as the known sets; `gsm8k_test` as its test half.
    #[arg(long)]
    name: String,
    #[command(flatten)]
    fields: FieldArgs,
    /// The half all rows belong to, where neither rows nor file names say it.
    #[arg(long)]
    split: Option<Mode>,
}

#[derive(Args, Debug)]
struct ShowArgs {
    /// A known set (gsm8k), a set and a subject (starter/algebra), a MATH subject (algebra), or a path.
    dataset: String,
    #[command(flatten)]
    filter: FilterArgs,
    /// Print JSON lines with all fields instead of text.
    #[arg(long)]
    json: bool,
}

/// Does it; `usual` is the folder of data sets where no other is named.
pub fn run(args: DataArgs, usual: PathBuf, out: &mut dyn Write) -> Result<()> {
    let data_dir = &args.folder.data_dir.unwrap_or(usual);
    match args.command {
        DataCommand::List => list(&dataset::list(data_dir), data_dir, out),
        DataCommand::Import(args) => {
            let (fields, split) = (args.fields.parsed()?, args.split.map(Split::from));
            let request = Import { source: args.source, name: args.name, fields, split };
            imported(&dataset::import(&request, data_dir)?, data_dir, out)
        }
        DataCommand::Show(args) => {
            let mut selection = args.filter.selection(&args.dataset)?;
            selection.num = selection.num.or(Some(SHOWN));
            let selected = dataset::select(&selection, data_dir)?;
            if args.json { show_json(&selected, out) } else { show(&selected, out) }
        }
    }
}

fn list(listings: &[Listing], data_dir: &Path, out: &mut dyn Write) -> Result<()> {
    let width = listings.iter().map(|listing| listing.name.len()).max().unwrap_or(4);
    writeln!(out, "{:<width$} {:<6} {:>7}  WHERE", "NAME", "HALF", "ROWS")?;
    for listing in listings {
        let half = listing.split.map_or("", Split::as_str);
        let place = match (&listing.path, listing.here) {
            (Some(path), _) => path.display().to_string(),
            (None, true) => "in this program".to_owned(),
            (None, false) => format!("not here; from {}", listing.origin),
        };
        writeln!(out, "{:<width$} {half:<6} {:>7}  {place}", listing.name, rows(listing))?;
    }
    writeln!(
        out,
        "\nThe data folder is {}. `tirade data import PATH --name NAME` adds to it.",
        data_dir.display()
    )?;
    Ok(())
}

/// How many rows an imported set has in the listed half; nothing is read for this.
fn rows(listing: &Listing) -> String {
    let Some(manifest) = &listing.manifest else { return String::new() };
    let half = listing.split.and_then(|split| manifest.by_split.get(split.as_str()));
    half.unwrap_or(&manifest.rows).to_string()
}

fn imported(manifest: &Manifest, data_dir: &Path, out: &mut dyn Write) -> Result<()> {
    let target = data_dir.join(format!("{}.jsonl", manifest.name));
    writeln!(out, "{} problems from {} are now in {}", manifest.rows, manifest.source, target.display())?;
    for (what, counts) in
        [("half", &manifest.by_split), ("level", &manifest.by_level), ("subject", &manifest.by_subject)]
    {
        writeln!(out, "  by {what}: {}", joined(counts))?;
    }
    writeln!(out, "  sha256: {}", manifest.sha256)?;
    if manifest.bad > 0 {
        writeln!(out, "{} malformed rows were left out:", manifest.bad)?;
        manifest.bad_rows.iter().try_for_each(|bad| writeln!(out, "  {bad}"))?;
        let unlisted = manifest.bad - manifest.bad_rows.len() as u64;
        if unlisted > 0 {
            writeln!(out, "  … and {unlisted} more")?;
        }
    }
    Ok(())
}

fn joined(counts: &BTreeMap<String, u64>) -> String {
    counts.iter().map(|(name, count)| format!("{name} {count}")).collect::<Vec<_>>().join(", ")
}

fn show_json(selected: &Selected, out: &mut dyn Write) -> Result<()> {
    for problem in &selected.problems {
        writeln!(out, "{}", serde_json::to_string(problem)?)?;
    }
    Ok(())
}

fn show(selected: &Selected, out: &mut dyn Write) -> Result<()> {
    for problem in &selected.problems {
        let level = problem.level.map(|level| format!(", level {level}")).unwrap_or_default();
        let subject = problem.subject.as_deref().unwrap_or("no subject");
        writeln!(out, "── {} ({}, {subject}{level})", problem.id, problem.source)?;
        writeln!(out, "{}\n→ {}\n", problem.problem, problem.answer)?;
    }
    let dropped = selected.skipped;
    writeln!(out, "{} problems, sha256 {}", selected.problems.len(), selected.sha256)?;
    if dropped.bad > 0 {
        writeln!(out, "{} malformed rows on the way:", dropped.bad)?;
        selected.bad_rows.iter().try_for_each(|bad| writeln!(out, "  {bad}"))?;
    }
    if dropped.blacklisted > 0 {
        writeln!(out, "{} blacklisted", dropped.blacklisted)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Cli {
        #[command(flatten)]
        args: DataArgs,
    }

    fn tirade(folder: &Path, line: &str) -> Result<String> {
        let folder = folder.to_str().expect("a temporary folder has a plain name");
        let words = ["data"].into_iter().chain(line.split(' ')).chain(["--data-dir", folder]);
        let mut out = Vec::new();
        run(Cli::try_parse_from(words)?.args, "unused".into(), &mut out)?;
        Ok(String::from_utf8(out)?.replace(folder, "DATA"))
    }

    #[test]
    fn the_starter_set_is_shown_without_any_file() {
        let folder = tempfile::tempdir().unwrap();
        let shown = tirade(folder.path(), "show starter/algebra --level 1 --num 1").unwrap();
        assert!(
            shown.starts_with("── starter/algebra/1 (tirade starter, algebra, level 1)\nSolve $7x"),
            "{shown}"
        );
        assert!(shown.contains("→ 7\n\n1 problems, sha256 "), "{shown}");
    }

    #[test]
    fn an_import_is_reported_and_listed() {
        let folder = tempfile::tempdir().unwrap();
        let source = folder.path().join("raw.txt.csv");
        std::fs::write(&source, "q,a\nOne?,1\nTwo?,\n").unwrap();
        let line = format!("import {} --name mine --field problem=q,answer=a", source.display());
        let said = tirade(folder.path(), &line).unwrap();
        assert!(said.starts_with("1 problems from DATA/raw.txt.csv are now in DATA/mine.jsonl"), "{said}");
        assert!(
            said.contains("1 malformed rows were left out:\n  DATA/raw.txt.csv:3: field `answer`"),
            "{said}"
        );
        let listed = tirade(folder.path(), "list").unwrap();
        assert!(listed.contains("mine                       1  DATA/mine.jsonl"), "{listed}");
        assert!(
            listed.contains("gsm8k         train           not here; from github.com/openai"),
            "{listed}"
        );
    }
}
