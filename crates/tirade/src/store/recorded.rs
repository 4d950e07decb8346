//! Models and tools whose every answer is in the store before it is used.
//!
//! After a kill at any moment the same command asks again for the same things and gets what was stored, so nothing is paid twice and
//! the rows come out the same. The solver does not know: it sees a [`Model`] and a [`Toolbox`].

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use rusqlite::OptionalExtension;
use serde_json::{Value, json};
use tokio::sync::Mutex as Gate;

use super::writer::{Call, Write};
use super::{Store, StoreError, encode};
use crate::hash::digest;
use crate::model::{Model, ModelError, Reply, Request, Tools};
use crate::stop::Stop;
use crate::tool::{ToolFailure, ToolResult, ToolSession, Toolbox};

/// A model whose replies are kept under the hash of model and request.
pub struct RecordedModel {
    inner: Arc<dyn Model>,
    store: Arc<Store>,
    stop: Stop,
    /// On whose account its calls go.
    run: Option<String>,
    /// What is being asked: who asks the same waits for the reply instead of paying for a second one.
    asking: Mutex<HashMap<String, Arc<Gate<()>>>>,
}

/// The key of a reply: everything that determines it.
pub(super) fn reply_key(model: &str, request: &Request) -> String {
    let Request { messages, tools, tool_choice, sampling, stop } = request;
    short(digest(&[model, tools.digest(), &encode(&(messages, tool_choice, sampling, stop))]))
}

/// 128 bits are enough for keys, and halve their index.
fn short(mut digest: String) -> String {
    digest.truncate(32);
    digest
}

impl RecordedModel {
    /// Once `stop` is requested, only what is in the store is answered.
    pub fn new(inner: Arc<dyn Model>, store: Arc<Store>, stop: Stop) -> Self {
        Self { inner, store, stop, run: None, asking: Mutex::default() }
    }

    /// The same with its calls on the account of `run`.
    pub fn for_run(self, run: &str) -> Self {
        Self { run: Some(run.to_owned()), ..self }
    }

    async fn ask(&self, key: &str, request: &Request) -> Result<Reply, ModelError> {
        if let Some(reply) = self.store.reply(key).map_err(|error| self.unusable(&error))? {
            return Ok(reply);
        }
        if self.stop.requested() {
            return Err(ModelError::Stopped);
        }
        let reply = self.inner.reply(request).await?;
        let call = self.run.as_ref().map(|run| Call {
            run: run.clone(),
            model: self.identity().to_owned(),
            usage: reply.usage,
            seconds: reply.seconds,
            cost: reply.cost.map(|cost| cost.0),
        });
        let write = Write::Reply { key: key.to_owned(), reply: encode(&reply), call };
        self.store.writer.keep(write).await.map_err(|error| self.unusable(&error))?;
        Ok(reply)
    }

    fn unusable(&self, error: &StoreError) -> ModelError {
        ModelError::Unusable {
            model: self.identity().to_owned(),
            message: error.to_string(),
            hint: "replies are stored before they are used, so nothing goes on without the store".into(),
        }
    }

    fn asking(&self) -> std::sync::MutexGuard<'_, HashMap<String, Arc<Gate<()>>>> {
        self.asking.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl Model for RecordedModel {
    fn identity(&self) -> &str {
        self.inner.identity()
    }

    fn supports_tools(&self) -> bool {
        self.inner.supports_tools()
    }

    async fn reply(&self, request: &Request) -> Result<Reply, ModelError> {
        let key = reply_key(self.identity(), request);
        let gate = self.asking().entry(key.clone()).or_default().clone();
        let held = gate.lock().await;
        let result = self.ask(&key, request).await;
        drop(held);
        let mut asking = self.asking();
        // The last one to leave; others hold the gate through clones.
        if Arc::strong_count(&gate) == 2 {
            asking.remove(&key);
        }
        result
    }
}

/// A toolbox whose results are kept under the hash of every call of the session so far.
pub struct RecordedToolbox {
    inner: Arc<dyn Toolbox>,
    store: Arc<Store>,
}

impl RecordedToolbox {
    pub fn new(inner: Arc<dyn Toolbox>, store: Arc<Store>) -> Self {
        Self { inner, store }
    }
}

impl Toolbox for RecordedToolbox {
    fn specs(&self) -> &Tools {
        self.inner.specs()
    }

