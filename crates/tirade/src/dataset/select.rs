//! Which problems of a data set a run works on.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::blacklist::Blacklist;
use super::known::{Found, find};
use super::{BadRow, DatasetError, Fields, Row, Rows, Split, open};
use crate::hash::digest;
use crate::problem::Problem;

/// Error rows beyond these are counted, not kept: a wrong file of a million lines must not fill the memory.
const BAD_ROWS_KEPT: usize = 1000;

/// A selection, as on the command line: `--dataset algebra --level 1 --num 10 --start-idx 0 --mode train --blacklist FILE`.
///
/// The order is: half, subject and level filter; then shuffling; then `start_idx` problems are skipped and `num` taken; then blacklisted ones drop
/// out. So a blacklist never shifts the window, and two runs with neighbouring windows never share a problem.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Selection {
    /// A known set (`gsm8k`), a set and a subject (`starter/algebra`), a MATH subject (`algebra`), or a path.
    pub dataset: String,
    /// Only these levels; none means every level, also unknown ones.
    pub level: Vec<u8>,
    /// At most so many problems; nothing means all.
    pub num: Option<usize>,
    pub start_idx: usize,
    /// Takes the problems that fit in an order that this seed and their ids alone determine; nothing means the order of the file.
    pub shuffle: Option<u64>,
    /// The half of the data set. Nothing means the training half of a set that has one, else everything.
    /// A row that does not say to which half it belongs is in both.
    pub mode: Option<Split>,
    /// A file of ids to leave out: one a line, or CSV with a column `problem_id` or `id`.
    pub blacklist: Option<PathBuf>,
    /// Which columns hold what, where habit does not find them.
    pub fields: Fields,
}

/// What a selection gave.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Selected {
    pub problems: Vec<Problem>,
    /// The error rows met on the way, at most a thousand; [`Skipped::bad`] counts all.
    pub bad_rows: Vec<BadRow>,
    pub skipped: Skipped,
    /// Of the selected problems, as JSON lines: equal if and only if a run sees the same problems.
    pub sha256: String,
}

/// Why rows that were read are not among the problems. Reading stops once `num` problems are found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Skipped {
    pub bad: usize,
    pub other_split: usize,
    pub other_subject: usize,
    pub other_level: usize,
    pub before_start: usize,
    pub blacklisted: usize,
}

/// Finds the data set and picks its problems. Known names are looked up in `data_dir`.
pub fn select(selection: &Selection, data_dir: &Path) -> Result<Selected, DatasetError> {
    let mut picking = pick(selection, data_dir)?;
    let problems: Vec<Problem> = picking.by_ref().collect();
    let mut selected = picking.met;
    if problems.is_empty() {
        let reason = selected.skipped.reason(selected.bad_rows.first());
        return Err(DatasetError::Empty { dataset: selection.dataset.clone(), reason });
    }
    selected.sha256 = hash(&problems);
    selected.problems = problems;
    Ok(selected)
}

/// The same one problem after another, whatever their number: none is kept, unless they are shuffled.
pub fn pick<'a>(selection: &'a Selection, data_dir: &Path) -> Result<Picking<'a>, DatasetError> {
    let found = find(&selection.dataset, selection.mode, data_dir)?;
    let blacklist = selection.blacklist.as_deref().map(Blacklist::read).transpose()?.unwrap_or_default();
    let rows = open(&found.location, &selection.fields)?;
    let met = Selected::default();
    Ok(Picking { selection, found, blacklist, rows, shuffled: None, taken: 0, met })
}

/// See [`pick`].
pub struct Picking<'a> {
    selection: &'a Selection,
    found: Found,
    blacklist: Blacklist,
    rows: Rows,
    /// All that fit, once the first was asked for, where they are shuffled.
    shuffled: Option<std::vec::IntoIter<Problem>>,
    taken: usize,
    /// What else was met so far: its `problems` and `sha256` stay empty.
    pub met: Selected,
}

impl Picking<'_> {
    /// The next problem of the half, subject and level that are wanted.
    fn next_fitting(&mut self) -> Option<Problem> {
        let Some(seed) = self.selection.shuffle else { return self.next_in_file() };
        if self.shuffled.is_none() {
            let seed = seed.to_string();
            let mut fitting: Vec<Problem> = std::iter::from_fn(|| self.next_in_file()).collect();
            fitting.sort_by_cached_key(|problem| digest(&["shuffle", &seed, &problem.id]));
            self.shuffled = Some(fitting.into_iter());
        }
        self.shuffled.as_mut()?.next()
    }

    fn next_in_file(&mut self) -> Option<Problem> {
        let Self { rows, met, selection, found, .. } = self;
        rows.find_map(|row| met.fitting(row, selection, found))
    }
}

impl Iterator for Picking<'_> {
    type Item = Problem;

    fn next(&mut self) -> Option<Problem> {
        while self.selection.num.is_none_or(|num| self.taken < num) {
            let problem = self.next_fitting()?;
            let skipped = &mut self.met.skipped;
            if skipped.before_start < self.selection.start_idx {
                skipped.before_start += 1;
                continue;
            }
            self.taken += 1;
            if !self.blacklist.has(&problem) {
                return Some(problem);
            }
            skipped.blacklisted += 1;
        }
        None
    }
}

impl Selected {
    /// The problem of a row of the half, subject and level that are wanted; else counts why not.
    fn fitting(&mut self, row: Result<Row, BadRow>, selection: &Selection, found: &Found) -> Option<Problem> {
        let Row { problem, split } = match row {
            Ok(row) => row,
            Err(bad) => {
                self.skipped.bad += 1;
                if self.bad_rows.len() < BAD_ROWS_KEPT {
                    self.bad_rows.push(bad);
                }
                return None;
            }
        };
        let level = problem.level.unwrap_or(0);
        let why = if found.mode.is_some() && split.is_some() && split != found.mode {
            &mut self.skipped.other_split
        } else if found.subject.is_some() && problem.subject != found.subject {
            &mut self.skipped.other_subject
        } else if !selection.level.is_empty() && !selection.level.contains(&level) {
            &mut self.skipped.other_level
        } else {
            return Some(problem);
        };
        *why += 1;
        None
    }
}

