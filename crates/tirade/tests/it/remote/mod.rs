//! The client for OpenAI-compatible servers, over real sockets.

mod batch;
mod canned;
mod flow;
mod llama_server;
mod native;
mod quirks;
mod secrets;

use std::time::Duration;

use tirade::mock_server::{MockConfig, MockServer};
use tirade::model::remote::{Keys, RemoteConfig, RemoteModel, Retry};
use tirade::model::scripted::Script;
use tirade::model::{Message, Request};

/// Waits of milliseconds, so that tests are quick.
fn quick() -> RemoteConfig {
    RemoteConfig {
        retry: Retry { tries: 8, base: Duration::from_millis(2), cap: Duration::from_millis(10) },
        try_timeout: Duration::from_secs(5),
        deadline: Duration::from_secs(20),
        ..RemoteConfig::default()
    }
}

/// A model named `test` at these base URLs, without a key.
fn model(base_urls: &str, config: RemoteConfig) -> RemoteModel {
    let name = format!("{base_urls}#test").parse().unwrap();
    RemoteModel::new(&name, &Keys::default(), config).unwrap()
}

fn ask(text: &str) -> Request {
    Request { messages: vec![Message::user(text)], ..Request::default() }
}

async fn mock(script: &str, config: MockConfig) -> MockServer {
    let script = Script::parse(script).unwrap();
    MockServer::start("127.0.0.1:0", MockConfig { script, ..config }).await.unwrap()
}
