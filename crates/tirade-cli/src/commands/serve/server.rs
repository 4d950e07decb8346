//! The network's side: routes, keys, errors, streams, and giving up replies nobody waits for.

use std::convert::Infallible;
use std::future::Future;
use std::hash::{BuildHasher, RandomState};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::Context as _;
use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::http::{StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Json, Response};
use axum::routing::{get, post};
use serde_json::{Value, json};
use tirade_nn::NnError;
use tirade_nn::engine::{AdapterId, Callbacks, Cancel, Engine, GenerateReply, GenerateRequest};
use tokio::net::TcpListener;
use tokio::sync::mpsc;

use super::answer::Answer;
use super::ask::{Ask, Body};

/// Bytes a request may have.
const BODY_LIMIT: usize = 16 << 20;

/// A name that requests can ask for.
pub struct Served {
    pub name: String,
    pub adapter: Option<AdapterId>,
}

/// What all requests share.
pub struct Shared {
    pub engine: Arc<Engine>,
    /// The base model first.
    pub models: Vec<Served>,
    key: Option<String>,
    started: u64,
}

/// A server that listens, and answers once it is run.
pub struct Server {
    pub address: SocketAddr,
    pub state: Arc<Shared>,
    listener: TcpListener,
}

impl Server {
    /// Listens at `address`.
    pub async fn bind(
        address: &str,
        engine: Arc<Engine>,
        models: Vec<Served>,
        key: Option<String>,
    ) -> anyhow::Result<Self> {
        let listener = TcpListener::bind(address).await.with_context(|| {
            format!("cannot listen at {address}\n  hint: another server may be there; `--listen 127.0.0.1:0` takes a free port")
        })?;
        let state = Arc::new(Shared { engine, models, key, started: now() });
        Ok(Self { address: listener.local_addr()?, state, listener })
    }

    /// Answers until `stop`, and then until all replies under way have ended.
    pub async fn until(self, stop: impl Future<Output = ()> + Send + 'static) -> std::io::Result<()> {
        let routes = Router::new()
            .route("/v1/models", get(models))
            .route("/v1/chat/completions", post(complete))
            .layer(middleware::from_fn_with_state(self.state.clone(), check_key))
            .route("/health", get(async || Json(json!({ "status": "ok" }))))
            .fallback(async || {
                Problem::new(StatusCode::NOT_FOUND, "not_found", "there is nothing here".into())
            })
            .layer(DefaultBodyLimit::max(BODY_LIMIT))
            .with_state(self.state);
        axum::serve(self.listener, routes).with_graceful_shutdown(stop).await
    }
}

/// Why there is no answer, as the protocol says it.
#[derive(Debug)]
pub struct Problem {
    status: StatusCode,
    code: &'static str,
    message: String,
}

impl Problem {
    fn new(status: StatusCode, code: &'static str, message: String) -> Self {
        Self { status, code, message }
    }

    /// The request makes no sense.
    pub fn bad(message: String) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "invalid_request", message)
    }

    /// The conversation is too long.
    pub fn overflow(tokens: usize, context: usize) -> Self {
        let message = format!("the prompt has {tokens} tokens and the context length is {context}");
        Self::new(StatusCode::BAD_REQUEST, "context_length_exceeded", message)
    }

    fn body(&self) -> Value {
        json!({ "error": { "message": self.message, "type": "invalid_request_error", "param": null, "code": self.code } })
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        (self.status, Json(self.body())).into_response()
    }
}

async fn check_key(State(shared): State<Arc<Shared>>, request: Request, next: Next) -> Response {
    let given = request.headers().get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let right = |key: &String| given.and_then(|g| g.strip_prefix("Bearer ")).is_some_and(|g| g == key);
    if shared.key.as_ref().is_none_or(right) {
        return next.run(request).await;
    }
    Problem::new(StatusCode::UNAUTHORIZED, "invalid_api_key", "the key is missing or wrong".into())
        .into_response()
}

async fn models(State(shared): State<Arc<Shared>>) -> Json<Value> {
    let base = &shared.models[0].name;
    let row = |model: &Served| {
        let parent = model.adapter.map(|_| base);
        json!({ "id": model.name, "object": "model", "created": shared.started, "owned_by": "tirade", "parent": parent,
            "max_model_len": shared.engine.context() })
    };
    Json(json!({ "object": "list", "data": shared.models.iter().map(row).collect::<Vec<_>>() }))
}

