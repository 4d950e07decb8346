//! Keys and values of all sequences, in blocks of 16 positions as f16.
//!
//! Blocks are handed out by number; which sequence has which blocks, and which are shared, is the scheduler's
//! business (`engine::blocks`).

use half::f16;

use crate::config::Config;
use crate::kernel::attention::{BLOCK, Cache};

/// Room for a number of blocks in every layer.
pub struct KvCache {
    layers: Vec<Layer>,
    kv_heads: usize,
    dim: usize,
}

struct Layer {
    /// `[block][head][dimension][position]`
    keys: Vec<u16>,
    /// `[block][head][position][dimension]`
    values: Vec<u16>,
}

impl KvCache {
    /// Bytes that one block takes in all layers together.
    pub fn block_bytes(config: &Config) -> usize {
        config.layers * 2 * config.kv_heads * config.head_dim * BLOCK * 2
    }

    /// Room for `blocks` blocks. The system gives the memory as it is used.
    pub fn new(config: &Config, blocks: usize) -> Self {
        let (kv_heads, dim) = (config.kv_heads, config.head_dim);
        let len = blocks * kv_heads * dim * BLOCK;
        let layer = || Layer { keys: vec![0; len], values: vec![0; len] };
        Self { layers: (0..config.layers).map(|_| layer()).collect(), kv_heads, dim }
    }

    fn block_len(&self) -> usize {
        self.kv_heads * self.dim * BLOCK
    }

    /// Empties a block before its next owner: what is left over would be multiplied by zero, and zero times
    /// infinity is not zero.
    pub fn clear(&mut self, block: u32) {
        let len = self.block_len();
        let range = block as usize * len..(block as usize + 1) * len;
        for layer in &mut self.layers {
            layer.keys[range.clone()].fill(0);
            layer.values[range.clone()].fill(0);
        }
    }

    /// Writes all heads' keys and values of one position.
    pub fn write(&mut self, layer: usize, table: &[u32], position: usize, keys: &[f32], values: &[f32]) {
        let start = table[position / BLOCK] as usize * self.block_len();
        let within = position % BLOCK;
        let layer = &mut self.layers[layer];
        for (i, &key) in keys.iter().enumerate() {
            layer.keys[start + i * BLOCK + within] = to_f16(key);
        }
        for (head, values) in values.chunks_exact(self.dim).enumerate() {
            let place = start + (head * BLOCK + within) * self.dim;
            for (slot, &value) in layer.values[place..place + self.dim].iter_mut().zip(values) {
                *slot = to_f16(value);
            }
        }
    }

    /// One head of a sequence's cache.
    pub fn head<'a>(&self, layer: usize, head: usize, table: &'a [u32]) -> Cache<'a> {
        let start = head * self.dim * BLOCK;
        let Layer { keys, values } = &self.layers[layer];
        Cache {
            keys: keys[start..].as_ptr(),
            values: values[start..].as_ptr(),
            stride: self.block_len(),
            table,
            dim: self.dim,
        }
    }
}

/// Rounded, and never infinite.
fn to_f16(x: f32) -> u16 {
    f16::from_f32(x.clamp(-65504.0, 65504.0)).to_bits()
}
