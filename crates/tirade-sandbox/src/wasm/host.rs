//! The host's side of one instance: its output so far, its limits, its own time. Plain data, and nothing of the system's but the
//! clock that the limits need.

use crate::Limits;
use crate::backend::Ended;
use crate::capped::Capped;
use std::time::{Duration, Instant};
use wasmtime::{Error, ResourceLimiter, Result};

/// Handles an instance may hold; an interpreter needs a handful.
const HANDLES: usize = 10_000;
/// Elements of a table of functions: CPython's has some ten thousand.
const TABLE: usize = 1 << 20;
/// What the wall clock of an instance shows first: 2025-01-01, in seconds.
pub(super) const BIRTH: u64 = 1_735_689_600;
/// Nanoseconds that pass whenever a clock is read.
const STEP: u64 = 1_000_000;

/// What the host holds for an instance.
pub(super) struct Host {
    pub stdout: Capped,
    pub stderr: Capped,
    pub limits: Limits,
    pub began: Instant,
    pub cpu_before: Duration,
    /// Why the host has ended the call.
    pub ended: Option<Ended>,
    /// Bytes of memory, and those of the untouched instance.
    pub memory: usize,
    pub fresh: usize,
    handles: usize,
    /// Nanoseconds of the instance's own time.
    time: u64,
    random: u64,
}

impl Host {
    pub fn new() -> Host {
        Host {
            stdout: Capped::default(),
            stderr: Capped::default(),
            limits: Limits::default(),
            began: Instant::now(),
            cpu_before: Duration::ZERO,
            ended: None,
            memory: 0,
            fresh: usize::MAX,
            handles: 0,
            time: 0,
            random: 0,
        }
    }

    /// For a call to be carried out now, on this thread.
    pub fn begin(&mut self, limits: &Limits) {
        self.limits = *limits;
        (self.stdout, self.stderr) = (Capped::new(limits.output), Capped::new(limits.output));
        (self.began, self.cpu_before) = (Instant::now(), thread_cpu());
    }

    pub fn cpu(&self) -> Duration {
        thread_cpu().saturating_sub(self.cpu_before)
    }

    /// Ends the call when a time limit is reached.
    pub fn look_at_the_time(&mut self) -> Result<()> {
        let over = |used: Duration, limit: Duration, name: &str| {
            (used >= limit)
                .then(|| format!("stopped at the {name} limit of {} s", limit.as_millis() as f64 / 1e3))
        };
        let wall = over(self.began.elapsed(), self.limits.wall, "time");
        match wall.or_else(|| over(self.cpu(), self.limits.cpu, "CPU")) {
            Some(why) => Err(self.end(Ended::Timeout(why))),
            None => Ok(()),
        }
    }

    /// Bytes taken since it was fresh.
    pub fn taken(&self) -> usize {
        self.memory.saturating_sub(self.fresh)
    }

    pub fn end(&mut self, ended: Ended) -> Error {
        self.ended = Some(ended);
        Error::msg("ended by the host")
    }

    /// Counts a handle given to the instance.
    pub fn give_handle(&mut self) -> Result<()> {
        self.handles += 1;
        let many = self.handles > HANDLES;
        if many {
            Err(self.end(Ended::Crashed("the interpreter made too many handles".into())))
        } else {
            Ok(())
        }
    }

    pub fn take_handle_back(&mut self) {
        self.handles = self.handles.saturating_sub(1);
    }

    pub fn write(&mut self, stream: u32, bytes: &[u8]) -> Result<()> {
        let stream = if stream == 2 { &mut self.stderr } else { &mut self.stdout };
        stream.add(bytes);
        let flooded = stream.seen > self.limits.flood();
        if flooded { Err(self.end(Ended::Flood)) } else { Ok(()) }
    }

    /// Reads the clock, which goes on by being read.
    pub fn tell(&mut self) -> u64 {
        self.time = self.time.saturating_add(STEP);
        self.time
    }

    /// Time goes by while it sleeps, and nobody waits.
    pub fn sleep(&mut self, nanoseconds: u64) {
        self.time = self.time.saturating_add(nanoseconds);
    }

    /// The next number of a fixed sequence (SplitMix64).
    pub fn draw(&mut self) -> u64 {
        self.random = self.random.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.random ^ (self.random >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }
}

impl ResourceLimiter for Host {
    fn memory_growing(&mut self, current: usize, desired: usize, _: Option<usize>) -> Result<bool> {
        let wanted = self.memory.saturating_add(desired.saturating_sub(current));
        let fits = wanted <= self.fresh.saturating_add(self.limits.memory as usize);
        if fits {
            self.memory = wanted;
        }
        Ok(fits)
    }

    fn table_growing(&mut self, _: usize, desired: usize, _: Option<usize>) -> Result<bool> {
        Ok(desired <= TABLE)
    }
}

/// Processor time of this thread, on which the call runs.
#[cfg(unix)]
fn thread_cpu() -> Duration {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
}

/// Real time, where processor time is not to be had: it is never less.
#[cfg(not(unix))]
fn thread_cpu() -> Duration {
    static BEGAN: std::sync::LazyLock<Instant> = std::sync::LazyLock::new(Instant::now);
    BEGAN.elapsed()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_is_counted_from_the_fresh_instance() {
        let mut host = Host::new();
        assert!(host.memory_growing(0, 1000, None).unwrap(), "no limit while it is made");
        host.fresh = host.memory;
        host.begin(&Limits { memory: 500, ..Limits::default() });
        let grown = [(1000, 1400, true), (1400, 1600, false), (1400, 1500, true), (0, 1, false)];
        for (current, desired, fits) in grown {
            assert_eq!(host.memory_growing(current, desired, None).unwrap(), fits, "{desired}");
        }
        assert_eq!(host.taken(), 500);
    }

    #[test]
    fn a_flood_and_a_hoard_of_handles_end_the_call() {
        let mut host = Host::new();
        host.begin(&Limits { output: 10, ..Limits::default() });
        host.write(1, b"0123456789abc").unwrap();
        assert_eq!((host.stdout.bytes.len(), host.stdout.truncated, host.stderr.seen), (10, true, 0));
        assert!(host.write(2, &vec![0; 2 << 20]).is_err());
        assert_eq!(host.ended, Some(Ended::Flood));
        assert!((0..=HANDLES).any(|_| host.give_handle().is_err()));
    }

    #[test]
    fn time_and_chance_are_the_same_each_time() {
        let draws = || {
            let mut host = Host::new();
            host.sleep(5);
            [host.tell(), host.tell(), host.draw(), host.draw()]
        };
        assert_eq!(draws(), draws());
        assert_eq!(draws()[..2], [STEP + 5, 2 * STEP + 5]);
    }
}
