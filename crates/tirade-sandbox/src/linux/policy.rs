//! What a child may do: the seccomp allow-list, the landlock ruleset and the resource limits, all made here.
//!
//! The list is short because a child needs little once its modules are loaded: memory, time, the two output pipes and
//! the link to the supervisor. Every call that takes a path, makes a descriptor, a process, a thread or a socket, or
//! touches another process is refused with `EPERM`, so that code meets an ordinary Python exception. `close` and `dup`
//! are refused too: a hostile cell cannot take the four descriptors away from the next one.
//!
//! Landlock is an empty ruleset (nothing may be opened, bound, connected to or signalled): it repeats for the kernel's
//! file layer what seccomp says about calls.

use crate::SandboxError;
use landlock::{ABI, Access, AccessFs, AccessNet, CompatLevel, Compatible, Ruleset, RulesetAttr, Scope};
use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter, SeccompRule,
};
use std::collections::BTreeMap;
use std::os::fd::OwnedFd;

/// Calls that are harmless with any arguments.
const ALWAYS: &[i64] = &[
    libc::SYS_brk,
    libc::SYS_munmap,
    libc::SYS_mremap,
    libc::SYS_lseek,
    libc::SYS_ppoll,
    libc::SYS_pselect6,
    libc::SYS_nanosleep,
    libc::SYS_gettimeofday,
    libc::SYS_times,
    libc::SYS_getrusage,
    libc::SYS_getrandom,
    libc::SYS_rt_sigaction,
    libc::SYS_rt_sigprocmask,
    libc::SYS_rt_sigreturn,
    libc::SYS_sigaltstack,
    libc::SYS_restart_syscall,
    libc::SYS_setitimer,
    libc::SYS_getitimer,
    libc::SYS_sched_yield,
    libc::SYS_getpid,
    libc::SYS_getppid,
    libc::SYS_gettid,
    libc::SYS_getuid,
    libc::SYS_geteuid,
    libc::SYS_getgid,
    libc::SYS_getegid,
    libc::SYS_exit,
    libc::SYS_exit_group,
];

/// Older names of the same calls, which only x86-64 has.
#[cfg(target_arch = "x86_64")]
const LEGACY: &[i64] = &[libc::SYS_poll, libc::SYS_select, libc::SYS_time, libc::SYS_alarm, libc::SYS_pause];
#[cfg(not(target_arch = "x86_64"))]
const LEGACY: &[i64] = &[];

const ADVICE: &[libc::c_int] = &[
    libc::MADV_NORMAL,
    libc::MADV_RANDOM,
    libc::MADV_SEQUENTIAL,
    libc::MADV_WILLNEED,
    libc::MADV_DONTNEED,
    libc::MADV_FREE,
    libc::MADV_HUGEPAGE,
    libc::MADV_NOHUGEPAGE,
];

/// Calls allowed when an argument has one of these values: (call, argument, how, values).
fn conditional() -> Vec<(i64, u8, SeccompCmpOp, Vec<u64>)> {
    use SeccompCmpOp::{Eq, Le, MaskedEq};
    let never_executable = MaskedEq(libc::PROT_EXEC as u64);
    let [wait, wake, wait_bitset, wake_bitset] = [0, 1, 9, 10];
    vec![
        (libc::SYS_read, 0, Eq, vec![0, 3]),
        (libc::SYS_write, 0, Eq, vec![1, 2, 3]),
        (libc::SYS_mmap, 2, never_executable.clone(), vec![0]),
        (libc::SYS_mprotect, 2, never_executable, vec![0]),
        (libc::SYS_fcntl, 1, Eq, vec![libc::F_GETFD as u64, libc::F_GETFL as u64]),
        // Without threads a lock needs no more; the priority-inheriting operations have a history of holes.
        (libc::SYS_futex, 1, MaskedEq(0x7f), vec![wait, wake, wait_bitset, wake_bitset]),
        // Clocks of other processes have negative numbers; even to ask for one tells whether the process exists.
        (libc::SYS_clock_gettime, 0, Le, vec![libc::CLOCK_TAI as u64]),
        (libc::SYS_clock_getres, 0, Le, vec![libc::CLOCK_TAI as u64]),
        (libc::SYS_clock_nanosleep, 0, Le, vec![libc::CLOCK_TAI as u64]),
        // What allocators ask for. Not pages merged with those of others (a side channel), nor poisoned ones.
        (libc::SYS_madvise, 2, Eq, ADVICE.iter().map(|advice| *advice as u64).collect()),
        (libc::SYS_sched_getaffinity, 0, Eq, vec![0]),
    ]
}

