//! Starting a zygote: a clean environment, no inherited descriptor, namespaces where they are allowed.
//!
//! Everything between fork and exec is a plain system call on values made before the fork.

use super::policy;
use crate::{SandboxConfig, SandboxError};
use rustix::fd::{AsRawFd, OwnedFd, RawFd};
use rustix::io::fcntl_dupfd_cloexec;
use rustix::net::{AddressFamily, SocketFlags, SocketType, socketpair};
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};

/// The interpreter's whole environment. Fixed hashing and one numeric thread make runs repeatable; nothing of the
/// host's environment is ever in this process.
const ENVIRONMENT: &[(&str, &str)] = &[
    ("LANG", "C.UTF-8"),
    ("PYTHONUTF8", "1"),
    ("PYTHONHASHSEED", "0"),
    ("OPENBLAS_NUM_THREADS", "1"),
    ("OMP_NUM_THREADS", "1"),
    ("MKL_NUM_THREADS", "1"),
    ("TZ", "UTC"),
];
/// Its first line keeps modules of the working directory from being imported.
const ZYGOTE: &str = concat!(
    "import sys; sys.path[:] = [place for place in sys.path if place]\n",
    include_str!("../python/share.py"),
    include_str!("../python/prepare.py"),
    include_str!("../python/zygote.py")
);
/// Deep recursion in C code ends in an exception more often with room to spare.
const STACK: u64 = 64 << 20;
/// Two descriptors per live child and some.
const DESCRIPTORS: u64 = 4096;

/// A started zygote and the supervisor's end of its control socket.
pub(super) struct Started {
    pub process: Child,
    pub control: OwnedFd,
}

/// Starts the interpreter; must be called on a thread that outlives the zygote, since the kernel's parent-death
/// signal watches the thread and not the process.
pub(super) fn start(config: &SandboxConfig) -> Result<Started, SandboxError> {
    let flags = SocketFlags::CLOEXEC;
    let (control, theirs) = socketpair(AddressFamily::UNIX, SocketType::SEQPACKET, flags, None)
        .map_err(SandboxError::system("control socket"))?;
    let theirs = high(theirs)?;
    let ruleset = policy::landlock()?.map(high).transpose()?;
    let ruleset_fd = ruleset.as_ref().map_or(-1, AsRawFd::as_raw_fd);
    let mut command = Command::new(&config.python);
    command.args(["-s", "-B", "-c", ZYGOTE, &theirs.as_raw_fd().to_string(), &ruleset_fd.to_string()]);
    command.env_clear().envs(ENVIRONMENT.iter().copied()).current_dir("/");
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
    let plan = Plan {
        keep: [theirs.as_raw_fd(), ruleset_fd],
        namespaces: config.namespaces,
        parent: std::process::id(),
    };
    // SAFETY: `Plan::apply` makes system calls only; it neither allocates nor takes a lock.
    unsafe { command.pre_exec(move || plan.apply()) };
    let process =
        command.spawn().map_err(|source| SandboxError::Python { path: config.python.clone(), source })?;
    Ok(Started { process, control })
}

/// Moves a descriptor out of the way of 0..2 and of the numbers the standard library uses while it spawns.
fn high(fd: OwnedFd) -> Result<OwnedFd, SandboxError> {
    fcntl_dupfd_cloexec(&fd, 10).map_err(SandboxError::system("descriptor"))
}

/// What the forked process does before it becomes the interpreter.
struct Plan {
    keep: [RawFd; 2],
    namespaces: bool,
    parent: u32,
}

impl Plan {
    fn apply(&self) -> std::io::Result<()> {
        // SAFETY: each line is one system call on integers, or on a buffer that lives on this stack.
        unsafe {
            check(libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL))?;
            if libc::getppid() as u32 != self.parent {
                return Err(std::io::Error::from_raw_os_error(libc::ESRCH));
            }
            // A terminal's Ctrl-C is the supervisor's to handle.
            libc::setsid();
            self.keep_descriptors()?;
            limit(libc::RLIMIT_CORE, 0);
            limit(libc::RLIMIT_STACK, STACK);
            limit(libc::RLIMIT_NOFILE, DESCRIPTORS);
            volunteer_for_the_oom_killer();
            // Addresses show in `repr`; containers may refuse this, and nothing depends on it.
            libc::personality(libc::ADDR_NO_RANDOMIZE as libc::c_ulong);
            if self.namespaces {
                unshare();
            }
            check(libc::prctl(libc::PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))?;
        }
        Ok(())
    }

    /// Everything but standard input, output, error and our two descriptors closes at exec.
    unsafe fn keep_descriptors(&self) -> std::io::Result<()> {
        const CLOSE_RANGE_CLOEXEC: libc::c_uint = 4;
        unsafe {
            if libc::syscall(libc::SYS_close_range, 3, libc::c_uint::MAX, CLOSE_RANGE_CLOEXEC) != 0 {
                for fd in 3..DESCRIPTORS as i32 {
                    libc::fcntl(fd, libc::F_SETFD, libc::FD_CLOEXEC);
                }
            }
            for fd in self.keep {
                if fd >= 0 {
                    check(libc::fcntl(fd, libc::F_SETFD, 0))?;
                }
            }
        }
        Ok(())
    }
}

fn check(result: libc::c_int) -> std::io::Result<()> {
    if result == 0 { Ok(()) } else { Err(std::io::Error::last_os_error()) }
}

unsafe fn limit(resource: libc::__rlimit_resource_t, value: u64) {
    let mut limits = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    unsafe {
        libc::getrlimit(resource, &mut limits);
        limits.rlim_cur = value.min(limits.rlim_max);
        libc::setrlimit(resource, &limits);
    }
}

unsafe fn volunteer_for_the_oom_killer() {
    unsafe {
        let fd = libc::open(c"/proc/self/oom_score_adj".as_ptr(), libc::O_WRONLY | libc::O_CLOEXEC);
        if fd >= 0 {
            libc::write(fd, c"800".as_ptr().cast(), 3);
            libc::close(fd);
        }
    }
}

/// Namespaces are a bonus: a container or an AppArmor rule may refuse them, and the rest holds without them.
unsafe fn unshare() {
    const ISOLATED: libc::c_int = libc::CLONE_NEWNET | libc::CLONE_NEWIPC | libc::CLONE_NEWUTS;
    unsafe {
        // Root keeps the initial user namespace, so that its later change of uid is a real one.
        let user = if libc::geteuid() == 0 { 0 } else { libc::CLONE_NEWUSER };
        libc::unshare(user | ISOLATED);
    }
}
