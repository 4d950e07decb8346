//! Generates replies for many conversations at once.
//!
//! One thread of the engine's own runs the model; requests join and leave its batch at any time. The same request gives
//! the same reply whatever else runs.
//!
//! ```no_run
//! # fn main() -> Result<(), tirade_nn::NnError> {
//! use tirade_nn::engine::{Engine, EngineOptions, GenerateRequest};
//! use tirade_nn::template::ChatMessage;
//!
//! let engine = Engine::open("model.gguf".as_ref(), EngineOptions::default())?;
//! let prompt = engine.render(&[ChatMessage::new("user", "What is 17 * 23?")], None, true)?;
//! let ticket = engine.submit(GenerateRequest { prompt, max_tokens: 256, ..Default::default() });
//! println!("{}", ticket.wait()?.text);
//! # Ok(()) }
//! ```

mod blocks;
mod grammar;
mod request;
mod scheduler;
mod sequence;
mod stats;
mod text;

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::mpsc;
use std::thread::JoinHandle;

use serde_json::Value as Json;

pub use self::grammar::Grammar;
pub use self::request::{
    AdapterId, Callbacks, Cancel, Finish, GenerateReply, GenerateRequest, OnDone, OnText, Ticket,
};
pub use self::stats::Stats;
pub use crate::kernel::pack::Precision;
pub use crate::kernel::simd::Isa;
pub use crate::penalty::Penalties;
pub use crate::sample::Sampling;

use self::blocks::Blocks;
use self::grammar::Grammars;
use self::request::stopped;
use self::scheduler::{Command, Scheduler, Score};
use self::sequence::Sequence;
use self::stats::Counters;
use crate::NnError;
use crate::adapter::Adapter;
use crate::config::Config;
use crate::kernel::attention::BLOCK;
use crate::kv::KvCache;
use crate::lora::Lora;
use crate::model::Model;
use crate::pool::Pool;
use crate::template::{ChatMessage, ChatTemplate};
use crate::tokenizer::Tokenizer;
use crate::weights::Weights;

/// How an engine is set up.
#[derive(Debug, Clone)]
pub struct EngineOptions {
    /// Threads that compute; 0 for as many as the machine has.
    pub threads: usize,
    /// Conversations that reply at once; more wait.
    pub max_batch: usize,
    /// Tokens of prompt and reply together, at most; 0 for what the model was made for.
    pub context: usize,
    /// Memory for keys and values, at most.
    pub kv_bytes_limit: u64,
    /// Memory there is; the model is refused if it would not fit. `None` asks nothing (see [`available_memory`]).
    pub memory_bytes: Option<u64>,
    pub precision: Precision,
    /// The instruction set to use; `None` for the best there is.
    pub isa: Option<Isa>,
    /// Rows of prompts computed in one step: more is faster, less keeps replies flowing.
    pub step_rows: usize,
}

impl Default for EngineOptions {
    fn default() -> Self {
        Self {
            threads: 0,
            max_batch: 16,
            context: 0,
            kv_bytes_limit: 2 << 30,
            memory_bytes: None,
            precision: Precision::Auto,
            isa: None,
            step_rows: 256,
        }
    }
}

/// Bytes that this process may still take: what Linux says is available, or less where a control group allows less; `None` elsewhere.
pub fn available_memory() -> Option<u64> {
    let read = |path: &str| std::fs::read_to_string(path).ok();
    let group = || {
        let number = |path: &str| read(path)?.trim().parse::<u64>().ok();
        Some(number("/sys/fs/cgroup/memory.max")?.saturating_sub(number("/sys/fs/cgroup/memory.current")?))
    };
    let system = mem_available(&read("/proc/meminfo")?)?;
    Some(group().map_or(system, |group| group.min(system)))
}

/// `MemAvailable` of `/proc/meminfo`, in bytes.
fn mem_available(meminfo: &str) -> Option<u64> {
    let line = meminfo.lines().find_map(|line| line.strip_prefix("MemAvailable:"))?;
    line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()?.checked_mul(1024)
}

/// A model that serves requests.
pub struct Engine {
    commands: Option<mpsc::Sender<Command>>,
    thread: Option<JoinHandle<()>>,
    config: Config,
    tokenizer: Arc<Tokenizer>,
    grammars: Grammars,
    template: Option<ChatTemplate>,
    counters: Arc<Counters>,
    context: usize,
}

impl Engine {
    /// Opens a `.gguf` file, or a directory with `config.json`, `tokenizer.json` and `*.safetensors`.
    ///
    /// # Errors
    /// If a file is missing, damaged or unsupported, or the model would not fit the memory there is.
    pub fn open(path: &Path, options: EngineOptions) -> Result<Self, NnError> {
        let weights = Weights::open(path)?;
        let (tokenizer, template) = match (weights.gguf(), weights.dir()) {
            (Some(file), _) => {
                let tokenizer = Tokenizer::from_gguf(file)?;
                let template = ChatTemplate::from_gguf(file, &tokenizer)?;
                (tokenizer, template)
            }
            (None, dir) => {
                let dir = dir.unwrap_or(path);
                let tokenizer = Tokenizer::from_dir(dir)?;
                let template = ChatTemplate::from_dir(dir, &tokenizer)?;
                (tokenizer, template)
            }
        };
        Self::with_parts(weights, tokenizer, template, options)
    }

