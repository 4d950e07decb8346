//! Replies of a given form. The model has random weights: only the grammar can give its replies any form.

use serde_json::{Value, json};
use tirade_nn::engine::{Engine, EngineOptions, Finish, GenerateReply, GenerateRequest, Grammar, Sampling};

use super::engine::{engine, small};

fn request(grammar: Option<Grammar>, seed: u64) -> GenerateRequest {
    let sampling = Sampling { temperature: 1.0, seed, ..Sampling::default() };
    GenerateRequest { prompt: vec![5, 6, 7], max_tokens: 300, sampling, grammar, ..Default::default() }
}

fn verdict() -> Grammar {
    Grammar::JsonSchema(json!({
        "type": "object",
        "properties": {
            "same": { "$ref": "#/$defs/truth" },
            "reason": { "type": "string", "maxLength": 12 },
            "steps": { "type": "array", "items": { "type": "integer", "minimum": 0, "maximum": 99 }, "maxItems": 3 },
        },
        "required": ["same", "reason"],
        "additionalProperties": false,
        "$defs": { "truth": { "enum": ["yes", "no", null] } },
    }))
}

fn is_verdict(text: &str) -> bool {
    let Ok(Value::Object(fields)) = serde_json::from_str(text) else { return false };
    let step = |step: &Value| step.as_u64().is_some_and(|n| n < 100);
    let steps = fields.get("steps").is_none_or(|s| s.as_array().is_some_and(|s| s.iter().all(step)));
    [json!("yes"), json!("no"), Value::Null].contains(&fields["same"])
        && fields["reason"].as_str().is_some_and(|reason| reason.chars().count() <= 12)
        && steps
        && fields.keys().all(|key| ["same", "reason", "steps"].contains(&&key[..]))
}

fn is_boxed(text: &str) -> bool {
    let digits = text.strip_prefix("\\boxed{").and_then(|rest| rest.strip_suffix('}'));
    digits.is_some_and(|d| (1..=4).contains(&d.len()) && d.bytes().all(|b| b.is_ascii_digit()))
}

fn is_call(text: &str) -> bool {
    let inner = text.strip_prefix("<call>").and_then(|rest| rest.strip_suffix("</call>"));
    inner.and_then(|inner| serde_json::from_str::<Value>(inner).ok()).is_some_and(|v| v["n"].is_boolean())
}

type Case = (Grammar, fn(&str) -> bool);

fn cases() -> [Case; 3] {
    let lark = r#"start: "<call>" %json {"type": "object", "properties": {"n": {"type": "boolean"}}, "required": ["n"],
        "additionalProperties": false} "</call>""#;
    [
        (verdict(), is_verdict),
        (Grammar::Regex(r"\\boxed\{[0-9]{1,4}\}".into()), is_boxed),
        (Grammar::Lark(lark.into()), is_call),
    ]
}

fn wait(engine: &Engine, request: GenerateRequest) -> GenerateReply {
    engine.submit(request).wait().unwrap()
}

#[test]
fn replies_have_the_form_alone_and_in_a_batch_with_free_ones() {
    let engine = engine(small());
    type Fits = Option<fn(&str) -> bool>;
    let requests: Vec<(GenerateRequest, Fits)> = (0..4)
        .flat_map(|seed| {
            let free = (request(None, seed), None);
            cases()
                .map(|(grammar, fits)| (request(Some(grammar), seed), Some(fits)))
                .into_iter()
                .chain([free])
        })
        .collect();
    let alone: Vec<String> =
        requests.iter().map(|(request, _)| wait(&engine, request.clone()).text).collect();
    let tickets: Vec<_> = requests.iter().map(|(request, _)| engine.submit(request.clone())).collect();
    for ((ticket, (request, fits)), alone) in tickets.into_iter().zip(&requests).zip(alone) {
        let reply = ticket.wait().unwrap();
        assert_eq!(reply.text, alone);
        if let Some(fits) = fits {
            assert_eq!(reply.finish, Finish::Stop, "{reply:?}");
            assert!(fits(&reply.text), "{:?}: {}", request.grammar, reply.text);
        }
    }
}

/// Forgetting the cache and beginning again, as a full cache makes sequences do, must not lose the place in the grammar.
#[test]
fn a_sequence_that_had_to_leave_goes_on_in_its_grammar() {
    let tight = engine(EngineOptions { kv_bytes_limit: 5 * 16 * 2 * 2 * 32 * 2, ..small() });
    let roomy = engine(small());
    let wanted = |i: u64| GenerateRequest { max_tokens: 60, ..request(Some(verdict()), i) };
    let tickets: Vec<_> = (0..6).map(|i| tight.submit(wanted(i))).collect();
    for (i, ticket) in (0..).zip(tickets) {
        assert_eq!(ticket.wait().unwrap().tokens, wait(&roomy, wanted(i)).tokens);
    }
}

#[test]
fn log_probabilities_are_the_models_own() {
    let engine = engine(small());
    let grammar = Grammar::Regex("ab".into());
    let reply = wait(&engine, GenerateRequest { logprobs: true, ..request(Some(grammar), 1) });
    let tokens = [&[5, 6, 7], &reply.tokens[..]].concat();
    let expected = engine.score(&tokens, None).unwrap();
    assert_eq!(reply.logprobs.as_deref(), Some(&expected[2..]));
}

#[test]
fn grammars_that_make_no_sense_are_refused() {
    let engine = engine(small());
    for grammar in [
        Grammar::JsonSchema(json!({ "type": "horse" })),
        Grammar::JsonSchema(json!({ "$ref": "https://example.com/schema.json" })),
        Grammar::JsonSchema(json!({ "type": "integer", "minimum": 5, "maximum": 4 })),
        Grammar::Regex("(".into()),
        Grammar::Lark("start: nowhere".into()),
        Grammar::Lark(String::new()),
    ] {
        let error = engine.submit(request(Some(grammar.clone()), 1)).wait();
        assert!(error.as_ref().is_err_and(|e| e.to_string().contains("grammar")), "{grammar:?}: {error:?}");
    }
    assert!(!wait(&engine, request(None, 1)).tokens.is_empty(), "the engine goes on");
}
