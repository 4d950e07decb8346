//! Models and tools whose every answer is in the store before it is used.
//!
//! After a kill at any moment the same command asks again for the same things and gets what was stored, so nothing is paid twice and
//! the rows come out the same. The solver does not know: it sees a [`Model`] and a [`Toolbox`].

use std::sync::Arc;

use async_trait::async_trait;
use rusqlite::{OptionalExtension, params};
use serde_json::{Value, json};

use super::{Store, StoreError, encode};
use crate::hash::digest;
use crate::model::{Model, ModelError, Reply, Request, ToolSpec};
use crate::stop::Stop;
use crate::tool::{ToolFailure, ToolResult, ToolSession, Toolbox};

/// A model whose replies are kept under the hash of model and request.
pub struct RecordedModel {
    inner: Arc<dyn Model>,
    store: Arc<Store>,
    stop: Stop,
}

impl RecordedModel {
    /// Once `stop` is requested, only what is in the store is answered.
    pub fn new(inner: Arc<dyn Model>, store: Arc<Store>, stop: Stop) -> Self {
        Self { inner, store, stop }
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
        let encoded = encode(request);
        let key = digest(&[self.identity(), &encoded]);
        let unusable = |error: StoreError| ModelError::Unusable {
            model: self.identity().to_owned(),
            message: error.to_string(),
            hint: "replies are stored before they are used, so nothing goes on without the store".into(),
        };
        if let Some(reply) = self.store.reply(&key).map_err(unusable)? {
            return Ok(reply);
        }
        if self.stop.requested() {
            return Err(ModelError::Stopped);
        }
        let reply = self.inner.reply(request).await?;
        self.store.add_reply(&key, self.identity(), &encoded, &reply).map_err(unusable)?;
        Ok(reply)
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
    fn specs(&self) -> &[ToolSpec] {
        self.inner.specs()
    }

    fn identity(&self) -> &str {
        self.inner.identity()
    }

    fn session(&self) -> Result<Box<dyn ToolSession>, ToolFailure> {
        let key = digest(&[self.inner.identity()]);
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
    fn live(&mut self) -> Result<&mut Box<dyn ToolSession>, ToolFailure> {
        let live = match self.live.take() {
            Some(live) => live,
            None => self.toolbox.session()?,
        };
        let live = self.live.insert(live);
        for (name, arguments) in self.pending.drain(..) {
            live.call(&name, &arguments)?;
        }
        Ok(live)
    }
}

impl ToolSession for RecordedSession {
    fn call(&mut self, name: &str, arguments: &Value) -> Result<ToolResult, ToolFailure> {
        let failure = |error: StoreError| ToolFailure(error.to_string());
        let call = json!({"name": name, "arguments": arguments}).to_string();
        self.key = digest(&[&self.key, &call]);
        if let Some(result) = self.store.tool_result(&self.key).map_err(failure)? {
            self.pending.push((name.to_owned(), arguments.clone()));
            return Ok(result);
        }
        let result = self.live()?.call(name, arguments)?;
        self.store.add_tool_result(&self.key, &call, &result).map_err(failure)?;
        Ok(result)
    }
}

impl Store {
    fn reply(&self, key: &str) -> Result<Option<Reply>, StoreError> {
        let found: Option<String> = self.run_sql(|connection| {
            let mut select = connection.prepare_cached("SELECT reply FROM replies WHERE key = ?1")?;
            select.query_row([key], |row| row.get(0)).optional()
        })?;
        found.map(|text| self.decode("replies", &text)).transpose()
    }

    fn add_reply(&self, key: &str, model: &str, request: &str, reply: &Reply) -> Result<(), StoreError> {
        self.run_sql(|connection| {
            let mut insert = connection.prepare_cached(
                "INSERT INTO replies (key, model, request, reply) VALUES (?1,?2,?3,?4) ON CONFLICT DO NOTHING",
            )?;
            insert.execute(params![key, model, request, encode(reply)]).map(drop)
        })
    }

    fn tool_result(&self, key: &str) -> Result<Option<ToolResult>, StoreError> {
        let found: Option<String> = self.run_sql(|connection| {
            let mut select = connection.prepare_cached("SELECT result FROM tool_results WHERE key = ?1")?;
            select.query_row([key], |row| row.get(0)).optional()
        })?;
        found.map(|text| self.decode("tool_results", &text)).transpose()
    }

    fn add_tool_result(&self, key: &str, call: &str, result: &ToolResult) -> Result<(), StoreError> {
        self.run_sql(|connection| {
            let mut insert = connection.prepare_cached(
                "INSERT INTO tool_results (key, call, result) VALUES (?1,?2,?3) ON CONFLICT DO NOTHING",
            )?;
            insert.execute(params![key, call, encode(result)]).map(drop)
        })
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

    impl ToolSession for AddingSession {
        fn call(&mut self, _: &str, arguments: &Value) -> Result<ToolResult, ToolFailure> {
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

    struct Shared(Arc<Adding>);

    impl Toolbox for Shared {
        fn specs(&self) -> &[ToolSpec] {
            &[]
        }
        fn identity(&self) -> &str {
            "adding-1"
        }
        fn session(&self) -> Result<Box<dyn ToolSession>, ToolFailure> {
            Ok(Box::new(AddingSession { toolbox: self.0.clone(), sum: 0 }))
        }
    }

    #[test]
    fn a_continued_session_has_the_state_of_the_stored_calls() {
        let folder = tempfile::tempdir().unwrap();
        let store = Arc::new(Store::open(&folder.path().join("t.db")).unwrap());
        let adding = Arc::new(Adding::default());
        let recorded = RecordedToolbox::new(Arc::new(Shared(adding.clone())), store);
        let run = |numbers: &[i64]| -> String {
            let mut session = recorded.session().unwrap();
            numbers
                .iter()
                .map(|n| session.call("add", &json!(n)).unwrap().content)
                .collect::<Vec<_>>()
                .join(" ")
        };
        assert_eq!(run(&[1, 2]), "1 3");
        assert_eq!(run(&[1, 2]), "1 3");
        assert_eq!(*adding.calls.lock().unwrap(), 2, "the second session is answered from the store");
        assert_eq!(run(&[1, 2, 4]), "1 3 7");
        assert_eq!(*adding.calls.lock().unwrap(), 5, "two calls rebuild the state, one is new");
    }
}
