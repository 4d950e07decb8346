//! Cost of a call: `cargo run --release -p tirade-sandbox --example bench -- benches/sandbox/cells.jsonl`. With the feature `wasm`
//! and `wasm` as a second argument: on that back end.
//!
//! CPU time is that of everybody: this process, the zygotes and all children they have reaped. One JSON row per way and
//! cell; see `benches/sandbox/README.md`.

use serde_json::{Value, json};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tirade_sandbox::{BackendKind, Limits, ResultCache, Sandbox, SandboxConfig, Status, setup};

const TYPED: &str = "
import sympy
x = sympy.Symbol('x')
def handle(request):
    b, c = request['b'], request['c']
    return {'result': [str(root) for root in sympy.solve(x**2 + b*x + c, x)]}
";

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let path = std::env::args().nth(1).ok_or("name a file of cells, see benches/sandbox/cells.jsonl")?;
    let cells: Vec<Value> =
        std::fs::read_to_string(path)?.lines().map(serde_json::from_str).collect::<Result<_, _>>()?;
    let backend: BackendKind =
        std::env::args().nth(2).map_or(Ok(BackendKind::default()), |name| name.parse())?;
    let dir = Path::new("target/tmp").join(backend.folder());
    let configure = |path| SandboxConfig { workers: 2, ..SandboxConfig::new(path) };
    let sandbox = setup::start(backend, &dir, &mut |step| eprintln!("{step}"), &configure)?;
    println!("{}", json!({"backend": backend.name(), "versions": sandbox.versions()}));
    until_quiet();
    for cell in &cells {
        let (name, code) =
            (cell["name"].as_str().unwrap_or_default(), cell["code"].as_str().unwrap_or_default());
        measure("new session per call", name, 60, |_| run(&sandbox, &[code]));
        measure("five calls in a session", name, 100, |_| run(&sandbox, &[code; 5]));
        let session = sandbox.session();
        call(&session, code);
        measure("later call of a session", name, 300, |_| call(&session, code));
    }
    let worker = sandbox.typed(TYPED);
    typed(&worker, 0);
    measure("typed, the same arguments", "solve", 1000, |_| typed(&worker, 1));
    measure("typed, new arguments", "solve", 300, |round| typed(&worker, round));
    let cached = worker.with_cache(Arc::new(ResultCache::new(16 << 20)));
    typed(&cached, 1);
    measure("typed, in the cache", "solve", 20_000, |_| typed(&cached, 1));
    mixed(&sandbox, &cells);
    overshoot(&sandbox);
    Ok(())
}

fn run(sandbox: &Sandbox, codes: &[&str]) -> usize {
    let session = sandbox.session();
    codes.iter().map(|code| call(&session, code)).sum()
}

fn call(session: &tirade_sandbox::Session, code: &str) -> usize {
    let result = session.execute(code, &Limits::default()).expect("the sandbox works");
    assert_eq!(result.status, Status::Ok, "{result:?}");
    1
}

fn typed(worker: &tirade_sandbox::TypedWorker, round: usize) -> usize {
    let (first, second) = ((round % 97) as i64 + 1, (round % 89) as i64 + 2);
    let request = json!({"b": -(first + second), "c": first * second});
    let result = worker.call(&request, &Limits::default()).expect("the sandbox works");
    assert_eq!(result.status, Status::Ok, "{result:?}");
    1
}

/// Five-call sessions of all cells, on two threads.
fn mixed(sandbox: &Sandbox, cells: &[Value]) {
    let codes: Vec<&str> = cells.iter().filter_map(|cell| cell["code"].as_str()).collect();
    measure("mixed five-call sessions, two threads", "all", 1, |_| {
        std::thread::scope(|scope| {
            let threads: Vec<_> = (0..2)
                .map(|_| scope.spawn(|| (0..100).map(|_| run(sandbox, &codes)).sum::<usize>()))
                .collect();
            threads.into_iter().map(|thread| thread.join().unwrap_or(0)).sum()
        })
    });
}

/// How late a call without end comes back.
fn overshoot(sandbox: &Sandbox) {
    let limits = Limits::default().within(Duration::from_millis(200));
    let mut late: Vec<f64> = (0..20)
        .map(|_| {
            sandbox
                .session()
                .execute("while True: pass", &limits)
                .map_or(f64::NAN, |result| result.wall_ms - 200.0)
        })
        .collect();
    late.sort_by(f64::total_cmp);
    println!(
        "{}",
        json!({"way": "late after the time limit", "median_ms": round(late[10]), "most_ms": round(late[19])})
    );
}

fn measure(way: &str, cell: &str, rounds: usize, mut run: impl FnMut(usize) -> usize) {
    settle();
    let (cpu, began) = (cpu_seconds(), Instant::now());
    let calls: usize = (0..rounds).map(&mut run).sum();
    let wall = began.elapsed().as_secs_f64();
    settle();
    let cpu = cpu_seconds() - cpu;
    println!(
        "{}",
        json!({"way": way, "cell": cell, "calls": calls, "cpu_ms": round(cpu / calls as f64 * 1e3),
            "wall_ms": round(wall / calls as f64 * 1e3), "calls_per_s": round(calls as f64 / wall)})
    );
}

fn round(x: f64) -> f64 {
    (x * 1000.0).round() / 1000.0
}

/// Waits for the zygotes behind the first, whose start is nobody's call.
fn until_quiet() {
    let mut before = -1.0;
    while cpu_seconds() > before {
        before = cpu_seconds();
        std::thread::sleep(Duration::from_secs(1));
    }
}

/// Lets killed children be reaped and spare ones be forked, so that each row pays for its own.
fn settle() {
    std::thread::sleep(Duration::from_millis(300));
}

/// CPU time of this process and its descendants, from `/proc`: own, and of each zygote with its reaped and live children.
fn cpu_seconds() -> f64 {
    fn family(pid: u32) -> f64 {
        let Ok(stat) = std::fs::read_to_string(format!("/proc/{pid}/stat")) else { return 0.0 };
        let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
        let ticks: f64 = fields[11..15].iter().filter_map(|field| field.parse::<f64>().ok()).sum();
        let tasks = std::fs::read_dir(format!("/proc/{pid}/task")).into_iter().flatten().flatten();
        let children = tasks.filter_map(|task| std::fs::read_to_string(task.path().join("children")).ok());
        let below: f64 = children
            .flat_map(|list| {
                list.split_whitespace().filter_map(|pid| pid.parse().ok()).map(family).collect::<Vec<_>>()
            })
            .sum();
        ticks / 100.0 + below
    }
    family(std::process::id())
}