impl Skipped {
    fn reason(&self, first_bad: Option<&BadRow>) -> String {
        let counts = [
            (self.bad, "malformed"),
            (self.other_split, "in the other half (--mode)"),
            (self.other_subject, "of another subject"),
            (self.other_level, "of another level (--level)"),
            (self.before_start, "before --start-idx"),
            (self.blacklisted, "blacklisted"),
        ];
        let mut parts: Vec<_> = counts
            .iter()
            .filter(|(count, _)| *count > 0)
            .map(|(count, why)| format!("{count} {why}"))
            .collect();
        if parts.is_empty() {
            parts.push("no rows, or --num 0".into());
        }
        let first = first_bad.map(|bad| format!("\n  first malformed row: {bad}")).unwrap_or_default();
        parts.join(", ") + &first
    }
}

/// SHA-256 of the problems as JSON lines, in hex.
fn hash(problems: &[Problem]) -> String {
    let mut hasher = Sha256::new();
    for problem in problems {
        hasher.update(serde_json::to_vec(problem).unwrap_or_default());
        hasher.update(b"\n");
    }
    format!("{:x}", hasher.finalize())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Ten problems: levels 1 to 5 twice, algebra before geometry, the second of each level in the test half, and one bad row.
    fn data() -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        let mut text = String::from("{\"problem\":\"no gold\"}\n");
        for (index, (subject, split)) in [("Algebra", "train"), ("Geometry", "test")].iter().enumerate() {
            for level in 1..=5 {
                let id = format!("{split}/{}/{}.json", subject.to_lowercase(), 100 * index + level);
                text += &format!(
                    "{{\"id\":\"{id}\",\"problem\":\"p\",\"answer\":{level},\"level\":\"Level {level}\",\"subject\":\"{subject}\"}}\n"
                );
            }
        }
        std::fs::write(folder.path().join("math.jsonl"), text).unwrap();
        folder
    }

    fn ids(selection: &Selection, folder: &Path) -> Vec<String> {
        select(selection, folder).unwrap().problems.into_iter().map(|problem| problem.id).collect()
    }

    #[test]
    fn filters_come_before_the_window_and_the_blacklist_after_it() {
        let folder = data();
        let list = folder.path().join("black.csv");
        std::fs::write(&list, "date,problem_id\n1,math/train/algebra/2\n2,Algebra_4\n").unwrap();
        let check = |change: &dyn Fn(&mut Selection), expected: &[&str]| {
            let mut selection = Selection { dataset: "math".into(), ..Selection::default() };
            change(&mut selection);
            let expected: Vec<_> = expected.iter().map(|id| format!("math/{id}")).collect();
            assert_eq!(ids(&selection, folder.path()), expected, "{selection:?}");
        };
        let train =
            ["train/algebra/1", "train/algebra/2", "train/algebra/3", "train/algebra/4", "train/algebra/5"];
        check(&|_| {}, &train);
        check(
            &|s| s.mode = Some(Split::Test),
            &[
                "test/geometry/101",
                "test/geometry/102",
                "test/geometry/103",
                "test/geometry/104",
                "test/geometry/105",
            ],
        );
        check(&|s| s.level = vec![2, 4], &[train[1], train[3]]);
        check(&|s| (s.start_idx, s.num) = (1, Some(2)), &train[1..3]);
        check(&|s| (s.start_idx, s.num, s.blacklist) = (1, Some(2), Some(list.clone())), &train[2..3]);
        check(&|s| s.blacklist = Some(list.clone()), &[train[0], train[2], train[4]]);
        let shuffled = [train[1], train[2], train[0], train[3], train[4]];
        check(&|s| s.shuffle = Some(1), &shuffled);
        check(&|s| (s.shuffle, s.start_idx, s.num) = (Some(1), 1, Some(2)), &shuffled[1..3]);
        check(
            &|s| (s.dataset, s.mode) = ("geometry".into(), Some(Split::Test)),
            &[
                "test/geometry/101",
                "test/geometry/102",
                "test/geometry/103",
                "test/geometry/104",
                "test/geometry/105",
            ],
        );
    }

    #[test]
    fn what_is_left_out_is_counted_and_an_empty_selection_says_why() {
        let folder = data();
        let wanted = Selection { dataset: "math".into(), level: vec![5], ..Selection::default() };
        let selected = select(&wanted, folder.path()).unwrap();
        let expected = Skipped { bad: 1, other_split: 5, other_level: 4, ..Skipped::default() };
        assert_eq!(selected.skipped, expected);
        assert_eq!(selected.bad_rows[0].line, 1);
        let none = Selection { dataset: "geometry".into(), ..Selection::default() };
        let error = select(&none, folder.path()).unwrap_err().to_string();
        assert!(error.starts_with("`geometry` has no problem left after selection: 1 malformed, 5 in the other half (--mode), 5 of another subject\n  first malformed row: "), "{error}");
    }

    #[test]
    fn the_hash_tells_the_problems_apart() {
        let folder = data();
        let hash = |num| {
            select(
                &Selection { dataset: "math".into(), num: Some(num), ..Selection::default() },
                folder.path(),
            )
            .unwrap()
            .sha256
        };
        assert_eq!(hash(2), hash(2));
        assert_ne!(hash(2), hash(3));
        assert_eq!(hash(2).len(), 64);
    }
}
