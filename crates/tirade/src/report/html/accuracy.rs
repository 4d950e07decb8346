//! The section that says how well the models solve problems.

use super::super::groups::groups;
use super::super::{Evaluation, Report, format};
use super::text::escape;
use super::{plot, row, table};
use crate::eval::score::{Paired, Score};

/// What was evaluated on.
pub(super) fn about(report: &Report) -> &str {
    report.evaluation.as_ref().map_or("", |evaluation| &evaluation.problems)
}

/// The whole section; empty without an evaluation and without attempts.
pub(super) fn render(report: &Report) -> String {
    let mut content = String::new();
    if let Some(evaluation) = &report.evaluation {
        content += &forest(evaluation);
        content += &evaluation
            .paired
            .as_ref()
            .map(|paired| four_fold(paired, &evaluation.scores))
            .unwrap_or_default();
    }
    let teacher = report.solving.iter();
    let scores: Vec<_> =
        teacher.chain(report.evaluation.iter().flat_map(|evaluation| &evaluation.scores)).collect();
    content + &endings(&scores) + &many_attempts(&scores)
}

/// Accuracy with its interval for all problems, each level and each subject, the models below each other.
fn forest(evaluation: &Evaluation) -> String {
    let mut rows = Vec::new();
    for group in groups(&evaluation.scores) {
        for (index, (model, rate)) in group.rates.iter().enumerate() {
            let interval = rate.interval();
            let title = match index {
                0 => format!(
                    "<th scope=\"rowgroup\" rowspan=\"{}\">{}</th>",
                    group.rates.len(),
                    escape(&group.title)
                ),
                _ => String::new(),
            };
            rows.push(format!(
                "<tr{}>{title}<th scope=\"row\" class=\"model\">{}</th><td class=\"plot\">{}</td><td>{}/{}</td><td>{}</td>\
                 <td>{} – {}</td></tr>\n",
                if group.begins && index == 0 { " class=\"apart\"" } else { "" },
                escape(&evaluation.scores[*model].name),
                plot::whiskers(*rate, *model),
                rate.right,
                rate.of,
                format::percent(rate.share()),
                format::percent(interval.low),
                format::percent(interval.high),
            ));
        }
    }
    let legend = "<p class=\"note\">The dot is the share of problems solved at the first attempt, the line its 95 % Wilson interval.</p>\n";
    table("forest", &["", "Model", &plot::axis(), "Solved", "Accuracy", "95 % interval"], &rows) + legend
}

fn four_fold(paired: &Paired, scores: &[Score]) -> String {
    let name = |at: usize| scores.get(at).map(|score| escape(&score.name)).unwrap_or_default();
    let (base, adapter) = (name(0), name(1));
    format!(
        "<h3>Problem by problem</h3>\n<div class=\"scroll\"><table class=\"fourfold\"><thead><tr><td></td>\
         <th scope=\"col\">{adapter} right</th><th scope=\"col\">{adapter} not</th></tr></thead><tbody>\n\
         <tr><th scope=\"row\">{base} right</th><td>{}</td><td class=\"lost\">{}</td></tr>\n\
         <tr><th scope=\"row\">{base} not</th><td class=\"won\">{}</td><td>{}</td></tr>\n</tbody></table></div>\n\
         <p class=\"note\">Of the {} problems that changed, {} won and {} lost. If training had done nothing, a split at least \
         this uneven would have {} (exact McNemar test, two-sided).</p>\n",
        paired.both,
        paired.only_base,
        paired.only_adapter,
        paired.neither,
        paired.only_base + paired.only_adapter,
        paired.only_adapter,
        paired.only_base,
        escape(&format::p_value(paired.p)),
    )
}

fn endings(scores: &[&Score]) -> String {
    let rows: Vec<_> = scores
        .iter()
        .filter(|score| !score.endings.is_empty())
        .map(|score| {
            let words: Vec<_> =
                score.endings.iter().map(|(ending, count)| plot::key(*ending, *count)).collect();
            let each = format!(
                "{}, {:.0} tokens",
                format::duration(score.seconds_per_attempt),
                score.tokens_per_attempt
            );
            let cell =
                format!("{}<span class=\"keys\">{}</span>", plot::stack(&score.endings), words.join(" "));
            row(&score.name, "", &[cell, escape(&each)])
        })
        .collect();
    let rows = table("endings", &["Model", "", "Each attempt"], &rows);
    if rows.is_empty() { rows } else { format!("<h3>How attempts ended</h3>\n{rows}") }
}

fn many_attempts(scores: &[&Score]) -> String {
    let mut rows = Vec::new();
    for score in scores.iter().filter(|score| !score.pass_at.is_empty()) {
        let pass = score
            .pass_at
            .iter()
            .map(|(k, value)| format!("pass@{k}\u{a0}<b>{}</b>", format::percent(*value)));
        let majority = score
            .majority_at
            .iter()
            .map(|(k, value)| format!("maj@{k}\u{a0}<b>{}</b>", format::percent(*value)));
        rows.push(row(&score.name, "", &[pass.chain(majority).collect::<Vec<_>>().join(" &ensp; ")]));
    }
    let rows = table("many", &["Model", "Share of problems"], &rows);
    if rows.is_empty() { rows } else { format!("<h3>Several attempts at each problem</h3>\n{rows}") }
}
