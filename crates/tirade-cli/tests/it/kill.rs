//! Killed at any moment, the same command goes on and ends with the same rows, and no reply that was kept is asked for again.
//!
//! What can be asked again at most: a reply that the server sent and the process had not yet committed when it was killed. No client can
//! do better, as long as servers do not keep their replies. So the test asks the server for every request how often it was asked, and the
//! store which replies it has: after a kill no request may be asked again whose reply was there.

use std::collections::{BTreeMap, HashSet};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;
use tirade::store::Store;

use crate::command::{Place, text};
use crate::server::{Request, Server};

/// Adds two numbers of the problem with Python, then says the sum; differences are for evaluation, which has no tools. The rest
/// translates.
const SCRIPT: &str = r#"
{"when": {"contains": "What is {{a}} minus {{b}}?"}, "reply": "The difference is \\boxed{{{b}}}."}
{"when": {"contains": "mathematics teacher, write", "last": "Result: {{r}}\n"}, "reply": "Adding the two numbers gives {{r}}. \\boxed{{{r}}}"}
{"when": {"contains": "mathematical writer", "last": "What is {{a}} plus {{b}}?", "turn": 0}, "reply": "The program adds {{a}} and {{b}}. \\boxed{{{a}}}"}
{"when": {"contains": "mathematical writer", "turn": 1}, "reply": "We add the two numbers, which gives the answer. \\boxed{0}"}
{"when": {"contains": "What is {{a}} plus {{b}}?", "turn": 0}, "reply": "We add.\n```python\nprint({{a}} + {{b}})\n```"}
{"when": {"last": "{{sum}}", "turn": 1}, "reply": "The sum is done: \\boxed{0}."}
{"reply": "I do not know."}
"#;

/// Every fault that a client can do something about.
const FAULTS: &str = "rate_limit=0.03,bare_rate_limit=0.03,server_error=0.03,lost=0.03,loading=0.02,truncated=0.02,dropped=0.02,cut=0.02";

fn server(place: &Place, latency: &str) -> Server {
    Server::start(place, &["--latency", latency, "--fail", FAULTS, "--retry-after", "30ms"])
}

/// The ids of the replies in a store.
fn kept(place: &Place, dir: &str) -> HashSet<String> {
    let path = place.path(dir).join("tirade.db");
    let mut ids = HashSet::new();
    if path.is_file() {
        let store = Store::open(&path).unwrap();
        let see = |_: &str, reply: tirade::model::Reply| {
            ids.insert(reply.raw["id"].as_str().unwrap_or_default().to_owned());
        };
        store.each_reply(see).unwrap();
    }
    ids
}

/// Random numbers from a seed.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % bound
    }
}

/// A stage under test: the command, given the folder, the model and how much is done at once.
struct Stage<'a> {
    place: &'a Place,
    server: &'a Server,
    dir: &'static str,
    arguments: &'a [&'a str],
}

/// How the kills went.
#[derive(Debug, Default)]
struct Kills {
    kills: u32,
    /// Those that met a command with work left.
    met: u32,
    /// Replies that were on their way from the server into the store.
    lost: u64,
    most_lost: u64,
}

