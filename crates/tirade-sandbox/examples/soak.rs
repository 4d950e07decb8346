//! Many calls while children and zygotes are killed at random:
//! `cargo run --release -p tirade-sandbox --example soak -- 100000`.
//!
//! Every call must come back; an answer must be right unless the result itself says that something was lost; and at the
//! end no process, descriptor or memory may be left over. Exits with 1 otherwise.

// It kills processes of its own sandbox from outside.
#![allow(clippy::disallowed_methods)]

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};
use tirade_sandbox::{
    BackendKind, CallResult, Limits, Sandbox, SandboxConfig, SandboxError, Status, TypedWorker, setup,
};

const THREADS: usize = 3;
const TYPED: &str = "def handle(request): return {'double': 2 * request['n']}";

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let calls: usize = std::env::args().nth(1).map_or(Ok(10_000), |calls| calls.parse())?;
    let python = setup::ensure_environment(BackendKind::Native, "target/tmp/python".as_ref(), &mut |step| {
        eprintln!("{step}")
    })?;
    let before = Leftovers::now();
    let (tally, warm, late) = {
        let sandbox = Sandbox::start(SandboxConfig { workers: 2, ..SandboxConfig::new(python) })?;
        let worker = sandbox.typed(TYPED);
        worker.prepare()?;
        let warm = Leftovers::now();
        let tally = soak(&sandbox, &worker, calls);
        std::thread::sleep(Duration::from_secs(3));
        (tally, warm, Leftovers::now())
    };
    let after = Leftovers::now();
    println!(
        "{tally:#?}\nbefore the sandbox {before:?}\nstarted {warm:?}\nafter the calls {late:?}\nafter the sandbox {after:?}"
    );
    let grown = late.memory_mb > warm.memory_mb + 16 || late.descriptors > warm.descriptors + 40;
    let left = after.processes > before.processes || after.descriptors > before.descriptors;
    if tally.wrong.load(Ordering::Relaxed) > 0 || grown || left {
        return Err("something was lost or left over".into());
    }
    Ok(())
}

#[derive(Debug, Default)]
struct Tally {
    answered: AtomicUsize,
    lost_to_a_kill: AtomicUsize,
    refused: AtomicUsize,
    wrong: AtomicUsize,
    children_killed: AtomicUsize,
    zygotes_killed: AtomicUsize,
    done: AtomicBool,
}

fn soak(sandbox: &Sandbox, worker: &TypedWorker, calls: usize) -> Tally {
    let tally = Tally::default();
    let began = Instant::now();
    std::thread::scope(|scope| {
        scope.spawn(|| kill_at_random(&tally));
        let threads: Vec<_> = (0..THREADS)
            .map(|thread| {
                scope.spawn({
                    let tally = &tally;
                    move || work(sandbox, worker, tally, thread, calls / THREADS)
                })
            })
            .collect();
        for thread in threads {
            let _ = thread.join();
        }
        tally.done.store(true, Ordering::Relaxed);
    });
    println!("{calls} calls in {:.1} s", began.elapsed().as_secs_f64());
    tally
}

/// Sessions of ten cells, a tenth of the cells hostile, and as many typed calls.
fn work(sandbox: &Sandbox, worker: &TypedWorker, tally: &Tally, thread: usize, calls: usize) {
    let limits = Limits::default().within(Duration::from_secs(20));
    let mut n = thread;
    for _ in 0..calls / 20 {
        let session = sandbox.session();
        let mut lost = false;
        for cell in 0..10 {
            n = (n * 1103515245 + 12345) % 1_000_003;
            let (code, expected) = cell_of(cell, n);
            let result = session.execute(&code, &limits);
            // A first cell that was killed twice has defined nothing.
            lost |= result
                .as_ref()
                .map_or(true, |result| result.state_lost || cell == 0 && result.status != Status::Ok);
            tally.judge(&result, lost, |result| {
                Some(&result.stdout) == expected.as_ref() || expected.is_none()
            });
        }
        for call in 0..10 {
            let result = worker.call(&serde_json::json!({"n": n + call}), &limits);
            let wanted = serde_json::json!({"double": 2 * (n + call)});
            tally.judge(&result, false, |result| result.json.as_ref() == Some(&wanted));
        }
    }
}

