//! Several servers with the same model: each conversation stays with one, which has its beginning in the cache.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use super::hash;
use super::limits::{Allowed, Limits};
use crate::model::{Request, Role};

/// How long a server that could not be reached is left alone while another is there.
const REST: Duration = Duration::from_secs(15);

/// One server.
pub struct Server {
    pub base_url: String,
    pub chat_url: String,
    pub limits: Limits,
    resting_until: Mutex<Option<Instant>>,
}

impl Server {
    /// It could not be reached: others go first for a while.
    pub fn rest(&self) {
        *self.resting_until.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now() + REST);
    }

    fn is_resting(&self) -> bool {
        let until = *self.resting_until.lock().unwrap_or_else(PoisonError::into_inner);
        until.is_some_and(|until| until > Instant::now())
    }
}

/// All servers of one model; at least one.
pub struct Servers(Vec<Server>);

impl Servers {
    /// Servers by base URL and by where they continue conversations.
    pub fn new(urls: impl Iterator<Item = (String, String)>, allowed: &Allowed) -> Self {
        let server = |(base_url, chat_url)| Server {
            base_url,
            chat_url,
            limits: Limits::new(allowed),
            resting_until: Mutex::new(None),
        };
        Self(urls.map(server).collect())
    }

    /// Whether a conversation can go nowhere else.
    pub fn is_only_one(&self) -> bool {
        self.0.len() == 1
    }

    pub fn first(&self) -> &Server {
        &self.0[0]
    }

    /// The server for a conversation's next try, after the one at `failed`, if any: its own first, then another, then its own again.
    /// Each conversation has its own order of the servers (rendezvous hashing), so that a server added or lost moves few
    /// conversations. Servers that rest come last. Gives its place for the next `failed`.
    pub fn pick(&self, affinity: u64, failed: Option<usize>) -> (usize, &Server) {
        let rank = |(at, server): &(usize, &Server)| {
            (Some(*at) == failed, server.is_resting(), hash((affinity, &server.base_url)))
        };
        self.0.iter().enumerate().min_by_key(rank).expect("a model has at least one server")
    }
}

/// What tells conversations apart from their first turn to their last: how they begin, up to the first thing the user says.
pub fn affinity(request: &Request) -> u64 {
    let first_user = request.messages.iter().position(|message| message.role == Role::User);
    let beginning = &request.messages[..first_user.map_or(0, |at| at + 1)];
    hash(beginning.iter().map(|message| &message.content).collect::<Vec<_>>())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Message;

    fn servers(urls: &[&str]) -> Servers {
        let allowed = Allowed { in_flight: 1, requests_per_minute: None, tokens_per_minute: None };
        Servers::new(urls.iter().map(|url| (url.to_string(), url.to_string())), &allowed)
    }

    fn home(servers: &Servers, affinity: u64) -> &str {
        &servers.pick(affinity, None).1.base_url
    }

    fn conversation(problem: &str, turns: usize) -> Request {
        let mut messages = vec![Message::system("s"), Message::user(problem)];
        (0..turns).for_each(|turn| messages.push(Message::assistant(turn.to_string())));
        Request { messages, ..Request::default() }
    }

    #[tokio::test(start_paused = true)]
    async fn a_conversation_stays_and_conversations_spread() {
        let servers = servers(&["a", "b", "c"]);
        let mut counts = std::collections::BTreeMap::<&str, usize>::new();
        for i in 0..300 {
            let at = |turns| home(&servers, affinity(&conversation(&i.to_string(), turns)));
            assert_eq!(at(0), at(7));
            *counts.entry(at(0)).or_default() += 1;
        }
        assert!(counts.len() == 3 && counts.values().all(|count| *count > 60), "{counts:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn adding_a_server_moves_only_what_it_takes() {
        let (two, three) = (servers(&["a", "b"]), servers(&["a", "b", "c"]));
        let moved = (0..300).filter(|i| home(&two, *i) != home(&three, *i)).count();
        assert!((0..300).all(|i| {
            let after = home(&three, i);
            after == "c" || after == home(&two, i)
        }));
        assert!((60..140).contains(&moved), "{moved}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_lost_server_rests_and_comes_back() {
        let servers = servers(&["a", "b"]);
        let (at, own) = servers.pick(1, None);
        let (other_at, other) = servers.pick(1, Some(at));
        assert_ne!(other.base_url, own.base_url, "the next try goes to the other");
        own.rest();
        assert_eq!(home(&servers, 1), other.base_url);
        assert_eq!(
            servers.pick(1, Some(other_at)).1.base_url,
            own.base_url,
            "a resting server is better than a failing one"
        );
        tokio::time::advance(REST).await;
        assert_eq!(home(&servers, 1), own.base_url);
    }

    #[test]
    fn a_request_without_messages_has_an_affinity_too() {
        affinity(&Request::default());
    }
}
