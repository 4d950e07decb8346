//! One zygote and the thread that keeps it: starts it, hears its reports, starts it again when it dies.
//!
//! Anyone may ask for a child; the keeper turns the zygote's replies into [`Child`]ren and keeps a few spare ones ready.

use super::child::{Child, Fate};
use super::wire::{Report, receive, send};
use super::{policy, spawn};
use crate::preload;
use crate::{SandboxConfig, SandboxError};
use rustix::fd::OwnedFd;
use rustix::net::{AddressFamily, Shutdown, SocketFlags, SocketType};
use rustix::pipe::{PipeFlags, pipe_with};
use std::collections::{BTreeMap, HashMap, VecDeque};
use std::io::Read;
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

const CHILD: &str = concat!(include_str!("../python/cells.py"), include_str!("../python/child.py"));
/// How long a caller waits for a child: a zygote may have to be started again meanwhile.
const PATIENCE: Duration = Duration::from_secs(60);

/// A kept zygote. Dropping it ends the process and all its children.
pub(super) struct Zygote {
    shared: Arc<Shared>,
    keeper: Option<JoinHandle<()>>,
}

struct Shared {
    config: SandboxConfig,
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    phase: Phase,
    stopped: bool,
    control: Option<Arc<OwnedFd>>,
    facts: Facts,
    /// Address space of the zygote, and the memory limit a child is born with.
    base: u64,
    memory: u64,
    next: u64,
    /// Asked for, not yet reported.
    forking: HashMap<u64, Ends>,
    /// Alive, as far as we know.
    fates: HashMap<u64, Arc<Fate>>,
    spares: VecDeque<Child>,
    waiting: usize,
}

/// What a ready zygote tells of itself.
#[derive(Debug, Clone, Default)]
pub(super) struct Facts {
    pub versions: BTreeMap<String, String>,
    /// User id, and inode numbers of namespaces.
    pub layers: BTreeMap<String, u64>,
}

#[derive(Default, PartialEq)]
enum Phase {
    #[default]
    Starting,
    Ready,
    Failed(String),
}

/// The supervisor's ends of a child's channels.
struct Ends {
    link: OwnedFd,
    stdout: OwnedFd,
    stderr: OwnedFd,
}

impl Zygote {
    /// Starts the keeper; the zygote becomes ready in the background.
    pub fn keep(config: &SandboxConfig) -> Zygote {
        let state = State { memory: config.limits.memory, ..State::default() };
        let shared =
            Arc::new(Shared { config: config.clone(), state: Mutex::new(state), changed: Condvar::new() });
        let keeper = std::thread::Builder::new().name("tirade-zygote".into());
        let keeper = keeper.spawn({
            let shared = shared.clone();
            move || shared.keep()
        });
        Zygote { shared, keeper: keeper.ok() }
    }

    /// Waits until the zygote is ready; what it tells of itself, or why it is not.
    pub fn ready(&self) -> Result<Facts, SandboxError> {
        let state = self.shared.wait_ready(PATIENCE)?;
        Ok(state.facts.clone())
    }

    /// Whether a child could be forked now.
    pub fn is_ready(&self) -> bool {
        self.shared.lock().phase == Phase::Ready
    }

    /// Children that could be had at once.
    pub fn spares(&self) -> usize {
        self.shared.lock().spares.len()
    }

    /// A fresh child, confined and checked.
    pub fn child(&self, seccomp_filters: u32) -> Result<Child, SandboxError> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let mut child = self.shared.take(deadline)?;
            match child.greet().and_then(|()| child.verify(seccomp_filters)) {
                Ok(()) => return Ok(child),
                Err(SandboxError::NotConfined(_)) if self.shared.config.insecure => return Ok(child),
                Err(error) if !died_waiting(&child) => return Err(error),
                Err(_) => {}
            }
            if Instant::now() > deadline {
                return Err(SandboxError::NoChild(PATIENCE.as_secs()));
            }
        }
    }
}

/// Whether a child ended for a reason of its zygote's or the system's: no verdict on the sandbox, another will do. (A child
/// that cannot put its guard up ends with exit code 70.)
fn died_waiting(child: &Child) -> bool {
    const GUARD_FAILED: i32 = 70;
    let status = child.fate.wait_end(Duration::from_millis(100));
    let failed = |status: i32| libc::WIFEXITED(status) && libc::WEXITSTATUS(status) == GUARD_FAILED;
    status.is_some_and(|status| !status.is_some_and(failed))
}