/// The compiled filter: everything not listed gets `EPERM`; another architecture's calls kill the process.
pub(crate) fn seccomp() -> Result<BpfProgram, SandboxError> {
    let mut rules: BTreeMap<i64, Vec<SeccompRule>> = BTreeMap::new();
    for call in ALWAYS.iter().chain(LEGACY) {
        rules.insert(*call, Vec::new());
    }
    for (call, argument, how, values) in conditional() {
        for value in values {
            rules.entry(call).or_default().push(rule(argument, how.clone(), value)?);
        }
    }
    let arch = std::env::consts::ARCH.try_into().map_err(|_| {
        SandboxError::NotConfined(format!("no seccomp filter for {}", std::env::consts::ARCH))
    })?;
    SeccompFilter::new(rules, SeccompAction::Errno(libc::EPERM as u32), SeccompAction::Allow, arch)
        .and_then(BpfProgram::try_from)
        .map_err(bad_filter)
}

fn rule(argument: u8, how: SeccompCmpOp, value: u64) -> Result<SeccompRule, SandboxError> {
    let condition =
        SeccompCondition::new(argument, SeccompCmpArgLen::Dword, how, value).map_err(bad_filter)?;
    SeccompRule::new(vec![condition]).map_err(bad_filter)
}

fn bad_filter(error: impl std::fmt::Display) -> SandboxError {
    SandboxError::NotConfined(format!("the seccomp filter does not compile: {error}"))
}

/// The filter as the zygote gets it: hexadecimal `struct sock_filter`s.
pub(crate) fn seccomp_hex(program: &BpfProgram) -> String {
    let mut hex = String::with_capacity(program.len() * 16);
    for step in program {
        for byte in step.code.to_ne_bytes().into_iter().chain([step.jt, step.jf]).chain(step.k.to_ne_bytes())
        {
            hex.push_str(&format!("{byte:02x}"));
        }
    }
    hex
}

/// The empty landlock ruleset, or `None` where the kernel has no landlock.
pub(crate) fn landlock() -> Result<Option<OwnedFd>, SandboxError> {
    let newest = ABI::V7;
    let bad = |error: landlock::RulesetError| SandboxError::NotConfined(format!("landlock: {error}"));
    let ruleset = Ruleset::default()
        .set_compatibility(CompatLevel::BestEffort)
        .handle_access(AccessFs::from_all(newest))
        .and_then(|ruleset| ruleset.handle_access(AccessNet::from_all(newest)))
        .and_then(|ruleset| ruleset.scope(Scope::from_all(newest)))
        .and_then(|ruleset| ruleset.create())
        .map_err(bad)?;
    Ok(ruleset.into())
}

/// Resource limits of every child, hard and soft: number, its line in `/proc/<pid>/limits`, value. Memory comes on top.
pub(crate) const RLIMITS: &[(libc::__rlimit_resource_t, &str, u64)] = &[
    (libc::RLIMIT_CORE, "Max core file size", 0),
    (libc::RLIMIT_FSIZE, "Max file size", 0),
    (libc::RLIMIT_MEMLOCK, "Max locked memory", 0),
    (libc::RLIMIT_MSGQUEUE, "Max msgqueue size", 0),
    (libc::RLIMIT_NPROC, "Max processes", 0),
    // Nothing can be opened anyway; `poll` refuses more entries than this, so not lower.
    (libc::RLIMIT_NOFILE, "Max open files", 4),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_filter_compiles_and_is_short() {
        let program = seccomp().unwrap();
        assert!(program.len() < 400, "{} steps", program.len());
        assert_eq!(seccomp_hex(&program).len(), program.len() * 16);
    }

    #[test]
    fn no_call_that_opens_or_makes_anything_is_listed() {
        let refused = [
            libc::SYS_openat,
            libc::SYS_execve,
            libc::SYS_clone,
            libc::SYS_clone3,
            libc::SYS_socket,
            libc::SYS_kill,
            libc::SYS_tgkill,
            libc::SYS_ptrace,
            libc::SYS_prctl,
            libc::SYS_prlimit64,
            libc::SYS_close,
            libc::SYS_dup,
            libc::SYS_memfd_create,
            libc::SYS_newfstatat,
            libc::SYS_readlinkat,
            libc::SYS_process_vm_readv,
            libc::SYS_ioctl,
            libc::SYS_sendmsg,
            libc::SYS_setpriority,
            libc::SYS_unshare,
            libc::SYS_bpf,
            libc::SYS_io_uring_setup,
        ];
        for call in refused {
            assert!(!ALWAYS.contains(&call) && !LEGACY.contains(&call), "{call}");
            assert!(conditional().iter().all(|(listed, ..)| *listed != call), "{call}");
        }
    }
}
