//! What is in force on this machine, for people.

use super::policy;
use crate::probe::Layer;
use std::collections::BTreeMap;
use std::os::unix::fs::MetadataExt;

/// The layers, from what the zygote says of itself and what the kernel offers. That the required ones hold in each child
/// is looked at when it is handed out ([`super::child`]).
pub(super) fn describe(zygote: &BTreeMap<String, u64>) -> Vec<Layer> {
    let mut layers = vec![
        required(
            "seccomp",
            "about 50 system calls are allowed; none opens a path or makes a process, thread or socket",
        ),
        required("no_new_privs", "no program can give rights back"),
        required(
            "resource limits",
            "address space, files, processes; wall and CPU time and output by the supervisor",
        ),
        required("clean descriptors", "four are open, and none can be closed, copied or added"),
        landlock(),
        uid(zygote.get("uid").copied()),
    ];
    for (name, what) in [
        ("user", "user namespace"),
        ("net", "network namespace"),
        ("ipc", "IPC namespace"),
        ("uts", "host name namespace"),
    ] {
        layers.push(namespace(what, zygote.get(name).copied(), name));
    }
    layers
}

fn required(name: &'static str, detail: &str) -> Layer {
    Layer { name, enforced: true, required: true, detail: detail.into() }
}

fn bonus(name: &'static str, enforced: bool, detail: &str) -> Layer {
    Layer { name, enforced, required: false, detail: detail.into() }
}

fn landlock() -> Layer {
    match policy::landlock() {
        Ok(Some(_)) => bonus("landlock", true, "an empty ruleset: no file, no port, no signal to others"),
        _ => bonus("landlock", false, "this kernel has none (Linux 5.13 and newer, if it is switched on)"),
    }
}

fn uid(uid: Option<u64>) -> Layer {
    match uid {
        Some(65534) => bonus("own user", true, "runs as nobody"),
        Some(0) => bonus(
            "own user",
            false,
            "stays root, without any capability: this container forbids a change of user",
        ),
        _ => bonus("own user", false, "runs as the user who started it; start as root for another one"),
    }
}

fn namespace(name: &'static str, theirs: Option<u64>, file: &str) -> Layer {
    let ours = std::fs::metadata(format!("/proc/self/ns/{file}")).ok().map(|data| data.ino());
    match theirs.is_some() && theirs != ours {
        true => bonus(name, true, "its own"),
        false => bonus(name, false, "the host's: not allowed here, or not asked for"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_namespace_counts_when_it_differs_from_ours() {
        let ours = std::fs::metadata("/proc/self/ns/net").unwrap().ino();
        let enforced = |ino| namespace("network namespace", ino, "net").enforced;
        assert_eq!((enforced(Some(ours)), enforced(Some(ours + 1)), enforced(None)), (false, true, false));
    }

    #[test]
    fn who_runs_the_code_is_said_plainly() {
        assert!(uid(Some(65534)).enforced);
        assert!(uid(Some(0)).detail.contains("without any capability"));
        assert!(!uid(Some(1000)).enforced);
    }
}
