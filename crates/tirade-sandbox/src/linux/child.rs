//! One confined child as the supervisor holds it: its link, its pipes, its pidfd.

use super::policy::RLIMITS;
use crate::SandboxError;
use rustix::event::{PollFd, PollFlags, Timespec};
use rustix::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use rustix::net::SendFlags;
use rustix::process::{Signal, pidfd_send_signal};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// What the zygote reports about a child, where those who wait for it look.
#[derive(Debug, Default)]
pub(super) struct Fate {
    told: Mutex<Told>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct Told {
    /// The wait status; `Some(None)` when the zygote died and took the child along.
    ended: Option<Option<i32>>,
    /// Processor time of the ended child.
    cpu: Duration,
    /// The last limit on address space the zygote has set.
    memory: u64,
}

impl Fate {
    pub fn end(&self, status: Option<i32>, cpu: Duration) {
        let mut told = self.lock();
        told.ended.get_or_insert(status);
        told.cpu = cpu;
        drop(told);
        self.changed.notify_all();
    }

    pub fn limited(&self, memory: u64) {
        self.lock().memory = memory;
        self.changed.notify_all();
    }

    pub fn is_running(&self) -> bool {
        self.lock().ended.is_none()
    }

    /// The wait status, if it arrives in time.
    pub fn wait_end(&self, time: Duration) -> Option<Option<i32>> {
        let told = self.changed.wait_timeout_while(self.lock(), time, |told| told.ended.is_none());
        told.unwrap_or_else(PoisonError::into_inner).0.ended
    }

    fn wait_limited(&self, memory: u64, time: Duration) -> bool {
        let missing = |told: &mut Told| told.ended.is_none() && told.memory != memory;
        let told = self.changed.wait_timeout_while(self.lock(), time, missing);
        told.unwrap_or_else(PoisonError::into_inner).0.memory == memory
    }

    fn lock(&self) -> MutexGuard<'_, Told> {
        self.told.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A forked child. Dropping it kills it.
pub(super) struct Child {
    pub id: u64,
    pub link: OwnedFd,
    pub stdout: OwnedFd,
    pub stderr: OwnedFd,
    pub pidfd: OwnedFd,
    pub pid: i32,
    pub fate: Arc<Fate>,
    /// The way to its zygote.
    pub control: Arc<OwnedFd>,
    /// Address space of the untouched child, in bytes.
    pub base: u64,
    /// The memory limit in force, in bytes above `base`.
    pub memory: u64,
    /// Resident memory of the untouched child, in bytes.
    pub fresh: u64,
    pub paused: bool,
}

impl Drop for Child {
    fn drop(&mut self) {
        self.kill();
    }
}

impl Child {
    /// Waits for the child's word that its guard is up.
    pub fn greet(&self) -> Result<(), SandboxError> {
        let mut fds = [PollFd::new(&self.link, PollFlags::IN)];
        let timeout = Timespec { tv_sec: 10, tv_nsec: 0 };
        rustix::event::poll(&mut fds, Some(&timeout)).map_err(SandboxError::system("poll"))?;
        let mut hello = [1; 200];
        let size = rustix::io::read(&self.link, &mut hello).unwrap_or(0);
        let expected = [&[0; 16], b"o".as_slice(), &[0; 4]].concat();
        if hello[..size] == expected {
            return Ok(());
        }
        let said = String::from_utf8_lossy(&hello[..size]);
        Err(SandboxError::NotConfined(format!("a child could not put its guard up: {said}")))
    }

    pub fn kill(&self) {
        let _ = pidfd_send_signal(&self.pidfd, Signal::KILL);
    }

    pub fn signal(&self, signal: Signal) {
        let _ = pidfd_send_signal(&self.pidfd, signal);
    }

    /// Processor time used so far, read from the child's own CPU clock (and not from anything it says).
    pub fn cpu(&self) -> Duration {
        const CPUCLOCK_SCHED: i32 = 2;
        let clock = ((!self.pid) << 3) | CPUCLOCK_SCHED;
        let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
        // SAFETY: writes one timespec.
        match unsafe { libc::clock_gettime(clock, &mut time) } {
            0 => Duration::new(time.tv_sec as u64, time.tv_nsec as u32),
            _ => self.fate.lock().cpu,
        }
    }

    /// Looks, from outside, whether every layer holds.
    pub fn verify(&mut self, seccomp_filters: u32) -> Result<(), SandboxError> {
        let lacks = |what| SandboxError::NotConfined(format!("a child's {what}"));
        let status = self.proc_file("status")?;
        self.fresh = resident(&status);
        verify_status(&status, seccomp_filters).map_err(lacks)?;
        verify_limits(&self.proc_file("limits")?).map_err(lacks)
    }

    /// Sets the soft limit on address space: `memory` bytes above the untouched child. The child cannot raise it, as
    /// `prlimit` is refused to it. Root without `CAP_SYS_RESOURCE` may not set it either once the child is another user;
    /// the zygote, which is that user, may.
    pub fn limit_memory(&mut self, memory: u64) -> Result<(), SandboxError> {
        if self.memory == memory {
            return Ok(());
        }
        let space = self.base.saturating_add(memory);
        let limit = libc::rlimit { rlim_cur: space, rlim_max: libc::RLIM_INFINITY };
        // SAFETY: reads one rlimit. The pid cannot have been reused: the link of the child is open and its zygote alive,
        // or the call fails, or it puts a harmless limit on another child of ours.
        if unsafe { libc::prlimit(self.pid, libc::RLIMIT_AS, &limit, std::ptr::null_mut()) } != 0 {
            let request = format!("{{\"limit\": {}, \"memory\": {space}}}", self.id);
            rustix::net::send(&self.control, request.as_bytes(), SendFlags::NOSIGNAL)
                .map_err(SandboxError::system("memory limit of a child"))?;
            if !self.fate.wait_limited(space, Duration::from_secs(5)) {
                return Err(SandboxError::NotConfined("a child's memory limit could not be set".into()));
            }
        }
        self.memory = memory;
        Ok(())
    }

