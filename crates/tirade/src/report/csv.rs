//! The report as CSV tables, for spreadsheets and scripts.

use ::csv::Writer;

use super::Report;
use crate::eval::score::{Rate, Score};

/// A table: a file name without folder, and its content.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Table {
    pub file: &'static str,
    pub text: String,
}

/// Every table that has rows, with header lines.
pub fn tables(report: &Report) -> Vec<Table> {
    let counts = |counts: &[super::Count]| {
        counts.iter().map(|c| vec![c.name.clone(), c.count.to_string(), c.note.clone()]).collect()
    };
    [
        table("funnel.csv", &["stage", "rows", "note"], counts(&report.funnel)),
        table("rejections.csv", &["kind", "rows", "note"], counts(&report.rejections)),
        table(
            "accuracy.csv",
            &["model", "group", "value", "right", "of", "accuracy", "low", "high"],
            accuracy(report),
        ),
        table("attempts.csv", &["model", "measure", "value"], attempts(report)),
        table(
            "stages.csv",
            &["stage", "rows", "seconds", "prompt_tokens", "completion_tokens", "cost_usd"],
            stages(report),
        ),
        table("tools.csv", &["tool", "calls", "failed", "seconds"], tools(report)),
        table("loss.csv", &["part", "step", "loss"], loss(report)),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn accuracy(report: &Report) -> Vec<Vec<String>> {
    let row = |model: &str, group: &str, value: &str, rate: Rate| {
        let interval = rate.interval();
        let figures = [rate.share(), interval.low, interval.high].map(|figure| format!("{figure:.4}"));
        let names = [model, group, value].map(str::to_owned);
        names.into_iter().chain([rate.right.to_string(), rate.of.to_string()]).chain(figures).collect()
    };
    let of_score = |score: &Score| {
        let mut rows = vec![row(&score.name, "all", "", score.overall)];
        rows.extend(score.by_level.iter().map(|(level, rate)| row(&score.name, "level", level, *rate)));
        rows.extend(
            score.by_subject.iter().map(|(subject, rate)| row(&score.name, "subject", subject, *rate)),
        );
        rows
    };
    scores(report).flat_map(of_score).collect()
}

fn attempts(report: &Report) -> Vec<Vec<String>> {
    let of_score = |score: &Score| {
        let mut rows: Vec<(String, String)> = Vec::new();
        rows.extend(score.pass_at.iter().map(|(k, value)| (format!("pass@{k}"), format!("{value:.4}"))));
        rows.extend(score.majority_at.iter().map(|(k, value)| (format!("maj@{k}"), format!("{value:.4}"))));
        rows.extend(
            score.endings.iter().map(|(ending, count)| (ending.label().to_owned(), count.to_string())),
        );
        rows.push(("seconds per attempt".into(), format!("{:.3}", score.seconds_per_attempt)));
        rows.push(("tokens per attempt".into(), format!("{:.1}", score.tokens_per_attempt)));
        let name = score.name.clone();
        rows.into_iter().map(move |(measure, value)| vec![name.clone(), measure, value]).collect::<Vec<_>>()
    };
    scores(report).flat_map(of_score).collect()
}

fn scores(report: &Report) -> impl Iterator<Item = &Score> {
    report.solving.iter().chain(report.evaluation.iter().flat_map(|evaluation| &evaluation.scores))
}

fn stages(report: &Report) -> Vec<Vec<String>> {
    let row = |stage: &super::Stage| {
        let cost = stage.cost.map(|cost| cost.to_string()).unwrap_or_default();
        let numbers =
            [stage.rows.to_string(), format!("{:.3}", stage.seconds), stage.prompt_tokens.to_string()];
        std::iter::once(stage.name.clone())
            .chain(numbers)
            .chain([stage.completion_tokens.to_string(), cost])
            .collect()
    };
    report.stages.iter().map(row).collect()
}

fn tools(report: &Report) -> Vec<Vec<String>> {
    let row = |tool: &super::ToolUse| {
        vec![
            tool.name.clone(),
            tool.calls.to_string(),
            tool.failed.to_string(),
            format!("{:.3}", tool.seconds),
        ]
    };
    report.tools.iter().map(row).collect()
}

fn loss(report: &Report) -> Vec<Vec<String>> {
    let Some(training) = &report.training else { return Vec::new() };
    let rows = |part: &'static str, loss: &[super::Loss]| {
        loss.iter()
            .map(move |point| vec![part.to_owned(), point.step.to_string(), point.loss.to_string()])
            .collect::<Vec<_>>()
    };
    [rows("train", &training.loss), rows("validation", &training.validation)].concat()
}

fn table(file: &'static str, header: &[&str], rows: Vec<Vec<String>>) -> Option<Table> {
    if rows.is_empty() {
        return None;
    }
    let mut writer = Writer::from_writer(Vec::new());
    let written = writer.write_record(header).and_then(|()| {
        rows.iter().try_for_each(|row| writer.write_record(row.iter().map(|cell| harmless(cell))))
    });
    // Writing into memory fails only if rows differ in length, which the functions above rule out (and the tests check).
    debug_assert!(written.is_ok());
    let text = String::from_utf8(writer.into_inner().ok()?).ok()?;
    Some(Table { file, text })
}

/// A text that a spreadsheet would run as a formula gets a quote in front, as OWASP advises; numbers stay numbers.
fn harmless(cell: &str) -> String {
    let formula = cell.starts_with(['=', '+', '-', '@', '\t', '\r']) && cell.parse::<f64>().is_err();
    if formula { format!("'{cell}") } else { cell.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::super::{Count, Evaluation};
    use super::*;

    #[test]
    fn empty_parts_have_no_table() {
        assert_eq!(tables(&Report::default()), []);
    }

    #[test]
    fn tables_have_headers_and_escaped_cells() {
        let score = Score { name: "base".into(), overall: Rate { right: 7, of: 25 }, ..Score::default() };
        let report = Report {
            funnel: vec![Count::new("=1+1", 3).note("a, \"b\""), Count::new("-5", 1)],
            evaluation: Some(Evaluation { scores: vec![score], ..Evaluation::default() }),
            ..Report::default()
        };
        let tables = tables(&report);
        assert_eq!(tables[0].text, "stage,rows,note\n'=1+1,3,\"a, \"\"b\"\"\"\n-5,1,\n");
        assert_eq!(
            tables[1].text,
            "model,group,value,right,of,accuracy,low,high\nbase,all,,7,25,0.2800,0.1428,0.4758\n"
        );
        assert_eq!(tables[2].file, "attempts.csv");
    }
}
