//! Results that are known: an in-memory cache with an optional store behind it.
//!
//! A key is the hash of everything a result depends on: what kind of call, the versions that ran it, the handler or the
//! session's earlier cells, the code or the request, and the limits on output and memory. Only results that the same call would give
//! again ([`Status::is_repeatable`](crate::Status::is_repeatable)) are kept, and a hostile cell can only ever spoil the entry of itself after its own history.
//!
//! ```
//! use tirade_sandbox::{CacheKey, ResultCache};
//!
//! let cache = ResultCache::new(16 << 20);
//! let key = CacheKey::of(&[b"toolkit 1", b"{\"n\": 6}"]);
//! assert!(cache.get(&key).is_none());
//! ```

use crate::CallResult;
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard};

/// The hash of what a result depends on.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct CacheKey(pub [u8; 32]);

impl CacheKey {
    /// Hashes parts, each with its length, so that no two lists of parts collide.
    pub fn of(parts: &[&[u8]]) -> CacheKey {
        let mut hash = Sha256::new();
        for part in parts {
            hash.update((part.len() as u64).to_le_bytes());
            hash.update(part);
        }
        CacheKey(hash.finalize().into())
    }
}

impl std::fmt::Display for CacheKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl std::fmt::Debug for CacheKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "CacheKey({self})")
    }
}

/// A place where results outlive the program. Asked on a miss, told of every new result.
pub trait CacheStore: Send + Sync {
    /// The result under a key, if it is there.
    fn get(&self, key: &CacheKey) -> Option<CallResult>;
    /// Keeps a result.
    fn put(&self, key: &CacheKey, result: &CallResult);
}

/// A bounded cache in memory, before an optional [`CacheStore`].
pub struct ResultCache {
    generations: Mutex<Generations>,
    /// Bytes of one generation.
    half: usize,
    store: Option<Box<dyn CacheStore>>,
}

/// New results go into `young`; when it is full it becomes `old`, and what was old and not asked for since is gone.
#[derive(Default)]
struct Generations {
    young: HashMap<CacheKey, CallResult>,
    old: HashMap<CacheKey, CallResult>,
    bytes: usize,
}

impl ResultCache {
    /// A cache of about so many bytes.
    pub fn new(bytes: usize) -> ResultCache {
        ResultCache { generations: Mutex::default(), half: bytes / 2, store: None }
    }

    /// The same with a store behind it.
    pub fn with_store(self, store: Box<dyn CacheStore>) -> ResultCache {
        ResultCache { store: Some(store), ..self }
    }

    /// A known result, marked as [`CallResult::cached`].
    pub fn get(&self, key: &CacheKey) -> Option<CallResult> {
        let remembered = self.lock().get(key, self.half);
        let known = remembered.or_else(|| {
            let stored = self.store.as_ref()?.get(key)?;
            self.lock().insert(*key, stored.clone(), self.half);
            Some(stored)
        })?;
        Some(CallResult { cached: true, ..known })
    }

