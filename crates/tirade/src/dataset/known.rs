//! The data sets we know by name, and where their files are.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::row::snake_case;
use super::{DatasetError, Manifest, Split, manifest, read};

/// A public data set whose layout we know.
#[derive(Debug)]
pub struct KnownSet {
    /// As on the command line.
    pub name: &'static str,
    /// As in reports; also [`crate::problem::Problem::source`] where a row has none.
    pub label: &'static str,
    pub splits: &'static [Split],
    /// Where a person gets it.
    pub origin: &'static str,
}

const BOTH: &[Split] = &Split::ALL;
const TEST: &[Split] = &[Split::Test];

const SETS: &[KnownSet] = &[
    KnownSet { name: STARTER, label: "tirade starter", splits: BOTH, origin: "this program" },
    KnownSet {
        name: "math",
        label: "MATH",
        splits: BOTH,
        origin: "github.com/hendrycks/math (the tree MATH/train, MATH/test)",
    },
    KnownSet { name: "math500", label: "MATH-500", splits: TEST, origin: "the hub: HuggingFaceH4/MATH-500" },
    KnownSet { name: "gsm8k", label: "GSM8K", splits: BOTH, origin: "github.com/openai/grade-school-math" },
    KnownSet { name: "aime24", label: "AIME 2024", splits: TEST, origin: "the hub: math-ai/aime24" },
    KnownSet { name: "aime25", label: "AIME 2025", splits: TEST, origin: "the hub: math-ai/aime25" },
    KnownSet { name: "amc23", label: "AMC 2023", splits: TEST, origin: "the hub: math-ai/amc23" },
    KnownSet { name: "svamp", label: "SVAMP", splits: TEST, origin: "github.com/arkilpatel/SVAMP" },
    KnownSet {
        name: "gsm_hard",
        label: "GSM-Hard",
        splits: TEST,
        origin: "the hub: reasoning-machines/gsm-hard (field input, target)",
    },
    KnownSet {
        name: "olympiadbench",
        label: "OlympiadBench",
        splits: TEST,
        origin: "github.com/OpenBMB/OlympiadBench",
    },
];

const STARTER: &str = "starter";

/// The subjects of MATH: each is a data set of its own on the command line.
pub(super) const SUBJECTS: [&str; 7] = [
    "algebra",
    "counting_and_probability",
    "geometry",
    "intermediate_algebra",
    "number_theory",
    "prealgebra",
    "precalculus",
];

/// Every known set, the embedded one first.
pub fn known_sets() -> &'static [KnownSet] {
    SETS
}

/// Where the rows of a data set are.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Location {
    /// Begins the ids of rows that have none of their own.
    pub name: String,
    /// The data set's name for people.
    pub label: String,
    /// A file or a folder; nothing for the set embedded in this program.
    pub path: Option<PathBuf>,
    /// The half all rows belong to, where the place tells it.
    pub split: Option<Split>,
}

/// A data set found: its place, and what else its name asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Found {
    pub location: Location,
    pub subject: Option<String>,
    /// The half that is wanted: as asked, else the training half of a set that has one.
    pub mode: Option<Split>,
}

/// Finds a data set by known name (`gsm8k`), known name and subject (`starter/algebra`), MATH subject (`algebra`), name of a file in
/// the data folder, or path.
pub fn locate(dataset: &str, mode: Option<Split>, data_dir: &Path) -> Result<Location, DatasetError> {
    find(dataset, mode, data_dir).map(|found| found.location)
}

pub(super) fn find(dataset: &str, mode: Option<Split>, data_dir: &Path) -> Result<Found, DatasetError> {
    let (name, subject) = dataset.split_once('/').unwrap_or((dataset, ""));
    let known = |name: &str| SETS.iter().find(|set| set.name == name);
    let subject = Some(snake_case(subject)).filter(|subject| !subject.is_empty());
    if let Some(set) = known(name) {
        return find_known(set, subject, mode, data_dir);
    }
    let as_subject = snake_case(dataset);
    if let (true, Some(math)) = (SUBJECTS.contains(&as_subject.as_str()), known("math")) {
        return find_known(math, Some(as_subject), mode, data_dir);
    }
    let own = std::iter::once(PathBuf::from(dataset)).filter(|path| path.exists());
    let path = own.chain(with_endings(data_dir, dataset)).next().ok_or_else(|| DatasetError::Unknown {
        name: dataset.to_owned(),
        known: SETS.iter().map(|set| set.name).collect::<Vec<_>>().join(", "),
        subjects: SUBJECTS.join(", "),
    })?;
    let name = name_of(&path);
    let location = Location { label: name.clone(), name, path: Some(path), split: None };
    Ok(Found { location, subject: None, mode })
}