/// The k-th cell of a session and what it prints; `None` for one that may end anyhow.
fn cell_of(k: usize, n: usize) -> (String, Option<String>) {
    match k {
        0 => (format!("kept = {n}"), Some(String::new())),
        4 => (
            "from sympy import *; x = symbols('x'); factor(x**2 - 1)".into(),
            Some("(x - 1)*(x + 1)\n".into()),
        ),
        8 => ("print('x' * 300000); 1 / 0".into(), None),
        9 => (["import os; os._exit(1)", "import os; os.write(3, b'junk')", "pass"][n % 3].into(), None),
        _ => (format!("kept + {k} - kept"), Some(format!("{k}\n"))),
    }
}

impl Tally {
    fn judge(
        &self,
        result: &Result<CallResult, SandboxError>,
        lost: bool,
        right: impl Fn(&CallResult) -> bool,
    ) {
        let count = match result {
            Err(_) => &self.refused,
            Ok(result) if result.status == Status::Killed => &self.lost_to_a_kill,
            Ok(result) if right(result) || lost => &self.answered,
            Ok(result) => {
                eprintln!("{result:?}");
                &self.wrong
            }
        };
        if let Err(error) = result {
            eprintln!("{error}");
        }
        count.fetch_add(1, Ordering::Relaxed);
    }
}

/// A child every 20 ms, a zygote every 20 s (one takes a few to start on a busy machine), always with SIGKILL.
fn kill_at_random(tally: &Tally) {
    let (mut seed, mut round) = (std::process::id(), 0);
    while !tally.done.load(Ordering::Relaxed) {
        std::thread::sleep(Duration::from_millis(20));
        round += 1;
        let zygotes = children_of(std::process::id());
        let children: Vec<u32> = zygotes.iter().flat_map(|zygote| children_of(*zygote)).collect();
        let (victims, count) = if round % 1000 == 0 {
            (&zygotes, &tally.zygotes_killed)
        } else {
            (&children, &tally.children_killed)
        };
        seed = seed.wrapping_mul(1664525).wrapping_add(1013904223);
        if let Some(victim) = victims.get((seed >> 8) as usize % victims.len().max(1)) {
            let killed = std::process::Command::new("kill")
                .args(["-9", &victim.to_string()])
                .stderr(std::process::Stdio::null())
                .status();
            count.fetch_add(usize::from(killed.is_ok_and(|status| status.success())), Ordering::Relaxed);
        }
    }
}

fn children_of(pid: u32) -> Vec<u32> {
    let tasks = std::fs::read_dir(format!("/proc/{pid}/task")).into_iter().flatten().flatten();
    let lists = tasks.filter_map(|task| std::fs::read_to_string(task.path().join("children")).ok());
    lists
        .flat_map(|list| list.split_whitespace().filter_map(|pid| pid.parse().ok()).collect::<Vec<_>>())
        .collect()
}

#[derive(Debug)]
struct Leftovers {
    processes: usize,
    descriptors: usize,
    memory_mb: usize,
}

impl Leftovers {
    fn now() -> Leftovers {
        let zygotes = children_of(std::process::id());
        let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
        let fields: BTreeMap<&str, &str> = status.lines().filter_map(|line| line.split_once(':')).collect();
        let kb = fields.get("VmRSS").and_then(|value| value.split_whitespace().next()?.parse::<usize>().ok());
        Leftovers {
            processes: zygotes.len() + zygotes.iter().map(|zygote| children_of(*zygote).len()).sum::<usize>(),
            descriptors: std::fs::read_dir("/proc/self/fd").map_or(0, Iterator::count),
            memory_mb: kb.unwrap_or(0) / 1024,
        }
    }
}
