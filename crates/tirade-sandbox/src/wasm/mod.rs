//! The WASM back end: CPython and SymPy as a WebAssembly component, one instance per session.
//!
//! ```text
//! setup ──componentize-py──▶ snapshot of a warmed CPython ──wasmtime──▶ machine code, kept in a file
//! host ──instantiate (copy on write)──▶ instance: linear memory, one call `exchange`, and the few imports of `world.rs`
//! ```
//!
//! An instance reaches nothing but its own memory: no function that it can call opens a file, a socket or a process, or tells it
//! the real time. So it is the same on every system, and repeatable: clocks and random numbers are fixed sequences. What it
//! costs: SymPy runs 1.5 to 3 times slower than natively, and there is no numpy.
//!
//! Limits are the host's: time by epochs ([`ticker`]), memory by a limiter, the stack by wasmtime, output where it is written.
//! What is not covered: faults of wasmtime's compiler, side channels, and what code of one session does to its later calls.

mod host;
mod ticker;
mod worker;
mod world;

use crate::backend::{Backend, Worker};
use crate::probe::Layer;
use crate::{SandboxConfig, SandboxError, setup};
use host::Host;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::Path;
use ticker::Ticker;
use wasmtime::component::{Component, InstancePre, Linker};
use wasmtime::{Config, Engine};
use worker::Instance;

/// Bytes of a host thread's stack that the interpreter may use; it says `RecursionError` long before, or the call ends.
const WASM_STACK: usize = 16 << 20;

/// A loaded component, ready to be instantiated.
pub(crate) struct Wasm {
    ready: InstancePre<Host>,
    ticker: Ticker,
    versions: String,
    layers: Vec<Layer>,
}

impl Wasm {
    /// Loads the component that [`setup`] has made.
    pub fn start(config: &SandboxConfig) -> Result<Wasm, SandboxError> {
        let made = setup::component::read(&config.python)?;
        Wasm::load(&config.python, made.versions)
    }

    /// Loads a file of [`compile`]d code, which is trusted.
    pub fn load(path: &Path, versions: String) -> Result<Wasm, SandboxError> {
        let engine = engine()?;
        // SAFETY: the file is what `compile` has written on this machine: its SHA-256 was compared with the one noted then. As for
        // any program, whoever can write to the user's folders can replace both.
        let component = unsafe { Component::deserialize_file(&engine, path) }.map_err(broken)?;
        let mut linker = Linker::new(&engine);
        let given = world::define(&mut linker, &component).map_err(broken)?;
        let ready = linker.instantiate_pre(&component).map_err(broken)?;
        Ok(Wasm { ready, ticker: Ticker::start(engine), versions, layers: layers(&given) })
    }

    /// What the interpreter says it holds: `mpmath 1.3.0, python 3.14.0, sympy 1.14.0`.
    pub fn held(&self) -> Result<String, SandboxError> {
        self.instance()?.held().map_err(broken)
    }

    fn instance(&self) -> Result<Instance, SandboxError> {
        Instance::new(&self.ready, self.ticker.clone()).map_err(broken)
    }
}

impl Backend for Wasm {
    fn worker(&self) -> Result<Box<dyn Worker>, SandboxError> {
        Ok(Box::new(self.instance()?))
    }

    fn versions(&self) -> &str {
        &self.versions
    }

    fn layers(&self) -> &[Layer] {
        &self.layers
    }
}

/// Compiles a component for this machine's processor; the bytes are what [`Wasm::load`] takes.
pub(crate) fn compile(component: &[u8]) -> Result<Vec<u8>, SandboxError> {
    engine()?.precompile_component(component).map_err(broken)
}

/// A hash of what machine code depends on: wasmtime's version, its settings, the processor.
pub(crate) fn compatibility() -> Result<String, SandboxError> {
    let mut hasher = DefaultHasher::new();
    engine()?.precompile_compatibility_hash().hash(&mut hasher);
    Ok(format!("{:016x}", hasher.finish()))
}

fn engine() -> Result<Engine, SandboxError> {
    let mut config = Config::new();
    // The asynchronous stack is not used; it may not be smaller.
    config.epoch_interruption(true).async_stack_size(WASM_STACK).max_wasm_stack(WASM_STACK);
    Engine::new(&config).map_err(broken)
}

fn broken(error: wasmtime::Error) -> SandboxError {
    SandboxError::Component(format!("{error:#}"))
}

fn layers(given: &world::Given) -> Vec<Layer> {
    let layer = |name, detail: String| Layer { name, enforced: true, required: true, detail };
    vec![
        layer("WebAssembly", "machine code that can address nothing but its own memory".into()),
        layer(
            "imports",
            format!(
                "{} functions: output, an empty environment, clocks and randomness that are fixed sequences; {} others end the call",
                given.defined, given.refused
            ),
        ),
        layer("limits", "wall and CPU time, memory, stack and output by the host".into()),
    ]
}
