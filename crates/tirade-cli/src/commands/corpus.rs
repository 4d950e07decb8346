//! `tirade corpus`: solutions in, training examples out.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use clap::{Args, ValueEnum};
use serde::{Deserialize, Serialize};
use tirade::corpus::card::{Dropped, Evidence};
use tirade::corpus::formats::Format;
use tirade::corpus::heldout::Kind;
use tirade::corpus::presets::Preset;
use tirade::corpus::{Corpus, CorpusOptions, Example, OnUnsuited, Split};
use tirade::pipeline::{self, CorpusJob};
use tirade::problem::Problem;
use tirade::prompts::Prompts;
use tirade::store::Stage;

use super::solve::ShareArgs;
use crate::home::Home;
use crate::open::Opened;
use crate::problems::{Mode, ProblemArgs};
use crate::work::{Work, write_whole};

/// Build a training corpus from accepted solutions
///
/// Left out are traces that prose cannot carry, problems that agree with a held-out one (the same, reworded, or with other numbers), copies, and
/// what is more than asked for; the rest is split by problem. The folder gets the examples, a card with the yield of every filter, and the
/// evidence: `dropped.jsonl` and `contamination.jsonl`.
#[derive(Args, Clone, Debug, Serialize, Deserialize)]
#[serde(default)]
pub struct CorpusArgs {
    /// Translate runs, whose solutions of one problem compete; the latest where none is said. For --preset gold and own also solve or eval runs
    #[arg(long, value_delimiter = ',', value_name = "RUN")]
    pub from: Vec<String>,
    /// What the text of the examples is. All but gold and own take the attempts whose translation was accepted, so that presets differ in text only
    #[arg(long, value_enum, default_value_t = PresetArg::Prose)]
    pub preset: PresetArg,
    /// Problem sets whose problems must not be learnt from (their test part)
    #[arg(long, value_delimiter = ',', default_value = "starter")]
    pub held_out: Vec<String>,
    /// Which agreements with a held-out problem count
    #[arg(long, value_enum, value_delimiter = ',', default_value = "exact,numbers-changed,ngram,rephrased")]
    pub contamination: Vec<KindArg>,
    /// Folder with problem sets; else the imported ones
    #[arg(long)]
    pub data_dir: Option<PathBuf>,
    /// Solutions kept per problem: those that passed the checks soonest, neither terse nor rambling beside the others, likeliest for the student
    #[arg(long, default_value_t = 1)]
    pub per_problem: usize,
    /// A model in this process (local:NAME, file:PATH) whose log-probability chooses between solutions of a problem
    #[arg(long)]
    pub student: Option<String>,
    /// Share of the problems set apart for validation
    #[arg(long, default_value_t = 0.1)]
    pub validation: f64,
    /// Share of runs of three words that two solutions of a problem must have in common to be copies, 0 to 1
    #[arg(long, default_value_t = 0.8)]
    pub near_duplicate: f64,
    /// Traces that search through more cases, or have longer results, than prose can carry
    #[arg(long, value_enum, default_value_t = UnsuitedArg::LeaveOut)]
    pub unsuited: UnsuitedArg,
    #[arg(long, default_value_t = 0)]
    pub seed: u64,
    /// How the examples are written; several with commas
    #[arg(long, value_enum, value_delimiter = ',', default_value = "messages")]
    pub format: Vec<FormatArg>,
    /// Where to write; else `corpus/RUN` in the experiment's folder
    #[arg(long)]
    pub output: Option<PathBuf>,
}

