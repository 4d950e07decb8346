//! What a server was asked and what it answered.

use std::collections::{BTreeMap, HashMap};

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::Fault;

/// Counts since the start. Requests are told apart by the hash of their body.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stats {
    /// Requests that came in, faults and refusals included.
    pub asked: u64,
    /// Replies that were sent whole, scripted errors included.
    pub answered: u64,
    /// Different requests among those answered.
    pub distinct: u64,
    /// Requests that were answered more than once: each is a reply that a client paid for and asked for again.
    pub answered_again: u64,
    pub in_flight: u64,
    pub most_in_flight: u64,
    /// How often each fault happened.
    pub faults: BTreeMap<Fault, u64>,
    /// Requests refused because there were too many.
    pub refused: u64,
}

/// A hash of a request's body.
pub type Key = [u8; 16];

/// What the reply to a request is called.
pub fn id(key: &Key) -> String {
    format!("mock-{:032x}", u128::from_be_bytes(*key))
}

#[derive(Default)]
pub struct Counts {
    stats: Stats,
    in_flight: u64,
    requests: HashMap<Key, Request>,
}

#[derive(Clone, Copy, Default)]
struct Request {
    asked: u32,
    faults: u32,
    answered: u32,
}

impl Counts {
    pub fn stats(&self) -> Stats {
        Stats { in_flight: self.in_flight, ..self.stats.clone() }
    }

    /// How often each request was asked and answered, by the id of its reply.
    pub fn requests(&self) -> Value {
        let shown = |(key, request): (&Key, &Request)| {
            (id(key), json!({"asked": request.asked, "answered": request.answered}))
        };
        Value::Object(self.requests.iter().map(shown).collect())
    }

    /// A request comes in. Gives how often it was asked before, and how many faults it met.
    pub fn begin(&mut self, key: Key) -> (u32, u32) {
        self.stats.asked += 1;
        self.in_flight += 1;
        self.stats.most_in_flight = self.stats.most_in_flight.max(self.in_flight);
        let request = self.requests.entry(key).or_default();
        request.asked += 1;
        (request.asked - 1, request.faults)
    }

    pub fn in_flight(&self) -> u64 {
        self.in_flight
    }

    /// A request is done with, or its client is gone.
    pub fn end(&mut self) {
        self.in_flight -= 1;
    }

    pub fn refuse(&mut self) {
        self.stats.refused += 1;
    }

    pub fn fault(&mut self, key: Key, fault: Fault) {
        *self.stats.faults.entry(fault).or_default() += 1;
        self.requests.entry(key).or_default().faults += 1;
    }

    pub fn answer(&mut self, key: Key) {
        let request = self.requests.entry(key).or_default();
        request.answered += 1;
        self.stats.answered += 1;
        match request.answered {
            1 => self.stats.distinct += 1,
            2 => self.stats.answered_again += 1,
            _ => {}
        }
    }
}
