//! Bringing in traces that others made, as the attempts of a solve run.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use serde_json::json;
use tirade_math::Policy;

use super::{Context, PipelineError, Progress};
use crate::dataset::BadRow;
use crate::hash::{digest, file_digest};
use crate::import::{self, Format, PaperProblems, RawTrace};
use crate::store::{AttemptKey, Imported, Outcome, RunSpec, Stage};
use crate::verdict::attempt_row;

/// Rows kept at once: a kill loses at most the work of so many.
const BATCH: usize = 200;
/// Disagreements with the source's own labels that are listed; the others are counted.
const LISTED: usize = 20;

/// What to import.
pub struct ImportJob {
    pub files: Vec<PathBuf>,
    /// None: each row is looked at.
    pub format: Option<Format>,
    /// Begins the ids of the problems.
    pub name: String,
    /// The paper's problem file, for its reasoning paths.
    pub problems: Option<PathBuf>,
}

/// What an import gave.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImportSummary {
    pub run: String,
    pub problems: usize,
    pub attempts: usize,
    /// Attempts with at least one call.
    pub with_calls: usize,
    pub by_format: BTreeMap<String, usize>,
    /// What this program says of the answers.
    pub by_outcome: BTreeMap<String, usize>,
    /// Rows that could not become an attempt; `Store::bad_rows` has them.
    pub bad: usize,
    /// Attempts that the source has a label for, and how many of these this program judges otherwise.
    pub labelled: usize,
    pub disagreements: usize,
    /// The first of them: problem, attempt, and who says what.
    pub examples: Vec<String>,
    /// Attempts without a gold answer of the source: their own answer is taken for it.
    pub own_gold: usize,
}

/// Imports what is missing. Memory holds a batch of rows, and a hash for every problem.
///
/// # Errors
/// When a file cannot be read, or the store not written. A row that is wrong is kept as an error row.
pub fn import(context: &Context<'_>, job: &ImportJob) -> Result<ImportSummary, PipelineError> {
    let store = &context.store;
    let run = store.begin(&spec(job)?, context.now)?;
    let fact = format!("import:{run}");
    (context.watch)(&Progress::Stage { stage: Stage::Solve, run: &run, done: 0, total: 0 });
    if let Some(summary) = store.fact(&fact)? {
        return Ok(summary);
    }
    let problems = match &job.problems {
        Some(path) => PaperProblems::read(path).map_err(|error| PipelineError::Input(error.to_string()))?,
        None => PaperProblems::default(),
    };
    let mut importer = Importer {
        context,
        job,
        run: &run,
        done: store.attempts(&run)?.into_iter().map(|row| row.key).collect(),
        ids: Ids::new(&job.name),
        batch: Vec::new(),
        bad: Vec::new(),
        summary: ImportSummary::default(),
    };
    for path in &job.files {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let rows = import::open(path, &name, job.format, &problems);
        for row in rows.map_err(|error| PipelineError::Input(error.to_string()))? {
            importer.row(row)?;
        }
    }
    importer.flush()?;
    let summary = ImportSummary { run: run.clone(), problems: importer.ids.problems(), ..importer.summary };
    store.add_fact(&fact, &summary)?;
    store.finish(&run, context.now)?;
    Ok(summary)
}

/// The files are named by their content, so that a run is found again wherever they lie.
fn spec(job: &ImportJob) -> Result<RunSpec, PipelineError> {
    let of = |path: &PathBuf| {
        let digest = file_digest(path)
            .map_err(|error| PipelineError::Input(format!("cannot read {}: {error}", path.display())))?;
        Ok(json!({"file": path.file_name().unwrap_or_default().to_string_lossy(), "sha256": digest}))
    };
    let files = job.files.iter().map(of).collect::<Result<Vec<_>, PipelineError>>()?;
    let problems = job.problems.as_ref().map(of).transpose()?;
    let import = json!({"files": files, "problems": problems, "format": job.format, "name": job.name});
    Ok(RunSpec {
        stage: Stage::Solve,
        inputs: Vec::new(),
        config: json!({"model": format!("imported:{}", job.name), "about": {"dataset": job.name}, "import": import}),
    })
}

