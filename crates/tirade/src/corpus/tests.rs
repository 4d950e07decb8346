//! Every filter on small corpora.

use super::*;

const BEES: &str = "A beekeeper has 14 hives. Each hive gives 23 jars of honey in spring and half as many in autumn. How many jars are that in a year?";
const BEES_AGAIN: &str = "A beekeeper has 9 hives. Each hive gives 31 jars of honey in spring and half as many in autumn. How many jars are that in a year?";
const FERRY: &str = "A ferry carries 45 cars across the strait every 90 minutes. How many cars can cross from 8 until 5 o'clock?";
const CAKE: &str = "Three friends share a cake of 840 grams so that one gets twice as much as each of the others. How much does she get?";

fn problem(id: &str, text: &str) -> Problem {
    Problem { id: id.into(), problem: text.into(), answer: "1".into(), ..Problem::default() }
}

fn candidate(id: &str, attempt: u32, text: &str) -> Candidate {
    let key = AttemptKey { problem: id.into(), attempt };
    Candidate { key, run: "r1".into(), text: text.into(), ..Candidate::default() }
}

fn options() -> CorpusOptions {
    CorpusOptions { system: "s".into(), validation: 0.0, ..CorpusOptions::default() }
}

fn kept(corpus: &Corpus) -> Vec<(&str, u32)> {
    corpus.examples.iter().map(|(_, example)| (example.problem.as_str(), example.attempt)).collect()
}

fn dropped(corpus: &Corpus) -> Vec<(&str, u32, Filter)> {
    corpus.dropped.iter().map(|one| (one.key.problem.as_str(), one.key.attempt, one.filter)).collect()
}

#[test]
fn every_candidate_is_counted_once() {
    let problems = [problem("bees", BEES), problem("cake", CAKE), problem("ferry", FERRY)];
    let long = "In spring it is 14 times 23 jars, in autumn half of that, and both together make the year.";
    let candidates = vec![
        candidate("bees", 0, long),
        candidate("bees", 1, "We add the 322 jars of spring and the 161 of autumn and get 483."),
        candidate("bees", 2, "We add the 322 jars of spring, and the 161 of autumn,  and get 483"),
        candidate("bees", 3, &long.replace("the year", "the season")),
        candidate("ferry", 0, "It sails six times."),
        candidate("cake", 0, "Half of it."),
        candidate("nobody's", 0, "x"),
    ];
    let corpus = build(&problems, candidates, &[problem("test/1", FERRY)], &options());
    assert_eq!(kept(&corpus), [("bees", 0), ("cake", 0)]);
    assert_eq!(
        dropped(&corpus),
        [
            ("ferry", 0, Filter::Contaminated),
            ("bees", 1, Filter::Duplicate),
            ("bees", 3, Filter::NearDuplicate),
            ("bees", 2, Filter::Surplus)
        ]
    );
    let taken: usize = corpus.card.filters.iter().map(|(_, count)| count).sum();
    assert_eq!((corpus.card.candidates, taken + corpus.card.train), (6, 6));
    assert_eq!(corpus.dropped[1].detail, "of bees#2 in r1");
}

#[test]
fn the_best_candidate_is_taken() {
    let best = |candidates: Vec<Candidate>| {
        let corpus = build(&[problem("cake", CAKE)], candidates, &[], &options());
        corpus.examples[0].1.attempt
    };
    let with = |attempt, repairs, log_probability, text| Candidate {
        repairs,
        log_probability,
        ..candidate("cake", attempt, text)
    };
    let (terse, usual, rambling) =
        ("It is 420.", "She gets half of it, which is 420 grams.", "She gets half. ".repeat(9));
    let by_length = |likely: [Option<f64>; 3]| {
        best(vec![
            with(0, 0, likely[0], terse),
            with(1, 0, likely[1], usual),
            with(2, 0, likely[2], &rambling),
            with(3, 1, Some(-0.1), "She gets one half, which is 420 grams."),
        ])
    };
    assert_eq!(by_length([None, None, None]), 1, "neither the shortest nor the longest");
    assert_eq!(
        by_length([Some(-0.2), Some(-1.0), Some(-0.3)]),
        1,
        "terse text is likely, and teaches little"
    );
    assert_eq!(
        best(vec![with(0, 1, None, usual), with(1, 0, None, terse)]),
        1,
        "what passed at once comes first"
    );
    let alike = |first, second| {
        best(vec![
            with(0, 0, Some(first), "She gets half: 420 grams."),
            with(1, 0, Some(second), "Half of it, 420 g, is hers."),
        ])
    };
    assert_eq!((alike(-0.4, -2.0), alike(-2.0, -0.4)), (0, 1), "of like lengths the student decides");
    assert_eq!(
        best(vec![with(0, 0, Some(f64::NAN), "not a number"), with(1, 0, Some(-2.0), "finite")]),
        best(vec![with(1, 0, Some(-2.0), "finite"), with(0, 0, Some(f64::NAN), "not a number")])
    );
}

