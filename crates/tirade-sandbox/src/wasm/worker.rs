//! One instance as the host holds it, and one exchange with it.

use super::host::Host;
use super::ticker::Ticker;
use crate::Limits;
use crate::backend::{Ended, FULL, Kind, Outcome, SLACK, Said, Worker};
use crate::capped::Capped;
use std::time::Duration;
use wasmtime::component::{Func, InstancePre, WasmList};
use wasmtime::{Error, Result, Store, Trap, UpdateDeadline};

/// A thread's stack: that of the interpreter, and what the host's own functions need.
const STACK: usize = super::WASM_STACK + (2 << 20);
/// Bytes the host may be made to copy out of the instance by one import or reply that is not looked at in place.
const COPIED: usize = 1 << 20;
/// Asks for a few megabytes, and says whether they were there.
const ROOM: u8 = b'R';
/// How long that may take.
const LOOKING: Duration = Duration::from_millis(100);
/// Asks what it holds.
const VERSIONS: u8 = b'V';

/// A CPython in WebAssembly. Nothing of it runs between calls; dropping it frees its memory.
pub(super) struct Instance {
    store: Store<Host>,
    exchange: Func,
    ticker: Ticker,
    /// Hardly any memory is left.
    full: bool,
    /// It was ended between two calls and cannot be entered again.
    dead: bool,
}

impl Instance {
    pub fn new(ready: &InstancePre<Host>, ticker: Ticker) -> Result<Instance> {
        let mut store = Store::new(ready.component().engine(), Host::new());
        store.limiter(|host| host);
        store.set_hostcall_fuel(COPIED);
        store.set_epoch_deadline(1);
        store.epoch_deadline_callback(|mut view| {
            view.data_mut().look_at_the_time()?;
            Ok(UpdateDeadline::Continue(1))
        });
        let instance = ready.instantiate(&mut store)?;
        let exchange =
            instance.get_func(&mut store, "exchange").ok_or_else(|| Error::msg("it has no `exchange`"))?;
        let host = store.data_mut();
        host.fresh = host.memory;
        Ok(Instance { store, exchange, ticker, full: false, dead: false })
    }

    /// What is in it, as one line.
    pub fn held(&mut self) -> Result<String> {
        let (said, text) = self.call(VERSIONS, b"", &Limits::default()).0?;
        let text = String::from_utf8_lossy(&text).into_owned();
        if said == b'o' { Ok(text) } else { Err(Error::msg(format!("it answers {text:?}"))) }
    }

    /// Calls the interpreter on a thread whose stack is deep enough. What it answers, or why it did not.
    fn call(&mut self, kind: u8, body: &[u8], limits: &Limits) -> (Result<(u8, Vec<u8>)>, Duration) {
        let _ticking = self.ticker.run();
        let (store, exchange) = (&mut self.store, self.exchange);
        let work = move || {
            store.data_mut().begin(limits);
            store.set_epoch_deadline(1);
            let answer = ask(store, exchange, kind, body, limits.output + SLACK);
            (answer, store.data().cpu())
        };
        std::thread::scope(|scope| {
            let thread = std::thread::Builder::new().stack_size(STACK).spawn_scoped(scope, work);
            let ended = thread.map_err(Error::from).map(|thread| thread.join());
            match ended {
                Ok(Ok(answered)) => answered,
                Ok(Err(_)) => (Err(Error::msg("the host's own code failed")), Duration::ZERO),
                Err(error) => (Err(error), Duration::ZERO),
            }
        })
    }

    /// Whether a call that took much memory has left some: most of it is free again when the cell has let go of it.
    fn look_for_room(&mut self, limits: &Limits) -> bool {
        let taken = self.store.data().taken() as u64;
        if taken + FULL <= limits.memory {
            return true;
        }
        // What a cell left to be collected may run now.
        let (answer, _) = self.call(ROOM, b"", &limits.within(limits.wall.min(LOOKING)));
        self.dead = answer.is_err();
        matches!(answer, Ok((b'o', _)))
    }
}

/// One call; an answer longer than `cap` is a flood.
fn ask(store: &mut Store<Host>, exchange: Func, kind: u8, body: &[u8], cap: usize) -> Result<(u8, Vec<u8>)> {
    let exchange = exchange.typed::<(u8, &[u8]), ((u8, WasmList<u8>),)>(&*store)?;
    let ((said, text),) = exchange.call(&mut *store, (kind, body))?;
    if text.len() > cap {
        return Err(store.data_mut().end(Ended::Flood));
    }
    Ok((said, text.as_le_slice(&*store).to_vec()))
}

impl Worker for Instance {
    fn exchange(&mut self, kind: Kind, body: &[u8], limits: &Limits) -> Outcome {
        let (answer, cpu) = self.call(kind.byte(), body, limits);
        let host = self.store.data_mut();
        let wall = host.began.elapsed();
        let ended = match (host.ended.take(), answer) {
            (Some(ended), _) => ended,
            (None, Ok((said, text))) => {
                Said::read(said, kind).map_or(Ended::Broken, |said| Ended::Replied(said, text))
            }
            (None, Err(error)) => Ended::Crashed(why(&error)),
        };
        let (stdout, stderr) = (std::mem::take(&mut host.stdout), std::mem::take(&mut host.stderr));
        if matches!(ended, Ended::Replied(..)) {
            self.full = !self.look_for_room(limits);
        }
        outcome(ended, stdout, stderr, wall, cpu)
    }

    fn is_idle(&mut self) -> bool {
        !self.dead
    }

    fn pause(&mut self, _: bool) {}

    fn is_full(&self) -> bool {
        self.full
    }

    fn memory(&self) -> u64 {
        self.store.data().taken() as u64
    }
}

fn outcome(ended: Ended, stdout: Capped, stderr: Capped, wall: Duration, cpu: Duration) -> Outcome {
    let truncated = stdout.truncated || stderr.truncated;
    Outcome { ended, stdout: stdout.bytes, stderr: stderr.bytes, truncated, wall, cpu }
}

/// How an instance that did not answer has ended.
fn why(error: &Error) -> String {
    match error.downcast_ref::<Trap>() {
        Some(Trap::StackOverflow) => "the interpreter crashed (stack overflow)".into(),
        Some(trap) => format!("the interpreter crashed ({trap})"),
        None => format!("the interpreter asked for what is not there ({})", error.root_cause()),
    }
}