    /// Memory in use, in bytes; what it shares with its zygote included. 0 when the child is gone.
    pub fn resident(&self) -> u64 {
        resident(&self.proc_file("status").unwrap_or_default())
    }

    /// Bytes of the request that the child has not read yet.
    pub fn unread(&self) -> usize {
        let mut bytes: libc::c_int = 0;
        // SAFETY: writes one int.
        match unsafe { libc::ioctl(self.link.as_raw_fd(), libc::TIOCOUTQ, &mut bytes) } {
            0 => bytes.max(0) as usize,
            _ => 0,
        }
    }

    /// Whether it waits for something that is not there.
    pub fn sleeps(&self) -> bool {
        let stat = self.proc_file("stat").unwrap_or_default();
        stat.rsplit(") ").next().is_some_and(|rest| rest.starts_with('S'))
    }

    /// Address space in use, in bytes. 0 when the child is gone.
    pub fn address_space(&self) -> u64 {
        let sizes = self.proc_file("statm").unwrap_or_default();
        let pages = sizes.split_whitespace().next().and_then(|pages| pages.parse::<u64>().ok());
        pages.unwrap_or(0) * rustix::param::page_size() as u64
    }

    fn proc_file(&self, name: &str) -> Result<String, SandboxError> {
        std::fs::read_to_string(format!("/proc/{}/{name}", self.pid)).map_err(|source| SandboxError::System {
            what: "the child's /proc entry (is /proc mounted?)",
            source,
        })
    }

    pub fn fds(&self) -> [BorrowedFd<'_>; 3] {
        [self.link.as_fd(), self.stdout.as_fd(), self.stderr.as_fd()]
    }

    /// The real pid behind the pidfd in this process's pid namespace.
    pub fn pid_of(pidfd: &OwnedFd) -> Option<i32> {
        let info = std::fs::read_to_string(format!("/proc/self/fdinfo/{}", pidfd.as_raw_fd())).ok()?;
        field(&info, "Pid").and_then(|pid| pid.parse().ok()).filter(|pid| *pid > 0)
    }
}

fn field<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':')).map(str::trim)
}

/// Bytes in memory, from `/proc/<pid>/status`.
fn resident(status: &str) -> u64 {
    let kilobytes =
        field(status, "VmRSS").and_then(|size| size.strip_suffix(" kB")?.trim().parse::<u64>().ok());
    kilobytes.unwrap_or(0) << 10
}

/// Reads `/proc/<pid>/status` for what must hold before a child gets any code.
fn verify_status(status: &str, seccomp_filters: u32) -> Result<(), String> {
    let must = |name: &str, wanted: &str| match field(status, name) {
        Some(value) if value == wanted => Ok(()),
        other => Err(format!("{name} is {}, not {wanted}", other.unwrap_or("not reported"))),
    };
    must("Seccomp", "2")?;
    must("NoNewPrivs", "1")?;
    must("Threads", "1")?;
    must("CapEff", "0000000000000000")?;
    must("CapPrm", "0000000000000000")?;
    // Older kernels do not count the filters.
    if field(status, "Seccomp_filters").is_some() {
        must("Seccomp_filters", &(seccomp_filters + 1).to_string())?;
    }
    Ok(())
}

/// Reads `/proc/<pid>/limits`: everything in [`RLIMITS`], and that memory is limited at all.
fn verify_limits(limits: &str) -> Result<(), String> {
    for (_, name, value) in RLIMITS {
        let found = limits.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_default();
        let wanted = value.to_string();
        if !found.split_whitespace().take(2).eq([&wanted, &wanted]) {
            return Err(format!("limit `{name}` is `{}`, not {value}", found.trim()));
        }
    }
    let space = limits.lines().find_map(|line| line.strip_prefix("Max address space")).unwrap_or("unlimited");
    if space.trim_start().starts_with("unlimited") {
        Err("address space is not limited".into())
    } else {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "Name:\tpython\nThreads:\t1\nVmSize:\t  1000 kB\nCapPrm:\t0000000000000000\nCapEff:\t0000000000000000\nNoNewPrivs:\t1\nSeccomp:\t2\nSeccomp_filters:\t1\n";

    #[test]
    fn every_missing_layer_is_seen() {
        verify_status(GOOD, 0).unwrap();
        for (from, to) in [
            ("Seccomp:\t2", "Seccomp:\t0"),
            ("NoNewPrivs:\t1", "NoNewPrivs:\t0"),
            ("Threads:\t1", "Threads:\t2"),
            ("CapEff:\t0000", "CapEff:\t0001"),
            ("Seccomp_filters:\t1", "Seccomp_filters:\t0"),
            ("Seccomp:\t2\n", ""),
        ] {
            assert!(verify_status(&GOOD.replace(from, to), 0).is_err(), "{from} -> {to:?}");
        }
    }

    #[test]
    fn every_missing_limit_is_seen() {
        let line = |name: &str, value: u64| format!("{name:<25} {value:<20} {value:<20} bytes\n");
        let good: String = RLIMITS.iter().map(|(_, name, value)| line(name, *value)).collect();
        let good = good + "Max address space         1000                 unlimited            bytes\n";
        verify_limits(&good).unwrap();
        assert!(verify_limits(&good.replace(" 1000 ", " unlimited ")).is_err());
        for (_, name, _) in RLIMITS {
            let other = good.replace(name, "Max something");
            assert!(verify_limits(&other).is_err(), "{name}");
        }
    }
}