async fn complete(State(shared): State<Arc<Shared>>, body: Bytes) -> Result<Response, Problem> {
    let body: Body = serde_json::from_slice(&body).map_err(|error| Problem::bad(error.to_string()))?;
    let Some(model) = shared.models.iter().find(|model| model.name == body.model) else {
        let known: Vec<&str> = shared.models.iter().map(|model| model.name.as_str()).collect();
        let message = format!("model {:?} does not exist; served are {}", body.model, known.join(", "));
        return Err(Problem::new(StatusCode::NOT_FOUND, "model_not_found", message));
    };
    let (adapter, name) = (model.adapter, model.name.clone());
    // Templates and grammars take their time, and the other requests' replies flow meanwhile.
    let engine = shared.engine.clone();
    let seed = RandomState::new().hash_one(());
    let asked = tokio::task::spawn_blocking(move || {
        let ask = body.ask(&engine, adapter, seed)?;
        let running = Running::start(&engine, ask.requests.clone(), ask.stream);
        Ok((ask, running))
    });
    let (ask, running) = asked.await.map_err(|error| Problem::bad(error.to_string()))??;
    let Ask { tools, tool_choice, stream, usage, .. } = ask;
    let answer =
        Answer { id: format!("chatcmpl-{seed:016x}"), created: now(), model: name, tools, tool_choice };
    if stream {
        return Ok(events(shared, answer, running, usage));
    }
    let replies = running.all().await?;
    Ok(Json(answer.whole(&replies, shared.engine.tokenizer())).into_response())
}

/// What happens to a choice.
enum News {
    Text(String),
    Done(Box<Result<GenerateReply, NnError>>),
}

/// The choices of a request on their way; dropped, as when the client has gone, they are given up.
struct Running {
    count: usize,
    news: mpsc::UnboundedReceiver<(usize, News)>,
    cancels: Vec<Cancel>,
}

impl Running {
    fn start(engine: &Engine, requests: Vec<GenerateRequest>, in_pieces: bool) -> Self {
        let (sender, news) = mpsc::unbounded_channel();
        let count = requests.len();
        let submit = |(index, request)| {
            // Nobody may be listening any more; then the request is cancelled already.
            let text = in_pieces.then(|| {
                let sender = sender.clone();
                Box::new(move |piece: &str| drop(sender.send((index, News::Text(piece.to_owned()))))) as _
            });
            let sender = sender.clone();
            let done = Box::new(move |reply| drop(sender.send((index, News::Done(Box::new(reply))))));
            engine.submit_with(request, Callbacks { text, done: Some(done) })
        };
        let cancels = requests.into_iter().enumerate().map(submit).collect();
        Self { count, news, cancels }
    }

    /// All replies, in order.
    async fn all(mut self) -> Result<Vec<GenerateReply>, Problem> {
        let mut replies: Vec<Option<GenerateReply>> = vec![None; self.count];
        while let Some((index, news)) = self.news.recv().await {
            if let News::Done(reply) = news {
                replies[index] = Some((*reply).map_err(failed)?);
            }
        }
        let missing = || Problem::bad("the engine has stopped".into());
        replies.into_iter().map(|reply| reply.ok_or_else(missing)).collect()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.cancels.iter().for_each(Cancel::cancel);
    }
}

fn failed(error: NnError) -> Problem {
    Problem::bad(error.to_string())
}

/// The answer as server-sent events.
fn events(shared: Arc<Shared>, answer: Answer, mut running: Running, usage: bool) -> Response {
    let (sender, receiver) = mpsc::channel::<Result<Event, Infallible>>(64);
    tokio::spawn(async move {
        let tokenizer = shared.engine.tokenizer();
        let mut shown = vec![false; running.count];
        let mut replies = Vec::new();
        while let Some((index, news)) = running.news.recv().await {
            let value = match news {
                News::Text(_) if !answer.streams_text() => continue,
                News::Text(text) => {
                    let first = !std::mem::replace(&mut shown[index], true);
                    answer.piece(index, &text, first)
                }
                News::Done(reply) => match *reply {
                    Err(error) => failed(error).body(),
                    Ok(reply) => {
                        let end = answer.end(index, &reply, shown[index], tokenizer);
                        replies.push(reply);
                        end
                    }
                },
            };
            if sender.send(Ok(Event::default().data(value.to_string()))).await.is_err() {
                // The client has gone; dropping `running` gives the replies up.
                return;
            }
        }
        let totals = usage.then(|| answer.totals(&replies).to_string());
        for data in totals.into_iter().chain(["[DONE]".to_owned()]) {
            let _ = sender.send(Ok(Event::default().data(data))).await;
        }
    });
    let stream =
        futures::stream::unfold(receiver, async |mut receiver| Some((receiver.recv().await?, receiver)));
    Sse::new(stream).keep_alive(KeepAlive::default()).into_response()
}

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |time| time.as_secs())
}
