//! The attacks and legitimate snippets that come with the project's data (`../shared/sandbox`), where they are present.

use crate::{backend, config_for, sandbox};
use serde_json::Value;
use std::io::Read;
use std::net::TcpListener;
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;
use tirade_sandbox::{BackendKind, CallResult, Limits, Sandbox, SandboxConfig, Status};

fn rows(name: &str) -> Vec<Value> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/sandbox").join(name);
    let Ok(text) = std::fs::read_to_string(&path) else {
        eprintln!("SKIPPED: {} is not here", path.display());
        return Vec::new();
    };
    text.lines()
        .filter(|line| !line.trim().is_empty())
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

#[test]
fn legitimate_snippets_give_cpythons_own_output() {
    let Some(sandbox) = sandbox() else { return };
    let native = config_for(BackendKind::Native).unwrap().python;
    let mut differ = Vec::new();
    for row in rows("legit.jsonl") {
        let code = row["code"].as_str().unwrap();
        let unlike = ["numpy", "lambdify"];
        if backend() == BackendKind::Wasm && unlike.iter().any(|word| code.contains(word)) {
            continue;
        }
        let python = Command::new(&native)
            .args(["-c", code])
            .env("PYTHONHASHSEED", "0")
            .stdin(Stdio::null())
            .output()
            .unwrap();
        let result = crate::run(sandbox, code);
        if result.stdout.as_bytes() != python.stdout
            || (result.status == Status::Ok) != python.status.success()
        {
            differ.push(format!(
                "{code}\n  ours {result:?}\n  CPython's {:?}",
                String::from_utf8_lossy(&python.stdout)
            ));
        }
    }
    assert!(differ.is_empty(), "{}", differ.join("\n"));
}

#[test]
fn given_attacks_are_contained() {
    let Some(sandbox) = sandbox() else { return };
    let rows = rows("attacks.jsonl");
    attack_all(sandbox, &rows);
    let bare = SandboxConfig { namespaces: false, workers: 1, ..sandbox.config().clone() };
    attack_all(&Sandbox::start(bare).unwrap(), &rows);
}

fn attack_all(sandbox: &Sandbox, rows: &[Value]) {
    let world = World::new();
    let failures: Vec<String> = rows
        .iter()
        .filter_map(|row| world.attack(sandbox, row).err().map(|why| format!("{}: {why}", row["name"])))
        .collect();
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

/// What the attacks are after.
struct World {
    dir: tempfile::TempDir,
    tcp: TcpListener,
    unix: UnixListener,
}

const FILE_SECRET: &str = "file-secret-5512";
const ARG_SECRET: &str = "arg-secret-7781";

impl World {
    fn new() -> World {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("secret.txt"), FILE_SECRET).unwrap();
        let tcp = TcpListener::bind("127.0.0.1:0").unwrap();
        tcp.set_nonblocking(true).unwrap();
        let unix = UnixListener::bind(dir.path().join("host.sock")).unwrap();
        unix.set_nonblocking(true).unwrap();
        World { dir, tcp, unix }
    }

    fn attack(&self, sandbox: &Sandbox, row: &Value) -> Result<(), String> {
        let oracle = &row["oracle"];
        let victim = self.dir.path().join("victim.txt");
        std::fs::write(&victim, "whole").unwrap();
        let bystander = Command::new("sleep").args(["60", ARG_SECRET]).stderr(Stdio::null()).spawn();
        let limits = Limits { output: 10_000, ..Limits::default() }.within(Duration::from_secs(1));
        let session = sandbox.session();
        let code = self.fill(row["code"].as_str().unwrap());
        let result = session.execute(&code, &limits).unwrap();
        if let Ok(mut bystander) = bystander {
            let _ = bystander.kill();
            let _ = bystander.wait();
        }
        let told = format!("{}{}{}", result.stdout, result.stderr, result.error);
        self.look(oracle, &result, &told)?;
        need(std::fs::read_to_string(&victim).is_ok_and(|text| text == "whole"), "the victim was changed")?;
        if oracle["deterministic"] == 1 && row["name"] == "hash_order_nondeterminism" {
            let again = sandbox.session().execute(&code, &limits).unwrap();
            need(again.stdout == result.stdout, "another run differs")?;
        }
        // The next call of the same session, and of a new one.
        let follow = oracle["followup_code"].as_str().unwrap_or("print(6 * 7)");
        for (session, same) in [(&session, true), (&sandbox.session(), false)] {
            let next = session.execute(follow, &Limits::default()).unwrap();
            let stateful = same && oracle["stateless"] == 1;
            need(next.status == Status::Ok, &format!("the next call failed: {next:?}"))?;
            if !stateful {
                need(
                    oracle["followup_code"].is_string() || next.stdout == "42\n",
                    &format!("next: {next:?}"),
                )?;
                need(!hit(&oracle["followup_hidden"], &next.stdout), &format!("next: {next:?}"))?;
            }
        }
        Ok(())
    }

    fn look(&self, oracle: &Value, result: &CallResult, told: &str) -> Result<(), String> {
        need(result.wall_ms < 1250.0, &format!("took {} ms", result.wall_ms))?;
        need(!hit(&oracle["hidden"], &self.fill(told)), &format!("shows what it must not: {result:?}"))?;
        need(!told.contains(FILE_SECRET) && !told.contains(ARG_SECRET), "a secret got out")?;
        need(!told.contains(crate::ENV_SECRET), "the host's environment got out")?;
        need(result.stdout.len() <= 10_000, "too much output")?;
        need(self.tcp.accept().is_err() && self.unix.accept().is_err(), "it connected")?;
        for path in oracle["nofile"].as_array().into_iter().flatten() {
            need(!PathBuf::from(self.fill(path.as_str().unwrap())).exists(), "it left a file")?;
        }
        let ours = std::process::id();
        need(
            !Path::new(&format!("{}/pickle_{ours}", self.dir.path().display())).exists(),
            "it ran in the host",
        )
    }

    fn fill(&self, text: &str) -> String {
        let port = self.tcp.local_addr().unwrap().port().to_string();
        text.replace("@CANARY@", &self.dir.path().display().to_string())
            .replace("@PORT@", &port)
            .replace("@CWD@", &std::env::current_dir().unwrap().display().to_string())
            .replace("@HOME@", "/root")
            .replace("@FILESECRET@", FILE_SECRET)
            .replace("@ARGSECRET@", ARG_SECRET)
            .replace("@ENVSECRET@", crate::ENV_SECRET)
    }
}

fn need(holds: bool, otherwise: &str) -> Result<(), String> {
    if holds { Ok(()) } else { Err(otherwise.to_owned()) }
}

fn hit(list: &Value, text: &str) -> bool {
    list.as_array().into_iter().flatten().any(|word| text.contains(word.as_str().unwrap()))
}

/// The attacks' table names its secrets by placeholders; this makes sure they were replaced.
#[test]
fn placeholders_are_filled() {
    let world = World::new();
    for row in rows("attacks.jsonl") {
        let code = world.fill(row["code"].as_str().unwrap());
        assert!(!code.contains("@CANARY@") && !code.contains("@PORT@"), "{code}");
    }
    let mut text = String::new();
    std::fs::File::open(world.dir.path().join("secret.txt")).unwrap().read_to_string(&mut text).unwrap();
    assert_eq!(text, FILE_SECRET);
}
