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
    pub fn new(base_urls: &[String], allowed: &Allowed) -> Self {
        let server = |base_url: &String| Server {
            base_url: base_url.clone(),
            chat_url: format!("{base_url}/chat/completions"),
            limits: Limits::new(allowed),
            resting_until: Mutex::new(None),
        };
        Self(base_urls.iter().map(server).collect())
    }

    pub fn first(&self) -> &Server {
        &self.0[0]
    }

    /// The server for try number `tries` of a conversation: its own first, another at each further try. Each conversation has its own
    /// order of the servers (rendezvous hashing), so that a server added or lost moves few conversations. Servers that rest come last.
    pub fn pick(&self, affinity: u64, tries: u32) -> &Server {
        let mut order: Vec<&Server> = self.0.iter().collect();
        order.sort_by_key(|server| (server.is_resting(), hash((affinity, &server.base_url))));
        let awake = order.iter().filter(|server| !server.is_resting()).count();
        order[(tries as usize - 1) % if awake == 0 { order.len() } else { awake }]
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
        let allowed =
            Allowed { in_flight: 1, initial: 1, requests_per_minute: None, tokens_per_minute: None };
        Servers::new(&urls.iter().map(|url| url.to_string()).collect::<Vec<_>>(), &allowed)
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
            let at =
                |turns| servers.pick(affinity(&conversation(&i.to_string(), turns)), 1).base_url.as_str();
            assert_eq!(at(0), at(7));
            *counts.entry(at(0)).or_default() += 1;
        }
        assert!(counts.len() == 3 && counts.values().all(|count| *count > 60), "{counts:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn adding_a_server_moves_only_what_it_takes() {
        let (two, three) = (servers(&["a", "b"]), servers(&["a", "b", "c"]));
        let moved = (0..300).filter(|i| two.pick(*i, 1).base_url != three.pick(*i, 1).base_url).count();
        assert!((0..300).all(|i| {
            let after = &three.pick(i, 1).base_url;
            after == "c" || *after == two.pick(i, 1).base_url
        }));
        assert!((60..140).contains(&moved), "{moved}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_lost_server_rests_and_comes_back() {
        let servers = servers(&["a", "b"]);
        let own = servers.pick(1, 1);
        assert_ne!(servers.pick(1, 2).base_url, own.base_url, "the second try goes to the other");
        own.rest();
        assert_ne!(servers.pick(1, 1).base_url, own.base_url);
        assert_ne!(servers.pick(1, 2).base_url, own.base_url, "as long as another is awake");
        tokio::time::advance(REST).await;
        assert_eq!(servers.pick(1, 1).base_url, own.base_url);
    }

    #[test]
    fn a_request_without_messages_has_an_affinity_too() {
        affinity(&Request::default());
    }
}
