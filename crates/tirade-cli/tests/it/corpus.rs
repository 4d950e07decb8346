//! Traces of others become a corpus: import, translation, judge, recheck, filters, formats.

use serde_json::json;

use crate::command::Place;

/// Results that mathematics and judges are asked about; each is the answer of one imported trace.
const RESULTS: [&str; 8] = [
    "138",
    "47/72",
    "x**2 + 7*x + 10",
    "[-2, 2]",
    "{A: 20, C: 16}",
    "Interval(2, 5)",
    "sqrt(39)",
    "(175, 140, 280)",
];

/// Eight traces with a program in ToRA's layout, one in prose, and two rows that are wrong.
fn traces() -> String {
    let mut lines: Vec<String> = RESULTS
        .iter()
        .enumerate()
        .map(|(n, result)| {
            let reply = format!("We compute.\n```python\nprint(f({n}))\n```\n```output\n{result}\n```\nThe result is $\\boxed{{{result}}}$.");
            let messages = json!([{"role": "user", "content": format!("Evaluate the expression number {n}.")}, {"role": "assistant", "content": reply}]);
            json!({"id": format!("t{n}"), "gt": result, "messages": messages}).to_string()
        })
        .collect();
    let prose = "In spring the 14 hives give $14 \\cdot 20 = 280$ jars. In autumn they give half of that, $280 / 2 = 140$. Both together are $280 + 140 = 420$ jars, so the answer is $\\boxed{420}$.";
    lines.push(json!({"id": "bees", "problem": BEES, "answer": 420, "segments": [{"type": "text", "content": prose}]}).to_string());
    lines.push(json!({"problem": "Who?", "answer": "1", "segments": "none"}).to_string());
    lines.push("{".into());
    lines.join("\n") + "\n"
}

const BEES: &str = "A beekeeper has 14 hives. Each hive gives 20 jars of honey in spring and half as many in autumn. How many jars are that in a year?";

fn example_lines(place: &Place, name: &str) -> usize {
    std::fs::read_to_string(place.path(name)).unwrap().lines().count()
}

#[test]
fn traces_of_others_become_a_corpus() {
    let place = Place::new();
    place.write("traces.jsonl", &traces());
    let said = place.run(&["import", "traces.jsonl", "--bad-rows", "bad.jsonl"]);
    assert!(said.contains("9 attempts at 9 problems, 8 with calls (1 segments, 8 tora)"), "{said}");
    assert!(
        said.contains("2 rows could not be read") && said.contains("traces.jsonl:10: field `row`"),
        "{said}"
    );
    assert!(said.contains("traces.jsonl:11: field `row`"), "{said}");
    assert_eq!(example_lines(&place, "bad.jsonl"), 2);
    let before = (place.run(&["runs"]), place.run(&["export", "--table", "traces"]));
    assert_eq!(place.run(&["import", "traces.jsonl"]), said, "again, the same is told");
    assert_eq!(
        (place.run(&["runs"]), place.run(&["export", "--table", "traces"])),
        before,
        "and nothing changes"
    );

    // The model's own words, in every format, with a held-out set that has nothing to do with them.
    place.write("other_test.jsonl", "{\"problem\": \"Compute the number of primes below one hundred that end in seven.\", \"answer\": 6}\n");
    let corpus =
        ["corpus", "--preset", "own", "--validation", "0", "--format", "messages,sharegpt,alpaca,parquet"];
    let said = place.run(&[&corpus[..], &["--held-out", "other_test.jsonl", "--output", "own"]].concat());
    assert!(
        said.contains("8 not accepted: tool call") && said.contains("1 training examples of 1 problems"),
        "{said}"
    );
    for file in ["own/train.jsonl", "own/train.sharegpt.jsonl", "own/train.alpaca.jsonl"] {
        assert_eq!(example_lines(&place, file), 1, "{file}");
    }
    assert!(place.path("own/train.parquet").is_file());
    let card = std::fs::read_to_string(place.path("own/README.md")).unwrap();
    assert!(card.contains("| = examples | 1 |") && card.contains("sha256"), "{card}");

    // The same problem with other numbers is held out.
    let held = BEES.replace("14", "9").replace("20", "31");
    place.write(
        "bees_test.jsonl",
        &(json!({"id": "held/1", "problem": held, "answer": 419}).to_string() + "\n"),
    );
    let said = place.run(&[&corpus[..], &["--held-out", "bees_test.jsonl", "--output", "none"]].concat());
    assert!(said.contains("1 contaminated") && said.contains("numbers changed"), "{said}");
    let pairs = std::fs::read_to_string(place.path("none/contamination.jsonl")).unwrap();
    assert!(pairs.contains("held/1") && pairs.contains("31 jars") && pairs.contains("20 jars"), "{pairs}");
    assert!(
        place.fails(&["corpus", "--preset", "prose", "--from", "solve-none"]).1.contains("no run solve-none")
    );
}

#[test]
fn a_judge_below_the_bar_is_refused() {
    let place = Place::new();
    place.write("traces.jsonl", &traces());
    place.run(&["import", "traces.jsonl"]);
    place.write("yes.jsonl", "{\"reply\": \"They agree. \\\\boxed{True}\"}\n");
    let judge = ["judge", "--model", "script:yes.jsonl"];
    let foretold = |pilot| place.run(&[&judge[..], &["--dry-run", "--pilot", pilot]].concat());
    assert!(foretold("0").contains("pairs; 0 opinions are there"), "{}", foretold("0"));
    let with = foretold("3");
    assert!(with.contains("; 3 opinions are there") && with.contains("judging by 3 pairs"), "{with}");
    let said = place.run(&judge);
    assert!(foretold("3").contains("about 0 are missing"), "{}", foretold("3"));
    assert!(said.contains("sensitivity (planted errors found)      0 of "), "{said}");
    assert_eq!(place.run(&judge), said, "measured once");
    let bar = ["--judge-bar", "0.5"];
    let (_, error) = place.fails(&[&judge[..], &bar].concat());
    assert!(error.contains("below the bar 0.5") && error.contains("hint"), "{error}");
    let translate = ["translate", "--model", "script:yes.jsonl", "--way", "llm"];
    let (_, error) = place.fails(&[&translate[..], &bar].concat());
    assert!(error.contains("below the bar 0.5"), "{error}");
    assert!(!place.run(&["runs"]).contains("translate-"), "the run has not begun");
}

#[test]
fn a_recheck_asks_nobody_and_finds_the_same() {
    let place = Place::new();
    place.write("traces.jsonl", &traces());
    place.run(&["import", "traces.jsonl"]);
    place.write("no.jsonl", "{\"reply\": \"I do not know.\"}\n");
    let said = place.run(&[
        "translate",
        "--model",
        "script:no.jsonl",
        "--way",
        "llm",
        "--tries",
        "1",
        "--with-toolless",
    ]);
    assert!(said.contains("of 9 traces accepted"), "{said}");
    std::fs::remove_file(place.path("no.jsonl")).unwrap();
    let again = place.run(&["recheck"]);
    assert!(again.contains("0 of 9 outcomes changed (0 texts checked as they were stored)"), "{again}");
    assert_eq!(place.run(&["recheck"]).lines().next().map(|line| line.contains("0 of 9")), Some(true));
}
