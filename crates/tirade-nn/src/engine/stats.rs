//! How much was computed, and how fast.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

/// Shared between the engine's thread and whoever asks.
#[derive(Default)]
pub struct Counters {
    generated: AtomicU64,
    prefilled: AtomicU64,
    busy_nanos: AtomicU64,
}

impl Counters {
    pub fn add(&self, generated: usize, prefilled: usize, busy: Duration) {
        self.generated.fetch_add(generated as u64, Relaxed);
        self.prefilled.fetch_add(prefilled as u64, Relaxed);
        self.busy_nanos.fetch_add(busy.as_nanos() as u64, Relaxed);
    }

    pub fn read(&self) -> Stats {
        Stats {
            generated: self.generated.load(Relaxed),
            prefilled: self.prefilled.load(Relaxed),
            busy_seconds: self.busy_nanos.load(Relaxed) as f64 / 1e9,
        }
    }
}

/// What an engine has done since it was opened. The difference of two readings gives a rate.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Stats {
    /// Tokens of replies.
    pub generated: u64,
    /// Tokens of prompts that were computed, not reused.
    pub prefilled: u64,
    /// Wall time spent computing.
    pub busy_seconds: f64,
}

impl Stats {
    /// Tokens of replies per busy second since `earlier`.
    pub fn generated_per_second(&self, earlier: &Self) -> f64 {
        let seconds = self.busy_seconds - earlier.busy_seconds;
        if seconds > 0.0 { (self.generated - earlier.generated) as f64 / seconds } else { 0.0 }
    }
}
