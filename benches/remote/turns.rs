//! CPU and time per turn of solving with its store, against a mock server in another process; memory over many problems; time to resume.
//! See README.md.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::Value;
use tirade::mock_server::{MockConfig, MockServer};
use tirade::model::price::Budget;
use tirade::model::remote::{Keys, RemoteConfig, RemoteModel};
use tirade::model::scripted::{Script, ScriptedModel};
use tirade::model::{Model, ToolSpec, Tools};
use tirade::pipeline::{Context, PipelineError, Problems, Progress, Shard, SolveJob, solve};
use tirade::problem::Problem;
use tirade::prompts::Prompts;
use tirade::solver::SolverOptions;
use tirade::stop::Stop;
use tirade::store::{Outcome, Stage, Store};
use tirade::tool::{ToolFailure, ToolResult, ToolSession, ToolStatus, Toolbox};
use tirade_math::Policy;

const SCRIPT: &str = r#"
{"when": {"last": "What is {{a}} + {{b}}?", "turn": 0}, "reply": "I add the two numbers with the tool.", "tool_calls": [{"name": "add", "arguments": {"a": "{{a}}", "b": "{{b}}"}}]}
{"when": {"last": "{{sum}}", "turn": 1}, "reply": "The sum of the two numbers is $\\boxed{{{sum}}}$."}
"#;
const AT_ONCE: &str =
    r#"{"when": {"last": "What is {{a}} + 7?"}, "reply": "The sum of {{a}} and 7 is $\\boxed{{{a}}+7}$."}"#;

const USAGE: &str = "turns serve ADDRESS LATENCY_MS | turns drive URL CONVERSATIONS IN_FLIGHT | turns stream PROBLEMS | turns resume PROBLEMS";

/// One thread for everything that waits, as in the command.
#[tokio::main(flavor = "current_thread")]
async fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let number = |text: &str| text.parse::<u64>().expect("a number");
    match arguments[..] {
        ["serve", address, latency] => serve(address, number(latency)).await,
        ["drive", url, conversations, in_flight] => {
            drive(url, number(conversations), number(in_flight) as usize).await
        }
        ["stream", problems] => stream(number(problems)).await,
        ["resume", problems] => resume(number(problems)).await,
        _ => eprintln!("{USAGE}"),
    }
}

async fn serve(address: &str, latency: u64) {
    let latency = Duration::from_millis(latency);
    let script = Script::parse(SCRIPT).expect("the script is well-formed");
    let config = MockConfig { script, latency: latency..=latency, ..MockConfig::default() };
    MockServer::start(address, config).await.expect("the address is free").wait().await.expect("it serves");
}

/// `What is I + 7?` for every number below the one given; nothing is in memory.
struct Sums(u64);

impl Problems for Sums {
    fn each(&self) -> Box<dyn Iterator<Item = Result<Problem, PipelineError>> + '_> {
        Box::new((0..self.0).map(|i| {
            Ok(Problem {
                id: format!("sum/{i}"),
                problem: format!("What is {i} + 7?"),
                answer: (i + 7).to_string(),
                source: "sums".into(),
                ..Problem::default()
            })
        }))
    }
}

/// Adds, in this process: what is measured is not the tool.
struct Add(Tools);

impl Add {
    fn new() -> Self {
        let parameters = serde_json::json!({
            "type": "object", "properties": {"a": {"type": "string"}, "b": {"type": "string"}},
            "required": ["a", "b"], "additionalProperties": false,
        });
        Self(
            vec![ToolSpec { name: "add".into(), description: "Adds two numbers.".into(), parameters }].into(),
        )
    }
}

impl Toolbox for Add {
    fn specs(&self) -> &Tools {
        &self.0
    }
    fn identity(&self) -> &str {
        "add"
    }
    fn session(&self) -> Result<Box<dyn ToolSession>, ToolFailure> {
        Ok(Box::new(AddSession))
    }
}

struct AddSession;

#[async_trait::async_trait]
impl ToolSession for AddSession {
    async fn call(&mut self, _: &str, arguments: &Value) -> Result<ToolResult, ToolFailure> {
        let number =
            |name: &str| arguments[name].as_str().and_then(|text| text.parse::<u64>().ok()).unwrap_or(0);
        let content = (number("a") + number("b")).to_string();
        Ok(ToolResult { status: ToolStatus::Ok, content, derivation: None, seconds: 0.0 })
    }
}

