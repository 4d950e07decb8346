//! The toolbox that the solver uses: native Rust, typed SymPy calls and Python cells behind one interface, one cache, one set of limits.

use std::collections::{HashMap, HashSet};
use std::fmt::Write as _;
use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tirade_math::derivation::omitted;
use tirade_math::fuel;
use tirade_sandbox::{BackendKind, Limits, Sandbox, SandboxError, TypedWorker};

use super::args::Args;
use super::cache::{Cache, Key};
use super::cells::Cells;
use super::families;
use super::outcome::{NativeCall, Outcome};
use super::spec::{Decline, Tool};
use super::{ToolFailure, ToolResult, ToolSession, Toolbox};
use crate::model::{ToolSpec, Tools};

/// The Python of the SymPy lane: trusted source, loaded once into each worker.
const HANDLER: &str = concat!(
    include_str!("../../python/tree.py"),
    include_str!("../../python/serve.py"),
    include_str!("../../python/algebra.py"),
    include_str!("../../python/calculus.py"),
    include_str!("../../python/matrices.py"),
    include_str!("../../python/numbers.py"),
    include_str!("../../python/arithmetic.py"),
    include_str!("../../python/geometry.py"),
    include_str!("../../python/conics.py"),
);

/// The name of the tool that runs Python.
pub const EXECUTE_CODE: &str = "execute_code";

/// Which toolkits are offered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ToolkitSelection {
    pub sympy: bool,
    pub code: bool,
    pub math: bool,
    pub geometry: bool,
}

impl ToolkitSelection {
    /// Every toolkit.
    pub const ALL: Self = Self { sympy: true, code: true, math: true, geometry: true };

    /// The typed tools of the toolkits chosen; a name that two toolkits share is there once.
    pub fn tools(self) -> impl Iterator<Item = &'static Tool> {
        let chosen =
            [(self.sympy, families::SYMPY), (self.math, families::MATH), (self.geometry, families::GEOMETRY)];
        let mut seen = HashSet::new();
        let tools = chosen
            .into_iter()
            .filter(|(on, _)| *on)
            .flat_map(|(_, families)| families.iter().copied().flatten());
        tools.filter(move |tool| seen.insert(tool.name))
    }

    /// The tools as they are described to a model; needs no sandbox, only which it will be.
    pub fn specs(self, backend: BackendKind) -> Vec<ToolSpec> {
        let typed = self.tools().filter(|tool| tool.offered).map(Tool::spec);
        typed.chain(self.code.then(|| code_spec(backend))).collect()
    }
}

fn code_spec(backend: BackendKind) -> ToolSpec {
    let modules = match backend {
        BackendKind::Native => "sympy, mpmath and numpy",
        BackendKind::Wasm => "sympy and mpmath (no numpy)",
    };
    ToolSpec {
        name: EXECUTE_CODE.to_owned(),
        description: format!(
            "Runs Python 3 with the standard library, {modules}. Variables stay from one call to the next. \
             What is printed comes back, and the value of a last expression. There is no network and there are no files."
        ),
        parameters: json!({
            "type": "object",
            "properties": { "code": { "type": "string", "description": "The Python code." } },
            "required": ["code"],
            "additionalProperties": false,
        }),
    }
}

/// How calls are answered.
#[derive(Clone, Copy, Debug)]
pub struct ToolOptions {
    /// Limits of a call that names none: 10 s, 8 KiB of output.
    pub limits: Limits,
    /// Whether the native lane is asked first; without it SymPy answers every typed call.
    pub native: bool,
    /// Whether known results are given again.
    pub cache: bool,
}

impl Default for ToolOptions {
    fn default() -> Self {
        let time = Duration::from_secs(10);
        Self {
            limits: Limits { wall: time, cpu: time, output: 8 << 10, ..Limits::default() },
            native: true,
            cache: true,
        }
    }
}

/// Tools in three lanes; cheap to share, its sessions run side by side.
pub struct StandardToolbox {
    specs: Tools,
    shared: Arc<Shared>,
}