    /// An engine of parts that are open already.
    ///
    /// # Errors
    /// As [`Engine::open`].
    pub fn with_parts(
        weights: Weights,
        tokenizer: Tokenizer,
        template: Option<ChatTemplate>,
        options: EngineOptions,
    ) -> Result<Self, NnError> {
        let config = weights.config().clone();
        let context = if options.context == 0 { config.context } else { options.context.min(config.context) };
        let blocks = cache_blocks(&config, &options, context)?;
        check_memory(&weights, &options, blocks)?;
        let machine = std::thread::available_parallelism().map_or(1, usize::from);
        let pool = Pool::new(if options.threads == 0 { machine } else { options.threads });
        let isa = options.isa.filter(|isa| Isa::available().contains(isa)).unwrap_or_else(Isa::best);
        let model = Model::new(weights, &pool, isa, options.precision)?;
        let (tokenizer, counters) = (Arc::new(tokenizer), Arc::new(Counters::default()));
        let scheduler = Scheduler {
            kv: KvCache::new(&config, blocks, options.precision),
            blocks: Blocks::new(blocks),
            model,
            tokenizer: Arc::clone(&tokenizer),
            pool,
            isa,
            adapters: HashMap::new(),
            max_batch: options.max_batch.max(1),
            context,
            step_rows: options.step_rows.max(1),
            counters: Arc::clone(&counters),
            waiting: Default::default(),
            running: Vec::new(),
        };
        let (commands, inbox) = mpsc::channel();
        let thread = std::thread::spawn(move || scheduler.serve(&inbox));
        Ok(Self {
            commands: Some(commands),
            thread: Some(thread),
            grammars: Grammars::new(Arc::clone(&tokenizer), config.vocab),
            config,
            tokenizer,
            template,
            counters,
            context,
        })
    }

    /// The architecture.
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// The tokenizer.
    pub fn tokenizer(&self) -> &Tokenizer {
        &self.tokenizer
    }

    /// The chat template, if the model has one.
    pub fn template(&self) -> Option<&ChatTemplate> {
        self.template.as_ref()
    }

    /// Tokens of prompt and reply together, at most.
    pub fn context(&self) -> usize {
        self.context
    }

    /// The tokens of a conversation; with `open_turn`, up to the beginning of the assistant's next turn.
    ///
    /// # Errors
    /// If the model has no chat template or it refuses the conversation.
    pub fn render(
        &self,
        messages: &[ChatMessage],
        tools: Option<&Json>,
        open_turn: bool,
    ) -> Result<Vec<u32>, NnError> {
        let Some(template) = &self.template else {
            return Err(NnError::Text(
                "the model has no chat template; it is a base model: give it text".into(),
            ));
        };
        self.encode(&template.render(messages, tools, open_turn)?)
    }

    /// The tokens of a text as a prompt: with the token in front that the model wants there.
    ///
    /// # Errors
    /// If the tokenizer refuses it.
    pub fn encode(&self, text: &str) -> Result<Vec<u32>, NnError> {
        let mut tokens = self.tokenizer.encode(text)?;
        if let Some(first) = self.tokenizer.leading_token().filter(|first| tokens.first() != Some(first)) {
            tokens.insert(0, first);
        }
        Ok(tokens)
    }

    /// Loads an adapter in PEFT's format, beside those there are; requests name the one they want.
    ///
    /// # Errors
    /// If it cannot be read, is not plain LoRA, or was made for another model.
    pub fn load_adapter(&self, dir: &Path) -> Result<AdapterId, NnError> {
        let Adapter { config, pairs } = Adapter::read(dir)?;
        let pairs = pairs.iter().map(|pair| (&pair.name[..], &pair.a[..], &pair.b[..]));
        let added = self.add_adapter(config.r, config.scale(), pairs);
        added.map_err(|what| NnError::Adapter { path: dir.to_owned(), what })
    }

    /// Adds an adapter: pairs of name, A and B at one rank, scaled by `scale`. See [`Lora::insert`].
    ///
    /// # Errors
    /// A sentence, if a pair does not fit the model.
    pub fn add_adapter<'a>(
        &self,
        rank: usize,
        scale: f32,
        pairs: impl IntoIterator<Item = (&'a str, &'a [f32], &'a [f32])>,
    ) -> Result<AdapterId, String> {
        let mut lora = Lora::new(scale);
        for (name, a, b) in pairs {
            lora.insert(&self.config, name, rank, a, b)?;
        }
        let (reply, answer) = mpsc::channel();
        self.send(Command::AddAdapter { lora: Box::new(lora), reply });
        answer.recv().map_err(|_| stopped().to_string())
    }

