//! One thread that writes what many conversations want kept, and commits whatever has come together.
//!
//! A transaction for each reply costs more than everything else about a reply. While one group is being committed the next gathers, and a
//! group waits a moment for others to join it: nothing to whoever has waited for a model, and fewer commits.

use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::JoinHandle;
use std::time::Duration;

use rusqlite::{Connection, params};
use tokio::sync::oneshot;

use super::StoreError;
use super::rows::Finished;
use crate::model::Usage;

/// Something to be kept before anybody uses it.
pub(super) enum Write {
    Reply { key: String, reply: String, call: Option<Call> },
    ToolResult { key: String, result: String },
    Attempt(Box<Finished>),
}

/// A line of a run's account.
pub(super) struct Call {
    pub run: String,
    pub model: String,
    pub usage: Usage,
    pub seconds: f64,
    pub cost: Option<u64>,
}

/// The most that is committed together.
const GROUP: usize = 512;
/// How long a group gathers.
const GATHERING: Duration = Duration::from_millis(2);

struct Job {
    write: Write,
    done: oneshot::Sender<Result<(), String>>,
}

/// The way to the writing thread; dropping it ends the thread when everything is written.
pub(super) struct Writer {
    path: PathBuf,
    jobs: Option<Sender<Job>>,
    thread: Option<JoinHandle<()>>,
}

impl Writer {
    pub fn start(path: &Path, connection: Connection) -> Result<Self, StoreError> {
        let (jobs, queue) = channel();
        let thread =
            std::thread::Builder::new().name("store".into()).spawn(move || serve(connection, &queue));
        let thread = thread.map_err(|error| StoreError::Writer {
            path: path.to_owned(),
            message: format!("no thread to write with: {error}"),
        })?;
        Ok(Self { path: path.to_owned(), jobs: Some(jobs), thread: Some(thread) })
    }

    /// Returns when it is committed.
    pub async fn keep(&self, write: Write) -> Result<(), StoreError> {
        let answer = self.begin(write).await;
        self.told(answer)
    }

    fn begin(&self, write: Write) -> oneshot::Receiver<Result<(), String>> {
        let (done, answer) = oneshot::channel();
        // A thread that ended drops the job, which the receiver notices.
        if let Some(jobs) = &self.jobs {
            let _ = jobs.send(Job { write, done });
        }
        answer
    }

    fn told(&self, answer: Result<Result<(), String>, oneshot::error::RecvError>) -> Result<(), StoreError> {
        let result = answer.unwrap_or_else(|_| Err("the writing thread ended".into()));
        result.map_err(|message| StoreError::Writer { path: self.path.clone(), message })
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.jobs = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn serve(mut connection: Connection, queue: &Receiver<Job>) {
    while let Ok(first) = queue.recv() {
        let mut group = vec![first];
        std::thread::sleep(GATHERING);
        group.extend(queue.try_iter().take(GROUP - 1));
        match together(&mut connection, &group) {
            Ok(()) => group.into_iter().for_each(|job| answer(job, Ok(()))),
            // One bad row must not take the others with it.
            Err(_) => group.into_iter().for_each(|job| {
                let result = together(&mut connection, std::slice::from_ref(&job));
                answer(job, result.map_err(|error| error.to_string()));
            }),
        }
    }
}

/// Who asked may be gone; what was answered is kept all the same.
fn answer(job: Job, result: Result<(), String>) {
    let _ = job.done.send(result);
}

fn together(connection: &mut Connection, group: &[Job]) -> rusqlite::Result<()> {
    let transaction = connection.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
    group.iter().try_for_each(|job| apply(&transaction, &job.write))?;
    transaction.commit()
}

fn apply(connection: &Connection, write: &Write) -> rusqlite::Result<()> {
    match write {
        Write::Reply { key, reply, call } => {
            let mut insert = connection
                .prepare_cached("INSERT INTO replies (key, reply) VALUES (?1, ?2) ON CONFLICT DO NOTHING")?;
            insert.execute([key, reply])?;
            call.as_ref().map_or(Ok(()), |call| add_call(connection, key, call))
        }
        Write::ToolResult { key, result } => {
            let mut insert = connection.prepare_cached(
                "INSERT INTO tool_results (key, result) VALUES (?1, ?2) ON CONFLICT DO NOTHING",
            )?;
            insert.execute([key, result]).map(drop)
        }
        Write::Attempt(finished) => finished.insert(connection),
    }
}

fn add_call(connection: &Connection, key: &str, call: &Call) -> rusqlite::Result<()> {
    let mut insert = connection.prepare_cached(
        "INSERT INTO calls (run, model, reply, prompt_tokens, cached_tokens, completion_tokens, reasoning_tokens, seconds, cost) \
         VALUES (?1,?2,?3,?4,?5,?6,?7,?8,?9)",
    )?;
    let Usage { prompt, cached, completion, reasoning } = call.usage;
    let [prompt, cached, completion, reasoning] = [prompt, cached, completion, reasoning].map(as_integer);
    let cost = call.cost.map(as_integer);
    insert
        .execute(params![
            call.run,
            call.model,
            key,
            prompt,
            cached,
            completion,
            reasoning,
            call.seconds,
            cost
        ])
        .map(drop)
}

/// Servers may say any number; SQLite's are signed.
fn as_integer(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::super::Store;
    use super::*;

    #[tokio::test]
    async fn what_was_kept_is_there_when_the_call_returns_and_after_everybody_left() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("t.db");
        let store = Store::open(&path).unwrap();
        let count = |store: &Store| -> i64 {
            store.run_sql(|c| c.query_row("SELECT COUNT(*) FROM tool_results", [], |row| row.get(0))).unwrap()
        };
        let one = |i: usize| Write::ToolResult { key: i.to_string(), result: "{}".into() };
        futures::future::join_all((0..1500).map(|i| store.writer.keep(one(i))))
            .await
            .into_iter()
            .for_each(|kept| kept.unwrap());
        assert_eq!(count(&store), 1500);
        let _ = (1500..1600).map(|i| store.writer.begin(one(i))).collect::<Vec<_>>();
        drop(store);
        assert_eq!(count(&Store::open(&path).unwrap()), 1600);
    }

    #[tokio::test]
    async fn a_row_that_cannot_be_kept_does_not_take_others_with_it() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&folder.path().join("t.db")).unwrap();
        store.run_sql(|c| c.execute_batch("CREATE TRIGGER no BEFORE INSERT ON tool_results WHEN NEW.key = 'bad' BEGIN SELECT RAISE(ABORT, 'never'); END")).unwrap();
        let write = |key: &str| store.writer.keep(Write::ToolResult { key: key.into(), result: "{}".into() });
        let (good, bad, other) = tokio::join!(write("good"), write("bad"), write("other"));
        assert!(good.is_ok() && other.is_ok());
        assert!(bad.unwrap_err().to_string().contains("never"));
    }
}
