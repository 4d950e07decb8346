//! From the store to a [`Report`]: which runs belong together, and what they found.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;
use tirade_nn::train::Point;

use super::{
    Count, Evaluation, Loss, Mark, Pair, Report, Sentence, Spending, Stage as StageCost, ToolUse, Training,
};
use crate::eval::outcomes;
use crate::eval::score::{Outcome as Scored, Paired, Score};
use crate::pipeline::Trained;
use crate::problem::Problem;
use crate::store::{AttemptRow, Outcome, Run, SolutionRow, Stage, Store, StoreError};
use crate::tool::ToolStatus;
use crate::trace::{Event, Trace};
use crate::translate::spans::sentences;
use crate::translate::{Outcome as Translated, Solution};

/// Traces shown beside their prose.
const PAIRS: usize = 6;

/// The runs of one experiment that belong together: each the input of the next, the latest where there are several. A corpus may be made of
/// several translate runs, and they of several solve runs.
#[derive(Clone, Debug, Default)]
struct Runs {
    solves: Vec<Run>,
    translates: Vec<Run>,
    corpus: Option<Run>,
    train: Option<Run>,
    base: Option<Run>,
    adapted: Option<Run>,
}

/// Everything the latest runs of a store found. `title` and `date` are shown as they are.
pub fn gather(store: &Store, title: &str, date: &str) -> Result<Report, StoreError> {
    let runs = Runs::latest(store)?;
    let mut report = Report { title: title.to_owned(), date: date.to_owned(), ..Report::default() };
    report.configuration = runs.configuration();
    report.versions = runs.versions();
    solving(store, &runs.solves, &mut report)?;
    translating(store, &runs.translates, &mut report)?;
    if let Some(run) = &runs.corpus {
        let count = |split| Ok::<u64, StoreError>(store.examples::<Value>(&run.run, split)?.len() as u64);
        report.funnel.push(Count::new("examples", count("train")? + count("validation")?));
    }
    if let Some(run) = &runs.train {
        report.training = training(store, run)?;
        report.stages.push(StageCost {
            name: "train".to_owned(),
            rows: report.training.as_ref().map_or(0, |training| training.loss.len() as u64),
            seconds: store.seconds(&run.run)?,
            ..StageCost::default()
        });
    }
    report.evaluation = evaluation(store, &runs, &mut report.stages)?;
    report.spending = spending(store, &runs, &report.funnel)?;
    Ok(report)
}

fn spending(store: &Store, runs: &Runs, funnel: &[Count]) -> Result<Option<Spending>, StoreError> {
    let mut spending = Spending::default();
    for run in runs.all() {
        let account = store.account(&run.run)?;
        spending.calls += account.calls - account.unpriced;
        spending.cost += account.cost.dollars();
    }
    if spending.calls == 0 {
        return Ok(None);
    }
    spending.cost_per_call = spending.cost / spending.calls as f64;
    let accepted = funnel.iter().find(|count| count.name == "accepted").map_or(0, |count| count.count);
    spending.cost_per_accepted = (accepted > 0).then(|| spending.cost / accepted as f64);
    Ok(Some(spending))
}

impl Runs {
    fn latest(store: &Store) -> Result<Self, StoreError> {
        let all = store.runs()?;
        let latest = |stage: Stage| all.iter().rfind(|run| run.stage == stage.as_str()).cloned();
        let inputs = |of: &[Run], stage: Stage| -> Vec<Run> {
            let named: Vec<&String> = of.iter().flat_map(|run| &run.inputs).collect();
            let read = all.iter().filter(|run| named.contains(&&run.run)).cloned();
            if named.is_empty() { latest(stage).into_iter().collect() } else { read.collect() }
        };
        let of = |runs: &[Run], stage: Stage| -> Vec<Run> {
            runs.iter().filter(|run| run.stage == stage.as_str()).cloned().collect()
        };
        let train = latest(Stage::Train);
        let corpus = inputs(train.as_slice(), Stage::Corpus).pop();
        let read = inputs(corpus.as_slice(), Stage::Translate);
        let translates = of(&read, Stage::Translate);
        let solves = match (translates.is_empty(), of(&read, Stage::Solve)) {
            (true, solves) if !solves.is_empty() => solves,
            _ => inputs(&translates, Stage::Solve),
        };
        let adapts =
            |run: &&Run| run.config["model"].as_str().is_some_and(|model| model.contains("+adapter:"));
        let evals = || all.iter().filter(|run| run.stage == Stage::Eval.as_str());
        let adapted = evals().rfind(adapts).cloned();
        let same = |run: &&Run| {
            adapted.as_ref().is_none_or(|adapted| adapted.config["problems"] == run.config["problems"])
        };
        let base = evals().filter(|run| !adapts(run)).rfind(same).cloned();
        Ok(Self { solves, translates, corpus, train, base, adapted })
    }

