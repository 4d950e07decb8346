//! Trains a few steps on examples from a JSONL file and prints one JSON line: speed per CPU second, peak memory, losses.
//!
//! `cargo run --release -p tirade-nn --example train_bench -- --model M.gguf --examples E.jsonl --out DIR [--rank 16] [--steps 3]
//! [--batch 4] [--length 512] [--threads 1] [--rate 2e-4] [--checkpointing 1] [--precision bf16|int8] [--seed N] [--tokens T.json]`
//!
//! Before training and after every step a loop of nothing but fused multiply-adds says what the core gives at that moment;
//! `share_of_peak` is the run's useful operations per CPU second over the median of these; `later_…` leaves out the first step.
//!
//! `--tokens` also writes what is trained on, so that `peft_bench.py` can train on exactly the same tokens; `--logits` writes the
//! logits after some prompts with the trained adapter, computed by the generation engine, for `peft_logits.py` to compare.

mod fma;

use std::collections::HashMap;
use std::ops::ControlFlow;
use std::time::Instant;

use tirade_nn::adapter::Adapter;
use tirade_nn::engine::{Engine, EngineOptions, Precision};
use tirade_nn::template::ChatMessage;
use tirade_nn::train::{
    BasePrecision, ChatExample, Schedule, TooLong, TrainEvent, TrainOptions, check, tokenise, train,
};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let args: HashMap<&str, &str> =
        words.chunks_exact(2).map(|p| (p[0].trim_start_matches("--"), &p[1][..])).collect();
    let number = |name: &str, default: usize| args.get(name).map_or(Ok(default), |v| v.parse());
    let options = TrainOptions {
        model: args["model"].into(),
        output: args["out"].into(),
        rank: number("rank", 16)?,
        alpha: number("rank", 16)? as f32 * 2.0,
        learning_rate: args.get("rate").map_or(Ok(2e-4), |v| v.parse())?,
        max_steps: Some(number("steps", 3)?),
        batch_size: number("batch", 4)?,
        gradient_accumulation: 1,
        max_length: number("length", 512)?,
        too_long: TooLong::Truncate,
        warmup_steps: Some(0),
        schedule: Schedule::Constant,
        threads: number("threads", 1)?,
        activation_checkpointing: number("checkpointing", 0)? == 1,
        seed: number("seed", 3407)? as u64,
        base_precision: match args.get("precision").copied() {
            None | Some("f32") => BasePrecision::F32,
            Some("bf16") => BasePrecision::Bf16,
            Some("int8") => BasePrecision::Int8,
            Some(other) => return Err(format!("--precision {other}: f32, bf16 or int8").into()),
        },
        resume: false,
        ..TrainOptions::default()
    };
    let examples = read(args["examples"], number("count", options.batch_size)?)?;
    if let Some(path) = args.get("tokens") {
        std::fs::write(path, serde_json::to_string(&tokenise(&options, &examples)?)?)?;
    }
    let report = check(&options, &examples, &[])?;
    let (mut marks, mut losses, mut norms, mut tokens) = (Vec::new(), Vec::new(), Vec::new(), 0);
    let (mut peaks, mut measuring) = (vec![fma::peak()], 0.0);
    train(&options, &examples, &[], &mut |event| {
        match event {
            TrainEvent::Start { .. } => marks.push((Instant::now(), cpu_seconds())),
            TrainEvent::Step { loss, grad_norm, tokens: t, .. } => {
                marks.push((Instant::now(), cpu_seconds() - measuring));
                let before = cpu_seconds();
                peaks.push(fma::peak());
                measuring += cpu_seconds() - before;
                losses.push(*loss);
                norms.push(*grad_norm);
                tokens += *t;
            }
            _ => {}
        }
        ControlFlow::Continue(())
    })?;
    if let Some(path) = args.get("logits") {
        std::fs::write(path, logits(&options)?)?;
    }
    // The first step pays for fresh pages; it counts, since a peer's does too. What the later ones do is said besides.
    let (from, first, to) = (marks[0], marks[1], marks[marks.len() - 1]);
    let (done, cpu, later) = (tokens as f64, to.1 - from.1, to.1 - first.1);
    let share = 1.0 - 1.0 / losses.len() as f64;
    peaks.sort_by(f64::total_cmp);
    let peak = peaks[peaks.len() / 2];
    let line = serde_json::json!({
        "engine": "tirade", "model": args["model"], "precision": options.base_precision, "rank": options.rank, "threads": options.threads,
        "checkpointing": options.activation_checkpointing, "tokens_per_step": tokens / losses.len().max(1),
        "tokens_per_cpu_second": done / cpu, "gflops_per_cpu_second": report.operations / cpu / 1e9, "fma_peak_gflops": peak,
        "share_of_peak": report.operations / cpu / 1e9 / peak, "tokens_per_second": done / (to.0 - from.0).as_secs_f64(),
        "later_tokens_per_cpu_second": done * share / later, "later_share_of_peak": report.operations * share / later / 1e9 / peak,
        "later_tokens_per_second": done * share / (to.0 - first.0).as_secs_f64(), "cpu_seconds": cpu, "peak_mib": peak_mib(), "predicted_mib": report.memory.total() >> 20, "losses": losses, "grad_norms": norms,
    });
    println!("{line}");
    Ok(())
}

const PROMPTS: [&str; 5] = [
    "What is 17 * 23?",
    "Solve for x: 3x + 5 = 20",
    "Natalia sold clips to 48 of her friends in April, and half as many in May. How many in all?",
    "Say hello.",
    "A train travels 60 miles in 1.5 hours. Its average speed is",
];

fn logits(options: &TrainOptions) -> Result<String, Box<dyn std::error::Error>> {
    let exact =
        EngineOptions { precision: Precision::Exact, context: 512, max_batch: 1, ..Default::default() };
    let engine = Engine::open(&options.model, exact)?;
    let adapter = Adapter::read(&options.output)?;
    let pairs = adapter.pairs.iter().map(|p| (&p.name[..], &p.a[..], &p.b[..]));
    let id = engine.add_adapter(adapter.config.r, adapter.config.scale(), pairs)?;
    let mut rows = Vec::new();
    for prompt in PROMPTS {
        let tokens = engine.encode(prompt)?;
        rows.push(serde_json::json!({ "logits": engine.logits(&tokens, Some(id))?, "tokens": tokens }));
    }
    Ok(serde_json::to_string(&rows)?)
}

fn read(path: &str, count: usize) -> Result<Vec<ChatExample>, Box<dyn std::error::Error>> {
    let mut examples = Vec::new();
    for line in std::fs::read_to_string(path)?.lines().take(count) {
        let row: serde_json::Value = serde_json::from_str(line)?;
        let messages: Vec<ChatMessage> = serde_json::from_value(row["messages"].clone())?;
        examples.push(ChatExample { id: row["id"].as_str().unwrap_or("?").into(), messages });
    }
    Ok(examples)
}

/// User and system time of this process, in hundredths of a second as Linux counts them.
fn cpu_seconds() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let after = stat.rsplit_once(')').map_or("", |(_, rest)| rest);
    after.split_whitespace().skip(11).take(2).filter_map(|t| t.parse::<f64>().ok()).sum::<f64>() / 100.0
}

fn peak_mib() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|l| l.starts_with("VmHWM")).unwrap_or("");
    line.split_whitespace().nth(1).and_then(|kib| kib.parse::<f64>().ok()).unwrap_or(0.0) / 1024.0
}
