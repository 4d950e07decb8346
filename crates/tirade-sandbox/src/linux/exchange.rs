//! One request to a child and all that may come back: the only place that reads what untrusted code writes.
//!
//! The reply is a frame `nonce(16) kind(1) length(4) body` on the link; the nonce is drawn anew for each request, so
//! nothing written before it was sent can pass. A cell that reads the nonce from its interpreter's memory can answer
//! for its own call (with what it could have printed anyway) and for no other. Output travels on two pipes and is
//! never parsed. Whatever is not exactly one well-formed frame comes from a broken interpreter: a crash of the first cell in it, and
//! for a later one a reason to begin anew, for an earlier one may have left it so.

use super::child::Child;
use crate::Limits;
use crate::backend::{Ended, FULL, Kind, Outcome, SLACK, Said, Worker};
use crate::capped::Capped;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fd::OwnedFd;
use rustix::io::Errno;
use rustix::process::Signal;
use std::time::{Duration, Instant};

const HEAD: usize = 21;
const NONCE: usize = 16;
/// A child that has not taken its request after so long, though it ran or sleeps, does not listen.
const LISTENING: Duration = Duration::from_millis(50);

impl Worker for Child {
    fn exchange(&mut self, kind: Kind, body: &[u8], limits: &Limits) -> Outcome {
        Exchange::new(self, limits, kind).run(body)
    }

    fn is_idle(&mut self) -> bool {
        self.discard_output();
        let mut fds = [PollFd::new(&self.link, PollFlags::IN)];
        matches!(poll(&mut fds, Some(&Timespec::default())), Ok(0))
    }

    fn pause(&mut self, paused: bool) {
        if self.paused != paused {
            self.signal(if paused { Signal::STOP } else { Signal::CONT });
            self.paused = paused;
        }
    }

    fn is_full(&self) -> bool {
        self.address_space() + FULL > self.base.saturating_add(self.memory)
    }

    fn memory(&self) -> u64 {
        self.resident().saturating_sub(self.fresh)
    }
}

impl Child {
    /// Drops what was written between calls.
    fn discard_output(&self) {
        let mut bin = [0; 4096];
        for pipe in [&self.stdout, &self.stderr] {
            for _ in 0..32 {
                if !matches!(rustix::io::read(pipe, &mut bin), Ok(1..)) {
                    break;
                }
            }
        }
    }
}

struct Exchange<'a> {
    child: &'a mut Child,
    limits: &'a Limits,
    kind: Kind,
    nonce: [u8; NONCE],
    reply: Vec<u8>,
    stdout: Capped,
    stderr: Capped,
    began: Instant,
    cpu_before: Duration,
    /// The child has taken the whole request.
    heard: bool,
}