crate::defaults_from_clap!(CorpusArgs);

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PresetArg {
    /// The accepted prose: translated and rephrased
    #[default]
    Prose,
    /// The same, of a run that translated by rules
    Rules,
    /// The solver's words with derivations in place of calls, not rephrased
    TranslateOnly,
    /// The trace with tools and all, as tagged text
    Raw,
    /// The data set's worked solutions
    Gold,
    /// The model's own correct answers without a tool, as far as the checks find nothing
    Own,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum KindArg {
    Exact,
    NumbersChanged,
    Ngram,
    Rephrased,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum UnsuitedArg {
    #[default]
    LeaveOut,
    /// Kept, with the reason in the example
    Mark,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FormatArg {
    Messages,
    Sharegpt,
    Alpaca,
    Parquet,
}

impl From<PresetArg> for Preset {
    fn from(preset: PresetArg) -> Self {
        match preset {
            PresetArg::Prose => Self::Prose,
            PresetArg::Rules => Self::Rules,
            PresetArg::TranslateOnly => Self::TranslateOnly,
            PresetArg::Raw => Self::Raw,
            PresetArg::Gold => Self::Gold,
            PresetArg::Own => Self::Own,
        }
    }
}

impl From<KindArg> for Kind {
    fn from(kind: KindArg) -> Self {
        match kind {
            KindArg::Exact => Self::Exact,
            KindArg::NumbersChanged => Self::NumbersChanged,
            KindArg::Ngram => Self::Ngram,
            KindArg::Rephrased => Self::Rephrased,
        }
    }
}

impl From<FormatArg> for Format {
    fn from(format: FormatArg) -> Self {
        match format {
            FormatArg::Messages => Self::Messages,
            FormatArg::Sharegpt => Self::Sharegpt,
            FormatArg::Alpaca => Self::Alpaca,
            FormatArg::Parquet => Self::Parquet,
        }
    }
}

impl CorpusArgs {
    fn options(&self) -> CorpusOptions {
        CorpusOptions {
            system: Prompts::default().render("solve_plain", &[]),
            per_problem: self.per_problem,
            validation: self.validation,
            seed: self.seed,
            contamination: self.contamination.iter().copied().map(Kind::from).collect(),
            near_duplicate: self.near_duplicate,
            on_unsuited: match self.unsuited {
                UnsuitedArg::LeaveOut => OnUnsuited::LeaveOut,
                UnsuitedArg::Mark => OnUnsuited::Mark,
            },
            ..CorpusOptions::default()
        }
    }

    fn evaluation(&self, home: &Home) -> anyhow::Result<Vec<(String, Vec<Problem>)>> {
        let named = self.held_out.iter().filter(|name| !name.is_empty());
        named
            .map(|dataset| {
                let selection = ProblemArgs {
                    dataset: dataset.clone(),
                    data_dir: self.data_dir.clone(),
                    ..ProblemArgs::default()
                };
                Ok((dataset.clone(), selection.usually(Mode::Test).load(home)?))
            })
            .collect()
    }

    fn refuse_nonsense(&self) -> anyhow::Result<()> {
        let share = |name: &str, value: f64, above_zero: bool| {
            let fits = (0.0..=1.0).contains(&value) && (value > 0.0 || !above_zero);
            anyhow::ensure!(fits, "--{name} {value}: expected a share between 0 and 1");
            Ok(())
        };
        share("validation", self.validation, false)?;
        share("near-duplicate", self.near_duplicate, true)?;
        anyhow::ensure!(self.per_problem > 0, "--per-problem 0: expected at least 1");
        Ok(())
    }
}

pub async fn run(args: CorpusArgs, dir: &Path, home: &Home) -> anyhow::Result<()> {
    let work = Work::open(dir)?;
    let run = corpus(&args, &work, home, &mut Opened::new(home)).await?;
    println!("corpus {run}");
    Ok(())
}

/// The stage itself, as recipes call it. Gives the run's id.
pub async fn corpus(
    args: &CorpusArgs,
    work: &Work,
    home: &Home,
    opened: &mut Opened<'_>,
) -> anyhow::Result<String> {
    args.refuse_nonsense()?;
    let student = match &args.student {
        Some(name) => Some(opened.model(name, None, &ShareArgs::default()).await?.model),
        None => None,
    };
    let stage = if args.preset == PresetArg::Own { Stage::Solve } else { Stage::Translate };
    let job = CorpusJob {
        from: work.inputs(&args.from, stage)?,
        preset: args.preset.into(),
        evaluation: args.evaluation(home)?,
        options: args.options(),
        student,
    };
    let (run, corpus) =
        work.stage(&ShareArgs::default(), async |context| pipeline::corpus(context, &job).await).await?;
    let folder = args.output.clone().unwrap_or_else(|| work.dir.join("corpus").join(&run));
    let formats: Vec<Format> = args.format.iter().copied().map(Format::from).collect();
    write(&folder, &run, &corpus, &formats)
        .with_context(|| format!("cannot write the corpus to {}", folder.display()))?;
    println!("{}", crate::summary::card(&corpus.card));
    println!("written to {}", folder.display());
    Ok(run)
}

fn write(folder: &Path, run: &str, corpus: &Corpus, formats: &[Format]) -> anyhow::Result<()> {
    std::fs::create_dir_all(folder)?;
    let mut files = Vec::new();
    for split in Split::ALL {
        let of = corpus.examples.iter().filter(|(of, _)| *of == split);
        let examples: Vec<&Example> = of.map(|(_, example)| example).collect();
        for format in formats {
            let name = format.file_name(split.as_str());
            write_whole(&folder.join(&name), &format.write(&examples)?)?;
            files.push((split, name));
        }
    }
    let card = &corpus.card;
    write_whole(&folder.join("card.json"), (serde_json::to_string_pretty(card)? + "\n").as_bytes())?;
    // The card's front matter names one file a split.
    files.dedup_by_key(|(split, _)| *split);
    write_whole(&folder.join("README.md"), card.markdown(run, &files).as_bytes())?;
    write_whole(&folder.join("dropped.jsonl"), &lines::<Dropped>(&corpus.dropped)?)?;
    write_whole(&folder.join("contamination.jsonl"), &lines::<Evidence>(&corpus.evidence)?)
}

fn lines<T: Serialize>(rows: &[T]) -> anyhow::Result<Vec<u8>> {
    let mut text = String::new();
    for row in rows {
        text.push_str(&serde_json::to_string(row)?);
        text.push('\n');
    }
    Ok(text.into_bytes())
}