fn find_known(
    set: &KnownSet,
    subject: Option<String>,
    mode: Option<Split>,
    data_dir: &Path,
) -> Result<Found, DatasetError> {
    let split = mode.unwrap_or(set.splits[0]);
    if !set.splits.contains(&split) {
        return Err(DatasetError::NoSuchSplit { name: set.name.into(), wanted: split });
    }
    let label = set.label.to_owned();
    let location = if set.name == STARTER {
        Location { name: set.name.into(), label, path: None, split: None }
    } else {
        find_files(set, split, data_dir)?
    };
    Ok(Found { location, subject, mode: Some(split) })
}

/// The files of one half of a known set: a file or folder of that half if there is one, else one for the whole set.
fn find_files(set: &KnownSet, split: Split, data_dir: &Path) -> Result<Location, DatasetError> {
    let names = [set.name.to_owned(), set.name.to_uppercase()];
    let halves = names.iter().flat_map(|n| [format!("{n}_{split}"), format!("{n}/{split}")]);
    let label = set.label.to_owned();
    if let Some(path) = halves.clone().flat_map(|stem| with_endings(data_dir, &stem)).next() {
        let name = if set.splits.len() > 1 { format!("{}/{split}", set.name) } else { set.name.into() };
        return Ok(Location { name, label, path: Some(path), split: Some(split) });
    }
    if let Some(path) = names.iter().flat_map(|stem| with_endings(data_dir, stem)).next() {
        let split = (set.splits.len() == 1).then_some(split);
        return Ok(Location { name: set.name.into(), label, path: Some(path), split });
    }
    Err(DatasetError::Missing {
        name: set.name.into(),
        data_dir: data_dir.to_owned(),
        looked_for: [
            format!("{0}_{split}.jsonl", set.name),
            format!("{0}/{split}/", set.name),
            format!("{}.jsonl", set.name),
        ]
        .into_iter()
        .chain([format!("{}/ (also .csv, .tsv, .json, .parquet)", set.name)])
        .collect(),
        origin: set.origin.into(),
    })
}

/// What exists of `stem` as a file with a known ending or as a folder.
fn with_endings(data_dir: &Path, stem: &str) -> impl Iterator<Item = PathBuf> + use<> {
    let base = data_dir.join(stem);
    let files = read::ENDINGS.map(|ending| data_dir.join(format!("{stem}.{ending}")));
    files.into_iter().filter(|path| path.is_file()).chain(Some(base).filter(|path| path.is_dir()))
}

/// A name for a file or folder: `chess` of `chess.jsonl`, `chess/train` of `chess/train-00000-of-00001.parquet`.
fn name_of(path: &Path) -> String {
    let stem = path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
    let half = Split::ALL.into_iter().find(|split| stem.split(['-', '_']).next() == Some(split.as_str()));
    let folder = path.parent().and_then(Path::file_name).map(|name| name.to_string_lossy().into_owned());
    match (half, folder) {
        (Some(split), Some(folder)) => format!("{folder}/{split}"),
        _ => stem,
    }
}

/// What [`list`] tells about one data set.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Listing {
    pub name: String,
    pub label: String,
    pub split: Option<Split>,
    /// Nothing for the embedded set, and for a set that is not here.
    pub path: Option<PathBuf>,
    pub here: bool,
    /// Counts, where the set was imported.
    pub manifest: Option<Manifest>,
    /// Where a set that is not here comes from.
    pub origin: String,
}

