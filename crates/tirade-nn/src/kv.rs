//! Keys and values of all sequences, in blocks of 16 positions, as f16 or (where everything is to be exact) as f32.
//!
//! Blocks are handed out by number; which sequence has which blocks, and which are shared, is the scheduler's
//! business (`engine::blocks`).

use std::ops::Range;

use half::f16;

use crate::config::Config;
use crate::kernel::attention::{BLOCK, Cache, Numbers};
use crate::kernel::pack::Precision;

/// Room for a number of blocks in every layer.
pub struct KvCache {
    store: Store,
    kv_heads: usize,
    dim: usize,
}

enum Store {
    Half(Vec<Layer<u16>>),
    Whole(Vec<Layer<f32>>),
}

struct Layer<T> {
    /// `[block][head][dimension][position]`
    keys: Vec<T>,
    /// `[block][head][position][dimension]`
    values: Vec<T>,
}

impl KvCache {
    /// Bytes that one block takes in all layers together.
    pub fn block_bytes(config: &Config, precision: Precision) -> usize {
        let number = if precision == Precision::Exact { 4 } else { 2 };
        config.layers * 2 * config.kv_heads * config.head_dim * BLOCK * number
    }

    /// Room for `blocks` blocks. The system gives the memory as it is used.
    pub fn new(config: &Config, blocks: usize, precision: Precision) -> Self {
        let (kv_heads, dim) = (config.kv_heads, config.head_dim);
        let len = blocks * kv_heads * dim * BLOCK;
        let store = if precision == Precision::Exact {
            Store::Whole(layers(config.layers, len))
        } else {
            Store::Half(layers(config.layers, len))
        };
        Self { store, kv_heads, dim }
    }

    fn block_len(&self) -> usize {
        self.kv_heads * self.dim * BLOCK
    }

    /// Empties a block before its next owner: what is left over would be multiplied by zero, and zero times
    /// infinity is not zero.
    pub fn clear(&mut self, block: u32) {
        let len = self.block_len();
        let range = block as usize * len..(block as usize + 1) * len;
        match &mut self.store {
            Store::Half(layers) => layers.iter_mut().for_each(|l| l.clear(range.clone())),
            Store::Whole(layers) => layers.iter_mut().for_each(|l| l.clear(range.clone())),
        }
    }

    /// Writes all heads' keys and values of one position.
    pub fn write(&mut self, layer: usize, table: &[u32], position: usize, keys: &[f32], values: &[f32]) {
        let start = table[position / BLOCK] as usize * self.block_len();
        let (dim, within) = (self.dim, position % BLOCK);
        match &mut self.store {
            Store::Half(layers) => layers[layer].write(start, within, dim, keys, values, to_f16),
            Store::Whole(layers) => layers[layer].write(start, within, dim, keys, values, |x| x),
        }
    }

    /// One head of a sequence's cache.
    pub fn head<'a>(&self, layer: usize, head: usize, table: &'a [u32]) -> Cache<'a> {
        let start = head * self.dim * BLOCK;
        let numbers = match &self.store {
            Store::Half(layers) => {
                let Layer { keys, values } = &layers[layer];
                Numbers::Half { keys: keys[start..].as_ptr(), values: values[start..].as_ptr() }
            }
            Store::Whole(layers) => {
                let Layer { keys, values } = &layers[layer];
                Numbers::Whole { keys: keys[start..].as_ptr(), values: values[start..].as_ptr() }
            }
        };
        Cache { numbers, stride: self.block_len(), table, dim: self.dim }
    }
}

fn layers<T: Copy + Default>(count: usize, len: usize) -> Vec<Layer<T>> {
    (0..count).map(|_| Layer { keys: vec![T::default(); len], values: vec![T::default(); len] }).collect()
}

impl<T: Copy + Default> Layer<T> {
    fn clear(&mut self, range: Range<usize>) {
        self.keys[range.clone()].fill(T::default());
        self.values[range].fill(T::default());
    }

    fn write(
        &mut self,
        start: usize,
        within: usize,
        dim: usize,
        keys: &[f32],
        values: &[f32],
        number: impl Fn(f32) -> T,
    ) {
        for (i, &key) in keys.iter().enumerate() {
            self.keys[start + i * BLOCK + within] = number(key);
        }
        for (head, values) in values.chunks_exact(dim).enumerate() {
            let place = start + (head * BLOCK + within) * dim;
            for (slot, &value) in self.values[place..place + dim].iter_mut().zip(values) {
                *slot = number(value);
            }
        }
    }
}

/// Rounded, and never infinite.
fn to_f16(x: f32) -> u16 {
    f16::from_f32(x.clamp(-65504.0, 65504.0)).to_bits()
}
