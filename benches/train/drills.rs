//! Does training teach? Generates exact drills, trains SmolLM2 on some, and compares its accuracy on others before and after.
//!
//! `cargo run --release -p tirade-nn --example drills -- --model SmolLM2.gguf --out DIR [--train 1200] [--test 300] [--threads 2]`
//!
//! Four kinds of problem (linear equations, greatest common divisors, sums of fractions, products modulo m) with a short worked
//! solution each. No test problem is a training problem. A reply counts as right if its last number is the answer, the same rule
//! before and after; the difference is tested with McNemar's exact test on the pairs.

use std::collections::{HashMap, HashSet};
use std::fmt::Write as _;
use std::ops::ControlFlow;
use std::path::Path;

use tirade_nn::adapter::Adapter;
use tirade_nn::engine::{AdapterId, Engine, EngineOptions, GenerateRequest};
use tirade_nn::template::ChatMessage;
use tirade_nn::train::{ChatExample, TrainEvent, TrainOptions, train};

type Failure = Box<dyn std::error::Error>;

fn main() -> Result<(), Failure> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let args: HashMap<&str, &str> =
        words.chunks_exact(2).map(|p| (p[0].trim_start_matches("--"), &p[1][..])).collect();
    let number = |name: &str, default: usize| args.get(name).map_or(Ok(default), |v| v.parse());
    let (learnt, tested) = (number("train", 1200)?, number("test", 300)?);
    let drills = drills(learnt + tested, number("seed", 1)? as u64);
    let (test, training) = drills.split_at(tested);
    let options = TrainOptions {
        model: args["model"].into(),
        output: args["out"].into(),
        learning_rate: 1e-3,
        epochs: number("epochs", 1)?,
        batch_size: 8,
        gradient_accumulation: 1,
        max_length: 256,
        threads: number("threads", 2)?,
        checkpoint_every: Some(25),
        ..TrainOptions::default()
    };
    let engine = Engine::open(
        &options.model,
        EngineOptions { threads: options.threads, context: 512, ..Default::default() },
    )?;
    let before = evaluate(&engine, None, test)?;
    println!("before: {} of {tested} right", before.iter().filter(|r| **r).count());
    let examples: Vec<ChatExample> = training.iter().enumerate().map(|(i, d)| d.example(i)).collect();
    let summary = train(&options, &examples, &[], &mut |event| {
        if let TrainEvent::Step { step, total, loss, tokens_per_second, eta_seconds, .. } = event
            && step % 10 == 0
        {
            println!(
                "step {step}/{total} loss {loss:.3} {tokens_per_second:.0} tokens/s, {eta_seconds:.0} s left"
            );
        }
        ControlFlow::Continue(())
    })?;
    let adapter = load(&engine, &summary.adapter)?;
    let after = evaluate(&engine, Some(adapter), test)?;
    println!("{}", report(test, &before, &after, summary.loss));
    Ok(())
}

struct Drill {
    kind: &'static str,
    problem: String,
    solution: String,
    answer: String,
}

impl Drill {
    fn example(&self, index: usize) -> ChatExample {
        let solution = format!("{}\nAnswer: {}", self.solution, self.answer);
        let messages =
            vec![ChatMessage::new("user", &self.problem), ChatMessage::new("assistant", &solution)];
        ChatExample { id: format!("{}-{index}", self.kind), messages }
    }
}

/// `count` different drills, the kinds in turn.
fn drills(count: usize, seed: u64) -> Vec<Drill> {
    let mut random = Random(seed);
    let (mut drills, mut seen) = (Vec::new(), HashSet::new());
    while drills.len() < count {
        let drill = match drills.len() % 4 {
            0 => linear(&mut random),
            1 => divisor(&mut random),
            2 => fractions(&mut random),
            _ => modular(&mut random),
        };
        if seen.insert(drill.problem.clone()) {
            drills.push(drill);
        }
    }
    drills
}

fn linear(random: &mut Random) -> Drill {
    let (a, x, b) = (random.within(2, 9), random.within(-12, 12), random.within(1, 20));
    let c = a * x + b;
    Drill {
        kind: "linear",
        problem: format!("Solve for x: {a}x + {b} = {c}"),
        solution: format!("{a}x = {c} - {b} = {}. x = {} / {a} = {x}.", c - b, c - b),
        answer: x.to_string(),
    }
}

fn divisor(random: &mut Random) -> Drill {
    let common = random.within(1, 12);
    let (first, second) = (common * random.within(2, 12), common * random.within(2, 12));
    let (mut a, mut b, mut solution) = (first.max(second), first.min(second), String::new());
    while b != 0 {
        let _ = write!(solution, "{a} = {} * {b} + {}. ", a / b, a % b);
        (a, b) = (b, a % b);
    }
    Drill {
        kind: "gcd",
        problem: format!("Find the greatest common divisor of {first} and {second}."),
        solution: solution.trim_end().into(),
        answer: a.to_string(),
    }
}