impl Drop for Zygote {
    fn drop(&mut self) {
        let mut state = self.shared.lock();
        state.stopped = true;
        if let Some(control) = &state.control {
            let _ = rustix::net::shutdown(control, Shutdown::Both);
        }
        drop(state);
        self.shared.changed.notify_all();
        if let Some(keeper) = self.keeper.take() {
            let _ = keeper.join();
        }
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    fn wait_ready(&self, time: Duration) -> Result<MutexGuard<'_, State>, SandboxError> {
        let (state, _) = self
            .changed
            .wait_timeout_while(self.lock(), time, |state| state.phase == Phase::Starting)
            .unwrap();
        match &state.phase {
            Phase::Ready => Ok(state),
            Phase::Starting => Err(SandboxError::Zygote(format!("nothing heard for {} s", time.as_secs()))),
            Phase::Failed(why) => Err(SandboxError::Zygote(why.clone())),
        }
    }

    /// A spare child, or the next one forked.
    fn take(&self, deadline: Instant) -> Result<Child, SandboxError> {
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            let mut state = self.wait_ready(left)?;
            let found = std::iter::from_fn(|| state.spares.pop_front()).find(|child| child.fate.is_running());
            state.waiting += usize::from(found.is_none());
            state.fork_enough(self.config.spares);
            if let Some(child) = found {
                return Ok(child);
            }
            let (mut state, timeout) = self
                .changed
                .wait_timeout_while(state, left, |state| {
                    state.spares.is_empty() && state.phase == Phase::Ready
                })
                .unwrap();
            state.waiting -= 1;
            if timeout.timed_out() {
                return Err(SandboxError::NoChild(PATIENCE.as_secs()));
            }
        }
    }

    /// The keeper's life. A zygote that has been ready once is worth waiting for: then it takes a row of failures until
    /// callers are told.
    fn keep(&self) {
        const FAILURES_IN_A_ROW: u64 = 10;
        let (mut failures, mut was_ready) = (0, false);
        while !self.lock().stopped {
            let why = match spawn::start(&self.config) {
                Ok(started) => self.live_with(started),
                Err(error) => error.to_string(),
            };
            let mut state = self.lock();
            let died_ready = state.phase == Phase::Ready;
            was_ready |= died_ready;
            failures = if died_ready { 0 } else { failures + 1 };
            let hopeful = was_ready && failures < FAILURES_IN_A_ROW;
            state.phase = if hopeful { Phase::Starting } else { Phase::Failed(why) };
            state.bury();
            self.changed.notify_all();
            let pause = Duration::from_millis(100 * failures.min(50));
            drop(self.changed.wait_timeout_while(state, pause, |state| !state.stopped));
        }
    }

    /// Serves one zygote until it is gone; why it went.
    fn live_with(&self, started: spawn::Started) -> String {
        let spawn::Started { mut process, control } = started;
        let control = Arc::new(control);
        let stopped = {
            let mut state = self.lock();
            state.control = Some(control.clone());
            state.stopped
        };
        let mut why = match send(&control, plan(&self.config).as_bytes(), &[]) {
            Ok(()) if stopped => String::new(),
            Ok(()) => self.listen(&control),
            Err(error) => error.to_string(),
        };
        let _ = process.kill();
        if why.is_empty() {
            why = last_words(&mut process);
        }
        let _ = process.wait();
        why
    }

    fn listen(&self, control: &OwnedFd) -> String {
        loop {
            match receive(control) {
                Ok(Some((Report::Failed { failed }, _))) => return failed,
                Ok(Some((report, pidfd))) => {
                    let mut state = self.lock();
                    if state.stopped {
                        return String::new();
                    }
                    state.hear(report, pidfd);
                    let spares = self.config.spares;
                    state.fork_enough(spares);
                    drop(state);
                    self.changed.notify_all();
                }
                Ok(None) => return String::new(),
                Err(error) => return error.to_string(),
            }
        }
    }
}