impl<'a> Exchange<'a> {
    fn new(child: &'a mut Child, limits: &'a Limits, kind: Kind) -> Exchange<'a> {
        let mut nonce = [0; NONCE];
        // The kernel's generator does not fail for 16 bytes once the machine has booted; zeros are refused below.
        let _ = rustix::rand::getrandom(&mut nonce, rustix::rand::GetRandomFlags::empty());
        let cpu_before = child.cpu();
        Exchange {
            child,
            limits,
            kind,
            nonce,
            reply: Vec::new(),
            stdout: Capped::new(limits.output),
            stderr: Capped::new(limits.output),
            began: Instant::now(),
            cpu_before,
            heard: false,
        }
    }

    fn run(mut self, body: &[u8]) -> Outcome {
        let ended = self.talk(body).unwrap_or_else(|ended| ended);
        let cpu = self.cpu();
        if !matches!(ended, Ended::Replied(..)) {
            self.child.kill();
        }
        Outcome {
            ended,
            truncated: self.stdout.truncated || self.stderr.truncated,
            stdout: self.stdout.bytes,
            stderr: self.stderr.bytes,
            wall: self.began.elapsed(),
            cpu,
        }
    }

    fn cpu(&self) -> Duration {
        self.child.cpu().saturating_sub(self.cpu_before)
    }

    fn talk(&mut self, body: &[u8]) -> Result<Ended, Ended> {
        if self.nonce == [0; NONCE] || self.child.limit_memory(self.limits.memory).is_err() {
            return Err(self.gone());
        }
        let request = self.frame(body);
        let mut unsent = request.as_slice();
        loop {
            let ready = self.wait(!unsent.is_empty())?;
            self.drain()?;
            if ready.output {
                unsent = self.send(unsent)?;
            }
            if ready.input
                && let Some(reply) = self.receive()?
            {
                self.drain()?;
                return Ok(reply);
            }
        }
    }

    fn frame(&self, body: &[u8]) -> Vec<u8> {
        let length = (body.len() as u32).to_be_bytes();
        [self.nonce.as_slice(), &[self.kind.byte()], &length, body].concat()
    }

    /// Waits for the link or a pipe, at most until the next limit could be reached.
    fn wait(&mut self, sending: bool) -> Result<Ready, Ended> {
        loop {
            let left = self.time_left()?;
            let left = if self.heard { left } else { left.min(LISTENING) };
            let link = if sending { PollFlags::IN | PollFlags::OUT } else { PollFlags::IN };
            let [a, b, c] = self.child.fds();
            let mut fds = [
                PollFd::from_borrowed_fd(a, link),
                PollFd::from_borrowed_fd(b, PollFlags::IN),
                PollFd::from_borrowed_fd(c, PollFlags::IN),
            ];
            // A pipe whose writer is gone is always "ready"; then the link says so too.
            let timeout = Timespec { tv_sec: left.as_secs() as i64, tv_nsec: left.subsec_nanos().into() };
            match poll(&mut fds, Some(&timeout)) {
                Ok(0) if !sending && !self.heard => {
                    self.look_whether_heard()?;
                    continue;
                }
                Ok(0) | Err(Errno::INTR) => continue,
                Ok(_) => {}
                Err(error) => return Err(Ended::Crashed(format!("poll: {error}"))),
            }
            let events = fds[0].revents();
            return Ok(Ready {
                input: events.intersects(PollFlags::IN | PollFlags::HUP | PollFlags::ERR),
                output: events.contains(PollFlags::OUT),
            });
        }
    }

    /// An earlier cell that answered for itself may run on or sleep for ever: then nobody reads the request, and it need not cost
    /// the whole time limit to find out. A child that listens is woken by the request.
    fn look_whether_heard(&mut self) -> Result<(), Ended> {
        self.heard = self.child.unread() == 0;
        let elsewhere = !self.heard && (self.cpu() >= LISTENING / 2 || self.child.sleeps());
        if elsewhere { Err(Ended::Broken) } else { Ok(()) }
    }

    /// CPU time never runs faster than real time in a process with one thread, so looking again when the remaining
    /// CPU time could have been used is exact.
    fn time_left(&self) -> Result<Duration, Ended> {
        let wall = self.limits.wall.saturating_sub(self.began.elapsed());
        if wall.is_zero() {
            return Err(Ended::Timeout(format!(
                "stopped at the time limit of {}",
                seconds(self.limits.wall)
            )));
        }
        let cpu = self.limits.cpu.saturating_sub(self.cpu());
        if cpu.is_zero() {
            return Err(Ended::Timeout(format!("stopped at the CPU limit of {}", seconds(self.limits.cpu))));
        }
        Ok(wall.min(cpu.max(Duration::from_millis(1))))
    }

    fn drain(&mut self) -> Result<(), Ended> {
        let flood = self.limits.flood();
        let out = fill(&mut self.stdout, &self.child.stdout, flood);
        let err = fill(&mut self.stderr, &self.child.stderr, flood);
        if out && err { Ok(()) } else { Err(Ended::Flood) }
    }

    fn send<'b>(&self, unsent: &'b [u8]) -> Result<&'b [u8], Ended> {
        match rustix::net::send(&self.child.link, unsent, rustix::net::SendFlags::NOSIGNAL) {
            Ok(sent) => Ok(&unsent[sent..]),
            Err(Errno::AGAIN | Errno::INTR) => Ok(unsent),
            Err(_) => Err(self.gone()),
        }
    }

    /// Reads what is there; the reply once it is whole.
    fn receive(&mut self) -> Result<Option<Ended>, Ended> {
        let cap = HEAD + self.limits.output + SLACK;
        let mut part = [0; 16 << 10];
        match rustix::io::read(&self.child.link, &mut part) {
            Ok(0) => return Err(self.gone()),
            Ok(size) => self.reply.extend_from_slice(&part[..size]),
            Err(Errno::AGAIN | Errno::INTR) => return Ok(None),
            Err(_) => return Err(self.gone()),
        }
        if self.reply.len() > cap {
            return Err(Ended::Flood);
        }
        parse(&self.reply, &self.nonce, self.kind, cap)
    }

    /// The child is gone: how did it end?
    fn gone(&self) -> Ended {
        ended_by(self.child.fate.wait_end(Duration::from_millis(500)))
    }
}

struct Ready {
    input: bool,
    output: bool,
}

fn seconds(time: Duration) -> String {
    format!("{} s", time.as_millis() as f64 / 1e3)
}

