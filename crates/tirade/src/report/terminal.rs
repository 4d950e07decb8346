//! The report as plain text, no wider than asked: what a run prints at its end.

use super::groups::groups;
use super::{Count, Evaluation, Report, Training, format};
use crate::eval::score::Rate;

/// Narrower than this no table is legible.
const NARROWEST: usize = 40;

/// Renders the report in at most `width` columns (at least 40), without colour and without control characters.
pub fn render(report: &Report, width: usize) -> String {
    let mut page = Page { text: String::new(), width: width.max(NARROWEST) };
    page.line(&format!("{}  {}", report.title, report.date));
    page.line(&"─".repeat(page.width));
    report.summary().iter().for_each(|sentence| page.wrapped(sentence));
    page.counts("Yield", &report.funnel, true);
    page.counts("Rejected", &report.rejections, false);
    report.evaluation.iter().for_each(|evaluation| page.evaluation(evaluation));
    page.attempts(report);
    report.training.iter().for_each(|training| page.training(training));
    page.stages(report);
    page.tools(report);
    page.text
}

struct Page {
    text: String,
    width: usize,
}

impl Page {
    /// One line, cut to the width.
    fn line(&mut self, text: &str) {
        let clean: String = text.trim_end().chars().map(|c| if c.is_control() { '·' } else { c }).collect();
        if clean.chars().count() > self.width {
            self.text.extend(clean.chars().take(self.width - 1));
            self.text.push('…');
        } else {
            self.text.push_str(&clean);
        }
        self.text.push('\n');
    }

    fn heading(&mut self, text: &str) {
        self.text.push('\n');
        self.line(text);
    }

    /// Lines broken at spaces, those after the first indented two columns more than the first.
    fn wrapped(&mut self, text: &str) {
        let body = text.trim_start();
        let first = text.len() - body.len();
        let mut line = " ".repeat(first);
        let rest = if first > 0 { " ".repeat(first + 2) } else { String::new() };
        for word in body.split(' ') {
            if !line.trim().is_empty() && line.chars().count() + 1 + word.chars().count() > self.width {
                self.line(&std::mem::replace(&mut line, rest.clone()));
            }
            if !line.trim().is_empty() {
                line.push(' ');
            }
            line.push_str(word);
        }
        self.line(&line);
    }

    /// Bars as wide as there is room, relative to the largest count; `kept` adds each count's share of the one before.
    fn counts(&mut self, heading: &str, counts: &[Count], kept: bool) {
        let Some(most) = counts.iter().map(|count| count.count).max() else { return };
        self.heading(heading);
        let name_width = counts.iter().map(|count| count.name.chars().count()).max().unwrap_or(0).min(28);
        let room = self.width.saturating_sub(2 + name_width + 1 + 8 + 2 + 9).min(40);
        let mut before = 0;
        for Count { name, count, .. } in counts {
            let bar = bar(*count as f64 / most.max(1) as f64, room);
            let share = if kept && *count <= before && before > 0 {
                format::percent(*count as f64 / before as f64)
            } else {
                String::new()
            };
            let name = cut(name, name_width);
            self.line(&format!(
                "  {name:<name_width$} {:>8}  {bar:<room$} {share:>8}",
                format::integer(*count)
            ));
            before = *count;
        }
    }

    /// One line a model: name of the group on the first, then figure, interval and a picture of both.
    fn evaluation(&mut self, evaluation: &Evaluation) {
        self.heading(&format!("Accuracy without tools: {}", evaluation.problems));
        let longest = evaluation.scores.iter().map(|score| score.name.chars().count()).max().unwrap_or(0);
        let (group_width, name_width) = (24.min(self.width / 4), longest.clamp(10, 16));
        let room = self.width.saturating_sub(2 + group_width + 1 + name_width + 1 + 9 + 8 + 2).min(41);
        for group in groups(&evaluation.scores) {
            let mut shown = group.title.as_str();
            for (model, rate) in group.rates {
                let (title, name) =
                    (cut(shown, group_width), cut(&evaluation.scores[model].name, name_width));
                let figures = format!("{:>4}/{:<4}{:>8}", rate.right, rate.of, format::percent(rate.share()));
                let picture = if room >= 11 { whiskers(rate, room) } else { String::new() };
                self.line(&format!("  {title:<group_width$} {name:<name_width$} {figures}  {picture}"));
                shown = "";
            }
        }
    }