    fn identity(&self) -> &str {
        self.inner.identity()
    }

    fn prepare(&self) -> Result<(), ToolFailure> {
        self.inner.prepare()
    }

    fn session(&self) -> Result<Box<dyn ToolSession>, ToolFailure> {
        let key = short(digest(&[self.inner.identity()]));
        Ok(Box::new(RecordedSession {
            toolbox: self.inner.clone(),
            store: self.store.clone(),
            live: None,
            pending: Vec::new(),
            key,
        }))
    }
}

struct RecordedSession {
    toolbox: Arc<dyn Toolbox>,
    store: Arc<Store>,
    /// The real session; started by the first call that is not in the store.
    live: Option<Box<dyn ToolSession>>,
    /// Calls answered from the store that the live session has not seen: its state (Python variables) needs them first.
    pending: Vec<(String, Value)>,
    /// Hash of the toolbox and all calls so far.
    key: String,
}

impl RecordedSession {
    async fn live(&mut self) -> Result<&mut Box<dyn ToolSession>, ToolFailure> {
        let live = match self.live.take() {
            Some(live) => live,
            None => self.toolbox.session()?,
        };
        let live = self.live.insert(live);
        for (name, arguments) in self.pending.drain(..) {
            live.call(&name, &arguments).await?;
        }
        Ok(live)
    }
}

#[async_trait]
impl ToolSession for RecordedSession {
    async fn call(&mut self, name: &str, arguments: &Value) -> Result<ToolResult, ToolFailure> {
        let failure = |error: StoreError| ToolFailure(error.to_string());
        let call = json!({"name": name, "arguments": arguments}).to_string();
        self.key = short(digest(&[&self.key, &call]));
        if let Some(result) = self.store.tool_result(&self.key).map_err(failure)? {
            self.pending.push((name.to_owned(), arguments.clone()));
            return Ok(result);
        }
        let result = self.live().await?.call(name, arguments).await?;
        let write = Write::ToolResult { key: self.key.clone(), result: encode(&result) };
        self.store.writer.keep(write).await.map_err(failure)?;
        Ok(result)
    }
}

impl Store {
    /// Calls `see` with the key of every reply and the reply.
    pub fn each_reply(&self, mut see: impl FnMut(&str, Reply)) -> Result<(), StoreError> {
        let keys: Vec<String> = self.run_sql(|connection| {
            let mut select = connection.prepare("SELECT key FROM replies ORDER BY rowid")?;
            select.query_map([], |row| row.get(0))?.collect()
        })?;
        for key in keys {
            self.reply(&key)?.into_iter().for_each(|reply| see(&key, reply));
        }
        Ok(())
    }

    pub(super) fn reply(&self, key: &str) -> Result<Option<Reply>, StoreError> {
        let found: Option<String> = self.run_sql(|connection| {
            let mut select = connection.prepare_cached("SELECT reply FROM replies WHERE key = ?1")?;
            select.query_row([key], |row| row.get(0)).optional()
        })?;
        found.map(|text| self.decode("replies", &text)).transpose()
    }

