//! Killed at any moment, the same command goes on and ends with the same rows, and no answered call is asked again.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use crate::command::{Place, text};

/// Adds two numbers of the problem with Python, then says the sum.
const SCRIPT: &str = r#"
{"when": {"contains": "What is {{a}} plus {{b}}?", "turn": 0}, "reply": "We add.\n```python\nprint({{a}} + {{b}})\n```"}
{"when": {"last": "{{sum}}", "turn": 1}, "reply": "The sum is done: \\boxed{0}."}
"#;
const PROBLEMS: usize = 60;

/// A server of this test, ended with it.
struct Server {
    child: Child,
    url: String,
}

impl Server {
    fn start(place: &Place) -> Self {
        let mut command = place.command(&[
            "mock-server",
            "--script",
            "script.jsonl",
            "--listen",
            "127.0.0.1:0",
            "--latency",
            "20ms",
        ]);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let url = lines.find_map(|line| {
            line.ok()?.split_whitespace().find(|word| word.starts_with("http://")).map(str::to_owned)
        });
        Self { child, url: url.expect("the server says where it listens") }
    }
}

impl Server {
    /// How many answers the server has given a second time.
    fn asked_again(&self) -> u64 {
        let address = self.url.trim_start_matches("http://").split('/').next().unwrap();
        let mut stream = TcpStream::connect(address).unwrap();
        write!(stream, "GET /stats HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n").unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let body = answer.split("\r\n\r\n").nth(1).unwrap();
        let json = &body[body.find('{').unwrap()..=body.rfind('}').unwrap()];
        let stats: serde_json::Value = serde_json::from_str(json).unwrap();
        stats["answered_again"].as_u64().unwrap_or_else(|| panic!("{stats}"))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn solve(place: &Place, server: &Server, dir: &str, concurrency: usize) -> Command {
    let model = server.url.clone();
    let concurrency = concurrency.to_string();
    place.command(&[
        "--dir",
        dir,
        "solve",
        "--dataset",
        "problems.jsonl",
        "--model",
        &model,
        "--protocol",
        "fenced",
        "--concurrency",
        &concurrency,
    ])
}

#[test]
fn the_rows_do_not_depend_on_kills() {
    let place = Place::new();
    place.write("script.jsonl", SCRIPT);
    let rows: String = (0..PROBLEMS)
        .map(|n| {
            format!(
                "{{\"id\": \"p{n}\", \"problem\": \"What is {n} plus {}?\", \"answer\": \"{}\"}}\n",
                2 * n,
                3 * n
            )
        })
        .collect();
    place.write("problems.jsonl", &rows);
    let server = Server::start(&place);

    let log = place.path("killed/logs/tirade.log");
    let mut in_flight = 0;
    for (turn, lines) in [3, 40, 25, 60, 11].into_iter().enumerate() {
        let concurrency = 1 + 3 * turn;
        in_flight += concurrency as u64;
        let before = lines_of(&log);
        let mut child = solve(&place, &server, "killed", concurrency)
            .stderr(Stdio::null())
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        while lines_of(&log) < before + lines && child.try_wait().unwrap().is_none() {
            std::thread::sleep(Duration::from_millis(3));
        }
        child.kill().unwrap();
        child.wait().unwrap();
    }
    let output = solve(&place, &server, "killed", 5).output().unwrap();
    assert!(output.status.success(), "{}", text(&output.stderr));
    let asked_again = server.asked_again();
    assert!(
        asked_again <= in_flight,
        "{asked_again} answers were asked again, {in_flight} could be on their way when it was killed"
    );
    let output = solve(&place, &server, "whole", 8).output().unwrap();
    assert!(output.status.success(), "{}", text(&output.stderr));

    let rows = |dir: &str| -> Vec<String> {
        let exported = place.run(&["--dir", dir, "export", "--table", "attempts", "--format", "jsonl"]);
        exported.lines().map(without_seconds).collect()
    };
    let (killed, whole) = (rows("killed"), rows("whole"));
    assert_eq!(killed.len(), PROBLEMS);
    assert_eq!(killed, whole);
}

fn without_seconds(line: &str) -> String {
    let mut row: serde_json::Value = serde_json::from_str(line).unwrap();
    row["seconds"] = serde_json::Value::Null;
    row.to_string()
}

fn lines_of(path: &Path) -> usize {
    std::fs::read_to_string(path).map_or(0, |text| text.lines().count())
}
