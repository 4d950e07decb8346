//! The loaders against the real data sets, where they lie beside the repository (`../shared/data`), and the embedded one.

use std::path::{Path, PathBuf};

use super::{Selected, Selection, Split, select};

/// The folder of real data; the tests that need it say so and pass where it is absent.
fn real_data() -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data");
    if !folder.is_dir() {
        eprintln!("skipped: no real data sets in {}", folder.display());
        return None;
    }
    Some(folder)
}

fn all(dataset: &str, mode: Split, folder: &Path) -> Selected {
    let selection = Selection { dataset: dataset.into(), mode: Some(mode), ..Selection::default() };
    select(&selection, folder).unwrap()
}

#[test]
fn known_sets_have_their_published_sizes() {
    let Some(folder) = real_data() else { return };
    let check = |dataset: &str, mode, rows: usize, bad: usize| {
        let selected = all(dataset, mode, &folder);
        assert_eq!((selected.problems.len(), selected.skipped.bad), (rows, bad), "{dataset}");
    };
    // Two solutions of MATH train end in an empty box: number_theory/7115 and 7117.
    check("math", Split::Train, 7498, 2);
    check("math", Split::Test, 5000, 0);
    check("math500", Split::Test, 500, 0);
    check("gsm8k", Split::Train, 7473, 0);
    check("gsm8k", Split::Test, 1319, 0);
    check("aime24", Split::Test, 30, 0);
    check("amc23", Split::Test, 40, 0);
    // Error rows are counted whatever subject was asked for: their subject need not be readable.
    check("algebra", Split::Train, 1744, 2);
    check("Counting & Probability", Split::Train, 771, 2);
}

#[test]
fn math_500_has_the_ids_of_math() {
    let Some(folder) = real_data() else { return };
    let math: std::collections::BTreeMap<_, _> =
        all("math", Split::Test, &folder).problems.into_iter().map(|p| (p.id.clone(), p)).collect();
    for problem in all("math500", Split::Test, &folder).problems {
        let same = &math[&problem.id];
        assert_eq!(
            (&same.problem, &same.answer, same.level),
            (&problem.problem, &problem.answer, problem.level)
        );
    }
}

#[test]
fn float_answers_of_amc_become_whole() {
    let Some(folder) = real_data() else { return };
    let selected =
        select(&Selection { dataset: "amc_2022_2023_rllm".into(), ..Selection::default() }, &folder).unwrap();
    let whole = selected.problems.iter().filter(|p| p.answer.parse::<i64>().is_ok()).count();
    assert_eq!((selected.problems.len(), whole), (83, 83));
}

#[test]
fn the_starter_set_is_whole() {
    let folder = Path::new("no-folder-needed");
    let (train, test) = (all("starter", Split::Train, folder), all("starter", Split::Test, folder));
    assert_eq!((train.problems.len(), test.problems.len()), (45, 25));
    assert_eq!((train.skipped.bad, train.skipped.other_split), (0, 25));
    for problem in train.problems.iter().chain(&test.problems) {
        let solution = problem.solution.as_deref().unwrap_or("");
        assert_eq!(super::last_boxed(solution), Some(problem.answer.as_str()), "{}", problem.id);
        assert!(problem.level.is_some() && problem.subject.is_some(), "{}", problem.id);
    }
    let statements: std::collections::HashSet<_> = train.problems.iter().map(|p| &p.problem).collect();
    assert!(test.problems.iter().all(|p| !statements.contains(&p.problem)));
}
