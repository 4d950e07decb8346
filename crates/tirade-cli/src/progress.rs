//! The progress line: stage, rows, accuracy, rate, time left. A bar on a terminal, plain lines elsewhere, and every line in the log file.

use std::fs::File;
use std::io::Write as _;
use std::path::Path;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use tirade::pipeline::Progress;
use tirade::store::Outcome;
use tirade::trace::Event;
use tirade_nn::train::TrainEvent;

/// Where the output is no terminal, a line is written this often.
const PLAIN_EVERY: Duration = Duration::from_secs(10);

/// Shows the progress of one stage after another.
pub struct Bar {
    bar: ProgressBar,
    state: Mutex<State>,
}

struct State {
    log: File,
    started: Instant,
    shown: Instant,
    stage: &'static str,
    total: usize,
    /// Rows that were there before this command.
    before: usize,
    done: usize,
    good: usize,
    tokens: u64,
    cost: f64,
    note: String,
}

impl Bar {
    /// The log is `logs/tirade.log` in the experiment's folder; lines are added.
    pub fn new(dir: &Path) -> anyhow::Result<Self> {
        let folder = dir.join("logs");
        std::fs::create_dir_all(&folder).with_context(|| format!("cannot create {}", folder.display()))?;
        let path = folder.join("tirade.log");
        let log = File::options().create(true).append(true).open(&path);
        let log = log.with_context(|| format!("cannot write the log file {}", path.display()))?;
        let bar = ProgressBar::new(0);
        bar.set_style(
            ProgressStyle::with_template("{prefix:>9} {bar:24.cyan/blue} {pos}/{len} {msg}")
                .expect("the template is valid"),
        );
        if bar.is_hidden() {
            bar.set_draw_target(ProgressDrawTarget::hidden());
        }
        let now = Instant::now();
        let state = State {
            log,
            started: now,
            shown: now,
            stage: "",
            total: 0,
            before: 0,
            done: 0,
            good: 0,
            tokens: 0,
            cost: 0.0,
            note: String::new(),
        };
        Ok(Self { bar, state: Mutex::new(state) })
    }

    /// Takes in what happened.
    pub fn watch(&self, progress: &Progress<'_>) {
        let mut state = self.state.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        state.take(progress);
        let line = state.line();
        self.bar.set_prefix(state.stage);
        self.bar.set_length(state.total as u64);
        self.bar.set_position(state.done as u64);
        self.bar.set_message(line.clone());
        let due = state.shown.elapsed() > PLAIN_EVERY || matches!(progress, Progress::Stage { .. });
        if self.bar.is_hidden() && due {
            state.shown = Instant::now();
            eprintln!("{:>9} {}/{} {line}", state.stage, state.done, state.total);
        }
    }

    /// Leaves the last state of the line on the screen.
    pub fn finish(&self) {
        let state = self.state.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        if self.bar.is_hidden() && state.total > 0 {
            eprintln!("{:>9} {}/{} {}", state.stage, state.done, state.total, state.line());
        }
        self.bar.abandon();
    }
}

impl State {
    fn take(&mut self, progress: &Progress<'_>) {
        match progress {
            Progress::Stage { stage, run, done, total } => {
                *self = Self {
                    log: self
                        .log
                        .try_clone()
                        .unwrap_or_else(|_| File::open("/dev/null").expect("/dev/null is there")),
                    started: Instant::now(),
                    shown: Instant::now(),
                    stage: stage.as_str(),
                    total: *total,
                    before: *done,
                    done: *done,
                    good: 0,
                    tokens: 0,
                    cost: 0.0,
                    note: String::new(),
                };
                self.log(&format!("{run}: {done} of {total} rows are there"));
            }
            Progress::Event { problem, attempt, event } => {
                if let Event::Reply { usage, .. } = event {
                    self.tokens += usage.completion;
                }
                self.log(&format!("{problem}#{attempt} {}", one_line(event)));
            }
            Progress::Attempt { row } => {
                self.done += 1;
                self.good += usize::from(row.outcome == Outcome::Correct);
                self.cost += row.cost.unwrap_or(0.0);
                self.log(&format!("{}#{} {}", row.key.problem, row.key.attempt, row.outcome.as_str()));
            }
            Progress::Solution { problem, accepted, reason } => {
                self.done += 1;
                self.good += usize::from(*accepted);
                self.log(&format!("{problem} {}", if *accepted { "accepted" } else { reason }));
            }
            Progress::Train { event } => self.train(event),
        }
    }

    fn train(&mut self, event: &TrainEvent) {
        if let TrainEvent::Step { step, total, loss, tokens_per_second, .. } = event {
            (self.done, self.total) = (*step, *total);
            self.note = format!("loss {loss:.3} · {tokens_per_second:.0} tok/s");
        }
        self.log(&format!("{event:?}"));
    }

    /// Accuracy or loss, rate, cost, time left.
    fn line(&self) -> String {
        let seconds = self.started.elapsed().as_secs_f64();
        let fresh = self.done.saturating_sub(self.before);
        let mut parts = Vec::new();
        if !self.note.is_empty() {
            parts.push(self.note.clone());
        } else if fresh > 0 {
            parts.push(format!("{}/{fresh} good", self.good));
        }
        if self.tokens > 0 && seconds > 0.5 {
            parts.push(format!("{:.0} tok/s", self.tokens as f64 / seconds));
        }
        if self.cost > 0.0 {
            parts.push(format!("${:.4}", self.cost));
        }
        parts.push(clock(seconds));
        if fresh > 0 && self.done < self.total {
            parts.push(format!(
                "about {} left",
                clock(seconds / fresh as f64 * (self.total - self.done) as f64)
            ));
        }
        parts.join(" · ")
    }

    /// A log that cannot be written costs no row.
    fn log(&mut self, line: &str) {
        let _ = writeln!(self.log, "{:9.2} {:>9} {line}", self.started.elapsed().as_secs_f64(), self.stage);
    }
}

/// `1:05`, `2:00:00`.
fn clock(seconds: f64) -> String {
    let seconds = seconds.max(0.0) as u64;
    let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    if hours > 0 { format!("{hours}:{minutes:02}:{seconds:02}") } else { format!("{minutes}:{seconds:02}") }
}

/// What happened, short enough for a log.
fn one_line(event: &Event) -> String {
    let text = match event {
        Event::Prompt { phase, messages } => format!("prompt {phase:?} ({} messages)", messages.len()),
        Event::Reply { text, finish, usage, seconds, .. } => {
            format!("reply {finish:?} {} tokens {seconds:.1} s: {text}", usage.completion)
        }
        Event::ToolCall { call } => format!("call {} {}", call.name, call.arguments),
        Event::ToolResult { result, .. } => format!("result {:?} {}", result.status, result.content),
        Event::Answer { answer } => format!("answer {answer}"),
        Event::Limit { limit, message } => format!("limit {limit:?}: {message}"),
        Event::Error { message, .. } => format!("error {message}"),
    };
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(300).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clocks() {
        assert_eq!([clock(5.2), clock(65.0), clock(7200.0)], ["0:05", "1:05", "2:00:00"]);
    }
}