    fn all(&self) -> impl Iterator<Item = &Run> {
        let later = [&self.corpus, &self.train, &self.base, &self.adapted];
        self.solves.iter().chain(&self.translates).chain(later.into_iter().flatten())
    }

    fn configuration(&self) -> Vec<(String, String)> {
        let mut lines = Vec::new();
        let mut add = |name: &str, runs: &[Run], path: &str| {
            let values =
                runs.iter().filter_map(|run| run.config.pointer(path)).filter(|value| !value.is_null());
            let values: BTreeSet<String> =
                values.map(|value| value.as_str().map_or_else(|| value.to_string(), str::to_owned)).collect();
            let text = values.into_iter().collect::<Vec<_>>().join(", ");
            lines.extend((!text.is_empty()).then(|| (name.to_owned(), text)));
        };
        add("solver", &self.solves, "/model");
        add("problems", &self.solves, "/about/problems/dataset");
        add("toolkits", &self.solves, "/about/toolkits");
        add("attempts per problem", &self.solves, "/attempts");
        add("translator", &self.translates, "/translator");
        add("way of translating", &self.translates, "/options/way");
        match &self.train {
            Some(train) => add("student", std::slice::from_ref(train), "/base"),
            None => add("student", self.base.as_slice(), "/model"),
        }
        add("seed", &self.solves, "/solver/seed");
        lines
    }

    fn versions(&self) -> Vec<(String, String)> {
        let programs: BTreeSet<&str> = self.all().map(|run| run.program.as_str()).collect();
        let mut lines: Vec<(String, String)> =
            programs.into_iter().map(|version| ("tirade".to_owned(), version.to_owned())).collect();
        lines.extend(self.all().map(|run| (format!("{} run", run.stage), run.run.clone())));
        let tools: BTreeSet<&str> =
            self.solves.iter().filter_map(|run| run.config["tools"].as_str()).collect();
        lines.extend(tools.into_iter().map(|tools| ("tools".into(), tools.to_owned())));
        lines
    }
}

fn solving(store: &Store, runs: &[Run], report: &mut Report) -> Result<(), StoreError> {
    if runs.is_empty() {
        return Ok(());
    }
    let (mut problems, mut attempts) = (Vec::new(), Vec::new());
    for run in runs {
        problems.extend(store.problems(&run.run)?);
        let of_run = store.attempts(&run.run)?;
        report.stages.push(cost(store, run, "solve", &of_run)?);
        tool_use(store, run, &of_run, &mut report.tools)?;
        attempts.extend(of_run);
    }
    problems.sort_by(|a, b| a.id.cmp(&b.id));
    problems.dedup_by(|a, b| a.id == b.id);
    let count =
        |wanted: &dyn Fn(&AttemptRow) -> bool| attempts.iter().filter(|row| wanted(row)).count() as u64;
    let correct = |row: &AttemptRow| row.outcome == Outcome::Correct;
    report.funnel.push(Count::new("problems", problems.len() as u64));
    report.funnel.push(Count::new("attempts", attempts.len() as u64));
    report.funnel.push(Count::new("verified", count(&correct)).note("the answer equals the gold answer"));
    let used = count(&|row| correct(row) && row.tool_calls > 0);
    report.funnel.push(Count::new("with a tool", used).note("verified, and a tool was called"));
    report.solving = Some(Score::of("solver with tools", &outcomes(&problems, &attempts)));
    for outcome in Outcome::ALL.into_iter().filter(|outcome| *outcome != Outcome::Correct) {
        let missed = count(&|row| row.outcome == outcome);
        if missed > 0 {
            report
                .rejections
                .push(Count::new(format!("solve: {}", outcome.as_str().replace('_', " ")), missed));
        }
    }
    Ok(())
}

