//! `tirade serve`: a local model behind the OpenAI protocol.
//!
//! [`ask`] turns a request's body into what the engine is asked, [`answer`] what it replies into JSON or events; [`server`] stands
//! between the two and the network. All requests share one engine, so those that come together are computed together.

mod answer;
mod ask;
mod server;
#[cfg(test)]
mod tests;

use std::path::PathBuf;
use std::sync::Arc;

use anyhow::Context as _;
use clap::Args;
use tirade::model::name::ModelName;
use tirade_nn::engine::{Engine, EngineOptions, available_memory};

use self::server::{Served, Server};
use crate::home::Home;
use crate::open::Opened;

/// Serve a local model with the OpenAI protocol.
///
/// Answers `GET /v1/models`, `POST /v1/chat/completions` (whole or as a stream) and `GET /health`. Requests that come together are computed
/// together; the same request with the same seed gives the same reply whatever else runs. Name it as a model with the line it prints:
/// `tirade solve --model http://127.0.0.1:8000/v1#smollm2-135m-instruct`. Ctrl-C lets replies under way end; a second one does not.
///
/// Understood are messages, tools and tool_choice, max_tokens, temperature, top_p, top_k, min_p, presence_penalty, frequency_penalty,
/// repetition_penalty, logit_bias, seed, stop, n, stream, logprobs, top_logprobs and response_format (json_object, json_schema).
/// Probabilities are the model's own, before penalties. With tools, a streamed reply comes in one piece.
#[derive(Args, Clone, Debug)]
pub struct ServeArgs {
    /// The model: local:NAME or file:PATH
    #[arg(long, value_name = "MODEL")]
    pub model: String,
    /// An adapter to offer as a model of its own name; can be given several times
    #[arg(long = "adapter", value_name = "NAME=FOLDER", value_parser = adapter)]
    pub adapters: Vec<(String, PathBuf)>,
    /// Where to listen; port 0 takes a free one
    #[arg(long, default_value = "127.0.0.1:8000", value_name = "ADDRESS")]
    pub listen: String,
    /// Requests without this key are answered 401
    #[arg(long, env = "TIRADE_SERVE_KEY", hide_env_values = true, value_name = "KEY")]
    pub key: Option<String>,
    /// Threads that compute; 0 for all
    #[arg(long, default_value_t = 0, value_name = "N")]
    pub threads: usize,
    /// Replies computed at once; more wait
    #[arg(long, default_value_t = 16, value_name = "N")]
    pub batch: usize,
    /// Tokens of prompt and reply together; 0 for what the model was made for
    #[arg(long, default_value_t = 0, value_name = "TOKENS")]
    pub context: usize,
    /// Memory for the keys and values of all conversations
    #[arg(long, default_value_t = 2048, value_name = "MIB")]
    pub cache: u64,
}

fn adapter(text: &str) -> Result<(String, PathBuf), String> {
    match text.split_once('=') {
        Some((name, folder)) if !name.is_empty() && !folder.is_empty() => Ok((name.into(), folder.into())),
        _ => Err(format!("`{text}` is not NAME=FOLDER")),
    }
}

pub async fn run(args: ServeArgs, home: &Home) -> anyhow::Result<()> {
    let name: ModelName = args.model.parse()?;
    let path = Opened::new(home).weights(&name).await?;
    let options = EngineOptions {
        threads: args.threads,
        max_batch: args.batch,
        context: args.context,
        kv_bytes_limit: args.cache << 20,
        memory_bytes: available_memory(),
        ..EngineOptions::default()
    };
    let engine = Engine::open(&path, options).with_context(|| format!("cannot open {name}"))?;
    let base = match &name {
        ModelName::Local(known) => known.clone(),
        _ => path.file_stem().unwrap_or_default().to_string_lossy().into_owned(),
    };
    let mut models = vec![Served { name: base, adapter: None }];
    for (name, folder) in &args.adapters {
        let known = models.iter().any(|model| model.name == *name);
        anyhow::ensure!(!known, "--adapter {name}: another model has this name");
        let id = engine.load_adapter(folder).with_context(|| format!("cannot load the adapter {name}"))?;
        models.push(Served { name: name.clone(), adapter: Some(id) });
    }
    let server = Server::bind(&args.listen, Arc::new(engine), models, args.key).await?;
    for model in &server.state.models {
        println!("http://{}/v1#{}", server.address, model.name);
    }
    let state = server.state.clone();
    server.until(stop()).await?;
    let stats = state.engine.stats();
    let rate = stats.generated_per_second(&Default::default());
    eprintln!("served {} tokens of replies, {rate:.1} a second while at work", stats.generated);
    Ok(())
}

/// The first Ctrl-C; the second ends the program.
async fn stop() {
    // Without a handler, Ctrl-C ends the program anyway.
    let _ = tokio::signal::ctrl_c().await;
    eprintln!("replies under way end first; Ctrl-C again stops at once");
    tokio::spawn(async {
        let _ = tokio::signal::ctrl_c().await;
        std::process::exit(130);
    });
}