    /// Asks for a reply.
    pub fn submit(&self, request: GenerateRequest) -> Ticket {
        let (sender, reply) = mpsc::channel();
        // The receiver may be gone: then nobody wants the reply.
        let done = Box::new(move |result| drop(sender.send(result)));
        let cancel = self.submit_with(request, Callbacks { done: Some(done), ..Callbacks::default() });
        Ticket { reply, cancel }
    }

    /// Asks for a reply that is reported by callbacks, piece by piece if wanted.
    pub fn submit_with(&self, request: GenerateRequest, callbacks: Callbacks) -> Cancel {
        let cancel = Cancel(Arc::new(AtomicBool::new(false)));
        let constraint = request.grammar.as_ref().map(|grammar| self.grammars.matcher(grammar)).transpose();
        let mut sequence = Sequence::new(request, callbacks, Arc::clone(&cancel.0));
        match constraint {
            Ok(constraint) => sequence.constraint = constraint,
            Err(error) => {
                sequence.refuse(error);
                return cancel;
            }
        }
        if let Some(Command::Submit(sequence)) = self.send(Command::Submit(Box::new(sequence))) {
            sequence.refuse(stopped());
        }
        cancel
    }

    /// The natural logarithm of the probability of each token but the first, given those before it.
    ///
    /// # Errors
    /// If there are no tokens, or they are not in the vocabulary or do not fit the cache.
    pub fn score(&self, tokens: &[u32], adapter: Option<AdapterId>) -> Result<Vec<f32>, NnError> {
        self.ask(tokens, adapter, Score::Logprobs)
    }

    /// The logits of all tokens of the vocabulary after these, for comparing models.
    ///
    /// # Errors
    /// As [`Engine::score`].
    pub fn logits(&self, tokens: &[u32], adapter: Option<AdapterId>) -> Result<Vec<f32>, NnError> {
        self.ask(tokens, adapter, Score::Logits)
    }

    fn ask(&self, tokens: &[u32], adapter: Option<AdapterId>, what: Score) -> Result<Vec<f32>, NnError> {
        let (reply, answer) = mpsc::channel();
        self.send(Command::Score { tokens: tokens.to_vec(), adapter, what, reply });
        answer.recv().unwrap_or_else(|_| Err(stopped()))
    }

    /// What has been computed so far.
    pub fn stats(&self) -> Stats {
        self.counters.read()
    }

    /// Hands a command to the engine's thread, or back if that has ended.
    fn send(&self, command: Command) -> Option<Command> {
        match &self.commands {
            Some(commands) => commands.send(command).err().map(|e| e.0),
            None => Some(command),
        }
    }
}

impl Drop for Engine {
    /// Cancels what is running and waits for the thread.
    fn drop(&mut self) {
        self.commands = None;
        if let Some(thread) = self.thread.take() {
            // If it panicked, waiting tickets have already been told that the engine stopped.
            let _ = thread.join();
        }
    }
}

/// Blocks for `max_batch` full contexts, or as many as the limit allows.
fn cache_blocks(config: &Config, options: &EngineOptions, context: usize) -> Result<usize, NnError> {
    let wanted = options.max_batch.max(1).saturating_mul(context.div_ceil(BLOCK) + 1);
    let block = KvCache::block_bytes(config, options.precision) as u64;
    let allowed = options.kv_bytes_limit / block;
    if allowed == 0 {
        return Err(NnError::TooLarge {
            needed_mib: block.div_ceil(1 << 20),
            available_mib: options.kv_bytes_limit >> 20,
            detail: format!("{BLOCK} tokens of keys and values"),
        });
    }
    Ok(wanted.min(usize::try_from(allowed).unwrap_or(usize::MAX)))
}

fn check_memory(weights: &Weights, options: &EngineOptions, blocks: usize) -> Result<(), NnError> {
    let Some(available) = options.memory_bytes else { return Ok(()) };
    let config = weights.config();
    let packed = Model::packed_bytes(weights, options.precision)? as u64;
    let cache = (blocks * KvCache::block_bytes(config, options.precision)) as u64;
    let widest = 6 * config.hidden + 4 * config.intermediate + 4 * config.heads * config.head_dim;
    let batch = (4 * (options.step_rows * widest + 32 * config.vocab)) as u64;
    let needed = packed + cache + batch;
    if needed > available {
        let mib = |bytes: u64| bytes.div_ceil(1 << 20);
        return Err(NnError::TooLarge {
            needed_mib: mib(needed),
            available_mib: available >> 20,
            detail: format!("weights {}, keys and values {}, batch {}", mib(packed), mib(cache), mib(batch)),
        });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn free_memory_is_read_in_bytes() {
        assert_eq!(mem_available("MemTotal: 9 kB\nMemAvailable:   2048 kB\n"), Some(2 << 20));
        assert_eq!(mem_available("MemTotal: 9 kB\n"), None);
        assert!(available_memory().is_none_or(|bytes| bytes > 1 << 20));
    }
}
