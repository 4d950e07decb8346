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

/// The runs of one experiment that belong together: each the input of the next, the latest where there are several.
#[derive(Clone, Debug, Default)]
struct Runs {
    solve: Option<Run>,
    translate: Option<Run>,
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
    if let Some(run) = &runs.solve {
        solving(store, run, &mut report)?;
    }
    if let Some(run) = &runs.translate {
        translating(store, run, runs.solve.as_ref(), &mut report)?;
    }
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
        let input = |run: &Option<Run>, stage: Stage| {
            let named = run.as_ref().and_then(|run| run.inputs.first());
            named
                .and_then(|named| all.iter().find(|run| run.run == *named).cloned())
                .or_else(|| latest(stage))
        };
        let train = latest(Stage::Train);
        let corpus = input(&train, Stage::Corpus);
        let translate = input(&corpus, Stage::Translate);
        let solve = input(&translate, Stage::Solve);
        let adapts =
            |run: &&Run| run.config["model"].as_str().is_some_and(|model| model.contains("+adapter:"));
        let evals = || all.iter().filter(|run| run.stage == Stage::Eval.as_str());
        let adapted = evals().rfind(adapts).cloned();
        let same = |run: &&Run| {
            adapted.as_ref().is_none_or(|adapted| adapted.config["problems"] == run.config["problems"])
        };
        let base = evals().filter(|run| !adapts(run)).rfind(same).cloned();
        Ok(Self { solve, translate, corpus, train, base, adapted })
    }

    fn all(&self) -> impl Iterator<Item = &Run> {
        [&self.solve, &self.translate, &self.corpus, &self.train, &self.base, &self.adapted]
            .into_iter()
            .flatten()
    }

    fn configuration(&self) -> Vec<(String, String)> {
        let mut lines = Vec::new();
        let mut add = |name: &str, value: Option<&Value>| {
            let text = value.map(|value| value.as_str().map_or_else(|| value.to_string(), str::to_owned));
            lines.extend(text.filter(|text| text != "null").map(|text| (name.to_owned(), text)));
        };
        let of = |run: &Option<Run>| run.as_ref().map(|run| run.config.clone()).unwrap_or_default();
        let (solve, translate, train, base) =
            (of(&self.solve), of(&self.translate), of(&self.train), of(&self.base));
        add("solver", solve.get("model"));
        add("problems", solve["about"]["problems"].get("dataset"));
        add("toolkits", solve["about"].get("toolkits"));
        add("attempts per problem", solve.get("attempts"));
        add("translator", translate.get("translator"));
        add("way of translating", translate["options"].get("way"));
        add("student", train.get("base").or(base.get("model")));
        add("seed", solve["solver"].get("seed"));
        lines
    }

    fn versions(&self) -> Vec<(String, String)> {
        let programs: BTreeSet<&str> = self.all().map(|run| run.program.as_str()).collect();
        let mut lines: Vec<(String, String)> =
            programs.into_iter().map(|version| ("tirade".to_owned(), version.to_owned())).collect();
        lines.extend(self.all().map(|run| (format!("{} run", run.stage), run.run.clone())));
        if let Some(tools) = self.solve.as_ref().and_then(|run| run.config["tools"].as_str()) {
            lines.push(("tools".into(), tools.to_owned()));
        }
        lines
    }
}

