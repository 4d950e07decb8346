//! The engine on a tiny model: determinism, batching, prefixes, limits.

use std::sync::mpsc;

use super::make::{HIDDEN, Numbers, tiny_model};
use tirade_nn::NnError;
use tirade_nn::engine::{
    Callbacks, Engine, EngineOptions, Finish, GenerateReply, GenerateRequest, Isa, Penalties, Sampling,
};
use tirade_nn::gguf::Gguf;
use tirade_nn::template::ChatMessage;
use tirade_nn::weights::Weights;

pub fn engine(options: EngineOptions) -> Engine {
    let file = Gguf::from_bytes("tiny", tiny_model(1)).unwrap();
    let tokenizer = tirade_nn::tokenizer::Tokenizer::from_gguf(&file).unwrap();
    let template = tirade_nn::template::ChatTemplate::from_gguf(&file, &tokenizer).unwrap();
    Engine::with_parts(Weights::from_gguf(file).unwrap(), tokenizer, template, options).unwrap()
}

pub fn small() -> EngineOptions {
    EngineOptions { threads: 2, step_rows: 24, ..EngineOptions::default() }
}

/// A request with a prompt of `len` tokens that differs from those of other seeds in its last third.
fn request(seed: u64, len: usize) -> GenerateRequest {
    let mut numbers = Numbers(seed);
    let token =
        |i: usize| if i < len * 2 / 3 { 3 + (i * 7 % 250) as u32 } else { 3 + numbers.below(250) as u32 };
    GenerateRequest {
        prompt: (0..len).map(token).collect(),
        max_tokens: 20,
        sampling: Sampling { temperature: 0.9, top_p: 0.95, seed, ..Sampling::default() },
        logprobs: true,
        ..GenerateRequest::default()
    }
}

fn wait(engine: &Engine, request: GenerateRequest) -> GenerateReply {
    engine.submit(request).wait().unwrap()
}

fn same(a: &GenerateReply, b: &GenerateReply) -> bool {
    let bits = |r: &GenerateReply| r.logprobs.iter().flatten().map(|p| p.to_bits()).collect::<Vec<_>>();
    a.tokens == b.tokens && bits(a) == bits(b) && a.text == b.text
}

#[test]
fn a_reply_does_not_depend_on_what_else_runs() {
    let lens = [1, 5, 16, 17, 33, 70, 100, 40, 41, 42];
    let alone: Vec<GenerateReply> =
        lens.iter().enumerate().map(|(i, &len)| wait(&engine(small()), request(i as u64, len))).collect();
    for options in [
        small(),
        EngineOptions { threads: 1, step_rows: 7, max_batch: 3, ..small() },
        // Room for about 200 of all tokens: sequences have to leave and begin again.
        EngineOptions { kv_bytes_limit: 13 * 16 * 2 * 2 * 32 * 2, ..small() },
        EngineOptions { isa: Some(Isa::Portable), ..small() },
    ] {
        let engine = engine(options.clone());
        let tickets: Vec<_> =
            lens.iter().enumerate().map(|(i, &len)| engine.submit(request(i as u64, len))).collect();
        for (ticket, alone) in tickets.into_iter().zip(&alone) {
            let reply = ticket.wait().unwrap();
            assert!(same(&reply, alone), "{options:?}: {reply:?} for {alone:?}");
        }
    }
}

#[test]
fn prefixes_are_reused_and_change_nothing() {
    let engine = engine(small());
    let first = wait(&engine, request(1, 100));
    assert_eq!(first.cached_tokens, 0);
    let again = wait(&engine, request(1, 100));
    assert_eq!(again.cached_tokens, 96);
    assert!(same(&first, &again));
    // The first two thirds are the same: four blocks of 16.
    assert_eq!(wait(&engine, request(2, 100)).cached_tokens, 64);
    // The next turn: prompt, reply, and more.
    let mut next = request(1, 100);
    next.prompt.extend(&first.tokens);
    next.prompt.extend([5, 6, 7]);
    let tokens = next.prompt.len();
    assert_eq!(wait(&engine, next).cached_tokens, (tokens - 4) / 16 * 16);
}

