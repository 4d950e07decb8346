//! Requests that wait for each other and go to a provider together, as a job that takes up to a day and costs half.
//!
//! [`BatchModel`] is a [`Model`] like any other: who asks waits for the reply. Requests are gathered until none has come for a moment.
//! The store knows every job before the provider does, so that a job outlives the process: after a kill the same requests find the job
//! they are in, and are not sent a second time. Replies are in the store before anybody hears of them; what a job leaves unanswered
//! (it expired, the provider failed) goes into another.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use rusqlite::{OptionalExtension, params};
use tokio::sync::{Notify, oneshot};
use tokio::time::sleep;

use super::recorded::reply_key;
use super::writer::Write;
use super::{Store, StoreError, encode};
use crate::hash::digest;
use crate::model::price::Price;
use crate::model::remote::batch::{BatchServer, Job};
use crate::model::remote::failure::Failure;
use crate::model::{Model, ModelError, Reply, Request};
use crate::stop::Stop;

/// When to send and when to look.
#[derive(Clone, Debug, PartialEq)]
pub struct BatchOptions {
    /// A batch goes out when no request has come for so long.
    pub linger: Duration,
    /// A batch has no more requests than this.
    pub most: usize,
    /// How long until a job is looked at first; the wait grows to `slowest`.
    pub soonest: Duration,
    pub slowest: Duration,
    /// How many jobs a request may be in before it is given up.
    pub tries: u32,
    /// What tokens cost in a batch.
    pub price: Option<Price>,
}

impl Default for BatchOptions {
    fn default() -> Self {
        Self {
            linger: Duration::from_secs(3),
            most: 20_000,
            soonest: Duration::from_secs(5),
            slowest: Duration::from_secs(60),
            tries: 4,
            price: None,
        }
    }
}

/// A model whose requests go in batches.
pub struct BatchModel(Arc<Shared>);

struct Shared {
    server: BatchServer,
    store: Arc<Store>,
    stop: Stop,
    options: BatchOptions,
    state: Mutex<State>,
    came: Notify,
}

#[derive(Default)]
struct State {
    /// Who waits for which reply.
    waiting: HashMap<String, Waiting>,
    /// What has come since the last batch went out.
    gathered: Vec<String>,
    /// Jobs that somebody looks after.
    followed: HashSet<String>,
}

struct Waiting {
    request: Request,
    /// Whether it is among the gathered.
    gathered: bool,
    tries: u32,
    askers: Vec<oneshot::Sender<Result<Reply, ModelError>>>,
}

impl BatchModel {
    /// Must be called within a tokio runtime, where its jobs are looked after until it is dropped.
    pub fn new(server: BatchServer, store: Arc<Store>, stop: Stop, options: BatchOptions) -> Self {
        let (state, came) = (Mutex::default(), Notify::new());
        let shared = Arc::new(Shared { server, store, stop, options, state, came });
        let weak = Arc::downgrade(&shared);
        tokio::spawn(async move {
            while let Some(shared) = weak.upgrade() {
                shared.send_when_quiet().await;
            }
        });
        Self(shared)
    }
}

#[async_trait]
impl Model for BatchModel {
    fn identity(&self) -> &str {
        self.0.server.identity()
    }

    fn supports_tools(&self) -> bool {
        true
    }

