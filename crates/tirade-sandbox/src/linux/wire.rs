//! Messages between the supervisor and a zygote: one JSON text per packet, descriptors beside it.

use crate::SandboxError;
use rustix::fd::{AsFd, OwnedFd};
use rustix::io::Errno;
use rustix::net::{
    RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, SendAncillaryBuffer, SendAncillaryMessage,
    SendFlags,
};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::io::{IoSlice, IoSliceMut};
use std::mem::MaybeUninit;

/// What a zygote says. It never runs untrusted code, so it is believed; what it says about a child's confinement is
/// looked at from outside all the same.
#[derive(Deserialize)]
#[serde(untagged)]
pub(super) enum Report {
    Ready { ready: BTreeMap<String, String>, address_space: u64, layers: BTreeMap<String, u64> },
    Failed { failed: String },
    Forked { forked: u64 },
    Limited { limited: u64, memory: u64 },
    Exited { exited: u64, status: i32, cpu: f64 },
}

/// Sends one message; never waits for a zygote that does not read.
pub(super) fn send(control: &OwnedFd, bytes: &[u8], fds: &[&OwnedFd]) -> Result<(), SandboxError> {
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(3))];
    let mut ancillary = SendAncillaryBuffer::new(&mut space);
    let fds: Vec<_> = fds.iter().map(|fd| fd.as_fd()).collect();
    if !fds.is_empty() {
        ancillary.push(SendAncillaryMessage::ScmRights(&fds));
    }
    rustix::net::sendmsg(
        control,
        &[IoSlice::new(bytes)],
        &mut ancillary,
        SendFlags::NOSIGNAL | SendFlags::DONTWAIT,
    )
    .map(drop)
    .map_err(SandboxError::system("message to the zygote"))
}

/// The next report, with a pidfd if it carries one; `None` when the zygote has hung up.
pub(super) fn receive(control: &OwnedFd) -> Result<Option<(Report, Option<OwnedFd>)>, SandboxError> {
    let mut bytes = vec![0; 16 << 10];
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
    let mut ancillary = RecvAncillaryBuffer::new(&mut space);
    let message = loop {
        let mut slices = [IoSliceMut::new(&mut bytes)];
        match rustix::net::recvmsg(control, &mut slices, &mut ancillary, RecvFlags::CMSG_CLOEXEC) {
            Err(Errno::INTR) => continue,
            Err(Errno::CONNRESET) => return Ok(None),
            other => break other.map_err(SandboxError::system("report of the zygote"))?,
        }
    };
    if message.bytes == 0 {
        return Ok(None);
    }
    let pidfd = ancillary.drain().find_map(|message| match message {
        RecvAncillaryMessage::ScmRights(mut fds) => fds.next(),
        _ => None,
    });
    let report = serde_json::from_slice(&bytes[..message.bytes])
        .map_err(|error| SandboxError::Zygote(format!("unreadable report: {error}")))?;
    Ok(Some((report, pidfd)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use rustix::net::{AddressFamily, SocketFlags, SocketType, socketpair};

    fn pair() -> (OwnedFd, OwnedFd) {
        socketpair(AddressFamily::UNIX, SocketType::SEQPACKET, SocketFlags::CLOEXEC, None).unwrap()
    }

    #[test]
    fn a_report_arrives_with_its_descriptor() {
        let (ours, theirs) = pair();
        send(&theirs, b"{\"forked\": 7, \"pid\": 1}", &[&theirs]).unwrap();
        let (report, fd) = receive(&ours).unwrap().unwrap();
        assert!(matches!(report, Report::Forked { forked: 7 }) && fd.is_some());
    }

    #[test]
    fn the_end_and_nonsense_are_told_apart() {
        let (ours, theirs) = pair();
        send(&theirs, b"{\"else\": 1}", &[]).unwrap();
        assert!(receive(&ours).is_err());
        drop(theirs);
        assert!(receive(&ours).unwrap().is_none());
    }
}
