//! The folder of an experiment: its store, adapters, logs and report.

use std::path::{Path, PathBuf};
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::sync::{Arc, OnceLock};
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use anyhow::Context as _;
use tirade::model::name::without_secrets;
use tirade::model::price::Budget;
use tirade::pipeline::{Context, PipelineError, Progress, Shard};
use tirade::stop::Stop;
use tirade::store::{Stage, Store};

use crate::commands::solve::ShareArgs;
use crate::log::Log;
use crate::otel::Spans;
use crate::progress::Bar;

/// An open experiment.
pub struct Work {
    pub dir: PathBuf,
    pub store: Arc<Store>,
    pub stop: Stop,
    /// What the models of this command may spend together.
    pub budget: Budget,
    pub log: Log,
}

impl Work {
    /// Opens or creates the folder and its store, and makes Ctrl-C a request to stop.
    pub fn open(dir: &Path) -> anyhow::Result<Self> {
        std::fs::create_dir_all(dir).with_context(|| {
            format!("cannot create the folder {}\n  hint: choose another with --dir", dir.display())
        })?;
        let store = Arc::new(Store::open(&dir.join("tirade.db"))?);
        let stop = Stop::default();
        listen_for_interrupt(stop.clone())?;
        Ok(Self { dir: dir.to_owned(), store, stop, budget: Budget::default(), log: Log::open(dir)? })
    }

    /// Opens an experiment that must be there already.
    pub fn existing(dir: &Path) -> anyhow::Result<Self> {
        let store = dir.join("tirade.db");
        anyhow::ensure!(
            store.is_file(),
            "there is no experiment in {}\n  hint: `tirade solve` or `tirade quickstart` begins one; --dir names its folder",
            dir.display()
        );
        Self::open(dir)
    }

    /// The run to read: the one that was named, or the latest of its stage.
    pub fn input(&self, named: Option<&str>, stage: Stage) -> anyhow::Result<String> {
        if let Some(run) = named {
            return Ok(self.store.run(run)?.run);
        }
        let latest = self.store.latest(stage)?;
        let latest = latest.with_context(|| {
            let stage = stage.as_str();
            format!("{} has no {stage} run yet\n  hint: give `tirade {stage}` first", self.dir.display())
        })?;
        Ok(latest.run)
    }

    /// The runs to read: those that were named, each once, or the latest of their stage.
    pub fn inputs(&self, named: &[String], stage: Stage) -> anyhow::Result<Vec<String>> {
        if named.is_empty() {
            return Ok(vec![self.input(None, stage)?]);
        }
        let mut runs = Vec::new();
        for run in named {
            let run = self.input(Some(run), stage)?;
            if !runs.contains(&run) {
                runs.push(run);
            }
        }
        Ok(runs)
    }

    /// The folder of an adapter: a folder, a train run, or the latest one.
    pub fn adapter_folder(&self, name: &str) -> anyhow::Result<PathBuf> {
        if Path::new(name).join("adapter_config.json").is_file() {
            return Ok(PathBuf::from(name));
        }
        let run = self.input((name != "latest").then_some(name), Stage::Train)?;
        let found = self.store.adapter::<serde_json::Value>(&run)?;
        let (path, _) = found.with_context(|| {
            format!("{run} has not made an adapter yet\n  hint: give the train command again")
        })?;
        Ok(PathBuf::from(path))
    }

