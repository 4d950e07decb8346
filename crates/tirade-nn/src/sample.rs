//! From logits to a token.
//!
//! The order is temperature, then `top_k`, `top_p`, `min_p`. The random number for the n-th token of a reply depends on
//! the request's seed and n alone, so a reply does not change with what else is generated, or with a restart.

use crate::kernel::ops::{argmax, exp_sum};
use crate::kernel::simd::Isa;

/// How tokens are chosen.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Sampling {
    /// 0 takes the most likely token.
    pub temperature: f32,
    /// The smallest set of most likely tokens with at least this probability together; 1 for all.
    pub top_p: f32,
    /// This many most likely tokens; 0 for all.
    pub top_k: usize,
    /// Tokens at least this fraction as likely as the likeliest; 0 for all.
    pub min_p: f32,
    pub seed: u64,
}

impl Default for Sampling {
    /// Greedy.
    fn default() -> Self {
        Self { temperature: 0.0, top_p: 1.0, top_k: 0, min_p: 0.0, seed: 0 }
    }
}

impl Sampling {
    /// What is wrong with the numbers, if anything.
    pub fn problem(&self) -> Option<String> {
        let bad = |what: &str, value: f32| Some(format!("{what} is {value}"));
        match self {
            s if !(s.temperature >= 0.0 && s.temperature.is_finite()) => bad("temperature", s.temperature),
            s if !(s.top_p > 0.0 && s.top_p <= 1.0) => bad("top_p (above 0, up to 1)", s.top_p),
            s if !(0.0..=1.0).contains(&s.min_p) => bad("min_p (0 to 1)", s.min_p),
            _ => None,
        }
    }

    /// Chooses the `index`-th token of a reply.
    pub fn choose(&self, isa: Isa, logits: &[f32], index: usize) -> u32 {
        let best = argmax(isa, logits);
        if self.temperature == 0.0 {
            return best as u32;
        }
        let (largest, inverse) = (logits[best], 1.0 / self.temperature);
        let weight = |logit: f32| ((logit - largest) * inverse).exp();
        let draw = uniform(self.seed, index as u64);
        if self.top_k == 0 && self.top_p >= 1.0 && self.min_p <= 0.0 {
            // First the stretch, then the token within it: most tokens need no exponential of their own.
            let sum = |part: &[f32]| f64::from(exp_sum(isa, part, largest, inverse));
            let sums: Vec<f64> = logits.chunks(STRETCH).map(sum).collect();
            let mut target = draw * sums.iter().sum::<f64>();
            let stretch = sums[..sums.len() - 1].iter().take_while(|sum| passed(&mut target, **sum)).count();
            let first = stretch * STRETCH;
            let part = &logits[first..logits.len().min(first + STRETCH)];
            return walk(part.iter().zip(first as u32..).map(|(&l, t)| (t, weight(l))), target, best);
        }
        let candidates = self.candidates(isa, logits, largest, inverse);
        let total: f64 = candidates.iter().map(|(_, w)| f64::from(*w)).sum();
        walk(candidates.into_iter(), draw * total, best)
    }

    /// The tokens left by the three limits with their weights relative to the likeliest, likeliest first.
    fn candidates(&self, isa: Isa, logits: &[f32], largest: f32, inverse: f32) -> Vec<(u32, f32)> {
        let weight = |logit: f32| ((logit - largest) * inverse).exp();
        let total = exp_sum(isa, logits, largest, inverse);
        // Tokens below this share have less than 1 - top_p together, so the nucleus is among the others.
        let least = (total * (1.0 - self.top_p) / logits.len() as f32).max(self.min_p);
        // A little lower, against rounding; what is too much is dropped below.
        let lowest = if least > 0.0 { largest + least.ln() / inverse - 1e-3 } else { f32::NEG_INFINITY };
        let mut list: Vec<(u32, f32)> =
            logits.iter().enumerate().filter(|(_, l)| **l >= lowest).map(|(t, &l)| (t as u32, l)).collect();
        let order = |a: &(u32, f32), b: &(u32, f32)| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0));
        if self.top_k > 0 && self.top_k < list.len() {
            list.select_nth_unstable_by(self.top_k - 1, order);
            list.truncate(self.top_k);
        }
        list.sort_unstable_by(order);
        list.iter_mut().for_each(|(_, value)| *value = weight(*value));
        let total = if self.top_k > 0 { list.iter().map(|(_, w)| w).sum() } else { total };
        let mut sum = 0.0;
        let nucleus = list.iter().position(|(_, w)| {
            sum += w;
            sum >= self.top_p * total
        });
        list.truncate(nucleus.map_or(list.len(), |n| n + 1));
        list.retain(|(_, w)| *w >= self.min_p);
        list
    }
}

