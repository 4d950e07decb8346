//! Near-duplicates: all pairs of sets whose Jaccard index reaches a bound, exactly, without comparing all pairs.
//!
//! Two sets that alike must share one of their rarest members, so only those are indexed (prefix filtering). No sampling: the same sets give the
//! same pairs, and none is missed.

use std::collections::HashMap;

use super::words::jaccard;

/// Two sets that are alike; `first < second`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pair {
    pub first: usize,
    pub second: usize,
    /// Jaccard index.
    pub score: f64,
}

/// All pairs with a Jaccard index of at least `bound` (above 0), in order. The sets are sorted, each member once; empty ones are like nothing.
pub fn pairs(sets: &[Vec<u64>], bound: f64) -> Vec<Pair> {
    let mut order: Vec<usize> = (0..sets.len()).filter(|index| !sets[*index].is_empty()).collect();
    order.sort_by_key(|index| (sets[*index].len(), *index));
    let prefixes = prefixes(sets, bound);
    // Member → sets seen so far that have it in their prefix, the smaller sets first.
    let mut index: HashMap<u64, Vec<usize>> = HashMap::new();
    let mut compared_with = vec![usize::MAX; sets.len()];
    let mut found = Vec::new();
    for this in order {
        let least = bound * sets[this].len() as f64;
        for member in &prefixes[this] {
            for &other in index.get(member).into_iter().flatten() {
                if compared_with[other] == this || (sets[other].len() as f64) < least {
                    continue;
                }
                compared_with[other] = this;
                let score = jaccard(&sets[this], &sets[other]);
                if score >= bound {
                    found.push(Pair { first: this.min(other), second: this.max(other), score });
                }
            }
        }
        for member in &prefixes[this] {
            index.entry(*member).or_default().push(this);
        }
    }
    found.sort_by_key(|pair| (pair.first, pair.second));
    found
}

/// The rarest members of each set, as many as it takes for two sets that are alike to share one.
fn prefixes(sets: &[Vec<u64>], bound: f64) -> Vec<Vec<u64>> {
    let mut counts: HashMap<u64, u32> = HashMap::new();
    for member in sets.iter().flatten() {
        *counts.entry(*member).or_default() += 1;
    }
    let prefix = |set: &Vec<u64>| {
        let mut members = set.clone();
        members.sort_by_key(|member| (counts[member], *member));
        members.truncate(set.len() - (bound * set.len() as f64).ceil() as usize + 1);
        members
    };
    sets.iter().map(prefix).collect()
}

/// Which of `count` things hang together by the pairs: every thing gets the smallest one of its group.
pub fn groups(count: usize, pairs: &[Pair]) -> Vec<usize> {
    let mut parent: Vec<usize> = (0..count).collect();
    for pair in pairs {
        let (a, b) = (root(&mut parent, pair.first), root(&mut parent, pair.second));
        parent[a.max(b)] = a.min(b);
    }
    (0..count).map(|index| root(&mut parent, index)).collect()
}

fn root(parent: &mut [usize], mut index: usize) -> usize {
    while parent[index] != index {
        parent[index] = parent[parent[index]];
        index = parent[index];
    }
    index
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A small generator with a fixed seed: sets of members below 40, some made from others.
    fn random_sets(count: usize) -> Vec<Vec<u64>> {
        let mut state = 7u64;
        let mut next = |below: u64| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 33) % below
        };
        let mut sets: Vec<Vec<u64>> = Vec::new();
        for index in 0..count {
            let mut set: Vec<u64> = match index % 3 {
                0 if index > 0 => sets[next(index as u64) as usize].clone(),
                _ => (0..next(12)).map(|_| next(40)).collect(),
            };
            set.push(next(40));
            set.sort_unstable();
            set.dedup();
            sets.push(set);
        }
        sets
    }

    #[test]
    fn the_index_finds_what_comparing_all_pairs_finds() {
        let sets = random_sets(300);
        for bound in [0.3, 0.5, 0.7, 0.9, 1.0] {
            let mut expected = Vec::new();
            for first in 0..sets.len() {
                for second in first + 1..sets.len() {
                    let score = jaccard(&sets[first], &sets[second]);
                    expected.extend((score >= bound).then_some(Pair { first, second, score }));
                }
            }
            assert!(expected.len() > 5, "{bound}: the test needs pairs");
            assert_eq!(pairs(&sets, bound), expected, "{bound}");
        }
    }

    #[test]
    fn empty_sets_are_like_nothing() {
        assert!(pairs(&[vec![], vec![], vec![1]], 0.5).is_empty());
    }

    #[test]
    fn groups_hang_together() {
        let pair = |first, second| Pair { first, second, score: 1.0 };
        assert_eq!(groups(6, &[pair(1, 3), pair(3, 5), pair(2, 4)]), [0, 1, 2, 1, 2, 1]);
    }
}