impl Stage<'_> {
    fn command(&self, concurrency: u64) -> Command {
        let concurrency = concurrency.to_string();
        let head = ["--dir", self.dir];
        let tail = ["--model", &self.server.url, "--concurrency", &concurrency];
        self.place.command(&[&head[..], self.arguments, &tail].concat())
    }

    /// Starts the command and kills it somewhere: mostly after a few more replies, else at any time from its start. Whether it was still
    /// running.
    fn begin_and_kill(&self, concurrency: u64, random: &mut Random) -> bool {
        let wanted = self.server.stats("answered") + 1 + random.below(4);
        let by_time = random.below(5) == 0;
        let pause = Duration::from_millis(random.below(if by_time { 1500 } else { 25 }));
        let mut child =
            self.command(concurrency).stderr(Stdio::null()).stdout(Stdio::null()).spawn().unwrap();
        let started = Instant::now();
        let is_due = || {
            by_time || self.server.stats("answered") >= wanted || started.elapsed() > Duration::from_secs(60)
        };
        while !is_due() && child.try_wait().unwrap().is_none() {
            std::thread::sleep(Duration::from_millis(5));
        }
        std::thread::sleep(pause);
        let ran = child.try_wait().unwrap().is_none();
        child.kill().unwrap();
        child.wait().unwrap();
        ran
    }

    /// Kills the command so often, then lets it end.
    fn run(&self, kills: u32, seed: u64) -> Kills {
        let mut random = Random(seed);
        let mut total = Kills { kills, ..Kills::default() };
        let mut frozen: BTreeMap<String, Request> = BTreeMap::new();
        let mut unkept = self.check(&mut frozen);
        for _ in 0..kills {
            let concurrency = 1 + random.below(40);
            total.met += u32::from(self.begin_and_kill(concurrency, &mut random));
            let lost = self.check(&mut frozen) - unkept;
            assert!(lost <= concurrency, "{lost} replies were lost with {concurrency} in flight");
            unkept += lost;
            total.lost += lost;
            total.most_lost = total.most_lost.max(lost);
        }
        let output = self.command(5).output().unwrap();
        assert!(output.status.success(), "{}", text(&output.stderr));
        assert_eq!(self.check(&mut frozen), unkept, "a run that ends keeps every reply");
        total
    }

    /// No request is asked again once its reply is kept: `frozen` is what was kept earlier. Gives how many replies were sent and never kept.
    fn check(&self, frozen: &mut BTreeMap<String, Request>) -> u64 {
        let kept = kept(self.place, self.dir);
        let requests = self.server.requests();
        for (id, before) in &*frozen {
            assert_eq!(requests[id], *before, "a reply that was in the store was asked for again");
        }
        frozen.extend(kept.iter().filter_map(|id| Some((id.clone(), *requests.get(id)?))));
        let sent: u64 = requests.values().map(|request| request.answered).sum();
        sent - kept.iter().filter(|id| requests.contains_key(*id)).count() as u64
    }
}

/// The rows of a table, without the time that each took.
fn rows(place: &Place, dir: &str, table: &str) -> Vec<String> {
    let exported = place.run(&["--dir", dir, "export", "--table", table, "--format", "jsonl"]);
    exported.lines().map(|line| without_seconds(serde_json::from_str(line).unwrap()).to_string()).collect()
}

fn without_seconds(value: Value) -> Value {
    match value {
        Value::Object(fields) => Value::Object(
            fields
                .into_iter()
                .filter(|(name, _)| name != "seconds")
                .map(|(name, value)| (name, without_seconds(value)))
                .collect(),
        ),
        Value::Array(items) => items.into_iter().map(without_seconds).collect(),
        // Traces are text inside of a row.
        Value::String(text) if text.starts_with(['[', '{']) => match serde_json::from_str(&text) {
            Ok(inner) => without_seconds(inner),
            Err(_) => Value::String(text),
        },
        other => other,
    }
}

fn problems(count: usize, word: &str) -> String {
    (0..count)
        .map(|n| {
            format!(
                "{{\"id\": \"{word}{n}\", \"problem\": \"What is {n} {word} {}?\", \"answer\": \"{}\"}}\n",
                2 * n,
                if word == "plus" { 0 } else { 2 * n }
            )
        })
        .collect()
}

const SOLVE: [&str; 5] = ["solve", "--dataset", "plus.jsonl", "--protocol", "fenced"];

