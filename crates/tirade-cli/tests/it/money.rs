//! What is paid: forecasts, limits that hold over continued runs, and keys that are found nowhere.

use std::path::Path;
use std::process::{Command, Stdio};

use crate::command::{Place, text};
use crate::server::Server;

/// A reply costs 100 tokens read and 50 written.
const SCRIPT: &str = r#"
{"when": {"contains": "What is {{a}} plus {{b}}?", "turn": 0}, "reply": "We add.\n```python\nprint({{a}} + {{b}})\n```", "usage": {"prompt": 100, "completion": 50}}
{"when": {"last": "{{sum}}", "turn": 1}, "reply": "\\boxed{0}", "usage": {"prompt": 100, "completion": 50}}
"#;
/// So each costs 100 + 2 · 50 = 200 dollars a million, and an attempt of two replies $0.0004.
const PRICES: &str =
    "[[price]]\nmodel = \"server:mock\"\nas_of = \"2026-11-23\"\nprompt = 1.0\ncompletion = 2.0\n";
const PROBLEMS: u64 = 30;

fn place() -> Place {
    let place = Place::new();
    place.write("script.jsonl", SCRIPT);
    place.write("prices.toml", PRICES);
    let row =
        |n| format!("{{\"id\": \"p{n}\", \"problem\": \"What is {n} plus {n}?\", \"answer\": \"0\"}}\n");
    place.write("problems.jsonl", &(0..PROBLEMS).map(row).collect::<String>());
    place
}

fn solve(place: &Place, server: &Server, more: &[&str]) -> Command {
    let fixed = [
        "solve",
        "--dataset",
        "problems.jsonl",
        "--protocol",
        "fenced",
        "--prices",
        "prices.toml",
        "--model",
        &server.url,
    ];
    place.command(&[&fixed[..], more].concat())
}

#[test]
fn a_forecast_solves_a_pilot_that_the_run_then_has() {
    let place = place();
    let server = Server::start(&place, &[]);
    let told = |more: &[&str]| {
        let output = solve(&place, &server, more).output().unwrap();
        assert!(output.status.success(), "{}", text(&output.stderr));
        text(&output.stdout)
    };
    let without = told(&["--dry-run", "--pilot", "0"]);
    assert!(
        without.contains("30 problems; 0 attempts are there, about 30 are missing")
            && without.contains("--pilot 5"),
        "{without}"
    );
    assert_eq!(server.stats("asked"), 0);

    let with = told(&["--dry-run"]);
    assert!(with.contains("5 attempts are there, about 25 are missing"), "{with}");
    assert!(with.contains("completion tokens  2500 [2500, 2500]"), "{with}");
    assert!(with.contains("cost               $0.01 [$0.01, $0.01] beside the $0.0020 spent"), "{with}");
    assert_eq!(server.stats("answered"), 10);

    let solved = told(&[]);
    assert!(solved.contains("30 attempts: 30 correct"), "{solved}");
    assert_eq!((server.stats("answered"), server.stats("answered_again")), (60, 0));
}

#[test]
fn translation_and_evaluation_are_foretold_too() {
    let place = place();
    let prose = r#"{"when": {"contains": "mathematical writer"}, "reply": "We add. \\boxed{0}", "usage": {"prompt": 100, "completion": 50}}"#;
    place.write("script.jsonl", &format!("{prose}\n{SCRIPT}"));
    let server = Server::start(&place, &[]);
    assert!(solve(&place, &server, &[]).output().unwrap().status.success());
    let asked = server.stats("asked");
    let model = ["--model", &server.url, "--prices", "prices.toml", "--dry-run"];
    let translate = ["translate", "--way", "llm", "--with-toolless"];
    let without = place.run(&[&translate[..], &model, &["--pilot", "0"]].concat());
    assert!(without.contains("30 traces; 0 solutions are there, about 30 are missing"), "{without}");
    assert_eq!(server.stats("asked"), asked);
    let foretold = || place.run(&[&translate[..], &model, &["--pilot", "3"]].concat());
    let with = foretold();
    assert!(with.contains("3 solutions are there, about 27 are missing"), "{with}");
    assert!(with.contains("judging by 3 traces") && with.contains("looked up 2026-11-23"), "{with}");
    let answered = server.stats("answered");
    assert_eq!(foretold(), with, "the pilot's replies are in the store");
    assert_eq!(server.stats("answered"), answered);

    let eval = place.run(&[&["eval", "--dataset", "problems.jsonl", "--mode", "train"], &model[..]].concat());
    assert!(eval.contains("5 attempts are there, about 25 are missing"), "{eval}");
}