    /// Keeps a result, if the same call would give it again.
    pub fn put(&self, key: &CacheKey, result: &CallResult) {
        if result.status.is_repeatable() && !result.state_lost {
            self.lock().insert(*key, result.clone(), self.half);
            if let Some(store) = &self.store {
                store.put(key, result);
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, Generations> {
        self.generations.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}

impl Generations {
    fn get(&mut self, key: &CacheKey, half: usize) -> Option<CallResult> {
        if let Some(result) = self.young.get(key) {
            return Some(result.clone());
        }
        let result = self.old.remove(key)?;
        self.insert(*key, result.clone(), half);
        Some(result)
    }

    fn insert(&mut self, key: CacheKey, result: CallResult, half: usize) {
        self.bytes += size(&result);
        self.young.insert(key, result);
        if self.bytes > half {
            self.old = std::mem::take(&mut self.young);
            self.bytes = 0;
        }
    }
}

/// About what a result takes.
fn size(result: &CallResult) -> usize {
    // A JSON value takes several times its text; most are small.
    let json = result.json.as_ref().map_or(0, |json| 4 * json.to_string().len());
    256 + result.stdout.len() + result.stderr.len() + result.error.len() + json
}

/// JSON with sorted keys: equal requests have equal text.
pub(crate) fn canonical(value: &serde_json::Value) -> String {
    use serde_json::Value;
    match value {
        Value::Object(map) => {
            let mut entries: Vec<_> = map.iter().collect();
            entries.sort_by_key(|(key, _)| *key);
            let entries: Vec<_> = entries
                .iter()
                .map(|(key, value)| format!("{}:{}", Value::from(key.as_str()), canonical(value)))
                .collect();
            format!("{{{}}}", entries.join(","))
        }
        Value::Array(items) => format!("[{}]", items.iter().map(canonical).collect::<Vec<_>>().join(",")),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Status;
    use serde_json::json;
    use std::sync::Arc;

    fn ok(stdout: &str) -> CallResult {
        CallResult { stdout: stdout.into(), ..CallResult::new(Status::Ok, String::new()) }
    }

    #[test]
    fn parts_do_not_run_together() {
        assert_ne!(CacheKey::of(&[b"ab", b"c"]), CacheKey::of(&[b"a", b"bc"]));
        assert_ne!(CacheKey::of(&[b"ab"]), CacheKey::of(&[b"ab", b""]));
        assert_eq!(CacheKey::of(&[b"ab"]).to_string().len(), 64);
    }

    #[test]
    fn equal_requests_have_equal_text() {
        assert_eq!(
            canonical(&json!({"b": [1, {"d": 1, "c": 2}], "a": "x\""})),
            r#"{"a":"x\"","b":[1,{"c":2,"d":1}]}"#
        );
    }

    #[test]
    fn only_repeatable_results_are_kept() {
        let cache = ResultCache::new(1 << 20);
        let table = [
            (ok("1"), true),
            (CallResult::new(Status::Error, "e".into()), true),
            (CallResult::new(Status::Timeout, "t".into()), false),
            (CallResult::new(Status::Crashed, "c".into()), false),
            (CallResult::new(Status::Memory, "m".into()), false),
            (CallResult { state_lost: true, ..ok("1") }, false),
        ];
        for (number, (result, kept)) in table.into_iter().enumerate() {
            let key = CacheKey::of(&[&[number as u8]]);
            cache.put(&key, &result);
            assert_eq!(cache.get(&key), kept.then_some(CallResult { cached: true, ..result }), "{number}");
        }
    }

    #[test]
    fn memory_is_bounded_and_what_is_asked_for_stays() {
        let cache = ResultCache::new(100_000);
        let key = |n: u32| CacheKey::of(&[&n.to_le_bytes()]);
        for n in 0..10_000 {
            cache.put(&key(n), &ok("12345678"));
            assert!(cache.get(&key(0)).is_some(), "asked for all the time, gone after {n}");
        }
        let kept = (0..10_000).filter(|n| cache.get(&key(*n)).is_some()).count();
        assert!((100..500).contains(&kept), "{kept}");
    }

    #[test]
    fn a_store_answers_after_the_memory_is_gone() {
        #[derive(Default)]
        struct Shelf(Mutex<HashMap<CacheKey, CallResult>>);
        impl CacheStore for Arc<Shelf> {
            fn get(&self, key: &CacheKey) -> Option<CallResult> {
                self.0.lock().unwrap().get(key).cloned()
            }
            fn put(&self, key: &CacheKey, result: &CallResult) {
                self.0.lock().unwrap().insert(*key, result.clone());
            }
        }
        let shelf = Arc::new(Shelf::default());
        let key = CacheKey::of(&[b"k"]);
        ResultCache::new(1000).with_store(Box::new(shelf.clone())).put(&key, &ok("1"));
        let later = ResultCache::new(1000).with_store(Box::new(shelf));
        assert_eq!(later.get(&key).unwrap().stdout, "1");
    }
}