fn cost(store: &Store, run: &Run, name: &str, attempts: &[AttemptRow]) -> Result<StageCost, StoreError> {
    let priced: Vec<f64> = attempts.iter().filter_map(|row| row.cost).collect();
    Ok(StageCost {
        name: name.to_owned(),
        rows: attempts.len() as u64,
        seconds: store.seconds(&run.run)?,
        prompt_tokens: attempts.iter().map(|row| row.prompt_tokens).sum(),
        completion_tokens: attempts.iter().map(|row| row.completion_tokens).sum(),
        cost: (!priced.is_empty()).then(|| priced.iter().sum()),
    })
}

/// Adds the calls of a run to `uses`, which are in the order of their names.
fn tool_use(
    store: &Store,
    run: &Run,
    attempts: &[AttemptRow],
    uses: &mut Vec<ToolUse>,
) -> Result<(), StoreError> {
    for row in attempts.iter().filter(|row| row.tool_calls > 0) {
        let trace =
            Trace { problem: Problem::default(), attempt: 0, events: store.events(&run.run, &row.key)? };
        for (call, result) in trace.tool_calls() {
            let index = uses.binary_search_by(|used| used.name.cmp(&call.name)).unwrap_or_else(|index| {
                uses.insert(index, ToolUse { name: call.name.clone(), ..ToolUse::default() });
                index
            });
            let used = &mut uses[index];
            used.calls += 1;
            used.failed += u64::from(result.is_none_or(|result| result.status != ToolStatus::Ok));
            used.seconds += result.map_or(0.0, |result| result.seconds);
        }
    }
    Ok(())
}

fn translating(store: &Store, runs: &[Run], report: &mut Report) -> Result<(), StoreError> {
    if runs.is_empty() {
        return Ok(());
    }
    let mut solutions: Vec<(&Run, SolutionRow<Solution>)> = Vec::new();
    for run in runs {
        let of_run: Vec<SolutionRow<Solution>> = store.solutions(&run.run)?;
        let way = run.config["options"]["way"].as_str().filter(|_| runs.len() > 1);
        report.stages.push(translate_cost(store, run, way, of_run.len())?);
        solutions.extend(of_run.into_iter().map(|solution| (run, solution)));
    }
    // An attempt that several runs translated counts once, by the best that became of it.
    let count = |wanted: &dyn Fn(Translated) -> bool| {
        let good = solutions.iter().filter(|(_, s)| wanted(s.row.outcome));
        good.map(|(run, s)| (&run.inputs, &s.key)).collect::<BTreeSet<_>>().len() as u64
    };
    report.funnel.push(
        Count::new("translated", count(&|outcome| outcome != Translated::Failed))
            .note("every tool call in words"),
    );
    report.funnel.push(
        Count::new("accepted", count(&|outcome| outcome == Translated::Accepted)).note("passed every check"),
    );
    let mut reasons: BTreeMap<&str, u64> = BTreeMap::new();
    for (_, solution) in solutions.iter().filter(|(_, solution)| !solution.reason.is_empty()) {
        *reasons.entry(&solution.reason).or_default() += 1;
    }
    report.rejections.extend(
        reasons
            .into_iter()
            .map(|(reason, n)| Count::new(format!("translate: {}", reason.replace('_', " ")), n)),
    );
    report.rejections.sort_by_key(|rejected| std::cmp::Reverse(rejected.count));
    report.pairs = pairs(store, &solutions)?;
    Ok(())
}

fn translate_cost(store: &Store, run: &Run, way: Option<&str>, rows: usize) -> Result<StageCost, StoreError> {
    let account = store.account(&run.run)?;
    Ok(StageCost {
        name: way.map_or_else(|| "translate".to_owned(), |way| format!("translate ({way})")),
        rows: rows as u64,
        seconds: store.seconds(&run.run)?,
        prompt_tokens: account.usage.prompt,
        completion_tokens: account.usage.completion,
        cost: (account.calls > account.unpriced).then(|| account.cost.dollars()),
    })
}