#[test]
fn solutions_of_one_attempt_compete() {
    let ways = |per_problem| {
        let in_run = |run: &str, text: &str| Candidate { run: run.into(), ..candidate("cake", 0, text) };
        let candidates = vec![
            in_run("rules", "She gets one half, which is 420 grams."),
            in_run("mixed", "Twice as much as each of two others is as much as both, so half: 420 grams."),
            in_run("llm", "She gets one half, which is  420 grams"),
        ];
        build(&[problem("cake", CAKE)], candidates, &[], &CorpusOptions { per_problem, ..options() })
    };
    let runs = |corpus: &Corpus| corpus.examples.iter().map(|(_, one)| one.run.clone()).collect::<Vec<_>>();
    assert_eq!(runs(&ways(2)), ["llm", "mixed"], "the copy is gone, the first of the two by name stays");
    assert_eq!(runs(&ways(1)).len(), 1);
    let dropped = &ways(2).dropped;
    assert_eq!((dropped[0].run.as_str(), dropped[0].filter), ("rules", Filter::Duplicate));
}

#[test]
fn contamination_is_shown_with_both_statements() {
    let problems = [problem("again", BEES_AGAIN), problem("cake", CAKE)];
    let held_out = [problem("test/1", BEES), problem("test/2", FERRY)];
    let candidates = || vec![candidate("again", 0, "a"), candidate("cake", 0, "b")];
    let corpus = build(&problems, candidates(), &held_out, &options());
    assert_eq!(kept(&corpus), [("cake", 0)]);
    let pair = &corpus.evidence[0];
    assert_eq!(
        (pair.problem.as_str(), pair.found.id.as_str(), pair.found.kind),
        ("again", "test/1", Kind::NumbersChanged)
    );
    assert_eq!((pair.statement.as_str(), pair.held_out_statement.as_str()), (BEES_AGAIN, BEES));
    assert_eq!(corpus.card.contaminated_problems, [("numbers_changed".to_owned(), 1)].into());
    let exact_only = CorpusOptions { contamination: vec![Kind::Exact], ..options() };
    assert_eq!(build(&problems, candidates(), &held_out, &exact_only).examples.len(), 2);
}

#[test]
fn searches_are_left_out_or_marked() {
    let found = Unsuited { kind: unsuited::Kind::Search, detail: "about 1000 cases".into() };
    let candidates = || vec![Candidate { unsuited: Some(found.clone()), ..candidate("cake", 0, "a") }];
    assert!(build(&[problem("cake", CAKE)], candidates(), &[], &options()).examples.is_empty());
    let mark = CorpusOptions { on_unsuited: OnUnsuited::Mark, ..options() };
    let corpus = build(&[problem("cake", CAKE)], candidates(), &[], &mark);
    assert_eq!(corpus.examples[0].1.unsuited.as_deref(), Some("search: about 1000 cases"));
}

#[test]
fn short_solutions_of_different_problems_are_no_copies() {
    let problems = [problem("cake", CAKE), problem("ferry", FERRY)];
    let corpus = build(
        &problems,
        vec![candidate("cake", 0, "It is 6."), candidate("ferry", 0, "It is 6.")],
        &[],
        &options(),
    );
    assert_eq!(corpus.examples.len(), 2);
}

#[test]
fn the_split_is_by_problem_and_template() {
    let mut problems: Vec<Problem> =
        (0..120).map(|n| problem(&format!("p{n:03}"), &format!("{CAKE} {}", words_of(n)))).collect();
    problems.extend((0..120).map(|n| problem(&format!("q{n:03}"), &BEES.replace("14", &n.to_string()))));
    let candidates = |problems: &[Problem]| -> Vec<Candidate> {
        problems
            .iter()
            .flat_map(|one| {
                (0..2).map(|k| candidate(&one.id, k, &format!("{} {} {k}", one.id, words_of(k as usize))))
            })
            .collect()
    };
    let options = CorpusOptions { validation: 0.3, per_problem: 2, ..options() };
    let corpus = build(&problems, candidates(&problems), &[], &options);
    let mut side: BTreeMap<&str, HashSet<Split>> = BTreeMap::new();
    for (split, example) in &corpus.examples {
        side.entry(&example.problem).or_default().insert(*split);
    }
    assert!(side.values().all(|sides| sides.len() == 1), "no problem is on both sides");
    let mut of_template = side.iter().filter(|(id, _)| id.starts_with('q'));
    assert!(of_template.all(|(_, sides)| *sides == side["q000"]), "one template is on one side");
    let backwards: Vec<Candidate> = candidates(&problems).into_iter().rev().collect();
    assert_eq!(build(&problems, backwards, &[], &options), corpus, "the order of the rows does not matter");
}

/// Words that make statements differ: a number spelt in an alphabet of twenty words, several times over.
fn words_of(n: usize) -> String {
    const WORDS: [&str; 20] = [
        "amber", "basil", "cedar", "delta", "ember", "fjord", "grove", "heath", "inlet", "jetty", "knoll",
        "ledge", "marsh", "north", "oasis", "plain", "quarry", "ridge", "shore", "tundra",
    ];
    (0..40).map(|k| WORDS[(n * (k + 7) + k * k * (n % 13)) % 20]).collect::<Vec<_>>().join(" ")
}

#[test]
fn the_share_of_validation_is_about_what_was_asked() {
    let options = CorpusOptions { validation: 0.3, seed: 7, ..options() };
    let count = (0..1000).filter(|n| split_of(&n.to_string(), &options) == Split::Validation).count();
    assert!((250..350).contains(&count), "{count}");
}