#[test]
fn a_continued_run_remembers_what_it_spent() {
    let place = place();
    let server = Server::start(&place, &[]);
    // Enough for 10 replies at $0.0002; each sets aside more than it costs.
    let limit = ["--max-cost", "0.006", "--concurrency", "3", "--max-tokens", "100"];
    let run = || solve(&place, &server, &limit).output().unwrap();
    let first = run();
    let error = text(&first.stderr);
    assert!(!first.status.success() && error.contains("the budget of $0.0060 is used up"), "{error}");
    let paid = server.stats("answered");
    assert!((20..=30).contains(&paid), "{paid} replies at $0.0002 each");
    for _ in 0..3 {
        assert!(!run().status.success());
    }
    assert!(server.stats("answered") <= 30, "{} replies were paid in all", server.stats("answered"));
    assert_eq!(server.stats("answered_again"), 0);
    let more = solve(&place, &server, &["--max-cost", "1", "--max-tokens", "100"]).output().unwrap();
    assert!(more.status.success(), "{}", text(&more.stderr));
    assert_eq!((server.stats("answered"), server.stats("answered_again")), (2 * PROBLEMS, 0));
}

#[test]
fn retry_makes_just_the_errors_anew() {
    let place = place();
    let refusal = r#"{"when": {"contains": "What is 3 plus"}, "error": {"status": 400, "message": "no"}}"#;
    place.write("script.jsonl", &format!("{refusal}\n{SCRIPT}"));
    let server = Server::start(&place, &[]);
    let solved = text(&solve(&place, &server, &[]).output().unwrap().stdout);
    assert!(solved.contains("30 attempts: 29 correct, 1 error"), "{solved}");
    let address = server.address().to_owned();
    drop(server);
    place.write("script.jsonl", SCRIPT);
    let mended = Server::start_at(&address, &place, &[]);
    let retried = place.run(&["retry"]);
    assert!(
        retried.contains("1 attempts are made anew") && retried.contains("30 attempts: 30 correct"),
        "{retried}"
    );
    assert_eq!(mended.stats("answered"), 2);
}

const KEY: &str = "sk-hunter2-hunter2-hunter2";

/// Programs of the model look for it, and a server that fails tells it.
const CURIOUS: &str = r#"
{"when": {"turn": 0, "contains": "plus 1?"}, "error": {"status": 400, "message": "no"}}
{"when": {"turn": 0}, "reply": "```python\nimport os\nprint(dict(os.environ))\ntry:\n    print(open('/proc/1/environ').read(), open('/proc/self/environ').read())\nexcept OSError as error:\n    print(error)\n```"}
{"reply": "\\boxed{0}"}
"#;

#[test]
fn a_key_is_found_in_no_file_no_output_and_no_tool() {
    let place = place();
    place.write("script.jsonl", CURIOUS);
    let server =
        Server::start(&place, &["--key", KEY, "--fail", "server_error=0.3", "--retry-after", "10ms"]);
    let with_key = |key: &str| {
        let output = solve(&place, &server, &["--num", "6"])
            .env("TIRADE_SERVER_KEY", key)
            .stdin(Stdio::null())
            .output()
            .unwrap();
        text(&output.stdout) + &text(&output.stderr)
    };
    let wrong = with_key("sk-hunter2-wrong-wrong");
    assert!(wrong.contains("check the key"), "{wrong}");
    let said =
        wrong + &with_key(KEY) + &place.run(&["export", "--table", "traces"]) + &place.run(&["report"]);
    assert!(said.contains("5 correct, 1 error"), "{said}");
    assert!(!said.contains("hunter2"), "{said}");
    search(place.path("tirade-work").as_path());
    assert!(
        std::fs::read_dir(place.path("tirade-work/logs")).unwrap().count() >= 2,
        "there are logs to be searched"
    );
}

/// Names that are refused are not kept either, nor those that a command does not use.
#[test]
fn a_password_in_a_url_is_found_in_no_file_and_no_output() {
    let place = place();
    const URL: &str = "http://me:hunter2@127.0.0.1:9/v1?key=hunter2#m";
    let recipe = "[solve]\nmodel = \"script:script.jsonl\"\ndataset = \"problems.jsonl\"\nnum = 2\nprotocol = \"fenced\"\n[translate]\n";
    place.write("recipe.toml", recipe);
    let setting = format!("translate.model={URL}");
    let (_, refused) = place.fails(&["run", "recipe.toml", "--set", &setting]);
    let (_, unkept) = place.fails(&["solve", "--dataset", "problems.jsonl", "--model", URL]);
    let unused = place.run(&["translate", "--way", "rules", "--model", URL]);
    let said = format!("{refused}{unkept}{unused}{}{}", place.run(&["runs"]), place.run(&["report"]));
    assert!(refused.contains("must not carry a secret") && !said.contains("hunter2"), "{said}");
    search(&place.path("tirade-work"));
}

fn search(folder: &Path) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            search(&path);
        } else {
            let bytes = std::fs::read(&path).unwrap();
            assert!(!bytes.windows(7).any(|window| window == b"hunter2"), "{} has the key", path.display());
        }
    }
}
