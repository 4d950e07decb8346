//! The statistics behind the figures of a report: interval of a proportion, paired test, pass@k, majority vote, paired bootstrap.
//!
//! ```
//! use tirade::eval::statistics::{mcnemar_exact, wilson};
//!
//! let interval = wilson(7, 25);
//! assert!((interval.low - 0.1428).abs() < 1e-4 && (interval.high - 0.4758).abs() < 1e-4);
//! assert!(mcnemar_exact(2, 9) > 0.05); // 11 problems changed, not clearly in one direction
//! ```

use serde::{Deserialize, Serialize};

/// The 97.5 % quantile of the normal distribution: `scipy.stats.norm.ppf(0.975)`.
const Z95: f64 = 1.959_963_984_540_054;

/// A 95 % interval.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Interval {
    pub low: f64,
    pub high: f64,
}

/// The Wilson score interval (95 %) of a proportion. Without trials nothing is known: 0 to 1.
///
/// It stays within 0 and 1 and is right also for few trials and extreme proportions, where the usual ±1.96·σ is not.
pub fn wilson(successes: u64, trials: u64) -> Interval {
    if trials == 0 {
        return Interval { low: 0.0, high: 1.0 };
    }
    let n = trials as f64;
    let p = successes.min(trials) as f64 / n;
    let z2 = Z95 * Z95;
    let centre = (p + z2 / (2.0 * n)) / (1.0 + z2 / n);
    let half = Z95 * (p * (1.0 - p) / n + z2 / (4.0 * n * n)).sqrt() / (1.0 + z2 / n);
    Interval { low: (centre - half).max(0.0), high: (centre + half).min(1.0) }
}

/// The two-sided exact McNemar test: how likely is a split of the changed problems at least this uneven, if each change were a coin
/// toss? `lost` were right only before, `won` only after; problems that did not change do not count. No change gives 1.
pub fn mcnemar_exact(lost: u64, won: u64) -> f64 {
    let n = lost + won;
    if lost == won {
        return 1.0;
    }
    let mut term = -(n as f64) * std::f64::consts::LN_2; // ln of C(n, 0) / 2^n
    let mut tail = term.exp();
    for i in 0..lost.min(won) {
        term += ((n - i) as f64 / (i + 1) as f64).ln();
        tail += term.exp();
    }
    (2.0 * tail).min(1.0)
}

/// The unbiased estimate of pass@k from `n` attempts of which `right` were right: the chance that `k` of them, drawn without
/// putting back, hold a right one (Chen et al. 2021, arXiv 2107.03374, section 2.1). Nothing if there are fewer than `k` attempts.
pub fn pass_at_k(n: u64, right: u64, k: u64) -> Option<f64> {
    if k == 0 || n < k || right > n {
        return None;
    }
    // The product over C(n-c, k) / C(n, k), which never overflows.
    let all_wrong: f64 = (n - right + 1..=n).map(|i| 1.0 - k.min(i) as f64 / i as f64).product();
    Some(1.0 - all_wrong)
}

/// The majority vote: the most frequent answer, and of equally frequent ones the one given first. Attempts without an answer do not
/// vote. The votes are classes of equivalent answers, numbered by the caller.
pub fn majority(votes: &[Option<usize>]) -> Option<usize> {
    let count = |class: usize| votes.iter().filter(|vote| **vote == Some(class)).count();
    let mut best: Option<(usize, usize)> = None;
    for class in votes.iter().flatten() {
        let votes = count(*class);
        if best.is_none_or(|(_, most)| votes > most) {
            best = Some((*class, votes));
        }
    }
    best.map(|(class, _)| class)
}

/// The percentile bootstrap interval (95 %) of the mean difference of pairs, from resampled pairs. The same seed gives the same
/// interval. Nothing if there are no pairs or no resamples.
pub fn paired_bootstrap(differences: &[f64], resamples: usize, seed: u64) -> Option<Interval> {
    if differences.is_empty() || resamples == 0 {
        return None;
    }
    let mut random = SplitMix(seed);
    let mut mean = || {
        let sum: f64 = differences.iter().map(|_| differences[random.below(differences.len())]).sum();
        sum / differences.len() as f64
    };
    let mut means: Vec<f64> = (0..resamples).map(|_| mean()).collect();
    means.sort_by(f64::total_cmp);
    let at = |share: f64| means[((resamples - 1) as f64 * share).round() as usize];
    Some(Interval { low: at(0.025), high: at(0.975) })
}