struct Shared {
    tools: HashMap<&'static str, &'static Tool>,
    /// Whether [`EXECUTE_CODE`] is offered.
    code: bool,
    identity: String,
    options: ToolOptions,
    sandbox: Arc<Sandbox>,
    worker: TypedWorker,
    cache: Cache,
}

impl StandardToolbox {
    /// The toolkits chosen, over a sandbox.
    pub fn new(selection: ToolkitSelection, sandbox: Arc<Sandbox>) -> Self {
        Self::with_options(selection, sandbox, ToolOptions::default())
    }

    /// [`new`](Self::new) with other options.
    pub fn with_options(selection: ToolkitSelection, sandbox: Arc<Sandbox>, options: ToolOptions) -> Self {
        let worker = sandbox.typed(HANDLER);
        let shared = Shared {
            tools: selection.tools().map(|tool| (tool.name, tool)).collect(),
            code: selection.code,
            identity: identity(&sandbox),
            options,
            sandbox,
            worker,
            cache: if options.cache { Cache::default() } else { Cache::off() },
        };
        Self { specs: selection.specs(shared.sandbox.config().backend).into(), shared: Arc::new(shared) }
    }

    /// The SymPy lane alone, for tests.
    #[cfg(test)]
    pub(super) fn by_sympy(
        &self,
        tool: &'static Tool,
        args: &Args,
        limits: &Limits,
    ) -> Result<Outcome, ToolFailure> {
        self.shared.sympy(tool, tool.python.unwrap_or(tool.name), args, limits)
    }

    /// The worker's own reply, for tests.
    #[cfg(test)]
    pub(super) fn shared_worker_call(&self, request: &Value) -> Value {
        self.shared
            .worker
            .call(request, &self.shared.options.limits)
            .expect("the sandbox works")
            .json
            .unwrap_or_default()
    }

    /// A session that also tells how each call went.
    pub fn open(&self) -> StandardSession {
        StandardSession { cells: Cells::new(&self.shared.sandbox), shared: Arc::clone(&self.shared) }
    }
}

impl Toolbox for StandardToolbox {
    fn specs(&self) -> &Tools {
        &self.specs
    }

    fn identity(&self) -> &str {
        &self.shared.identity
    }

    fn prepare(&self) -> Result<(), ToolFailure> {
        self.shared.worker.prepare().map_err(failure)
    }

    fn session(&self) -> Result<Box<dyn ToolSession>, ToolFailure> {
        Ok(Box::new(Attended(Some(self.open()))))
    }
}

/// One attempt's tools: the typed ones keep nothing, the Python cells keep their variables.
pub struct StandardSession {
    shared: Arc<Shared>,
    cells: Cells,
}

impl StandardSession {
    /// Calls a tool under the toolbox's limits, or others, and tells how it went.
    ///
    /// # Errors
    /// Only when the sandbox itself is broken.
    pub fn run(
        &mut self,
        name: &str,
        arguments: &Value,
        limits: Option<&Limits>,
    ) -> Result<Outcome, ToolFailure> {
        let started = Instant::now();
        let limits = limits.unwrap_or(&self.shared.options.limits);
        let mut outcome = match self.shared.tools.get(name) {
            Some(tool) => self.shared.typed(tool, arguments, limits)?,
            None if name == EXECUTE_CODE && self.shared.code => match code_of(arguments) {
                Ok(code) => self.cells.execute(code, limits, &self.shared.cache).map_err(failure)?,
                Err(message) => Outcome::typed_error(name, message),
            },
            None => Outcome::typed_error(name, &self.shared.no_such_tool(name)),
        };
        outcome.wall_ms = started.elapsed().as_secs_f64() * 1e3;
        Ok(outcome)
    }
}

impl StandardSession {
    /// Gives up the interpreter until it is needed again; variables are kept by running the cells once more.
    pub fn hibernate(&mut self) {
        self.cells.hibernate();
    }

    /// Bytes that its interpreter has taken; 0 without one.
    pub fn memory(&self) -> u64 {
        self.cells.memory()
    }
}

/// A session as the solver holds it: calls wait for a process, and do so off the async threads. None once a call panicked.
struct Attended(Option<StandardSession>);

