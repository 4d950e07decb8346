//! The progress line: rows, accuracy, tokens, cost, rate, time left. A bar on a terminal, plain lines elsewhere, and every step in the log.

use std::sync::Mutex;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use tirade::model::price::{Budget, Usd};
use tirade::pipeline::Progress;
use tirade::store::Outcome;
use tirade::trace::Event;
use tirade_nn::train::TrainEvent;

use crate::log::Log;

/// Where the output is no terminal, a line is written this often.
const PLAIN_EVERY: Duration = Duration::from_secs(10);
/// On a terminal the line changes this often at most.
const DRAW_EVERY: Duration = Duration::from_millis(100);

/// Shows the progress of one stage after another.
pub struct Bar {
    bar: ProgressBar,
    log: Log,
    budget: Budget,
    state: Mutex<State>,
}

struct State {
    started: Instant,
    shown: Instant,
    stage: &'static str,
    total: usize,
    /// Rows that were there before this command.
    before: usize,
    done: usize,
    good: usize,
    /// Prompt and completion tokens of the replies so far.
    tokens: (u64, u64),
    note: String,
}

impl Bar {
    pub fn new(log: Log, budget: Budget) -> Self {
        let bar = ProgressBar::new(0);
        bar.set_style(
            ProgressStyle::with_template("{prefix:>9} {bar:24.cyan/blue} {pos}/{len} {msg}")
                .expect("the template is valid"),
        );
        if bar.is_hidden() {
            bar.set_draw_target(ProgressDrawTarget::hidden());
        }
        Self { bar, log, budget, state: Mutex::new(State::new("", 0, 0)) }
    }

    /// Takes in what happened.
    pub fn watch(&self, progress: &Progress<'_>) {
        let mut state = self.state.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        if let Progress::Stage { stage, run, .. } = progress {
            self.log.run(stage.as_str(), run);
        }
        state.take(progress);
        if let Some(line) = logged(progress) {
            self.log.line(&line);
        }
        let begins = matches!(progress, Progress::Stage { .. });
        let every = if self.bar.is_hidden() { PLAIN_EVERY } else { DRAW_EVERY };
        if begins || state.shown.elapsed() > every {
            state.shown = Instant::now();
            self.show(&state);
        }
    }

    /// Leaves the last state of the line on the screen.
    pub fn finish(&self) {
        let state = self.state.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        if state.total > 0 {
            self.show(&state);
        }
        self.bar.abandon();
    }

    fn show(&self, state: &State) {
        let line = state.line(self.budget.spent(), self.budget.limit());
        if self.bar.is_hidden() {
            eprintln!("{:>9} {}/{} {line}", state.stage, state.done, state.total);
        } else {
            self.bar.set_prefix(state.stage);
            self.bar.set_length(state.total as u64);
            self.bar.set_position(state.done as u64);
            self.bar.set_message(line);
        }
    }
}

impl State {
    fn new(stage: &'static str, done: usize, total: usize) -> Self {
        let now = Instant::now();
        Self {
            started: now,
            shown: now,
            stage,
            total,
            before: done,
            done,
            good: 0,
            tokens: (0, 0),
            note: String::new(),
        }
    }

    fn take(&mut self, progress: &Progress<'_>) {
        match progress {
            Progress::Stage { stage, done, total, .. } => *self = Self::new(stage.as_str(), *done, *total),
            Progress::Event { event: Event::Reply { usage, .. }, .. } => {
                self.tokens.0 += usage.prompt;
                self.tokens.1 += usage.completion;
            }
            Progress::Event { .. } => {}
            Progress::Attempt { row } => {
                self.done += 1;
                self.good += usize::from(row.outcome == Outcome::Correct);
            }
            Progress::Solution { accepted, .. } => {
                self.done += 1;
                self.good += usize::from(*accepted);
            }
            Progress::Train { event } => {
                if let TrainEvent::Step { step, total, loss, tokens_per_second, .. } = event {
                    (self.done, self.total) = (*step, *total);
                    self.note = format!("loss {loss:.3} · {tokens_per_second:.0} tok/s");
                }
            }
        }
    }

