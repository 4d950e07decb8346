//! Decontamination measured: how much of a known contamination is found, how much else is flagged, how long it takes. See README.md.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Instant;

use tirade::corpus::heldout::{HeldOut, Kind, Match, Rules};
use tirade::corpus::{near, words};

/// Statements of a data set with their ids.
type Problems = Vec<(String, String)>;

fn main() {
    let data = PathBuf::from(std::env::args().nth(1).expect("usage: corpus_bench DATA_FOLDER [SHOW]"));
    let show: usize = std::env::args().nth(2).map_or(0, |text| text.parse().expect("SHOW is a number"));
    let gsm8k = read(&data, "gsm8k_test.jsonl");
    let math = read(&data, "math_test.jsonl");
    println!(
        "| statements | held out | n | found | right one | exact | numbers changed | n-gram | rephrased | seconds |"
    );
    println!("|---|---|---:|---:|---:|---:|---:|---:|---:|---:|");
    let gsm8k_index = index(&gsm8k);
    // Contamination that is known: line n of these files is made from item n of GSM8K test.
    measure("GSM8K test itself", &gsm8k, "GSM8K test", &gsm8k_index, &gsm8k, true, 0);
    measure(
        "GSM8K test, rephrased by a model",
        &rephrased(&data),
        "GSM8K test",
        &gsm8k_index,
        &gsm8k,
        true,
        0,
    );
    measure(
        "GSM-Hard (numbers changed)",
        &read(&data, "gsm_hard.jsonl"),
        "GSM8K test",
        &gsm8k_index,
        &gsm8k,
        true,
        0,
    );
    // Contamination that is not known: what is flagged is to be looked at.
    measure("MATH train", &read(&data, "math_train.jsonl"), "GSM8K test", &gsm8k_index, &gsm8k, false, show);
    measure(
        "GSM8K train",
        &read(&data, "gsm8k_train.jsonl"),
        "GSM8K test",
        &gsm8k_index,
        &gsm8k,
        false,
        show,
    );
    measure("SVAMP", &read(&data, "svamp.jsonl"), "GSM8K test", &gsm8k_index, &gsm8k, false, show);
    let math_index = index(&math);
    measure(
        "MATH-500 (a part of it)",
        &read(&data, "math500.jsonl"),
        "MATH test",
        &math_index,
        &math,
        false,
        0,
    );
    measure("GSM8K train", &read(&data, "gsm8k_train.jsonl"), "MATH test", &math_index, &math, false, show);
    measure("MATH train", &read(&data, "math_train.jsonl"), "MATH test", &math_index, &math, false, show);
    copies(&read(&data, "math_train.jsonl"));
}

fn index(problems: &Problems) -> HeldOut {
    HeldOut::new(problems.iter().map(|(id, text)| (id.as_str(), text.as_str())), Rules::default())
}

fn measure(
    name: &str,
    texts: &Problems,
    held: &str,
    index: &HeldOut,
    problems: &Problems,
    paired: bool,
    show: usize,
) {
    let started = Instant::now();
    let found: Vec<Vec<Match>> = texts.iter().map(|(_, text)| index.find(text)).collect();
    let seconds = started.elapsed().as_secs_f64();
    let flagged = found.iter().filter(|matches| !matches.is_empty()).count();
    let right = found
        .iter()
        .zip(problems)
        .filter(|(matches, (id, _))| matches.iter().any(|one| one.id == *id))
        .count();
    let mut kinds: BTreeMap<Kind, usize> = BTreeMap::new();
    for matches in &found {
        if let Some(first) = matches.first() {
            *kinds.entry(first.kind).or_default() += 1;
        }
    }
    let share = |count: usize| format!("{:.2} %", 100.0 * count as f64 / texts.len() as f64);
    let kind = |kind| kinds.get(&kind).copied().unwrap_or(0);
    println!(
        "| {name} | {held} | {} | {} | {} | {} | {} | {} | {} | {seconds:.2} |",
        texts.len(),
        share(flagged),
        if paired { share(right) } else { "".into() },
        kind(Kind::Exact),
        kind(Kind::NumbersChanged),
        kind(Kind::Ngram),
        kind(Kind::Rephrased)
    );
    let pairs = texts.iter().zip(&found).filter_map(|(text, matches)| Some((text, matches.first()?)));
    for ((id, text), first) in
        pairs.filter(|(_, first)| first.kind != Kind::Exact).step_by(1 + flagged / show.max(1)).take(show)
    {
        let other = problems.iter().find(|(id, _)| *id == first.id).map_or("", |(_, text)| text);
        println!(
            "\n{} {:.2} [{}]\n  {id}: {}\n  {}: {}",
            first.kind.as_str(),
            first.score,
            first.shared,
            clip(text),
            first.id,
            clip(other)
        );
    }
}

fn clip(text: &str) -> String {
    text.replace('\n', " ").chars().take(300).collect()
}

/// Near-duplicates within one set, by template and by words.
fn copies(problems: &Problems) {
    let tokens: Vec<_> = problems.iter().map(|(_, text)| words::tokens(text)).collect();
    for (name, bound, sets) in [
        (
            "same template (numbers masked)",
            0.7,
            tokens.iter().map(|tokens| words::shingles(&words::masked(tokens), 3)).collect::<Vec<_>>(),
        ),
        ("same words", 0.8, tokens.iter().map(|tokens| words::shingles(tokens, 3)).collect()),
    ] {
        let started = Instant::now();
        let pairs = near::pairs(&sets, bound);
        let seconds = started.elapsed().as_secs_f64();
        println!(
            "\nMATH train against itself, {name}, Jaccard ≥ {bound}: {} pairs of {} problems in {seconds:.2} s",
            pairs.len(),
            problems.len()
        );
    }
}

fn lines(data: &Path, name: &str) -> Vec<serde_json::Value> {
    let path = data.join(name);
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    text.lines().map(|line| serde_json::from_str(line).expect("a JSON line")).collect()
}

fn read(data: &Path, name: &str) -> Problems {
    let text = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
    let row = |(number, row): (usize, &serde_json::Value)| {
        (format!("{name}:{} {}", number + 1, text(&row["id"])), text(&row["problem"]))
    };
    lines(data, name).iter().enumerate().map(row).collect()
}

/// `Question: …\nAnswer: …` in one text.
fn rephrased(data: &Path) -> Problems {
    let statement = |row: &serde_json::Value| {
        let text = row["text"].as_str().unwrap_or_default();
        let text = text.strip_prefix("Question: ").unwrap_or(text);
        text.split("\nAnswer:").next().unwrap_or_default().to_owned()
    };
    let rows = lines(data, "gsm8k_test_rephrased.jsonl");
    rows.iter()
        .enumerate()
        .map(|(number, row)| (format!("rephrased:{}", number + 1), statement(row)))
        .collect()
}