const STRETCH: usize = 1024;

/// Whether `target` lies beyond `sum`, which is then taken off.
fn passed(target: &mut f64, sum: f64) -> bool {
    let beyond = *target >= sum;
    if beyond {
        *target -= sum;
    }
    beyond
}

/// The first token at which the running sum passes `target`.
fn walk(candidates: impl Iterator<Item = (u32, f32)>, target: f64, best: usize) -> u32 {
    let mut sum = 0.0;
    let mut last = best as u32;
    for (token, weight) in candidates {
        sum += f64::from(weight);
        if weight > 0.0 {
            last = token;
        }
        if sum > target {
            return token;
        }
    }
    last
}

/// A number in 0..1 for the `index`-th draw of a seed (SplitMix64 of both).
fn uniform(seed: u64, index: u64) -> f64 {
    let mix = |x: u64| {
        let x = x.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let x = (x ^ x >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let x = (x ^ x >> 27).wrapping_mul(0x94D0_49BB_1331_11EB);
        x ^ x >> 31
    };
    (mix(mix(seed) ^ index) >> 11) as f64 / (1u64 << 53) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOGITS: [f32; 5] = [1.0, 3.0, 2.0, 3.0, -1.0];

    fn shares(sampling: Sampling) -> [f64; 5] {
        let mut counts = [0.0; 5];
        for index in 0..20_000 {
            counts[sampling.choose(Isa::best(), &LOGITS, index) as usize] += 1.0 / 20_000.0;
        }
        counts
    }

    #[test]
    fn greedy_takes_the_first_of_the_likeliest() {
        assert_eq!(Sampling::default().choose(Isa::best(), &LOGITS, 0), 1);
    }

    /// Expected shares: softmax of the logits over the tokens each limit leaves.
    #[test]
    fn limits_leave_the_right_tokens_with_the_right_shares() {
        let base = Sampling { temperature: 1.0, seed: 5, ..Sampling::default() };
        let cases = [
            (base, [0.053, 0.392, 0.144, 0.392, 0.007]),
            (Sampling { top_k: 1, ..base }, [0.0, 1.0, 0.0, 0.0, 0.0]),
            (Sampling { top_k: 3, ..base }, [0.0, 0.422, 0.155, 0.422, 0.0]),
            (Sampling { top_p: 0.8, ..base }, [0.0, 0.422, 0.155, 0.422, 0.0]),
            (Sampling { top_p: 0.3, ..base }, [0.0, 1.0, 0.0, 0.0, 0.0]),
            (Sampling { min_p: 0.5, ..base }, [0.0, 0.5, 0.0, 0.5, 0.0]),
            (Sampling { temperature: 0.5, ..base }, [0.009, 0.463, 0.063, 0.463, 0.0]),
        ];
        for (sampling, expected) in cases {
            for (share, expected) in shares(sampling).iter().zip(expected) {
                assert!((share - expected).abs() < 0.015, "{sampling:?}: {share} for {expected}");
            }
        }
    }

    #[test]
    fn draws_depend_on_seed_and_index_only() {
        assert_eq!(uniform(1, 2), uniform(1, 2));
        assert_ne!(uniform(1, 2), uniform(1, 3));
        assert_ne!(uniform(1, 2), uniform(2, 2));
        let mean = (0..1000).map(|i| uniform(9, i)).sum::<f64>() / 1000.0;
        assert!((mean - 0.5).abs() < 0.03, "{mean}");
    }

    #[test]
    fn impossible_numbers_are_named() {
        assert!(Sampling { top_p: 0.0, ..Sampling::default() }.problem().is_some());
        assert!(Sampling { temperature: f32::NAN, ..Sampling::default() }.problem().is_some());
        assert!(Sampling::default().problem().is_none());
    }
}