#[test]
fn score_agrees_with_generation() {
    let engine = engine(small());
    let mut request = request(3, 50);
    request.sampling = Sampling::default();
    let reply = wait(&engine, request.clone());
    let tokens = [&request.prompt[..], &reply.tokens].concat();
    let scores = engine.score(&tokens, None).unwrap();
    assert_eq!(scores.len(), tokens.len() - 1);
    assert_eq!(scores[49..], reply.logprobs.unwrap()[..]);
    let logits = engine.logits(&request.prompt, None).unwrap();
    let best = (0..logits.len()).max_by(|&a, &b| logits[a].total_cmp(&logits[b])).unwrap();
    assert_eq!(best as u32, reply.tokens[0]);
}

#[test]
fn the_likeliest_are_the_models_own_whatever_penalties_say() {
    let engine = engine(small());
    let mut request = GenerateRequest { top_logprobs: 3, ..request(3, 50) };
    request.sampling = Sampling::default();
    let free = wait(&engine, request.clone());
    request.penalties = Penalties { repetition: 1.3, bias: vec![(77, 100.0)], ..Penalties::default() };
    request.ignore_end = true;
    let biased = wait(&engine, request.clone());
    assert_eq!(biased.tokens, [77; 20]);
    assert_eq!(biased.top_logprobs[0], free.top_logprobs[0]);
    let logits = engine.logits(&request.prompt, None).unwrap();
    let sum: f64 = logits.iter().map(|logit| f64::from(*logit).exp()).sum();
    let mut own: Vec<(u32, f32)> =
        (0u32..).zip(logits.iter().map(|l| (f64::from(*l) - sum.ln()) as f32)).collect();
    own.sort_by(|a, b| b.1.total_cmp(&a.1));
    for ((token, logprob), (expected, exact)) in free.top_logprobs[0].iter().zip(&own) {
        assert!(
            token == expected && (logprob - exact).abs() < 1e-4,
            "{token} {logprob} for {expected} {exact}"
        );
    }
    assert_eq!((free.top_logprobs[0].len(), free.top_logprobs[0][0].0), (3, free.tokens[0]));
    assert!(
        (biased.logprobs.unwrap()[0] - own.iter().find(|(token, _)| *token == 77).unwrap().1).abs() < 1e-4
    );
}

#[test]
fn what_the_reply_has_said_it_says_less() {
    let engine = engine(small());
    let mut request = GenerateRequest { ignore_end: true, max_tokens: 60, ..request(8, 30) };
    request.sampling = Sampling::default();
    let kinds =
        |reply: GenerateReply| reply.tokens.into_iter().collect::<std::collections::HashSet<_>>().len();
    let free = kinds(wait(&engine, request.clone()));
    request.penalties = Penalties { frequency: 2.0, presence: 2.0, ..Penalties::default() };
    let varied = kinds(wait(&engine, request));
    assert!(varied > free, "{varied} kinds of tokens, {free} without penalties");
}

#[test]
fn replies_end_where_they_should() {
    let engine = engine(small());
    let mut long = request(4, 10);
    long.max_tokens = 400;
    let reply = wait(&engine, long.clone());
    assert!(reply.finish == Finish::Length || reply.tokens.last() == Some(&2), "{reply:?}");
    let stop = reply.text.chars().find(char::is_ascii).expect("some letter among the bytes").to_string();
    long.stop = vec![stop.clone()];
    let stopped = wait(&engine, long.clone());
    assert_eq!((stopped.finish, stopped.stopped_by.as_deref()), (Finish::Stop, Some(&stop[..])));
    assert_eq!(reply.text.split_once(&stop).map(|(before, _)| before), Some(&stopped.text[..]));
    // The context: 512 tokens in all.
    long.stop.clear();
    long.prompt = vec![9; 505];
    let full = wait(&engine, long);
    assert!(full.tokens.len() <= 7, "{}", full.tokens.len());
}

