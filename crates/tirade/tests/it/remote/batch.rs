//! Batches: gathered, paid once, found again after a kill, resubmitted where they left something unanswered.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use futures::future::join_all;
use tirade::mock_server::{MockConfig, MockServer};
use tirade::model::price::{Budget, Metered, Price};
use tirade::model::remote::Keys;
use tirade::model::remote::batch::BatchServer;
use tirade::model::{Model, ModelError};
use tirade::stop::Stop;
use tirade::store::Store;
use tirade::store::batch::{BatchModel, BatchOptions};
use tirade::store::recorded::RecordedModel;

use super::{ask, mock, quick};

const ECHO: &str = r#"{"when": {"last": "{{text}}"}, "reply": "You said {{text}}."}"#;

/// What a process has: the store at `path`, a batch model on the server, and its stop.
fn process(server: &MockServer, path: &Path) -> (RecordedModel, Budget, Stop) {
    let name = format!("{}#test", server.base_url()).parse().unwrap();
    let (store, stop) = (Arc::new(Store::open(path).unwrap()), Stop::default());
    let price = Price { prompt: 1.0, completion: 2.0, ..Price::free("server:test") }.batched();
    let options = BatchOptions {
        price: Some(price.clone()),
        linger: Duration::from_millis(30),
        soonest: Duration::from_millis(20),
        slowest: Duration::from_millis(20),
        ..BatchOptions::default()
    };
    let server = BatchServer::new(&name, &Keys::default(), quick()).unwrap();
    let batches = BatchModel::new(server, store.clone(), stop.clone(), options);
    let budget = Budget::unlimited();
    let metered = Metered::new(Arc::new(batches), price, budget.clone());
    (RecordedModel::new(Arc::new(metered), store, stop.clone()).for_run("r"), budget, stop)
}

async fn ask_all(model: &RecordedModel, count: usize) -> Vec<Result<String, ModelError>> {
    let calls = (0..count).map(|i| async move { Ok(model.reply(&ask(&format!("thing {i}"))).await?.text) });
    join_all(calls).await
}

fn all_right(replies: &[Result<String, ModelError>]) -> bool {
    replies.iter().enumerate().all(|(i, reply)| reply.as_deref() == Ok(&format!("You said thing {i}.")))
}

async fn batches_at(server: &MockServer) -> usize {
    let name = format!("{}#test", server.base_url()).parse().unwrap();
    let client = BatchServer::new(&name, &Keys::default(), quick()).unwrap();
    let mut count = 0;
    while client.job(&format!("batch-{count}")).await.is_ok() {
        count += 1;
    }
    count
}

#[tokio::test]
async fn requests_that_come_together_go_together_at_half_the_price() {
    let folder = tempfile::tempdir().unwrap();
    let server = mock(ECHO, MockConfig::default()).await;
    let (model, budget, _) = process(&server, &folder.path().join("t.db"));
    let replies = ask_all(&model, 50).await;
    assert!(all_right(&replies), "{replies:?}");
    assert_eq!((server.stats().answered, batches_at(&server).await), (50, 1));
    let reply = model.reply(&ask("thing 0")).await.unwrap();
    let full = reply.usage.prompt as f64 * 1e-6 + reply.usage.completion as f64 * 2e-6;
    assert!((reply.cost.unwrap().dollars() - full / 2.0).abs() < 1e-12, "{reply:?}");
    assert!(budget.spent().dollars() > 20.0 * full / 2.0);
    assert_eq!(server.stats().answered, 50, "the reply came from the store");
}

#[tokio::test]
async fn a_batch_outlives_the_process_that_sent_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("t.db");
    let batch_time = Duration::from_millis(600);
    let server = mock(ECHO, MockConfig { batch_time, ..MockConfig::default() }).await;
    {
        let (model, _, stop) = process(&server, &path);
        let asking = ask_all(&model, 20);
        let stopping = async {
            while batches_at(&server).await == 0 {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
            stop.request();
        };
        let (replies, ()) = tokio::join!(asking, stopping);
        assert!(replies.iter().all(|reply| *reply == Err(ModelError::Stopped)), "{replies:?}");
    }
    let (model, ..) = process(&server, &path);
    let replies = ask_all(&model, 25).await;
    assert!(all_right(&replies), "{replies:?}");
    let stats = server.stats();
    assert_eq!((stats.answered, stats.answered_again), (25, 0), "{stats:?}");
    assert_eq!(batches_at(&server).await, 2, "the one that was under way, and one for what was new");
}

/// The provider made the job, and the process was killed before it could store the job's id.
#[tokio::test]
async fn a_job_whose_id_was_lost_is_found_by_its_tag() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("t.db");
    let batch_time = Duration::from_millis(800);
    let server = mock(ECHO, MockConfig { batch_time, ..MockConfig::default() }).await;
    {
        let (model, _, stop) = process(&server, &path);
        let stopping = async {
            while batches_at(&server).await == 0 {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
            stop.request();
        };
        tokio::join!(ask_all(&model, 5), stopping);
    }
    let database = rusqlite::Connection::open(&path).unwrap();
    assert_eq!(database.execute("UPDATE batches SET job = NULL", []).unwrap(), 1);
    drop(database);
    let (model, ..) = process(&server, &path);
    assert!(all_right(&ask_all(&model, 5).await));
    assert_eq!((server.stats().answered_again, batches_at(&server).await), (0, 1));
}

#[tokio::test]
async fn what_a_batch_leaves_unanswered_goes_into_another_and_the_rest_is_kept() {
    let folder = tempfile::tempdir().unwrap();
    let faults = "server_error=0.15,rate_limit=0.1,lost=0.15".parse().unwrap();
    let server = mock(ECHO, MockConfig { faults, most_faults: 2, ..MockConfig::default() }).await;
    let (model, ..) = process(&server, &folder.path().join("t.db"));
    let replies = ask_all(&model, 60).await;
    assert!(all_right(&replies), "{replies:?}");
    let stats = server.stats();
    assert_eq!((stats.answered, stats.answered_again), (60, 0), "{stats:?}");
    assert!(stats.faults.len() == 3 && (2..=4).contains(&batches_at(&server).await), "{stats:?}");
}

#[tokio::test]
async fn a_request_that_cannot_be_answered_is_told_and_spoils_no_other() {
    let folder = tempfile::tempdir().unwrap();
    let script = format!(
        "{{\"when\": {{\"last\": \"thing 1\"}}, \"error\": {{\"status\": 400, \"message\": \"no\"}}}}\n{ECHO}"
    );
    let server = mock(&script, MockConfig::default()).await;
    let (model, ..) = process(&server, &folder.path().join("t.db"));
    let replies = ask_all(&model, 3).await;
    assert!(matches!(replies[1], Err(ModelError::Refused { .. })), "{replies:?}");
    assert!(replies[0].is_ok() && replies[2].is_ok());
}

#[test]
fn a_provider_without_batches_is_told() {
    let keys = Keys::from_variables(|_| Some("a-key-of-some-length".into()));
    let error = BatchServer::new(&"mistral:x".parse().unwrap(), &keys, quick()).err().unwrap();
    assert!(error.ends_run() && error.to_string().contains("leave --batch out"), "{error}");
}