/// Solves with everything that `tirade solve` does but the terminal. Gives how many answers were right.
async fn run(
    store: &Path,
    model: Arc<dyn Model>,
    problems: Box<dyn Problems>,
    tools: bool,
    at_once: usize,
) -> usize {
    let right = std::sync::atomic::AtomicUsize::new(0);
    let watch = |progress: &Progress<'_>| {
        if let Progress::Attempt { row } = progress
            && row.outcome == Outcome::Correct
        {
            right.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        }
    };
    let context = Context {
        store: Arc::new(Store::open(store).expect("a store")),
        stop: Stop::default(),
        watch: &watch,
        concurrency: at_once,
        shard: Shard::WHOLE,
        now: 0,
        budget: Budget::unlimited(),
    };
    let job = SolveJob {
        stage: Stage::Solve,
        problems,
        model,
        toolbox: tools.then(|| Arc::new(Add::new()) as Arc<dyn Toolbox>),
        prompts: Prompts::default(),
        options: SolverOptions::default(),
        attempts: 1,
        enough: None,
        about: Value::Null,
        policy: Policy::default(),
        price: None,
    };
    solve(&context, &job).await.expect("the run ends well");
    right.into_inner()
}

async fn drive(url: &str, conversations: u64, in_flight: usize) {
    let folder = tempfile::tempdir().expect("a folder");
    let name = format!("{url}#mock").parse().expect("a name");
    let config = RemoteConfig { in_flight, ..RemoteConfig::default() };
    let remote = Arc::new(RemoteModel::new(&name, &Keys::default(), config).expect("a model"));
    let (started, cpu) = (Instant::now(), cpu_seconds());
    let right =
        run(&folder.path().join("bench.db"), remote, Box::new(Sums(conversations)), true, in_flight).await;
    let (seconds, cpu) = (started.elapsed().as_secs_f64(), cpu_seconds() - cpu);
    let turns = 2 * conversations;
    println!(
        "{{\"client\": \"tirade\", \"turns\": {turns}, \"right\": {right}, \"in_flight\": {in_flight}, \"seconds\": {seconds:.2}, \
         \"turns_per_second\": {:.0}, \"cpu_us_per_turn\": {:.0}, \"peak_mb\": {}}}",
        turns as f64 / seconds,
        cpu * 1e6 / turns as f64,
        memory_mb("VmHWM"),
    );
}

/// Many problems with a model in this process: is the memory flat?
async fn stream(problems: u64) {
    let folder = tempfile::tempdir_in(".").expect("a folder here");
    let store = folder.path().join("bench.db");
    let scripted = || Arc::new(ScriptedModel::new("bench", AT_ONCE).expect("a script"));
    for count in [problems / 100, problems / 10, problems] {
        let (started, cpu) = (Instant::now(), cpu_seconds());
        let right = run(&store, scripted(), Box::new(Sums(count)), false, 64).await;
        println!(
            "{{\"problems\": {count}, \"right\": {right}, \"seconds\": {:.1}, \"cpu_us_per_problem\": {:.0}, \"rss_mb\": {}, \"peak_mb\": {}}}",
            started.elapsed().as_secs_f64(),
            (cpu_seconds() - cpu) * 1e6 / count as f64,
            memory_mb("VmRSS"),
            memory_mb("VmHWM"),
        );
    }
}

/// A finished run, given again.
async fn resume(problems: u64) {
    let folder = tempfile::tempdir_in(".").expect("a folder here");
    let store = folder.path().join("bench.db");
    for pass in ["first", "resumed"] {
        let model = Arc::new(ScriptedModel::new("bench", AT_ONCE).expect("a script"));
        let (started, cpu) = (Instant::now(), cpu_seconds());
        run(&store, model, Box::new(Sums(problems)), false, 64).await;
        println!(
            "{{\"pass\": \"{pass}\", \"attempts\": {problems}, \"seconds\": {:.2}, \"cpu_seconds\": {:.2}}}",
            started.elapsed().as_secs_f64(),
            cpu_seconds() - cpu
        );
    }
}

/// User and system time of this process, from `/proc` in ticks of 10 ms.
fn cpu_seconds() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").expect("Linux");
    let fields: Vec<&str> = stat[stat.rfind(')').expect("a name in brackets")..].split_whitespace().collect();
    let ticks = |field: usize| fields[field].parse::<f64>().expect("a number");
    (ticks(12) + ticks(13)) / 100.0
}

fn memory_mb(field: &str) -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").expect("Linux");
    let line = status.lines().find(|line| line.starts_with(field)).expect("a field");
    line.split_whitespace().nth(1).and_then(|kb| kb.parse::<u64>().ok()).unwrap_or(0) / 1024
}
