//! The log files of an experiment: one a run, with every step and every failed exchange with a server.
//!
//! Lines are added. A log that cannot be written costs no row.

use std::fs::File;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use anyhow::Context as _;
use tirade::model::remote::Exchange;

/// The longest text of a server that is kept of one failure.
const MOST_BODY: usize = 16 << 10;

/// Where lines go; clones are the same log.
#[derive(Clone)]
pub struct Log(Arc<Mutex<State>>);

struct State {
    folder: PathBuf,
    file: File,
    stage: &'static str,
    started: Instant,
}

impl Log {
    /// Begins with `logs/tirade.log` in the experiment's folder: what comes before a run is known.
    pub fn open(dir: &Path) -> anyhow::Result<Self> {
        let folder = dir.join("logs");
        std::fs::create_dir_all(&folder).with_context(|| format!("cannot create {}", folder.display()))?;
        let path = folder.join("tirade.log");
        let file = append(&path).with_context(|| format!("cannot write the log file {}", path.display()))?;
        let state = State { folder, file, stage: "", started: Instant::now() };
        Ok(Self(Arc::new(Mutex::new(state))))
    }

    /// What follows belongs to `run`.
    pub fn run(&self, stage: &'static str, run: &str) {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Ok(file) = append(&state.folder.join(format!("{run}.log"))) {
            state.file = file;
        }
        (state.stage, state.started) = (stage, Instant::now());
    }

    /// Adds a line; what would break it is made visible.
    pub fn line(&self, line: &str) {
        let line: String = line.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let text = format!("{:9.2} {:>9} {line}\n", state.started.elapsed().as_secs_f64(), state.stage);
        let _ = state.file.write_all(text.as_bytes());
    }

    /// Adds what a server said where it did not reply. The client took the key out of it.
    pub fn exchange(&self, exchange: &Exchange<'_>) {
        let Some(failure) = &exchange.failure else { return };
        let status = exchange.status.map_or_else(|| "no status".to_owned(), |status| status.to_string());
        let body = &exchange.body[..exchange.body.floor_char_boundary(MOST_BODY)];
        self.line(&format!(
            "failed {} try {} {status} {:.2} s {}: {failure} | {body}",
            exchange.model, exchange.tries, exchange.seconds, exchange.url
        ));
    }
}

fn append(path: &Path) -> std::io::Result<File> {
    File::options().create(true).append(true).open(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_run_has_its_file_and_each_line_is_one() {
        let folder = tempfile::tempdir().unwrap();
        let log = Log::open(folder.path()).unwrap();
        log.line("before");
        log.run("solve", "solve-1");
        let exchange = Exchange {
            model: "m",
            url: "http://h/v1",
            tries: 2,
            status: Some(500),
            seconds: 1.0,
            body: "one\ntwo",
            failure: Some("HTTP 500".into()),
        };
        log.exchange(&exchange);
        log.exchange(&Exchange { failure: None, ..exchange });
        let read = |name: &str| std::fs::read_to_string(folder.path().join("logs").join(name)).unwrap();
        assert!(read("tirade.log").ends_with("before\n"));
        let run = read("solve-1.log");
        assert!(
            run.lines().count() == 1
                && run.contains("failed m try 2 500 1.00 s http://h/v1: HTTP 500 | one two"),
            "{run}"
        );
    }
}