fn solving(store: &Store, run: &Run, report: &mut Report) -> Result<(), StoreError> {
    let (problems, attempts) = (store.problems(&run.run)?, store.attempts(&run.run)?);
    let count =
        |wanted: &dyn Fn(&AttemptRow) -> bool| attempts.iter().filter(|row| wanted(row)).count() as u64;
    let correct = |row: &AttemptRow| row.outcome == Outcome::Correct;
    report.funnel.push(Count::new("problems", problems.len() as u64));
    report.funnel.push(Count::new("attempts", attempts.len() as u64));
    report.funnel.push(Count::new("verified", count(&correct)).note("the answer equals the gold answer"));
    let used = count(&|row| correct(row) && row.tool_calls > 0);
    report.funnel.push(Count::new("with a tool", used).note("verified, and a tool was called"));
    report.solving = Some(Score::of("solver with tools", &outcomes(&problems, &attempts)));
    report.stages.push(cost(store, run, "solve", &attempts)?);
    report.tools = tool_use(store, run, &attempts)?;
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

fn tool_use(store: &Store, run: &Run, attempts: &[AttemptRow]) -> Result<Vec<ToolUse>, StoreError> {
    let mut uses: BTreeMap<String, ToolUse> = BTreeMap::new();
    for row in attempts.iter().filter(|row| row.tool_calls > 0) {
        let trace =
            Trace { problem: Problem::default(), attempt: 0, events: store.events(&run.run, &row.key)? };
        for (call, result) in trace.tool_calls() {
            let used = uses
                .entry(call.name.clone())
                .or_insert_with(|| ToolUse { name: call.name.clone(), ..ToolUse::default() });
            used.calls += 1;
            used.failed += u64::from(result.is_none_or(|result| result.status != ToolStatus::Ok));
            used.seconds += result.map_or(0.0, |result| result.seconds);
        }
    }
    Ok(uses.into_values().collect())
}

fn translating(
    store: &Store,
    run: &Run,
    solved: Option<&Run>,
    report: &mut Report,
) -> Result<(), StoreError> {
    let solutions: Vec<SolutionRow<Solution>> = store.solutions(&run.run)?;
    let account = store.account(&run.run)?;
    report.stages.push(StageCost {
        name: "translate".to_owned(),
        rows: solutions.len() as u64,
        seconds: store.seconds(&run.run)?,
        prompt_tokens: account.usage.prompt,
        completion_tokens: account.usage.completion,
        cost: (account.calls > account.unpriced).then(|| account.cost.dollars()),
    });
    let count = |wanted: &dyn Fn(Translated) -> bool| {
        solutions.iter().filter(|s| wanted(s.row.outcome)).count() as u64
    };
    report.funnel.push(
        Count::new("translated", count(&|outcome| outcome != Translated::Failed))
            .note("every tool call in words"),
    );
    report.funnel.push(
        Count::new("accepted", count(&|outcome| outcome == Translated::Accepted)).note("passed every check"),
    );
    let mut reasons: BTreeMap<&str, u64> = BTreeMap::new();
    for solution in solutions.iter().filter(|solution| !solution.reason.is_empty()) {
        *reasons.entry(&solution.reason).or_default() += 1;
    }
    report.rejections.extend(
        reasons
            .into_iter()
            .map(|(reason, n)| Count::new(format!("translate: {}", reason.replace('_', " ")), n)),
    );
    report.rejections.sort_by_key(|rejected| std::cmp::Reverse(rejected.count));
    if let Some(solved) = solved {
        report.pairs = pairs(store, solved, &solutions)?;
    }
    Ok(())
}

/// Accepted ones first, then a few that were not.
fn pairs(store: &Store, solved: &Run, solutions: &[SolutionRow<Solution>]) -> Result<Vec<Pair>, StoreError> {
    let problems: BTreeMap<String, Problem> =
        store.problems(&solved.run)?.into_iter().map(|problem| (problem.id.clone(), problem)).collect();
    let (accepted, others): (Vec<_>, Vec<_>) =
        solutions.iter().partition(|s| s.row.outcome == Translated::Accepted);
    let written = others.into_iter().filter(|solution| !solution.row.text.is_empty());
    let chosen = accepted.into_iter().take(PAIRS - 2).chain(written).take(PAIRS);
    let mut pairs = Vec::new();
    for solution in chosen {
        let Some(problem) = problems.get(&solution.key.problem) else { continue };
        let events = store.events(&solved.run, &solution.key)?;
        let trace = Trace { problem: problem.clone(), attempt: solution.key.attempt, events };
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