    /// Once a stop is requested nobody waits any longer; the job goes on, and is found again.
    async fn reply(&self, request: &Request) -> Result<Reply, ModelError> {
        let mut reply = self.0.enter(request)?;
        loop {
            tokio::select! {
                answer = &mut reply => return answer.unwrap_or(Err(ModelError::Stopped)),
                () = sleep(Duration::from_millis(200)) => {
                    if self.0.stop.requested() {
                        return Err(ModelError::Stopped);
                    }
                }
            }
        }
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Puts a request where its reply will come from: a job that is under way, or the next one.
    fn enter(
        self: &Arc<Self>,
        request: &Request,
    ) -> Result<oneshot::Receiver<Result<Reply, ModelError>>, ModelError> {
        let key = reply_key(self.server.identity(), request);
        let job = self.store.open_batch_of(&key).map_err(|error| self.broken(&error))?;
        let (asker, reply) = oneshot::channel();
        let mut state = self.state();
        let known = state.waiting.contains_key(&key);
        let waiting =
            Waiting { request: request.clone(), gathered: job.is_none(), tries: 0, askers: Vec::new() };
        state.waiting.entry(key.clone()).or_insert(waiting).askers.push(asker);
        match job {
            Some(tag) if state.followed.insert(tag.clone()) => {
                let shared = self.clone();
                tokio::spawn(async move { shared.follow(tag).await });
            }
            Some(_) => {}
            None if known => {}
            None => {
                state.gathered.push(key);
                self.came.notify_one();
            }
        }
        Ok(reply)
    }

    /// Waits a while for requests; sends what has gathered once no more come.
    async fn send_when_quiet(self: &Arc<Self>) {
        let Ok(()) = tokio::time::timeout(Duration::from_secs(1), self.came.notified()).await else { return };
        loop {
            let quiet = tokio::time::timeout(self.options.linger, self.came.notified()).await.is_err();
            let full = self.state().gathered.len() >= self.options.most;
            if quiet || full {
                break;
            }
        }
        let keys: Vec<String> = {
            let mut state = self.state();
            let count = state.gathered.len().min(self.options.most);
            let keys: Vec<String> = state.gathered.drain(..count).collect();
            for key in &keys {
                state.waiting.get_mut(key).into_iter().for_each(|waiting| waiting.gathered = false);
            }
            keys
        };
        if !self.state().gathered.is_empty() {
            self.came.notify_one();
        }
        if !keys.is_empty() {
            let shared = self.clone();
            tokio::spawn(async move { shared.send(keys).await });
        }
    }

    /// Makes a job of the requests and looks after it.
    async fn send(self: &Arc<Self>, keys: Vec<String>) {
        let lines: String = {
            let state = self.state();
            keys.iter()
                .filter_map(|key| Some(self.server.line(key, &state.waiting.get(key)?.request)))
                .collect()
        };
        let (server, model) = (self.server.base_url(), self.server.identity());
        let tag = match self.store.open_batch(server, model, &keys) {
            Ok(tag) => tag,
            Err(error) => return self.fail(&keys, &self.broken(&error)),
        };
        self.state().followed.insert(tag.clone());
        let sent = self.server.submit(lines, &tag).await;
        let stored = sent.and_then(|job| self.store.set_job(&tag, &job).map_err(|error| self.broken(&error)));
        match stored {
            Ok(()) => self.follow(tag).await,
            // The provider has not heard of it, or the store is broken: either way these requests are not in a job that we know.
            Err(error) => {
                let _ = self.store.close_batch(&tag);
                self.fail(&keys, &error);
            }
        }
    }

    /// Looks after a job until every reply of it is in the store.
    async fn follow(self: &Arc<Self>, tag: String) {
        let result = self.follow_to_the_end(&tag).await;
        let keys = self.store.keys_of_batch(&tag).unwrap_or_default();
        match result {
            // Some may be in a later job already: those the provider answered with an error of its own.
            Ok(()) => {
                let alone = |key: &String| matches!(self.store.open_batch_of(key), Ok(None));
                let missed: Vec<String> = keys.into_iter().filter(alone).collect();
                self.again(&missed, "it was in a job that ended without a reply to it");
            }
            Err(error) => self.fail(&keys, &error),
        }
        self.state().followed.remove(&tag);
    }

    async fn follow_to_the_end(&self, tag: &str) -> Result<(), ModelError> {
        let Some(job) = self.job_of(tag).await? else { return self.close(tag) };
        let mut wait = self.options.soonest;
        loop {
            sleep(wait).await;
            match self.server.job(&job).await? {
                Job::Running => wait = (wait * 3 / 2).min(self.options.slowest),
                Job::Failed { message } => {
                    self.close(tag)?;
                    let hint =
                        "look at the batch on the provider's pages; running again sends what is missing";
                    return Err(ModelError::Unusable {
                        model: self.server.identity().to_owned(),
                        message: format!("the provider refused batch {job}: {message}"),
                        hint: hint.into(),
                    });
                }
                Job::Ended { files } => {
                    for file in files {
                        self.take_in(&file).await?;
                    }
                    return self.close(tag);
                }
            }
        }
    }

    /// The provider's id of a job; where it was not stored before a kill, the provider is asked for our tag.
    async fn job_of(&self, tag: &str) -> Result<Option<String>, ModelError> {
        if let Some(job) = self.store.job_of_batch(tag).map_err(|error| self.broken(&error))? {
            return Ok(Some(job));
        }
        let found = self.server.find(tag).await?;
        if let Some(job) = &found {
            self.store.set_job(tag, job).map_err(|error| self.broken(&error))?;
        }
        Ok(found)
    }

    fn close(&self, tag: &str) -> Result<(), ModelError> {
        self.store.close_batch(tag).map_err(|error| self.broken(&error))
    }

    /// Stores the replies of a file, then hands them out.
    async fn take_in(&self, file: &str) -> Result<(), ModelError> {
        let mut results = self.server.results(file).await?;
        for reply in results.iter_mut().filter_map(|(_, result)| result.as_mut().ok()) {
            reply.cost = self.options.price.as_ref().map(|price| price.cost(&reply.usage));
        }
        let writes = results.iter().filter_map(|(key, result)| {
            let reply = encode(result.as_ref().ok()?);
            Some(self.store.writer.keep(Write::Reply { key: key.clone(), reply, call: None }))
        });
        for kept in futures::future::join_all(writes).await {
            kept.map_err(|error| self.broken(&error))?;
        }
        for (key, result) in results {
            match result {
                Ok(reply) => self.hand_out(&key, &Ok(reply)),
                Err(Failure::Transient { message, .. }) => self.again(&[key], &message),
                Err(failure) => self.hand_out(&key, &Err(failure.into_error(self.server.identity(), 1))),
            }
        }
        Ok(())
    }

    fn hand_out(&self, key: &str, result: &Result<Reply, ModelError>) {
        let Some(waiting) = self.state().waiting.remove(key) else { return };
        for asker in waiting.askers {
            // Who asked may have stopped waiting.
            let _ = asker.send(result.clone());
        }
    }

    fn fail(&self, keys: &[String], error: &ModelError) {
        keys.iter().for_each(|key| self.hand_out(key, &Err(error.clone())));
    }

    /// Puts requests that are still waited for into the next job.
    fn again(&self, keys: &[String], why: &str) {
        for key in keys {
            let tries = {
                let mut state = self.state();
                let Some(waiting) = state.waiting.get_mut(key).filter(|waiting| !waiting.gathered) else {
                    continue;
                };
                waiting.tries += 1;
                let tries = waiting.tries;
                waiting.gathered = tries < self.options.tries;
                if waiting.gathered {
                    state.gathered.push(key.clone());
                    self.came.notify_one();
                    continue;
                }
                tries
            };
            let (model, message) = (self.server.identity().to_owned(), why.to_owned());
            self.hand_out(key, &Err(ModelError::Unavailable { model, tries, message }));
        }
    }

    fn broken(&self, error: &StoreError) -> ModelError {
        ModelError::Unusable {
            model: self.server.identity().to_owned(),
            message: error.to_string(),
            hint: "jobs and replies are stored before they are used, so nothing goes on without the store"
                .into(),
        }
    }
}

impl Store {
    /// Adds a batch that no provider has heard of yet. Gives its tag.
    fn open_batch(&self, server: &str, model: &str, keys: &[String]) -> Result<String, StoreError> {
        self.run_sql(|connection| {
            let transaction =
                connection.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
            let before: i64 = transaction.query_row("SELECT COUNT(*) FROM batches", [], |row| row.get(0))?;
            let mut tag = digest(&[&before.to_string(), &keys.join(" ")]);
            tag.truncate(32);
            transaction.execute(
                "INSERT INTO batches (tag, server, model, job, done) VALUES (?1, ?2, ?3, NULL, 0)",
                [&tag, server, model],
            )?;
            {
                let mut insert =
                    transaction.prepare_cached("INSERT INTO batched (tag, key) VALUES (?1, ?2)")?;
                keys.iter().try_for_each(|key| insert.execute([&tag, key]).map(drop))?;
            }
            transaction.commit()?;
            Ok(tag)
        })
    }

