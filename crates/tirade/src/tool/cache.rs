//! Remembers results of calls whose outcome depends on nothing but their key: rollouts of one problem repeat calls.
//!
//! The cache lives as long as its toolbox, whose versions never change; what is kept longer, in the store, is keyed by
//! [`Toolbox::identity`](super::Toolbox::identity) as well.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use super::args::Arg;
use super::outcome::Outcome;

/// What determines a result.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Key {
    /// A typed call: the tool and its canonical arguments.
    Typed(&'static str, Arc<[Arg]>),
    /// A cell: a hash over it and all cells before it in its session.
    Cell([u8; 32]),
}

/// A bounded map. When the young half is full it becomes the old half, and what nobody asked for meanwhile is forgotten.
#[derive(Default)]
pub struct Cache {
    halves: Mutex<Halves>,
    off: bool,
}

#[derive(Default)]
struct Halves {
    young: HashMap<Key, Arc<Outcome>>,
    old: HashMap<Key, Arc<Outcome>>,
    young_bytes: usize,
}

/// Bounds of one half.
const MAX_ENTRIES: usize = 20_000;
const MAX_BYTES: usize = 64 << 20;

impl Cache {
    /// One that keeps nothing.
    pub fn off() -> Self {
        Self { off: true, ..Self::default() }
    }

    /// The outcome stored under a key, marked as cached.
    pub fn get(&self, key: &Key) -> Option<Outcome> {
        let mut halves = self.halves.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        let found = match halves.young.get(key) {
            Some(found) => Arc::clone(found),
            None => {
                let (key, found) = halves.old.remove_entry(key)?;
                halves.insert(key, Arc::clone(&found));
                found
            }
        };
        drop(halves);
        Some(Outcome { cached: true, wall_ms: 0.0, cpu_ms: 0.0, ..(*found).clone() })
    }

    /// Stores an outcome that would come out the same again; others are let go.
    pub fn put(&self, key: Key, outcome: &Outcome) {
        if !self.off && outcome.is_repeatable() {
            let mut halves = self.halves.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
            halves.insert(key, Arc::new(outcome.clone()));
        }
    }
}

impl Key {
    /// Roughly what it takes to keep: arguments may be long.
    fn bytes(&self) -> usize {
        match self {
            Key::Typed(_, args) => args.iter().map(Arg::bytes).sum(),
            Key::Cell(hash) => hash.len(),
        }
    }
}

impl Halves {
    fn insert(&mut self, key: Key, outcome: Arc<Outcome>) {
        self.young_bytes += key.bytes() + outcome.bytes();
        self.young.insert(key, outcome);
        if self.young.len() >= MAX_ENTRIES || self.young_bytes >= MAX_BYTES {
            self.old = std::mem::take(&mut self.young);
            self.young_bytes = 0;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tool::ToolStatus;

    fn key(n: usize) -> Key {
        let mut hash = [0; 32];
        hash[..8].copy_from_slice(&n.to_le_bytes());
        Key::Cell(hash)
    }

    #[test]
    fn a_stored_result_comes_back_marked() {
        let cache = Cache::default();
        let outcome = Outcome { wall_ms: 7.0, ..Outcome::json(serde_json::json!({ "result": 1 })) };
        cache.put(key(1), &outcome);
        assert_eq!(cache.get(&key(1)), Some(Outcome { cached: true, wall_ms: 0.0, ..outcome }));
        assert_eq!(cache.get(&key(2)), None);
    }

    #[test]
    fn what_a_limit_ended_is_not_kept() {
        let cache = Cache::default();
        for status in [ToolStatus::Timeout, ToolStatus::Memory, ToolStatus::Output, ToolStatus::Crashed] {
            cache.put(key(1), &Outcome { status, ..Outcome::default() });
        }
        cache.put(key(1), &Outcome { truncated: true, ..Outcome::default() });
        assert_eq!(cache.get(&key(1)), None);
    }

    #[test]
    fn it_stays_bounded_and_keeps_what_is_used() {
        let cache = Cache::default();
        let outcome = Outcome::default();
        for n in 0..3 * MAX_ENTRIES {
            cache.put(key(n), &outcome);
            assert!(cache.get(&key(0)).is_some(), "used all the time, lost at {n}");
        }
        let halves = cache.halves.lock().unwrap();
        assert!(halves.young.len() + halves.old.len() <= 2 * MAX_ENTRIES);
    }
}
