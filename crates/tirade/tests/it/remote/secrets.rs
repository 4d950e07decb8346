//! A key is sent to its server and found nowhere else.

use std::sync::{Arc, Mutex};

use serde_json::json;
use tirade::model::remote::{Keys, RemoteConfig, RemoteModel, SERVER_KEY_VARIABLE};
use tirade::model::{Model, name::ModelName};

use super::canned::{Canned, CannedServer};
use super::{ask, quick};

const KEY: &str = "sk-hunter2-hunter2";

fn keys() -> Keys {
    Keys::from_variables(|_| Some(KEY.into()))
}

/// Everything that a call with the key shows: reply or error, and every exchange as an observer sees it.
async fn shown(reply: Canned) -> (String, bool) {
    let server = CannedServer::start([reply]).await;
    let seen = Arc::new(Mutex::new(String::new()));
    let config = RemoteConfig {
        retry: tirade::model::remote::Retry { tries: 1, ..quick().retry },
        observer: Some({
            let seen = seen.clone();
            Arc::new(move |exchange| *seen.lock().unwrap() += &format!("{exchange:?}"))
        }),
        ..quick()
    };
    let name: ModelName = format!("{}#m", server.url).parse().unwrap();
    let model = RemoteModel::new(&name, &keys(), config).unwrap();
    let result = model.reply(&ask("hi")).await;
    let sent = server.seen()[0].headers["authorization"].to_str().unwrap() == format!("Bearer {KEY}");
    let reply = serde_json::to_string(&result.as_ref().ok()).unwrap();
    let error = result.err().map(|error| format!("{error} {error:?}")).unwrap_or_default();
    let observed = seen.lock().unwrap().clone();
    assert!(!observed.is_empty());
    (format!("{reply} {error} {observed} {:?} {}", keys(), model.identity()), sent)
}

#[tokio::test]
async fn a_server_that_repeats_the_key_does_not_spread_it() {
    let replies = [
        Canned::message(json!({"content": format!("your key is {KEY}"), "reasoning": KEY}), "stop"),
        Canned::status(401, format!("{{\"error\":{{\"message\":\"Incorrect API key provided: {KEY}\"}}}}")),
        Canned::status(400, format!("bad header Bearer {KEY}")),
        Canned::status(500, format!("{KEY} {KEY}")),
        Canned::status(200, format!("no json {KEY}")),
    ];
    for reply in replies {
        let (shown, sent) = shown(reply.clone()).await;
        assert!(sent, "the server itself gets the key");
        assert!(!shown.contains("hunter2") && shown.contains("[key]"), "{reply:?}\n{shown}");
    }
}

#[test]
fn providers_keys_are_not_for_servers_named_by_url() {
    let asked = Mutex::new(Vec::new());
    Keys::from_variables(|name| {
        asked.lock().unwrap().push(name.to_owned());
        None
    });
    assert!(asked.lock().unwrap().contains(&SERVER_KEY_VARIABLE.to_owned()));
    assert!(asked.lock().unwrap().contains(&"OPENAI_API_KEY".to_owned()));
}

#[tokio::test]
async fn without_a_key_of_its_own_a_server_gets_none() {
    let server = CannedServer::start([Canned::message(json!({"content": "4"}), "stop")]).await;
    let name: ModelName = format!("{}#m", server.url).parse().unwrap();
    let only_openai = Keys::from_variables(|variable| (variable == "OPENAI_API_KEY").then(|| KEY.into()));
    RemoteModel::new(&name, &only_openai, quick()).unwrap().reply(&ask("hi")).await.unwrap();
    assert!(!server.seen()[0].headers.contains_key("authorization"));
}

#[test]
fn a_key_with_stray_characters_is_refused_unseen() {
    let keys = Keys::from_variables(|_| Some("hunter2\u{7f}é\nhunter2".into()));
    let error =
        RemoteModel::new(&"openai:gpt-4o".parse().unwrap(), &keys, quick()).err().unwrap().to_string();
    assert!(error.contains("characters that no key has") && !error.contains("hunter2"), "{error}");
}