#[async_trait]
impl ToolSession for Attended {
    async fn call(&mut self, name: &str, arguments: &Value) -> Result<ToolResult, ToolFailure> {
        let ended = || ToolFailure("the tool's thread ended in an earlier call".into());
        let mut session = self.0.take().ok_or_else(ended)?;
        let (name, arguments) = (name.to_owned(), arguments.clone());
        let work = move || (session.run(&name, &arguments, None).map(Outcome::into_result), session);
        let (outcome, session) = tokio::task::spawn_blocking(work)
            .await
            .map_err(|error| ToolFailure(format!("the tool's thread ended: {error}")))?;
        self.0 = Some(session);
        outcome
    }
}

impl Shared {
    fn typed(&self, tool: &'static Tool, arguments: &Value, limits: &Limits) -> Result<Outcome, ToolFailure> {
        let args = match Args::read(tool, arguments) {
            Ok(args) => args,
            Err(message) => return Ok(Outcome::typed_error(tool.name, &message)),
        };
        let key = Key::Typed(tool.name, args.values().clone());
        if let Some(known) = self.cache.get(&key) {
            return Ok(known);
        }
        let outcome = self.compute(tool, &args, limits)?;
        self.cache.put(key, &outcome);
        Ok(outcome)
    }

    /// Native first; SymPy for what the native lane declines.
    fn compute(&self, tool: &'static Tool, args: &Args, limits: &Limits) -> Result<Outcome, ToolFailure> {
        let (native, started) = (tool.native.filter(|_| self.options.native), Instant::now());
        let declined = match native.map(|native| omitted(|| fuel::within(fuel::CALL, || native(args)))) {
            Some(Ok(answer)) => {
                let native = Some(NativeCall { tool, args: args.clone() });
                return Ok(Outcome { native, ..Outcome::json(answer.content) });
            }
            Some(Err(Decline::Error(message))) => return Ok(Outcome::typed_error(tool.name, &message)),
            Some(Err(Decline::Lane(reason))) => reason,
            None => String::new(),
        };
        match tool.python {
            Some(function) => {
                let wall = limits.wall.saturating_sub(started.elapsed());
                self.sympy(tool, function, args, &Limits { wall, ..*limits })
            }
            None => Ok(Outcome::typed_error(tool.name, &declined)),
        }
    }

    /// A worker that someone else killed is no answer: the call is made once more.
    fn sympy(
        &self,
        tool: &Tool,
        function: &str,
        args: &Args,
        limits: &Limits,
    ) -> Result<Outcome, ToolFailure> {
        let fixed: HashMap<_, _> = tool.fixed.iter().copied().collect();
        let request = json!({ "name": tool.name, "function": function, "args": args, "fixed": fixed });
        let mut call = self.worker.call(&request, limits).map_err(failure)?;
        if call.status == tirade_sandbox::Status::Killed {
            call = self.worker.call(&request, limits).map_err(failure)?;
        }
        Ok(Outcome::of_typed(tool.name, call))
    }

    fn no_such_tool(&self, name: &str) -> String {
        let mut names: Vec<&str> =
            self.tools.keys().copied().chain(self.code.then_some(EXECUTE_CODE)).collect();
        names.sort_unstable();
        format!("there is no tool {name:?}; the tools are: {}", names.join(", "))
    }
}

fn code_of(arguments: &Value) -> Result<&str, &'static str> {
    let code = arguments.as_str().or_else(|| arguments.get("code").and_then(Value::as_str));
    code.ok_or("the argument code is missing: a string of Python")
}

fn failure(error: SandboxError) -> ToolFailure {
    ToolFailure(error.to_string())
}

/// Program version, the handler's hash, and what runs it.
fn identity(sandbox: &Sandbox) -> String {
    let mut text = format!("tirade {} tools ", env!("CARGO_PKG_VERSION"));
    for byte in Sha256::digest(HANDLER).iter().take(4) {
        let _ = write!(text, "{byte:02x}");
    }
    format!("{text}; {}", sandbox.versions())
}
