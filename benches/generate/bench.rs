//! Times generation: `bench-generate MODEL.gguf [--threads N] [--batches 1,16] [--prompt 512] [--tokens 64]
//! [--isa avx512|avx-vnni|avx2|portable] [--precision auto|int8|exact] [--show TEXT [--adapter FOLDER]] [--logits FILE.jsonl]
//! [--encode FILE.jsonl]`
//!
//! One JSON line per measurement, with wall and CPU seconds. `--show` prints a greedy reply instead. `--logits` reads lines
//! with `tokens` and prints the logits after them as `{"top": [[token, logprob], …]}`. `--encode` reads lines with `text` and prints
//! their tokens.

use std::time::Instant;

use serde_json::{Value, json};
use tirade_nn::engine::{Engine, EngineOptions, GenerateRequest, Isa, Precision, Sampling};
use tirade_nn::template::ChatMessage;

type Failure = Box<dyn std::error::Error>;

fn main() -> Result<(), Failure> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let model = args.first().ok_or("which model?")?;
    let begun = Instant::now();
    let engine = Engine::open(model.as_ref(), options(&args)?)?;
    let opened = begun.elapsed().as_secs_f64();
    if let Some(text) = option(&args, "--show") {
        return show(&engine, text, option(&args, "--adapter"));
    }
    if let Some(path) = option(&args, "--encode") {
        return encode(&engine, path);
    }
    if let Some(path) = option(&args, "--logits") {
        return logits(&engine, path);
    }
    println!("{}", json!({ "model": model, "opened_seconds": opened, "args": args[1..] }));
    let prompt: usize = option(&args, "--prompt").unwrap_or("512").parse()?;
    let tokens: usize = option(&args, "--tokens").unwrap_or("64").parse()?;
    measure("prefill", prompt, || prefill(&engine, prompt))?;
    for batch in option(&args, "--batches").unwrap_or("1,16").split(',') {
        let batch: usize = batch.parse()?;
        measure(&format!("decode {batch}"), batch * tokens, || decode(&engine, batch, tokens))?;
    }
    Ok(())
}

fn option<'a>(args: &'a [String], name: &str) -> Option<&'a str> {
    let at = args.iter().position(|arg| arg == name)?;
    args.get(at + 1).map(String::as_str)
}

fn options(args: &[String]) -> Result<EngineOptions, Failure> {
    let isa = match option(args, "--isa") {
        None => None,
        Some("portable") => Some(Isa::Portable),
        #[cfg(target_arch = "x86_64")]
        Some("avx2") => Some(Isa::Avx2),
        #[cfg(target_arch = "x86_64")]
        Some("avx-vnni") => Some(Isa::AvxVnni),
        #[cfg(target_arch = "x86_64")]
        Some("avx512") => Some(Isa::Avx512),
        Some(other) => return Err(format!("--isa {other}").into()),
    };
    let precision = match option(args, "--precision") {
        None | Some("auto") => Precision::Auto,
        Some("int8") => Precision::Int8,
        Some("exact") => Precision::Exact,
        Some(other) => return Err(format!("--precision {other}").into()),
    };
    let threads = option(args, "--threads").unwrap_or("1").parse()?;
    Ok(EngineOptions { threads, isa, precision, max_batch: 64, context: 4096, ..EngineOptions::default() })
}

/// CPU seconds of this process, all threads together (Linux).
fn cpu_seconds() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or("").split_whitespace().collect();
    let ticks = |i: usize| fields.get(i).and_then(|f| f.parse::<f64>().ok()).unwrap_or(0.0);
    (ticks(11) + ticks(12)) / 100.0
}

fn measure(what: &str, tokens: usize, work: impl FnOnce() -> Result<(), Failure>) -> Result<(), Failure> {
    let (wall, cpu) = (Instant::now(), cpu_seconds());
    work()?;
    let (wall, cpu) = (wall.elapsed().as_secs_f64(), cpu_seconds() - cpu);
    let row = json!({ "what": what, "tokens": tokens, "wall": wall, "cpu": cpu,
        "per_wall_second": tokens as f64 / wall, "per_cpu_second": tokens as f64 / cpu });
    println!("{row}");
    Ok(())
}

/// Tokens that follow no pattern the prefix cache knows: `seed` makes prompts differ from the first token on.
fn noise(engine: &Engine, seed: usize, len: usize) -> Vec<u32> {
    let vocab = engine.tokenizer().len().min(30_000);
    (0..len).map(|i| ((seed * 7919 + i * 104_729 + i * i * 31) % (vocab - 1000) + 500) as u32).collect()
}

fn prefill(engine: &Engine, len: usize) -> Result<(), Failure> {
    let request = GenerateRequest { prompt: noise(engine, 1, len), max_tokens: 1, ..Default::default() };
    engine.submit(request).wait()?;
    Ok(())
}

/// Replies of the same length to short prompts.
fn decode(engine: &Engine, batch: usize, tokens: usize) -> Result<(), Failure> {
    let sampling = |seed| Sampling { temperature: 1.5, seed, ..Sampling::default() };
    let request = |i: usize| GenerateRequest {
        prompt: noise(engine, 100 + i, 4),
        max_tokens: tokens,
        sampling: sampling(i as u64),
        ignore_end: true,
        ..Default::default()
    };
    let tickets: Vec<_> = (0..batch).map(|i| engine.submit(request(i))).collect();
    let mut generated = 0;
    for ticket in tickets {
        generated += ticket.wait()?.tokens.len();
    }
    if generated != batch * tokens {
        return Err(format!("only {generated} of {} tokens came", batch * tokens).into());
    }
    Ok(())
}

fn encode(engine: &Engine, path: &str) -> Result<(), Failure> {
    for line in std::fs::read_to_string(path)?.lines() {
        let row: Value = serde_json::from_str(line)?;
        println!("{}", json!(engine.tokenizer().encode(row["text"].as_str().ok_or("a line without text")?)?));
    }
    Ok(())
}

fn show(engine: &Engine, text: &str, adapter: Option<&str>) -> Result<(), Failure> {
    let adapter = adapter.map(|folder| engine.load_adapter(folder.as_ref())).transpose()?;
    let prompt = match engine.template() {
        Some(_) => engine.render(&[ChatMessage::new("user", text)], None, true)?,
        None => engine.encode(text)?,
    };
    let request = GenerateRequest { prompt, max_tokens: 200, adapter, ..Default::default() };
    println!("{}", engine.submit(request).wait()?.text);
    Ok(())
}

fn logits(engine: &Engine, path: &str) -> Result<(), Failure> {
    for line in std::fs::read_to_string(path)?.lines() {
        let row: Value = serde_json::from_str(line)?;
        let tokens: Vec<u32> = serde_json::from_value(row["tokens"].clone())?;
        let logits = engine.logits(&tokens, None)?;
        let largest = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        let sum: f64 = logits.iter().map(|l| f64::from(l - largest).exp()).sum();
        let logprob = |l: f32| f64::from(l - largest) - sum.ln();
        let mut top: Vec<(usize, f64)> = logits.iter().map(|&l| logprob(l)).enumerate().collect();
        top.sort_by(|a, b| b.1.total_cmp(&a.1));
        top.truncate(2000);
        println!("{}", json!({ "top": top }));
    }
    Ok(())
}