    fn attempts(&mut self, report: &Report) {
        let of_evaluation = report.evaluation.iter().flat_map(|evaluation| &evaluation.scores);
        let scores: Vec<_> = report.solving.iter().chain(of_evaluation).collect();
        if !scores.is_empty() {
            self.heading("How attempts ended");
        }
        for score in scores {
            let mut figures: Vec<_> =
                score.endings.iter().map(|(ending, count)| format!("{} {count}", ending.label())).collect();
            figures.extend(
                score.pass_at.iter().map(|(k, value)| format!("pass@{k} {}", format::percent(*value))),
            );
            figures.extend(
                score.majority_at.iter().map(|(k, value)| format!("maj@{k} {}", format::percent(*value))),
            );
            let (time, tokens) = (format::duration(score.seconds_per_attempt), score.tokens_per_attempt);
            figures.push(format!("{time} and {tokens:.0}\u{a0}tokens each"));
            self.wrapped(&format!("  {}: {}", score.name, figures.join(", ")));
        }
    }

    fn training(&mut self, training: &Training) {
        let (Some(first), Some(last)) = (training.loss.first(), training.loss.last()) else { return };
        self.heading("Training");
        let mut text = format!(
            "  loss {:.3} at step {} to {:.3} at step {}",
            first.loss, first.step, last.loss, last.step
        );
        if let (Some(first), Some(last)) = (training.validation.first(), training.validation.last()) {
            text += &format!("; validation {:.3} to {:.3}", first.loss, last.loss);
        }
        self.wrapped(&text);
    }

    fn stages(&mut self, report: &Report) {
        if report.stages.is_empty() {
            return;
        }
        self.heading("Stages");
        self.line(&format!(
            "  {:<14}{:>7} {:>14} {:>11} {:>11} {:>9}",
            "", "rows", "time", "prompt tok", "reply tok", "cost"
        ));
        for stage in &report.stages {
            let [rows, prompt, reply] =
                [stage.rows, stage.prompt_tokens, stage.completion_tokens].map(format::integer);
            let (time, cost) = (format::duration(stage.seconds), format::dollars(stage.cost));
            let name = cut(&stage.name, 14);
            self.line(&format!("  {name:<14}{rows:>7} {time:>14} {prompt:>11} {reply:>11} {cost:>9}"));
        }
        if let Some(spending) = &report.spending {
            self.line(&format!("  {}", spending.told()));
        }
    }

    fn tools(&mut self, report: &Report) {
        if report.tools.is_empty() {
            return;
        }
        self.heading("Tools");
        for tool in &report.tools {
            let [calls, failed] = [tool.calls, tool.failed].map(format::integer);
            let (name, time) = (cut(&tool.name, 24), format::duration(tool.seconds));
            self.line(&format!("  {name:<24} {calls:>6} calls {failed:>5} failed {time:>14}"));
        }
    }
}

fn cut(text: &str, width: usize) -> String {
    if text.chars().count() <= width {
        text.to_owned()
    } else {
        text.chars().take(width - 1).chain(['…']).collect()
    }
}

/// A bar of eighth blocks.
fn bar(share: f64, width: usize) -> String {
    let eighths = (share.clamp(0.0, 1.0) * width as f64 * 8.0).round() as usize;
    let part = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"][eighths % 8];
    "█".repeat(eighths / 8) + part
}

/// `├───●─────┤` on a scale from 0 to 1.
fn whiskers(rate: Rate, width: usize) -> String {
    let column = |share: f64| (share * (width - 1) as f64).round() as usize;
    let (interval, point) = (rate.interval(), column(rate.share()));
    let (low, high) = (column(interval.low), column(interval.high));
    let cell = |at: usize| match at {
        _ if at == point => '●',
        _ if at == low => '├',
        _ if at == high => '┤',
        _ if at > low && at < high => '─',
        _ => ' ',
    };
    (0..width).map(cell).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whiskers_show_figure_and_interval() {
        assert_eq!(whiskers(Rate { right: 7, of: 25 }, 41), "      ├────●───────┤                     ");
        assert_eq!(whiskers(Rate { right: 0, of: 0 }, 11), "●─────────┤");
    }

    #[test]
    fn bars_have_eighths() {
        assert_eq!([0.0, 0.5, 0.55, 1.0].map(|share| bar(share, 4)), ["", "██", "██▎", "████"]);
    }

    #[test]
    fn hostile_text_cannot_move_the_cursor() {
        let report = Report { title: "\u{1b}[2Jgone".into(), ..Report::default() };
        assert!(render(&report, 80).starts_with("·[2Jgone"));
    }
}