fn fractions(random: &mut Random) -> Drill {
    let (b, d) = (random.within(2, 9), random.within(2, 9));
    let (a, c) = (random.within(1, b - 1), random.within(1, d - 1));
    let (top, bottom) = (a * d + c * b, b * d);
    let common = gcd(top, bottom);
    let answer = match bottom / common {
        1 => (top / common).to_string(),
        reduced => format!("{}/{reduced}", top / common),
    };
    Drill {
        kind: "fractions",
        problem: format!("Add and reduce: {a}/{b} + {c}/{d}"),
        solution: format!(
            "{a}/{b} = {}/{bottom}, {c}/{d} = {}/{bottom}. The sum is {top}/{bottom}. Divide by {common}.",
            a * d,
            c * b
        ),
        answer,
    }
}

fn modular(random: &mut Random) -> Drill {
    let (a, b, m) = (random.within(3, 19), random.within(3, 12), random.within(3, 12));
    let product = a * b;
    Drill {
        kind: "modular",
        problem: format!("What is {a} * {b} modulo {m}?"),
        solution: format!("{a} * {b} = {product}. {product} = {} * {m} + {}.", product / m, product % m),
        answer: (product % m).to_string(),
    }
}

fn gcd(a: i64, b: i64) -> i64 {
    if b == 0 { a } else { gcd(b, a % b) }
}

fn load(engine: &Engine, dir: &Path) -> Result<AdapterId, Failure> {
    let adapter = Adapter::read(dir)?;
    let pairs = adapter.pairs.iter().map(|p| (&p.name[..], &p.a[..], &p.b[..]));
    Ok(engine.add_adapter(adapter.config.r, adapter.config.scale(), pairs)?)
}

/// Which drills the model gets right, answering greedily.
fn evaluate(engine: &Engine, adapter: Option<AdapterId>, drills: &[Drill]) -> Result<Vec<bool>, Failure> {
    let ask = |drill: &Drill| {
        let prompt = engine.render(&[ChatMessage::new("user", &drill.problem)], None, true)?;
        Ok(engine.submit(GenerateRequest { prompt, max_tokens: 96, adapter, ..Default::default() }))
    };
    let tickets = drills.iter().map(ask).collect::<Result<Vec<_>, tirade_nn::NnError>>()?;
    tickets
        .into_iter()
        .zip(drills)
        .map(|(ticket, drill)| Ok(last_number(&ticket.wait()?.text) == drill.answer))
        .collect()
}

/// The last integer or fraction of a reply.
fn last_number(text: &str) -> String {
    let part = |c: char| c.is_ascii_digit() || c == '-' || c == '/';
    let mut words = text.split(|c: char| !part(c)).map(|w| w.trim_matches('/').trim_end_matches('-'));
    words.rfind(|w| w.contains(|c: char| c.is_ascii_digit())).unwrap_or("").to_string()
}

fn report(test: &[Drill], before: &[bool], after: &[bool], loss: f64) -> String {
    let pairs = || before.iter().zip(after);
    let (gained, lost) = (
        pairs().filter(|p| p == &(&false, &true)).count(),
        pairs().filter(|p| p == &(&true, &false)).count(),
    );
    let mut kinds = serde_json::Map::new();
    for kind in ["linear", "gcd", "fractions", "modular"] {
        let of = |rights: &[bool]| test.iter().zip(rights).filter(|(d, r)| d.kind == kind && **r).count();
        let all = test.iter().filter(|d| d.kind == kind).count();
        kinds.insert(
            kind.into(),
            serde_json::json!({ "problems": all, "before": of(before), "after": of(after) }),
        );
    }
    serde_json::json!({
        "test": test.len(), "before": before.iter().filter(|r| **r).count(), "after": after.iter().filter(|r| **r).count(),
        "gained": gained, "lost": lost, "mcnemar_p": mcnemar(gained, lost), "final_loss": loss, "kinds": kinds,
    })
    .to_string()
}

/// Two-sided exact test that `gained` and `lost` are equally likely.
fn mcnemar(gained: usize, lost: usize) -> f64 {
    let n = gained + lost;
    let log_choose = |k: usize| (1..=k).map(|i| ((n - k + i) as f64 / i as f64).ln()).sum::<f64>();
    let tail: f64 = (0..=gained.min(lost)).map(|k| (log_choose(k) - n as f64 * 2f64.ln()).exp()).sum();
    (2.0 * tail).min(1.0)
}

struct Random(u64);

impl Random {
    fn within(&mut self, low: i64, high: i64) -> i64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        low + ((z ^ (z >> 31)) % (high - low + 1) as u64) as i64
    }
}