    fn set_job(&self, tag: &str, job: &str) -> Result<(), StoreError> {
        self.run_sql(|c| c.execute("UPDATE batches SET job = ?2 WHERE tag = ?1", [tag, job]).map(drop))
    }

    fn close_batch(&self, tag: &str) -> Result<(), StoreError> {
        self.run_sql(|c| c.execute("UPDATE batches SET done = 1 WHERE tag = ?1", [tag]).map(drop))
    }

    fn job_of_batch(&self, tag: &str) -> Result<Option<String>, StoreError> {
        self.run_sql(|c| c.query_row("SELECT job FROM batches WHERE tag = ?1", [tag], |row| row.get(0)))
    }

    /// The batch that a request is in and that is not done.
    fn open_batch_of(&self, key: &str) -> Result<Option<String>, StoreError> {
        self.run_sql(|connection| {
            let mut select = connection.prepare_cached(
                "SELECT b.tag FROM batches b JOIN batched k ON k.tag = b.tag WHERE b.done = 0 AND k.key = ?1",
            )?;
            select.query_row(params![key], |row| row.get(0)).optional()
        })
    }

    fn keys_of_batch(&self, tag: &str) -> Result<Vec<String>, StoreError> {
        self.run_sql(|connection| {
            let mut select = connection.prepare_cached("SELECT key FROM batched WHERE tag = ?1")?;
            select.query_map([tag], |row| row.get(0))?.collect()
        })
    }
}