/// Every known set, here or not, and every other data file of the data folder.
pub fn list(data_dir: &Path) -> Vec<Listing> {
    let mut listings: Vec<_> =
        SETS.iter().flat_map(|set| set.splits.iter().map(|split| known(set, *split, data_dir))).collect();
    let listed: Vec<_> = listings.iter().filter_map(|listing| listing.path.clone()).collect();
    let mut others: Vec<_> =
        std::fs::read_dir(data_dir).into_iter().flatten().flatten().map(|entry| entry.path()).collect();
    others.retain(|path| read::is_data(path) && !listed.contains(path));
    others.sort();
    listings.extend(others.into_iter().map(|path| Listing {
        name: path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default(),
        label: name_of(&path),
        split: None,
        manifest: manifest(&path),
        path: Some(path),
        here: true,
        origin: String::new(),
    }));
    listings
}

fn known(set: &KnownSet, split: Split, data_dir: &Path) -> Listing {
    let location = find_known(set, None, Some(split), data_dir).ok().map(|found| found.location);
    let path = location.as_ref().and_then(|location| location.path.clone());
    Listing {
        name: set.name.into(),
        label: set.label.into(),
        split: Some(split),
        manifest: path.as_deref().and_then(manifest),
        path,
        here: location.is_some(),
        origin: set.origin.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder(files: &[&str]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for file in files {
            let path = folder.path().join(file);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, "").unwrap();
        }
        folder
    }

    #[test]
    fn names_subjects_and_paths_are_found() {
        let check = |files: &[&str], dataset: &str, mode, path: &str, name: &str, split, wanted| {
            let folder = folder(files);
            let found = find(dataset, mode, folder.path()).unwrap();
            let expected = Some(folder.path().join(path)).filter(|_| !path.is_empty());
            assert_eq!(found.location.path, expected, "{dataset}");
            assert_eq!(
                (found.location.name.as_str(), found.location.split, found.mode),
                (name, split, wanted)
            );
        };
        let (train, test) = (Some(Split::Train), Some(Split::Test));
        check(&[], "starter", None, "", "starter", None, train);
        check(
            &["math_train.jsonl", "math_test.jsonl"],
            "math",
            test,
            "math_test.jsonl",
            "math/test",
            test,
            test,
        );
        check(&["MATH/train/algebra/1.json"], "algebra", None, "MATH/train", "math/train", train, train);
        check(&["math.jsonl"], "Number Theory", test, "math.jsonl", "math", None, test);
        check(&["gsm8k/main/train-0.parquet"], "gsm8k", None, "gsm8k", "gsm8k", None, train);
        check(&["aime24.jsonl"], "aime24", None, "aime24.jsonl", "aime24", test, test);
        check(&["mine.csv"], "mine", None, "mine.csv", "mine", None, None);
    }

    #[test]
    fn what_is_not_there_is_said_with_a_way_out() {
        let folder = folder(&[]);
        let error = |dataset, mode| find(dataset, mode, folder.path()).unwrap_err().to_string();
        let missing = error("gsm8k", None);
        assert!(missing.contains("looked for: gsm8k_train.jsonl, gsm8k/train/, gsm8k.jsonl"), "{missing}");
        assert!(
            missing.contains("grade-school-math and run `tirade data import PATH --name gsm8k`"),
            "{missing}"
        );
        assert!(
            error("math500", Some(Split::Train)).contains("has no train problems\n  hint: say `--mode test`")
        );
        assert!(
            error("algbra", None)
                .starts_with("no data set `algbra`: it is neither a path, nor a known set (starter, math,")
        );
    }

    #[test]
    fn names_come_from_files() {
        let check = |path, expected: &str| assert_eq!(name_of(Path::new(path)), expected);
        check("data/chess.jsonl", "chess");
        check("chess/train-00000-of-00001.parquet", "chess/train");
        check("test.jsonl", "test");
    }

    #[test]
    fn the_list_has_known_sets_and_files_of_ones_own() {
        let folder = folder(&["gsm8k_test.jsonl", "mine.csv", "mine.manifest.json", "notes.txt"]);
        let listings = list(folder.path());
        let here: Vec<_> = listings.iter().filter(|l| l.here).map(|l| (l.name.as_str(), l.split)).collect();
        assert_eq!(
            here,
            [
                ("starter", Some(Split::Train)),
                ("starter", Some(Split::Test)),
                ("gsm8k", Some(Split::Test)),
                ("mine", None)
            ]
        );
    }
}