    fn tool_result(&self, key: &str) -> Result<Option<ToolResult>, StoreError> {
        let found: Option<String> = self.run_sql(|connection| {
            let mut select = connection.prepare_cached("SELECT result FROM tool_results WHERE key = ?1")?;
            select.query_row([key], |row| row.get(0)).optional()
        })?;
        found.map(|text| self.decode("tool_results", &text)).transpose()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;
    use crate::tool::ToolStatus;

    /// Sums what it was given so far: a session with state, like Python variables.
    #[derive(Default)]
    struct Adding {
        calls: Mutex<u32>,
    }

    struct AddingSession {
        toolbox: Arc<Adding>,
        sum: i64,
    }

    #[async_trait]
    impl ToolSession for AddingSession {
        async fn call(&mut self, _: &str, arguments: &Value) -> Result<ToolResult, ToolFailure> {
            *self.toolbox.calls.lock().unwrap() += 1;
            self.sum += arguments.as_i64().unwrap_or(0);
            Ok(ToolResult {
                status: ToolStatus::Ok,
                content: self.sum.to_string(),
                derivation: None,
                seconds: 0.0,
            })
        }
    }

    struct Shared(Arc<Adding>, Tools);

    impl Toolbox for Shared {
        fn specs(&self) -> &Tools {
            &self.1
        }
        fn identity(&self) -> &str {
            "adding-1"
        }
        fn session(&self) -> Result<Box<dyn ToolSession>, ToolFailure> {
            Ok(Box::new(AddingSession { toolbox: self.0.clone(), sum: 0 }))
        }
    }

    /// Answers after a moment with how often it was asked.
    struct Counting(Mutex<u64>);

    #[async_trait]
    impl Model for Counting {
        fn identity(&self) -> &str {
            "counting"
        }
        async fn reply(&self, _: &Request) -> Result<Reply, ModelError> {
            let asked = {
                let mut asked = self.0.lock().unwrap();
                *asked += 1;
                *asked
            };
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
            let usage = crate::model::Usage { prompt: 2, completion: 1, ..Default::default() };
            Ok(Reply {
                text: asked.to_string(),
                usage,
                cost: Some(crate::model::price::Usd(5)),
                ..Reply::default()
            })
        }
    }

    #[tokio::test]
    async fn what_is_being_asked_is_not_asked_a_second_time_and_is_on_the_account_once() {
        let folder = tempfile::tempdir().unwrap();
        let store = Arc::new(Store::open(&folder.path().join("t.db")).unwrap());
        let counting = Arc::new(Counting(Mutex::new(0)));
        let model = RecordedModel::new(counting.clone(), store.clone(), Stop::default()).for_run("r");
        let (first, second) = (Request::default(), Request { stop: vec!["x".into()], ..Request::default() });
        let replies =
            futures::future::join_all([&first, &second, &first, &first].map(|request| model.reply(request)))
                .await;
        let texts: Vec<String> = replies.into_iter().map(|reply| reply.unwrap().text).collect();
        assert_eq!(texts, ["1", "2", "1", "1"]);
        assert!(model.asking().is_empty(), "nothing is left behind");
        let account = store.account("r").unwrap();
        assert_eq!((account.calls, account.usage.prompt, account.cost.0, account.unpriced), (2, 4, 10, 0));
        assert_eq!(store.account("other").unwrap(), Default::default());
    }

    #[tokio::test]
    async fn a_continued_session_has_the_state_of_the_stored_calls() {
        let folder = tempfile::tempdir().unwrap();
        let store = Arc::new(Store::open(&folder.path().join("t.db")).unwrap());
        let adding = Arc::new(Adding::default());
        let recorded = RecordedToolbox::new(Arc::new(Shared(adding.clone(), Tools::default())), store);
        let run = async |numbers: &[i64]| -> String {
            let mut session = recorded.session().unwrap();
            let mut sums = Vec::new();
            for n in numbers {
                sums.push(session.call("add", &json!(n)).await.unwrap().content);
            }
            sums.join(" ")
        };
        assert_eq!(run(&[1, 2]).await, "1 3");
        assert_eq!(run(&[1, 2]).await, "1 3");
        assert_eq!(*adding.calls.lock().unwrap(), 2, "the second session is answered from the store");
        assert_eq!(run(&[1, 2, 4]).await, "1 3 7");
        assert_eq!(*adding.calls.lock().unwrap(), 5, "two calls rebuild the state, one is new");
    }
}