    /// Does a stage with a progress line and tells how to go on when it was stopped.
    pub async fn stage<T>(
        &self,
        share: &ShareArgs,
        stage: impl AsyncFnOnce(&Context<'_>) -> Result<T, PipelineError>,
    ) -> anyhow::Result<T> {
        let bar = Bar::new(self.log.clone(), self.budget.clone());
        let timer = share.max_time.map(|limit| stop_after(limit.into(), self.stop.clone()));
        let spans = share.otel.as_deref().map(Spans::open).transpose()?;
        let (began, run) = (Instant::now(), OnceLock::new());
        let watch = |progress: &Progress<'_>| {
            if let Progress::Stage { run: id, .. } = progress {
                run.get_or_init(|| (*id).to_owned());
                let words: Vec<String> = std::env::args().collect();
                if !words.iter().any(|word| word == "--dry-run") {
                    // A command that cannot be kept only makes `tirade retry` less convenient.
                    let _ = self.store.set_command(id, &words);
                }
            }
            bar.watch(progress);
            if let Some(spans) = &spans {
                spans.watch(progress, |run| self.model_of(run));
            }
        };
        anyhow::ensure!(
            share.job_id < share.total_jobs,
            "--job-id {} of --total-jobs {}: ids count from 0\n  hint: use 0 to {}",
            share.job_id,
            share.total_jobs,
            share.total_jobs.saturating_sub(1)
        );
        let context = Context {
            store: self.store.clone(),
            stop: self.stop.clone(),
            watch: &watch,
            concurrency: share.at_once(),
            shard: Shard { index: share.job_id, of: share.total_jobs },
            now: now(),
            budget: self.budget.clone(),
        };
        let result = stage(&context).await;
        bar.finish();
        if let Some(run) = run.get() {
            self.store.worked(run, began.elapsed().as_secs_f64())?;
        }
        drop(timer);
        match result {
            Err(PipelineError::Stopped) => Err(Interrupted.into()),
            other => Ok(other?),
        }
    }

    /// The identity of the model that a run asks.
    fn model_of(&self, run: &str) -> String {
        let config = self.store.run(run).map(|run| run.config).unwrap_or_default();
        config["model"].as_str().unwrap_or_default().to_owned()
    }

    pub fn adapter(&self, run: &str) -> PathBuf {
        self.dir.join("adapters").join(run)
    }
}

/// The user pressed Ctrl-C; the message says how to go on.
#[derive(Debug)]
pub struct Interrupted;

impl std::fmt::Display for Interrupted {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let command: Vec<String> = std::env::args().map(|word| quoted(&without_secrets(&word))).collect();
        write!(f, "stopped; everything finished is kept. Continue with:\n  {}", command.join(" "))
    }
}

impl std::error::Error for Interrupted {}

fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=,@#+".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

/// Like Ctrl-C, after so long, unless what is given back is dropped before.
fn stop_after(limit: std::time::Duration, stop: Stop) -> Sender<()> {
    let (ended, end) = channel();
    std::thread::spawn(move || {
        if end.recv_timeout(limit) == Err(RecvTimeoutError::Timeout) {
            eprintln!("\nthe time of --max-time is over: replies under way are finished and kept");
            stop.request();
        }
    });
    ended
}

/// Once: finish what was begun. Twice: leave at once. It has a thread of its own, for a stage may compute for long between two waits.
fn listen_for_interrupt(stop: Stop) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    std::thread::spawn(move || runtime.block_on(leave_when_asked(stop)));
    Ok(())
}

async fn leave_when_asked(stop: Stop) {
    while tokio::signal::ctrl_c().await.is_ok() {
        if stop.requested() {
            std::process::exit(130);
        }
        eprintln!("\nstopping: replies under way are finished and kept; press Ctrl-C again to leave at once");
        stop.request();
    }
}

/// Unix seconds.
pub fn now() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |elapsed| elapsed.as_secs() as i64)
}

/// Writes a file whole or not at all.
pub fn write_whole(path: &Path, bytes: &[u8]) -> anyhow::Result<()> {
    let name = path.file_name().with_context(|| format!("{} is not a file name", path.display()))?;
    let part = path.with_file_name(format!(".{}.part", name.to_string_lossy()));
    let written = std::fs::write(&part, bytes).and_then(|()| std::fs::rename(&part, path));
    if written.is_err() {
        let _ = std::fs::remove_file(&part);
    }
    written.with_context(|| {
        format!(
            "cannot write {}\n  hint: is the folder there, writable, and the disk not full?",
            path.display()
        )
    })
}

/// The date and time in Greenwich, for people.
pub fn today() -> String {
    httpdate::fmt_http_date(SystemTime::now())
}