/// Exactly one frame with our nonce and of a kind that answers ours, or not yet, or a broken protocol.
fn parse(reply: &[u8], nonce: &[u8; NONCE], kind: Kind, cap: usize) -> Result<Option<Ended>, Ended> {
    let broken = || Ended::Broken;
    let known = reply.len().min(NONCE);
    if reply[..known] != nonce[..known] {
        return Err(broken());
    }
    let Some((head, body)) = reply.split_at_checked(HEAD) else { return Ok(None) };
    let length = u32::from_be_bytes([head[17], head[18], head[19], head[20]]) as usize;
    if length > cap {
        return Err(Ended::Flood);
    }
    let said = Said::read(head[NONCE], kind).ok_or_else(broken)?;
    match body.len().cmp(&length) {
        std::cmp::Ordering::Less => Ok(None),
        std::cmp::Ordering::Equal => Ok(Some(Ended::Replied(said, body.to_vec()))),
        std::cmp::Ordering::Greater => Err(broken()),
    }
}

/// Reads a wait status. `None`: no report in time; `Some(None)`: the zygote is gone too.
fn ended_by(status: Option<Option<i32>>) -> Ended {
    match status {
        None => Ended::Crashed("the process closed its link".into()),
        Some(None) => Ended::Killed("the process was killed together with its zygote".into()),
        Some(Some(status)) if libc::WIFSIGNALED(status) => match libc::WTERMSIG(status) {
            libc::SIGKILL | libc::SIGTERM | libc::SIGHUP => {
                Ended::Killed("the process was killed from outside".into())
            }
            libc::SIGSEGV => Ended::Crashed("the process crashed (segmentation fault)".into()),
            signal => Ended::Crashed(format!("the process crashed (signal {signal})")),
        },
        Some(Some(status)) => {
            Ended::Crashed(format!("the process ended itself (exit code {})", libc::WEXITSTATUS(status)))
        }
    }
}

/// Reads until the pipe is empty; false once `flood` bytes were seen.
fn fill(stream: &mut Capped, pipe: &OwnedFd, flood: usize) -> bool {
    let mut part = [0; 16 << 10];
    while let Ok(size @ 1..) = rustix::io::read(pipe, &mut part) {
        stream.add(&part[..size]);
        if stream.seen > flood {
            return false;
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    const NONCE_A: [u8; NONCE] = *b"0123456789abcdef";

    fn frame(nonce: &[u8], kind: u8, length: u32, body: &[u8]) -> Vec<u8> {
        [nonce, &[kind], &length.to_be_bytes(), body].concat()
    }

    #[test]
    fn only_one_whole_frame_with_our_nonce_is_a_reply() {
        let good = frame(&NONCE_A, b'e', 3, b"abc");
        assert_eq!(
            parse(&good, &NONCE_A, Kind::Cell, 100),
            Ok(Some(Ended::Replied(Said::Error, b"abc".to_vec())))
        );
        for cut in 0..good.len() {
            assert_eq!(parse(&good[..cut], &NONCE_A, Kind::Cell, 100), Ok(None), "{cut}");
        }
        let forged: &[Vec<u8>] = &[
            frame(b"fedcba9876543210", b'o', 0, b""),
            frame(&NONCE_A, b'x', 0, b""),
            frame(&NONCE_A, b'o', 1, b"ab"),
            frame(&NONCE_A, b'o', 101, b""),
            b"{\"status\":\"ok\"}".to_vec(),
            b"\x80".to_vec(),
        ];
        for bytes in forged {
            assert!(parse(bytes, &NONCE_A, Kind::Cell, 100).is_err(), "{bytes:?}");
        }
        // What only a handler may answer, and what it may not.
        for (said, kind) in [(b'j', Kind::Cell), (b'j', Kind::Load), (b'o', Kind::Typed)] {
            assert!(parse(&frame(&NONCE_A, said, 2, b"{}"), &NONCE_A, kind, 100).is_err(), "{kind:?}");
        }
    }

    #[test]
    fn endings_are_told_apart() {
        let signalled = |signal| ended_by(Some(Some(signal)));
        assert!(matches!(signalled(libc::SIGKILL), Ended::Killed(_)));
        assert!(matches!(signalled(libc::SIGSEGV), Ended::Crashed(_)));
        assert!(matches!(ended_by(Some(Some(3 << 8))), Ended::Crashed(text) if text.contains("exit code 3")));
        assert!(matches!(ended_by(Some(None)), Ended::Killed(_)));
        assert!(matches!(ended_by(None), Ended::Crashed(_)));
    }
}
