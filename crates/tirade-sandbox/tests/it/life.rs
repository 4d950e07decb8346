//! Processes: what happens when the host or a zygote dies.

use crate::{config, native, sandbox};
use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};
use tirade_sandbox::{Limits, Sandbox, SandboxConfig, Status};

/// Set for the copy of this program that is killed by [`a_killed_host_leaves_no_orphans`].
const VICTIM: &str = "TIRADE_TEST_VICTIM";

#[test]
fn a_killed_host_leaves_no_orphans() {
    if native().is_none() {
        return;
    }
    let mut host = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "life::host_that_is_killed", "--nocapture"])
        .env(VICTIM, "1")
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let lines = BufReader::new(host.stdout.take().unwrap()).lines();
    let processes =
        lines.map_while(Result::ok).find_map(|line| Some(line.split_once("processes:")?.1.to_owned()));
    let processes: Vec<u32> = processes.unwrap().split_whitespace().map(|pid| pid.parse().unwrap()).collect();
    assert!(processes.len() >= 2, "a zygote and children: {processes:?}");
    host.kill().unwrap();
    host.wait().unwrap();
    let deadline = Instant::now() + Duration::from_secs(5);
    while processes.iter().any(|pid| is_alive(*pid)) {
        assert!(Instant::now() < deadline, "left over: {processes:?}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// Not a test of its own: the host that the test above starts and kills while a cell runs.
#[test]
fn host_that_is_killed() {
    if std::env::var_os(VICTIM).is_none() {
        return;
    }
    let sandbox = Sandbox::start(config().unwrap()).unwrap();
    let idle = sandbox.session();
    idle.execute("1", &Limits::default()).unwrap();
    let busy = sandbox.session();
    std::thread::scope(|scope| {
        scope.spawn(|| busy.execute("while True: pass", &Limits::default().within(Duration::from_secs(60))));
        std::thread::sleep(Duration::from_millis(200));
        let pids: Vec<String> = descendants(std::process::id()).iter().map(u32::to_string).collect();
        println!("processes: {}", pids.join(" "));
    });
}

#[test]
fn a_killed_zygote_is_replaced_and_its_sessions_go_on() {
    let Some(sandbox) = native() else { return };
    let sandbox = Sandbox::start(SandboxConfig { workers: 1, ..sandbox.config().clone() }).unwrap();
    let limits = Limits::default();
    let session = sandbox.session();
    session.execute("kept = 42", &limits).unwrap();
    let pid = session.execute("import os; os.getppid()", &limits).unwrap().stdout;
    Command::new("kill").args(["-9", pid.trim()]).status().unwrap();
    let next = session.execute("kept", &limits).unwrap();
    assert_eq!((next.status, next.stdout.as_str(), next.state_lost), (Status::Ok, "42\n", false), "{next:?}");
}

#[test]
fn a_cell_whose_process_is_killed_from_outside_is_run_again() {
    let Some(sandbox) = native() else { return };
    let limits = Limits::default();
    let session = sandbox.session();
    let pid = session.execute("kept = 1\nimport os; os.getpid()", &limits).unwrap().stdout;
    let result = std::thread::scope(|scope| {
        let call = scope.spawn(|| session.execute("import time; time.sleep(0.5); kept", &limits).unwrap());
        std::thread::sleep(Duration::from_millis(150));
        Command::new("kill").args(["-9", pid.trim()]).status().unwrap();
        call.join().unwrap()
    });
    assert_eq!((result.status, result.stdout.as_str()), (Status::Ok, "1\n"), "{result:?}");
}

#[test]
fn a_dropped_sandbox_ends_its_processes() {
    let Some(shared) = native() else { return };
    let sandbox = Sandbox::start(shared.config().clone()).unwrap();
    let session = sandbox.session();
    let pid = session.execute("import os; os.getpid()", &Limits::default()).unwrap().stdout;
    let pid: u32 = pid.trim().parse().unwrap();
    assert!(is_alive(pid));
    drop((session, sandbox));
    let deadline = Instant::now() + Duration::from_secs(5);
    while is_alive(pid) {
        assert!(Instant::now() < deadline, "{pid} is left over");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// The layers of the report are the ones a child has.
#[test]
fn layers_are_reported() {
    let Some(sandbox) = sandbox() else { return };
    let layers = sandbox.layers();
    assert!(layers.iter().filter(|layer| layer.required).all(|layer| layer.enforced), "{layers:#?}");
    let Some(sandbox) = native() else { return };
    let own_user = layers.iter().find(|layer| layer.name == "own user").unwrap();
    let uid = sandbox.session().execute("import os; os.getuid()", &Limits::default()).unwrap().stdout;
    assert_eq!(own_user.enforced, uid == "65534\n", "{own_user:?}");
}

fn is_alive(pid: u32) -> bool {
    let state = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    state.rsplit(')').next().is_some_and(|rest| !rest.trim().is_empty() && !rest.trim().starts_with('Z'))
}

fn descendants(pid: u32) -> Vec<u32> {
    let tasks = std::fs::read_dir(format!("/proc/{pid}/task")).into_iter().flatten().flatten();
    let lists = tasks.filter_map(|task| std::fs::read_to_string(task.path().join("children")).ok());
    let children: Vec<u32> = lists
        .flat_map(|list| list.split_whitespace().filter_map(|pid| pid.parse().ok()).collect::<Vec<_>>())
        .collect();
    let below: Vec<u32> = children.iter().flat_map(|child| descendants(*child)).collect();
    [children, below].concat()
}

#[test]
fn an_interpreter_may_be_named_from_the_working_directory() {
    let Some(sandbox) = sandbox() else { return };
    let up = "../".repeat(std::env::current_dir().unwrap().components().count());
    let relative = std::path::Path::new(&up).join(sandbox.config().python.strip_prefix("/").unwrap());
    let config = SandboxConfig { python: relative, workers: 1, insecure: true, ..sandbox.config().clone() };
    let other = Sandbox::start(config).unwrap();
    assert_eq!(other.session().execute("6 * 7", &Limits::default()).unwrap().stdout, "42\n");
}