impl State {
    fn hear(&mut self, report: Report, pidfd: Option<OwnedFd>) {
        match report {
            Report::Ready { ready, address_space, layers } => {
                self.facts = Facts { versions: ready, layers };
                self.base = address_space;
                self.phase = Phase::Ready;
            }
            Report::Forked { forked } => {
                if let Some(child) = self.adopt(forked, pidfd) {
                    self.fates.insert(forked, child.fate.clone());
                    self.spares.push_back(child);
                }
            }
            Report::Limited { limited, memory } => {
                if let Some(fate) = self.fates.get(&limited) {
                    fate.limited(memory);
                }
            }
            Report::Exited { exited, status, cpu } => {
                if let Some(fate) = self.fates.remove(&exited) {
                    fate.end(Some(status), Duration::try_from_secs_f64(cpu).unwrap_or_default());
                }
            }
            Report::Failed { .. } => {}
        }
    }

    fn adopt(&mut self, id: u64, pidfd: Option<OwnedFd>) -> Option<Child> {
        let Ends { link, stdout, stderr } = self.forking.remove(&id)?;
        let pidfd = pidfd?;
        let pid = Child::pid_of(&pidfd)?;
        let (base, memory, control) = (self.base, self.memory, self.control.clone()?);
        let fate = Arc::default();
        Some(Child {
            id,
            link,
            stdout,
            stderr,
            pidfd,
            pid,
            fate,
            control,
            base,
            memory,
            fresh: 0,
            paused: false,
        })
    }

    /// Asks for as many children as are wanted: one for each waiting caller and the spare ones.
    fn fork_enough(&mut self, spares: usize) {
        while self.phase == Phase::Ready && self.spares.len() + self.forking.len() < spares + self.waiting {
            if self.fork().is_err() {
                return; // the zygote is going; its keeper will see it
            }
        }
    }

    fn fork(&mut self) -> Result<(), SandboxError> {
        let control = self.control.clone().ok_or_else(|| SandboxError::Zygote("it is not running".into()))?;
        let (link, their_link) =
            rustix::net::socketpair(AddressFamily::UNIX, SocketType::STREAM, SocketFlags::CLOEXEC, None)
                .map_err(SandboxError::system("socket pair"))?;
        let (stdout, their_stdout) = pipe_with(PipeFlags::CLOEXEC).map_err(SandboxError::system("pipe"))?;
        let (stderr, their_stderr) = pipe_with(PipeFlags::CLOEXEC).map_err(SandboxError::system("pipe"))?;
        for ours in [&link, &stdout, &stderr] {
            rustix::io::ioctl_fionbio(ours, true).map_err(SandboxError::system("non-blocking mode"))?;
        }
        let id = self.next;
        self.next += 1;
        let request = format!("{{\"fork\": {id}}}");
        send(&control, request.as_bytes(), &[&their_link, &their_stdout, &their_stderr])?;
        self.forking.insert(id, Ends { link, stdout, stderr });
        Ok(())
    }

    /// The zygote is gone and, by the parent-death signal, so are its children.
    fn bury(&mut self) {
        self.control = None;
        self.forking.clear();
        self.spares.clear();
        for (_, fate) in self.fates.drain() {
            fate.end(None, Duration::ZERO);
        }
    }
}

/// Everything the zygote needs to know, as one message.
fn plan(config: &SandboxConfig) -> String {
    let seccomp = policy::seccomp().map(|program| policy::seccomp_hex(&program)).unwrap_or_default();
    serde_json::json!({
        "seccomp": seccomp,
        "rlimits": policy::RLIMITS.iter().map(|(number, _, value)| (number, value)).collect::<Vec<_>>(),
        "memory": config.limits.memory,
        "insecure": config.insecure,
        "child": CHILD,
        "available": "the standard library, sympy, mpmath and numpy",
        "required": preload::REQUIRED,
        "modules": preload::MODULES,
        "packages": preload::PACKAGES,
        "skip": preload::SKIP,
        "warm": preload::WARM,
    })
    .to_string()
}

/// The end of what a dead zygote wrote to standard error.
fn last_words(process: &mut std::process::Child) -> String {
    let mut words = Vec::new();
    if let Some(stderr) = process.stderr.take() {
        let _ = stderr.take(64 << 10).read_to_end(&mut words);
    }
    let words = String::from_utf8_lossy(&words);
    let tail: Vec<&str> = words.trim().lines().rev().take(8).collect();
    let tail: Vec<&str> = tail.into_iter().rev().collect();
    if tail.is_empty() { "it died without a word".into() } else { tail.join("\n") }
}
