//! Files and batches, as OpenAI has them: what a batch is answered, its script and its faults are those of single requests.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};
use tokio::time::Instant;

use super::answer::{Visit, error, has_key};
use super::{Fault, Shared, protocol};

/// What was uploaded, and the jobs made of it.
#[derive(Default)]
pub struct Batches {
    files: BTreeMap<String, String>,
    jobs: Vec<Job>,
}

struct Job {
    id: String,
    metadata: Value,
    input: String,
    done_at: Instant,
    /// Once done: the files of replies and of errors, and whether some requests were not answered.
    output: Option<(String, String, bool)>,
}

impl Batches {
    fn keep(&mut self, text: String) -> String {
        let id = format!("file-{}", self.files.len());
        self.files.insert(id.clone(), text);
        id
    }
}

pub async fn upload(State(shared): State<Arc<Shared>>, headers: HeaderMap, body: Bytes) -> Response {
    if !has_key(&shared, &headers) {
        return error(StatusCode::UNAUTHORIZED, "invalid_api_key", "Incorrect API key provided");
    }
    let Some(text) = part(&String::from_utf8_lossy(&body), "name=\"file\"") else {
        return error(StatusCode::BAD_REQUEST, "invalid_request", "the form has no part called file");
    };
    let id = shared.batches().keep(text);
    Json(json!({"id": id, "object": "file", "purpose": "batch"})).into_response()
}

/// The content of the part of a form whose head has `mark` in it.
fn part(form: &str, mark: &str) -> Option<String> {
    let boundary = form.lines().next()?;
    let part = form
        .split(boundary)
        .find(|part| part.split("\r\n\r\n").next().is_some_and(|head| head.contains(mark)))?;
    let (_, content) = part.split_once("\r\n\r\n")?;
    Some(content.strip_suffix("\r\n").unwrap_or(content).to_owned())
}

pub async fn content(State(shared): State<Arc<Shared>>, Path(id): Path<String>) -> Response {
    match shared.batches().files.get(&id) {
        Some(text) => text.clone().into_response(),
        None => error(StatusCode::NOT_FOUND, "not_found", "no such file"),
    }
}

pub async fn create(State(shared): State<Arc<Shared>>, Json(asked): Json<Value>) -> Response {
    let input = asked["input_file_id"].as_str().unwrap_or("").to_owned();
    let mut batches = shared.batches();
    if !batches.files.contains_key(&input) {
        return error(StatusCode::BAD_REQUEST, "invalid_request", "no such input file");
    }
    let id = format!("batch-{}", batches.jobs.len());
    let done_at = Instant::now() + shared.config.batch_time;
    batches.jobs.push(Job { id, metadata: asked["metadata"].clone(), input, done_at, output: None });
    Json(batches.jobs[batches.jobs.len() - 1].shown()).into_response()
}

pub async fn list(State(shared): State<Arc<Shared>>) -> Json<Value> {
    let batches = shared.batches();
    let shown: Vec<Value> = batches.jobs.iter().map(Job::shown).collect();
    Json(json!({"object": "list", "data": shown, "has_more": false}))
}

pub async fn status(State(shared): State<Arc<Shared>>, Path(id): Path<String>) -> Response {
    let mut batches = shared.batches();
    let Some(at) = batches.jobs.iter().position(|job| job.id == id) else {
        return error(StatusCode::NOT_FOUND, "not_found", "no such batch");
    };
    if batches.jobs[at].output.is_none() && batches.jobs[at].done_at <= Instant::now() {
        let input = batches.files[&batches.jobs[at].input].clone();
        let (replies, errors, expired) = work(&shared, &input);
        let output = (batches.keep(replies), batches.keep(errors), expired);
        batches.jobs[at].output = Some(output);
    }
    Json(batches.jobs[at].shown()).into_response()
}

impl Job {
    fn shown(&self) -> Value {
        let (status, files) = match &self.output {
            None => ("in_progress", [Value::Null, Value::Null]),
            Some((replies, errors, expired)) => {
                (if *expired { "expired" } else { "completed" }, [json!(replies), json!(errors)])
            }
        };
        let [output, errors] = files;
        json!({"id": self.id, "object": "batch", "status": status, "metadata": self.metadata,
            "output_file_id": output, "error_file_id": errors})
    }
}

/// The files of replies and of errors, and whether some requests met a fault after which no reply comes.
fn work(shared: &Shared, input: &str) -> (String, String, bool) {
    let (mut replies, mut errors, mut expired) = (String::new(), String::new(), false);
    for line in input.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok()) {
        let out = |status: u16, body: Value| {
            let response = json!({"status_code": status, "body": body});
            json!({"custom_id": line["custom_id"], "response": response, "error": null}).to_string() + "\n"
        };
        match answer(shared, &line["body"].to_string()) {
            Ok(body) => replies += &out(200, body),
            Err(Some(status)) => errors += &out(status, json!({"error": {"message": "a fault"}})),
            Err(None) => expired = true,
        }
    }
    (replies, errors, expired)
}

/// The reply to one request of a batch; else the status it gets, if any.
fn answer(shared: &Shared, body: &str) -> Result<Value, Option<u16>> {
    let visit = Visit::begin(shared, body.as_bytes());
    let asked = protocol::read(body.as_bytes()).ok_or(Some(400))?;
    let (row, captures) = shared.config.script.find(&asked.request).ok_or(Some(400))?;
    match visit.fault(row) {
        None => {}
        Some(Fault::RateLimit | Fault::BareRateLimit) => return Err(Some(429)),
        Some(Fault::ServerError | Fault::Loading) => return Err(Some(500)),
        Some(_) => return Err(None),
    }
    if let Some(scripted) = &row.error {
        return Err(Some(scripted.status));
    }
    visit.answered();
    Ok(protocol::whole(&row.answer(&asked.request, &captures), &asked.model, &visit.id()))
}