/// SplitMix64 (Steele et al. 2014): enough randomness for resampling, in three lines and without a dependency.
struct SplitMix(u64);

impl SplitMix {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// An index below `len`; the bias of the product is below len / 2^64.
    fn below(&mut self, len: usize) -> usize {
        ((u128::from(self.next()) * len as u128) >> 64) as usize
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn near(got: f64, expected: f64) {
        assert!((got - expected).abs() < 1e-12 + 1e-10 * expected.abs(), "{got} is not {expected}");
    }

    /// statsmodels 0.15.0: `proportion_confint(c, n, method="wilson")`
    #[test]
    fn wilson_agrees_with_statsmodels() {
        let check = |successes, trials, low, high| {
            let interval = wilson(successes, trials);
            near(interval.low, low);
            near(interval.high, high);
        };
        check(0, 10, 0.0, 0.277_532_799_862_889_26);
        check(10, 10, 0.722_467_200_137_110_7, 1.0);
        check(7, 25, 0.142_838_538_509_565_57, 0.475_766_051_903_615_8);
        check(14, 25, 0.370_673_318_697_987_8, 0.733_343_611_189_232_6);
        check(250, 500, 0.456_341_265_302_484_3, 0.543_658_734_697_515_7);
        check(1, 3, 0.061_491_944_720_396_26, 0.792_340_399_197_952_3);
        check(0, 0, 0.0, 1.0);
    }

    /// statsmodels 0.15.0: `mcnemar([[0, b], [c, 0]], exact=True).pvalue`
    #[test]
    fn mcnemar_agrees_with_statsmodels() {
        let check = |lost, won, p| {
            near(mcnemar_exact(lost, won), p);
            near(mcnemar_exact(won, lost), p);
        };
        check(0, 0, 1.0);
        check(1, 0, 1.0);
        check(2, 9, 0.065_429_687_5);
        check(5, 5, 1.0);
        check(10, 30, 0.002_221_433_773_229_364_3);
        check(300, 410, 4.161_661_741_017_72e-5);
        check(0, 20, 1.907_348_632_812_5e-6);
        assert!(mcnemar_exact(3_000, 3_200).is_finite());
    }

    /// Python: `1 - math.comb(n - c, k) / math.comb(n, k)`
    #[test]
    fn pass_at_k_agrees_with_binomials() {
        let check = |n, right, k, expected: f64| near(pass_at_k(n, right, k).unwrap(), expected);
        check(10, 3, 1, 0.3);
        check(10, 3, 5, 0.916_666_666_666_666_6);
        check(10, 0, 5, 0.0);
        check(10, 10, 5, 1.0);
        check(200, 13, 10, 0.497_551_114_730_601_1);
        check(5, 2, 4, 1.0);
        assert_eq!((pass_at_k(3, 1, 4), pass_at_k(3, 4, 1), pass_at_k(3, 1, 0)), (None, None, None));
    }

    #[test]
    fn the_majority_is_most_frequent_then_first() {
        let check = |votes: &[Option<usize>], expected| assert_eq!(majority(votes), expected, "{votes:?}");
        check(&[Some(0), Some(1), Some(1)], Some(1));
        check(&[Some(2), Some(1)], Some(2));
        check(&[None, None, Some(3)], Some(3));
        check(&[None], None);
        check(&[], None);
    }

    /// scipy 1.17.1: `bootstrap((b - a,), np.mean, n_resamples=20000, method="percentile")` gives 0.06 and 0.24.
    #[test]
    fn the_bootstrap_agrees_with_scipy() {
        let base = [0, 0, 1, 0, 1, 1, 0, 0, 1, 0, 0, 1, 0, 1, 0, 0, 1, 0, 0, 0];
        let adapter = [1, 0, 1, 0, 1, 1, 0, 1, 1, 0, 1, 1, 0, 1, 0, 0, 0, 1, 0, 0];
        let once: Vec<f64> = base.iter().zip(adapter).map(|(a, b)| f64::from(b - a)).collect();
        let interval = paired_bootstrap(&once.repeat(5), 20_000, 7).unwrap();
        assert!((interval.low - 0.06).abs() < 0.011 && (interval.high - 0.24).abs() < 0.011, "{interval:?}");
        assert_eq!(paired_bootstrap(&once, 100, 7), paired_bootstrap(&once, 100, 7));
        assert_eq!(paired_bootstrap(&[], 100, 7), None);
    }
}