    /// Accuracy or loss, tokens, cost, rate, time left.
    fn line(&self, spent: Usd, limit: Option<Usd>) -> String {
        let seconds = self.started.elapsed().as_secs_f64();
        let fresh = self.done.saturating_sub(self.before);
        let mut parts = Vec::new();
        if !self.note.is_empty() {
            parts.push(self.note.clone());
        } else if fresh > 0 {
            let share = 100.0 * self.good as f64 / fresh as f64;
            parts.push(format!("{}/{fresh} good ({share:.1} %)", self.good));
        }
        let (read, written) = self.tokens;
        if read + written > 0 && seconds > 0.5 {
            let rate = written as f64 / seconds;
            parts.push(format!("{} in, {} out, {rate:.0} tok/s", short(read), short(written)));
        }
        match limit {
            Some(limit) => parts.push(format!("{spent} of {limit}")),
            None if spent > Usd::default() => parts.push(spent.to_string()),
            None => {}
        }
        parts.push(clock(seconds));
        if fresh > 0 && self.done < self.total {
            let each = seconds / fresh as f64;
            parts.push(format!("{:.1} rows/min", 60.0 / each));
            parts.push(format!("about {} left", clock(each * (self.total - self.done) as f64)));
        }
        parts.join(" · ")
    }
}

/// `950`, `12.3k`, `4.56M` tokens.
fn short(count: u64) -> String {
    match count {
        0..10_000 => count.to_string(),
        10_000..1_000_000 => format!("{:.1}k", count as f64 / 1e3),
        _ => format!("{:.2}M", count as f64 / 1e6),
    }
}

/// `1:05`, `2:00:00`.
fn clock(seconds: f64) -> String {
    let seconds = seconds.max(0.0) as u64;
    let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    if hours > 0 { format!("{hours}:{minutes:02}:{seconds:02}") } else { format!("{minutes}:{seconds:02}") }
}

/// What the log says about it.
fn logged(progress: &Progress<'_>) -> Option<String> {
    Some(match progress {
        Progress::Stage { run, done, total, .. } => format!("{run}: {done} of {total} rows are there"),
        Progress::Event { problem, attempt, event } => format!("{problem}#{attempt} {}", one_line(event)),
        Progress::Attempt { row } => {
            let why = row.message.as_deref().unwrap_or_default();
            format!("{}#{} {}: {why}", row.key.problem, row.key.attempt, row.outcome.as_str())
        }
        Progress::Solution { problem, accepted, reason } => {
            format!("{problem} {}", if *accepted { "accepted" } else { reason })
        }
        Progress::Train { event } => format!("{event:?}"),
    })
}

/// An event, short enough for a log.
fn one_line(event: &Event) -> String {
    let start = |text: &str| text[..text.floor_char_boundary(300)].to_owned();
    match event {
        Event::Prompt { phase, messages } => format!("prompt {phase:?} ({} messages)", messages.len()),
        Event::Reply { text, finish, usage, seconds, .. } => {
            format!("reply {finish:?} {} tokens {seconds:.1} s: {}", usage.completion, start(text))
        }
        Event::ToolCall { call } => format!("call {} {}", call.name, start(&call.arguments)),
        Event::ToolResult { result, .. } => format!("result {:?} {}", result.status, start(&result.content)),
        Event::Answer { answer } => format!("answer {answer}"),
        Event::Limit { limit, message } => format!("limit {limit:?}: {message}"),
        Event::Error { message, .. } => format!("error {message}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clocks() {
        assert_eq!([clock(5.2), clock(65.0), clock(7200.0)], ["0:05", "1:05", "2:00:00"]);
    }

    #[test]
    fn the_line_says_accuracy_tokens_cost_and_time() {
        let mut state = State::new("solve", 2, 10);
        (state.done, state.good, state.tokens) = (6, 3, (12_345, 900));
        state.started = Instant::now() - Duration::from_secs(60);
        let line = state.line(Usd::from_dollars(0.25), Some(Usd::from_dollars(5.0)));
        assert_eq!(
            line,
            "3/4 good (75.0 %) · 12.3k in, 900 out, 15 tok/s · $0.25 of $5.00 · 1:00 · 4.0 rows/min · about 1:00 left"
        );
        assert_eq!(State::new("solve", 0, 1).line(Usd::default(), None), "0:00");
    }
}