/// Kills and continues a solve run, and compares it with one that nothing disturbed.
fn solve_and_compare(count: usize, kills: u32, latency: &str) -> Kills {
    let place = Place::new();
    place.write("script.jsonl", SCRIPT);
    place.write("plus.jsonl", &problems(count, "plus"));
    let server = server(&place, latency);
    let stage = |dir| Stage { place: &place, server: &server, dir, arguments: &SOLVE };
    let total = stage("killed").run(kills, 1);
    let whole = stage("whole").command(8).output().unwrap();
    assert!(whole.status.success(), "{}", text(&whole.stderr));
    for table in ["attempts", "traces"] {
        let (killed, whole) = (rows(&place, "killed", table), rows(&place, "whole", table));
        assert_eq!((killed.len(), whole.len()), (count, count));
        assert_eq!(killed, whole, "{table}");
    }
    total
}

#[test]
fn the_rows_of_solving_do_not_depend_on_kills() {
    solve_and_compare(40, 5, "10ms..40ms");
}

/// About five minutes: `cargo test --release -p tirade-cli --test it two_hundred -- --ignored --nocapture`.
#[test]
#[ignore = "takes minutes; the same with fewer kills is above"]
fn two_hundred_kills_of_three_hundred_problems() {
    let total = solve_and_compare(300, 200, "20ms..120ms");
    println!(
        "{} kills, {} of them with work left, {} replies lost on their way into the store, at most {} by one kill",
        total.kills, total.met, total.lost, total.most_lost
    );
}

#[test]
fn the_rows_of_translation_and_evaluation_do_not_depend_on_kills() {
    let place = Place::new();
    place.write("script.jsonl", SCRIPT);
    place.write("plus.jsonl", &problems(12, "plus"));
    place.write("minus.jsonl", &problems(25, "minus"));
    let server = server(&place, "10ms..40ms");
    let stages: [(&[&str], &str, u32); 2] = [
        (&["translate"], "solutions", 3),
        (&["eval", "--dataset", "minus.jsonl", "--attempts", "2"], "attempts", 3),
    ];
    for dir in ["killed", "whole"] {
        let solved =
            Stage { place: &place, server: &server, dir, arguments: &SOLVE }.command(8).output().unwrap();
        assert!(solved.status.success(), "{}", text(&solved.stderr));
    }
    for (arguments, table, kills) in stages {
        let stage = |dir| Stage { place: &place, server: &server, dir, arguments };
        let whole = stage("whole").command(8).output().unwrap();
        assert!(whole.status.success(), "{}", text(&whole.stderr));
        stage("killed").run(kills, 2);
        let (killed, whole) = (rows(&place, "killed", table), rows(&place, "whole", table));
        assert!(killed.len() >= 12, "{table}: {} rows", killed.len());
        assert_eq!(killed, whole, "{table}");
    }
    assert_eq!(rows(&place, "killed", "scores"), rows(&place, "whole", "scores"));
}

/// Three processes with a third of the problems each, at once, in one folder.
#[test]
fn the_rows_do_not_depend_on_shards() {
    let place = Place::new();
    place.write("script.jsonl", SCRIPT);
    place.write("minus.jsonl", &problems(24, "minus"));
    let server = Server::start(&place, &["--latency", "5ms..20ms"]);
    let arguments = ["eval", "--dataset", "minus.jsonl", "--attempts", "2", "--total-jobs", "3", "--job-id"];
    let shard = |id| {
        let arguments = [&arguments[..], &[id]].concat();
        let stage = Stage { place: &place, server: &server, dir: "shards", arguments: &arguments };
        stage.command(4).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
    };
    for mut process in ["0", "1", "2"].map(shard) {
        assert!(process.wait().unwrap().success());
    }
    assert_eq!((server.stats("answered"), server.stats("answered_again")), (48, 0));
    let stage = Stage { place: &place, server: &server, dir: "whole", arguments: &arguments[..5] };
    assert!(stage.command(9).output().unwrap().status.success());
    for table in ["attempts", "traces", "scores"] {
        assert_eq!(rows(&place, "shards", table), rows(&place, "whole", table), "{table}");
    }
}