struct Importer<'a> {
    context: &'a Context<'a>,
    job: &'a ImportJob,
    run: &'a str,
    /// Attempts that an earlier call has kept.
    done: HashSet<AttemptKey>,
    ids: Ids,
    batch: Vec<Imported>,
    bad: Vec<BadRow>,
    summary: ImportSummary,
}

impl Importer<'_> {
    fn row(&mut self, row: import::Row) -> Result<(), PipelineError> {
        match row {
            Ok((line, format, traces)) => {
                *self.summary.by_format.entry(format.as_str().to_owned()).or_default() += traces.len();
                traces.into_iter().for_each(|raw| self.trace(line, raw));
            }
            Err(bad) => {
                self.summary.bad += 1;
                self.bad.push(bad);
            }
        }
        if self.batch.len() + self.bad.len() >= BATCH { self.flush() } else { Ok(()) }
    }

    fn trace(&mut self, line: u64, raw: RawTrace) {
        let (position, key) = self.ids.of(&raw, line);
        let (label, own_gold) = (raw.label, raw.own_gold);
        let trace = raw.into_trace(key.problem, key.attempt, &self.job.name);
        let row = attempt_row(&trace, &Policy::default());
        self.summary.attempts += 1;
        self.summary.own_gold += usize::from(own_gold);
        self.summary.with_calls += usize::from(row.tool_calls > 0);
        *self.summary.by_outcome.entry(row.outcome.as_str().to_owned()).or_default() += 1;
        if let Some(label) = label {
            self.compare(label, &row, &trace.problem.answer);
        }
        if !self.done.contains(&row.key) {
            (self.context.watch)(&Progress::Attempt { row: &row });
            self.batch.push(Imported { position, row, trace });
        }
    }

    /// The source's label beside this program's verdict. The verdict counts; the difference is told.
    fn compare(&mut self, label: bool, row: &crate::store::AttemptRow, gold: &str) {
        self.summary.labelled += 1;
        if label == (row.outcome == Outcome::Correct) {
            return;
        }
        self.summary.disagreements += 1;
        if self.summary.examples.len() < LISTED {
            let says = if label { "right" } else { "wrong" };
            let answer = row.answer.as_deref().unwrap_or("nothing");
            let (key, outcome) = (&row.key, row.outcome.as_str());
            self.summary.examples.push(format!(
                "{}#{}: answer {answer}, gold {gold}: the source says {says}, verified as {outcome}",
                key.problem, key.attempt
            ));
        }
    }

    fn flush(&mut self) -> Result<(), PipelineError> {
        self.context.store.add_imported(self.run, &self.batch, &self.bad)?;
        self.batch.clear();
        self.bad.clear();
        if self.context.stop.requested() { Err(PipelineError::Stopped) } else { Ok(()) }
    }
}

/// Ids of problems: rows with the same statement and gold answer are attempts at one problem.
struct Ids {
    name: String,
    /// Hash of statement and gold → position, id, attempts so far.
    known: HashMap<String, (u64, String, u32)>,
    taken: HashSet<String>,
}

impl Ids {
    fn new(name: &str) -> Self {
        Self { name: name.to_owned(), known: HashMap::new(), taken: HashSet::new() }
    }

    fn problems(&self) -> usize {
        self.known.len()
    }

    /// The row's own id where no other problem has it, else the line.
    fn of(&mut self, raw: &RawTrace, line: u64) -> (u64, AttemptKey) {
        let hash = digest(&[&raw.problem, &raw.gold]);
        if let Some((position, id, attempts)) = self.known.get_mut(&hash) {
            *attempts += 1;
            return (*position, AttemptKey { problem: id.clone(), attempt: *attempts - 1 });
        }
        let own =
            raw.id.as_ref().map(|id| format!("{}/{id}", self.name)).filter(|id| !self.taken.contains(id));
        let mut id = own.unwrap_or_else(|| format!("{}/line-{line}", self.name));
        if self.taken.contains(&id) {
            id = format!("{}/{}", self.name, &hash[..12]);
        }
        let position = self.known.len() as u64;
        self.taken.insert(id.clone());
        self.known.insert(hash, (position, id.clone(), 1));
        (position, AttemptKey { problem: id, attempt: 0 })
    }
}
