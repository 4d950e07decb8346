//! Which cache block belongs to whom, and which can be used again.
//!
//! A full block is remembered by its 16 tokens and by the block before it, compared exactly, not by a hash. A prompt that
//! begins like an earlier one (the same system prompt, the turns so far) takes over its blocks. Blocks nobody uses
//! keep their content until the room is needed, the longest unused first.

use std::collections::{BTreeSet, HashMap};

use crate::kernel::attention::BLOCK;

/// Stands for everything up to the end of one full block; never given twice.
pub type Prefix = u64;

type Key = (Prefix, [u32; BLOCK]);

/// All blocks of a cache.
pub struct Blocks {
    slots: Vec<Slot>,
    /// Unused blocks, the longest unused first.
    free: BTreeSet<(u64, u32)>,
    known: HashMap<Key, (u32, Prefix)>,
    clock: u64,
    next_prefix: Prefix,
}

#[derive(Clone, Default)]
struct Slot {
    users: usize,
    freed: u64,
    key: Option<Key>,
}

/// The prefix of a conversation that has not begun, for each adapter (0 for none): what is cached under one adapter means
/// nothing to another.
pub fn root(adapter: u64) -> Prefix {
    adapter
}

const FIRST_PREFIX: Prefix = 1 << 32;

impl Blocks {
    /// `count` free blocks.
    pub fn new(count: usize) -> Self {
        Self {
            slots: vec![Slot::default(); count],
            free: (0..count as u32).map(|block| (0, block)).collect(),
            known: HashMap::new(),
            clock: 1,
            next_prefix: FIRST_PREFIX,
        }
    }

    /// Number of blocks nobody uses.
    pub fn available(&self) -> usize {
        self.free.len()
    }

    /// The block that continues `prefix` with these tokens, taken over by one more user.
    pub fn reuse(&mut self, prefix: Prefix, tokens: &[u32; BLOCK]) -> Option<(u32, Prefix)> {
        let (block, next) = *self.known.get(&(prefix, *tokens))?;
        let slot = &mut self.slots[block as usize];
        if slot.users == 0 {
            self.free.remove(&(slot.freed, block));
        }
        slot.users += 1;
        Some((block, next))
    }

    /// A block for one user; what was in it is forgotten.
    pub fn allocate(&mut self) -> Option<u32> {
        let (_, block) = self.free.pop_first()?;
        let slot = &mut self.slots[block as usize];
        if let Some(key) = slot.key.take() {
            self.known.remove(&key);
        }
        slot.users = 1;
        Some(block)
    }

    /// Remembers that `block` continues `prefix` with these tokens; returns the prefix that ends with it.
    pub fn remember(&mut self, prefix: Prefix, tokens: &[u32; BLOCK], block: u32) -> Prefix {
        let key = (prefix, *tokens);
        if let Some((_, next)) = self.known.get(&key) {
            return *next;
        }
        let next = self.next_prefix;
        self.next_prefix += 1;
        self.known.insert(key, (block, next));
        self.slots[block as usize].key = Some(key);
        next
    }

    /// One user less.
    pub fn release(&mut self, block: u32) {
        let slot = &mut self.slots[block as usize];
        slot.users -= 1;
        if slot.users == 0 {
            // Blocks without remembered content go first.
            slot.freed = if slot.key.is_some() { self.clock } else { 0 };
            self.free.insert((slot.freed, block));
            self.clock += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_remembered_block_is_shared_and_forgotten_when_reallocated() {
        let mut blocks = Blocks::new(2);
        let tokens = [7; BLOCK];
        let a = blocks.allocate().unwrap();
        let prefix = blocks.remember(root(0), &tokens, a);
        assert_eq!(blocks.reuse(root(0), &tokens), Some((a, prefix)));
        assert_eq!(blocks.reuse(root(1), &tokens), None, "another adapter");
        blocks.release(a);
        blocks.release(a);
        assert_eq!(blocks.available(), 2);
        // Still known while free, and the last to be given away.
        assert_ne!(blocks.allocate(), Some(a));
        assert_eq!(blocks.reuse(root(0), &tokens), Some((a, prefix)));
        blocks.release(a);
        assert_eq!(blocks.allocate(), Some(a));
        assert_eq!(blocks.reuse(root(0), &tokens), None);
        assert_eq!(blocks.allocate(), None);
    }
}
