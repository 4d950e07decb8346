//! The clock of the limits: while a call runs, the engine's epoch goes on every few milliseconds, and each time the call is looked at.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use wasmtime::Engine;

/// How late a limit may be noticed.
const TICK: Duration = Duration::from_millis(5);

/// A thread that ticks while somebody runs. The last clone ends it.
#[derive(Clone)]
pub(super) struct Ticker {
    shared: Arc<Shared>,
    _last: Arc<End>,
}

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    running: usize,
    ended: bool,
}

struct End(Arc<Shared>);

/// A call that runs until this is dropped.
pub(super) struct Running<'a>(&'a Shared);

impl Ticker {
    pub fn start(engine: Engine) -> Ticker {
        let shared = Arc::<Shared>::default();
        let theirs = shared.clone();
        std::thread::spawn(move || theirs.tick(&engine));
        Ticker { _last: Arc::new(End(shared.clone())), shared }
    }

    pub fn run(&self) -> Running<'_> {
        self.shared.change(|state| state.running += 1);
        Running(&self.shared)
    }
}

impl Shared {
    fn tick(&self, engine: &Engine) {
        loop {
            let idle = |state: &mut State| state.running == 0 && !state.ended;
            let state = self.changed.wait_while(self.lock(), idle).unwrap_or_else(PoisonError::into_inner);
            if state.ended {
                return;
            }
            drop(state);
            std::thread::sleep(TICK);
            engine.increment_epoch();
        }
    }

    fn change(&self, change: impl FnOnce(&mut State)) {
        change(&mut self.lock());
        self.changed.notify_all();
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        self.0.change(|state| state.running -= 1);
    }
}

impl Drop for End {
    fn drop(&mut self) {
        self.0.change(|state| state.ended = true);
    }
}