/// Accepted ones first, then a few that were not.
fn pairs(store: &Store, solutions: &[(&Run, SolutionRow<Solution>)]) -> Result<Vec<Pair>, StoreError> {
    let (accepted, others): (Vec<_>, Vec<_>) =
        solutions.iter().partition(|(_, s)| s.row.outcome == Translated::Accepted);
    let written = others.into_iter().filter(|(_, solution)| !solution.row.text.is_empty());
    let chosen = accepted.into_iter().take(PAIRS - 2).chain(written).take(PAIRS);
    let mut pairs = Vec::new();
    let mut problems: BTreeMap<&str, Vec<Problem>> = BTreeMap::new();
    for (run, solution) in chosen {
        let Some(solved) = run.inputs.first() else { continue };
        if !problems.contains_key(solved.as_str()) {
            problems.insert(solved, store.problems(solved)?);
        }
        let problem = problems[solved.as_str()].iter().find(|problem| problem.id == solution.key.problem);
        let Some(problem) = problem.cloned() else { continue };
        let events = store.events(solved, &solution.key)?;
        let trace = Trace { problem, attempt: solution.key.attempt, events };
        pairs.push(pair(trace, &solution.row));
    }
    Ok(pairs)
}

fn pair(trace: Trace, solution: &Solution) -> Pair {
    let accepted = solution.outcome == Translated::Accepted;
    let reason = match solution.findings.first() {
        Some(finding) => finding.message.clone(),
        None if accepted => "accepted".to_owned(),
        None => solution.reason(),
    };
    let outcome = if accepted { Mark::Good } else { Mark::Bad };
    Pair { prose: prose(&trace, solution), trace, verdict: Mark::Good, outcome, reason }
}

fn prose(trace: &Trace, solution: &Solution) -> Vec<Sentence> {
    let text = &solution.text;
    let mut last_end = 0;
    let sentence = |range: std::ops::Range<usize>| {
        let finding =
            solution.findings.iter().find(|f| f.start < f.end && range.start < f.end && f.start < range.end);
        let span = solution.spans.iter().find(|span| span.start <= range.start && range.start < span.end);
        let event = span.and_then(|span| {
            trace
                .events
                .iter()
                .position(|event| matches!(event, Event::ToolCall { call } if call.id == span.call_id))
        });
        let paragraph = text[last_end..range.start].contains("\n\n");
        last_end = range.end;
        Sentence {
            text: text[range].to_owned(),
            mark: if finding.is_some() { Mark::Bad } else { Mark::Plain },
            finding: finding.map(|finding| finding.message.clone()).unwrap_or_default(),
            event,
            paragraph,
        }
    };
    sentences(text).into_iter().map(sentence).collect()
}

fn training(store: &Store, run: &Run) -> Result<Option<Training>, StoreError> {
    let Some((_, trained)) = store.adapter::<Trained>(&run.run)? else { return Ok(None) };
    let options = &run.config["options"];
    let shown = ["rank", "alpha", "epochs", "learning_rate", "batch_size", "max_length", "dropout"];
    let settings = shown
        .into_iter()
        .filter(|name| !options[name].is_null())
        .map(|name| (name.replace('_', " "), options[name].to_string()))
        .chain([("base model".to_owned(), trained.base.clone())])
        .collect();
    let losses = |of: &dyn Fn(&Point) -> Option<f64>| {
        trained
            .curve
            .iter()
            .filter_map(|point| Some(Loss { step: point.step as u64, loss: of(point)? }))
            .collect()
    };
    Ok(Some(Training {
        settings,
        loss: losses(&|point| point.loss),
        validation: losses(&|point| point.validation),
    }))
}

fn evaluation(
    store: &Store,
    runs: &Runs,
    stages: &mut Vec<StageCost>,
) -> Result<Option<Evaluation>, StoreError> {
    let mut named: Vec<(&str, Vec<Scored>)> = Vec::new();
    let mut about = String::new();
    for (name, run) in [("base model", &runs.base), ("with adapter", &runs.adapted)] {
        let Some(run) = run else { continue };
        let (problems, attempts) = (store.problems(&run.run)?, store.attempts(&run.run)?);
        let described = &run.config["about"]["problems"];
        about = format!(
            "{}, {} part, {} problems, no tools",
            described["dataset"].as_str().unwrap_or("problems"),
            described["mode"].as_str().unwrap_or("test"),
            problems.len()
        );
        stages.push(cost(store, run, &format!("eval {name}"), &attempts)?);
        named.push((name, outcomes(&problems, &attempts)));
    }
    if named.is_empty() {
        return Ok(None);
    }
    let paired = match named.as_slice() {
        [(_, base), (_, adapted)] => Some(Paired::of(base, adapted)),
        _ => None,
    };
    let scores = named.iter().map(|(name, outcomes)| Score::of(*name, outcomes)).collect();
    Ok(Some(Evaluation { problems: about, scores, paired }))
}