#[test]
fn text_is_streamed_in_order() {
    let engine = engine(small());
    let (pieces, received) = mpsc::channel();
    let (done, finished) = mpsc::channel();
    let callbacks = Callbacks {
        text: Some(Box::new(move |piece| pieces.send(piece.to_owned()).unwrap())),
        done: Some(Box::new(move |reply| done.send(reply).unwrap())),
    };
    let _cancel = engine.submit_with(request(5, 12), callbacks);
    let reply = finished.recv().unwrap().unwrap();
    assert_eq!(received.iter().collect::<String>(), reply.text);
}

#[test]
fn a_cancelled_request_ends_and_frees_its_place() {
    let engine = engine(EngineOptions { max_batch: 1, ..small() });
    let mut endless = request(6, 10);
    endless.max_tokens = 100_000;
    let ticket = engine.submit(endless);
    ticket.cancel();
    assert_eq!(ticket.wait().unwrap().finish, Finish::Cancelled);
    assert!(!wait(&engine, request(7, 10)).tokens.is_empty());
}

#[test]
fn impossible_requests_are_refused() {
    let engine = engine(small());
    let base = request(8, 10);
    for (what, request) in [
        ("no prompt", GenerateRequest { prompt: vec![], ..base.clone() }),
        ("unknown token", GenerateRequest { prompt: vec![1 << 30], ..base.clone() }),
        ("too long", GenerateRequest { prompt: vec![5; 512], ..base.clone() }),
        ("nothing wanted", GenerateRequest { max_tokens: 0, ..base.clone() }),
        (
            "bad sampling",
            GenerateRequest { sampling: Sampling { top_p: 7.0, ..base.sampling }, ..base.clone() },
        ),
    ] {
        assert!(engine.submit(request).wait().is_err(), "{what}");
    }
    assert!(engine.score(&[], None).is_err());
}

#[test]
fn adapters_change_only_their_own_replies() {
    let engine = engine(small());
    let base = wait(&engine, request(9, 30));
    let mut numbers = Numbers(3);
    let mut floats = |len: usize| (0..len).map(|_| numbers.float()).collect::<Vec<f32>>();
    let name = "model.layers.0.self_attn.o_proj";
    let (a, b, zero) = (floats(4 * HIDDEN), floats(4 * HIDDEN), vec![0.0; 4 * HIDDEN]);
    let strong = engine.add_adapter(4, 2.0, [(name, &a[..], &b[..])]).unwrap();
    let idle = engine.add_adapter(4, 2.0, [(name, &a[..], &zero[..])]).unwrap();
    let with = |adapter| GenerateRequest { adapter, ..request(9, 30) };
    let alone = wait(&engine, with(Some(strong)));
    assert!(!same(&alone, &base));
    // All three at once, twice each.
    let tickets: Vec<_> = [None, Some(strong), Some(idle), None, Some(strong), Some(idle)]
        .map(|id| engine.submit(with(id)))
        .into();
    for (ticket, expected) in tickets.into_iter().zip([&base, &alone, &base, &base, &alone, &base]) {
        assert!(same(&ticket.wait().unwrap(), expected));
    }
    assert!(engine.add_adapter(4, 1.0, [("model.layers.9.self_attn.o_proj", &a[..], &b[..])]).is_err());
    assert!(engine.add_adapter(5, 1.0, [(name, &a[..], &b[..])]).is_err());
}

#[test]
fn a_model_too_large_for_memory_is_refused_with_the_estimate() {
    let file = Gguf::from_bytes("tiny", tiny_model(1)).unwrap();
    let tokenizer = tirade_nn::tokenizer::Tokenizer::from_gguf(&file).unwrap();
    let options = EngineOptions { memory_bytes: Some(1 << 20), ..small() };
    match Engine::with_parts(Weights::from_gguf(file).unwrap(), tokenizer, None, options) {
        Err(NnError::TooLarge { available_mib: 1, needed_mib, .. }) => assert!(needed_mib > 1),
        Err(other) => panic!("{other}"),
        Ok(_) => panic!("it was opened"),
    }
}

#[test]
fn conversations_are_rendered_to_tokens() {
    let engine = engine(small());
    let tokens = engine.render(&[ChatMessage::new("user", "ab")], None, true).unwrap();
    assert_eq!(engine.tokenizer().decode(&tokens), "ab");
    assert_eq!((tokens.first(), tokens.last()), (Some(&1), Some(&1)));
}
