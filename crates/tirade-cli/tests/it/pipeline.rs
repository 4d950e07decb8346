//! The whole pipeline with a scripted model: every stage, its figures, and doing it again.

use crate::command::Place;

/// Two problems of the starter set are worked with Python; one of the translations speaks of the program and is repaired. No rule explains the
/// program of the other; its drafts have a false equation, so its checked derivation stands in.
const SCRIPT: &str = r#"
{"when": {"contains": "mathematics teacher, write", "last": "rolls into each bag"}, "reply": "Since $6 \\cdot 23 = 138$, we have $138 / 6 = 23$. \\boxed{23}"}
{"when": {"contains": "mathematics teacher, write", "last": "5 + 3 \\cdot (12 - 8)^2"}, "reply": "We get $(12 - 8)^2 = 16$ and $5 + 3 \\cdot 16 = 53$. \\boxed{53}"}
{"when": {"contains": "mathematical writer", "last": "rolls into each bag", "turn": 0}, "reply": "Each bag takes $6$ rolls. The program gives $138 / 6 = 23$ bags, so the answer is $\\boxed{23}$."}
{"when": {"contains": "rolls into each bag", "last": "faults", "turn": 1}, "reply": "Each bag takes $6$ rolls. Since $6 \\cdot 23 = 138$, she fills $138 / 6 = 23$ bags. The answer is $\\boxed{23}$."}
{"when": {"contains": "5 + 3 \\cdot (12 - 8)^2", "last": "faults"}, "reply": "We have $12 - 8 = 4$ and $4^2 = 17$, so the value is $5 + 3 \\cdot 16 = 53$. The answer is $\\boxed{53}$."}
{"when": {"contains": "mathematical writer", "last": "5 + 3 \\cdot (12 - 8)^2"}, "reply": "We have $12 - 8 = 4$ and $4^2 = 17$, so the value is $5 + 3 \\cdot 16 = 53$. The answer is $\\boxed{53}$."}
{"when": {"contains": "rolls into each bag", "turn": 0}, "reply": "We divide the rolls by the size of a bag.\n```python\nprint(138 // 6)\n```\nThe output is 99."}
{"when": {"contains": "rolls into each bag", "last": "23", "turn": 1}, "reply": "She fills $138/6 = 23$ bags: \\boxed{23}."}
{"when": {"contains": "5 + 3 \\cdot (12 - 8)^2", "turn": 0}, "reply": "We evaluate it.\n```python\neval('5 + 3 * (12 - 8)**2')\n```"}
{"when": {"contains": "5 + 3 \\cdot (12 - 8)^2", "last": "53", "turn": 1}, "reply": "The value is \\boxed{53}."}
{"reply": "I do not know."}
"#;

/// What a command said, without what changes from run to run: ids, dates, times.
fn snapshot(name: &str, said: &str) {
    let mut settings = insta::Settings::clone_current();
    settings.set_prepend_module_to_snapshot(false);
    settings.add_filter(r"\b(solve|translate|corpus|train|eval)-[0-9a-f]{12}", "$1-ID");
    settings.add_filter(r"\w{3}, \d\d \w{3} \d{4} [\d:]{8} GMT", "DATE");
    settings.add_filter(r" *\b[\d.]+\u{a0}?(ms|s|min)\b| *\b[\d.]+ (ms|s|min)\b", " TIME");
    settings.bind(|| insta::assert_snapshot!(name, said));
}

#[test]
fn every_stage_and_again() {
    let place = Place::new();
    place.write("script.jsonl", SCRIPT);
    let model = ["--model", "script:script.jsonl"];
    let with = |command: &str, more: &[&str]| -> String {
        let mut arguments = vec![command];
        arguments.extend(more);
        if matches!(command, "solve" | "translate" | "eval") {
            arguments.extend(model);
        }
        place.run(&arguments)
    };
    snapshot("solve", &with("solve", &["--num", "3"]));
    snapshot("translate", &with("translate", &[]));
    let corpus = with("corpus", &["--validation", "0"]);
    snapshot("corpus", &corpus);
    let folder = corpus.lines().find_map(|line| line.strip_prefix("written to ")).unwrap();
    let examples = std::fs::read_to_string(place.path(folder).join("train.jsonl")).unwrap();
    assert!(examples.contains("Since $6") && !examples.contains("program"), "{examples}");
    assert!(!examples.contains("4^2 = 17"), "a false equation is never learnt from: {examples}");
    snapshot("eval", &with("eval", &["--num", "2"]));
    snapshot("report", &with("report", &[]));
    let page = std::fs::read_to_string(place.path("tirade-work/report.html")).unwrap();
    assert!(page.contains("execute_code") && page.contains("<math"), "the page has a trace and formulas");

    let trace = with("show", &["starter/prealgebra/1"]);
    assert!(trace.contains("▌result") && trace.contains("23"), "{trace}");
    let beside =
        trace.lines().find(|line| line.contains("138 // 6") && line.contains('│')).unwrap_or_default();
    assert!(beside.contains("bags") || beside.contains("6"), "the prose stands beside its call: {trace}");

    // The paper's tables.
    let reasoning = with("export", &["--table", "reasoning"]);
    assert!(
        reasoning.starts_with("reasoning_path_id,metadata_id,problem_id,date_run,solution_log,used_sympy,"),
        "{reasoning}"
    );
    assert!(
        reasoning.contains("<tool_name>execute_code</tool_name>") && !reasoning.contains("The output is 99"),
        "{reasoning}"
    );

    // The same commands find their runs and change nothing.
    let before = (
        with("runs", &[]),
        with("export", &["--table", "traces"]),
        with("export", &["--table", "solutions"]),
    );
    with("solve", &["--num", "3"]);
    with("translate", &[]);
    let after = (
        with("runs", &[]),
        with("export", &["--table", "traces"]),
        with("export", &["--table", "solutions"]),
    );
    assert_eq!(before, after);
}

#[test]
fn a_recipe_is_the_commands() {
    let place = Place::new();
    place.write("script.jsonl", SCRIPT);
    place.write(
        "recipe.toml",
        "title = \"test\"\n[solve]\nmodel = \"script:script.jsonl\"\nnum = 2\n[translate]\nmodel = \"script:script.jsonl\"\n[corpus]\nvalidation = 0.0\n[report]\n",
    );
    let said = place.run(&["run", "recipe.toml"]);
    assert!(
        said.contains("2 correct")
            && said.contains("2 of 2 traces accepted")
            && said.contains("2 training examples"),
        "{said}"
    );
    let runs = place.run(&["runs"]);
    let page = std::fs::read_to_string(place.path("tirade-work/report.html")).unwrap();
    assert!(page.contains("<title>test</title>"), "the recipe's title is the page's");
    place.run(&["run", "tirade-work/recipe.toml"]);
    assert_eq!(place.run(&["runs"]), runs, "the kept recipe is the same work");
    place.run(&["--dir", "other", "solve", "--model", "script:script.jsonl", "--num", "2"]);
    let alone = place.run(&["--dir", "other", "runs"]);
    assert_eq!(
        runs.split_whitespace().next(),
        alone.split_whitespace().next(),
        "the same work has the same run id"
    );
}

#[test]
fn two_ways_compete_in_one_corpus() {
    let place = Place::new();
    place.write("script.jsonl", SCRIPT);
    let model = "model = \"script:script.jsonl\"";
    place.write(
        "recipe.toml",
        &format!("[solve]\n{model}\nnum = 2\n[[translate]]\n{model}\n[[translate]]\nway = \"rules\"\n[corpus]\nvalidation = 0.0\nper-problem = 2\n[report]\n"),
    );
    let said = place.run(&["run", "recipe.toml"]);
    assert_eq!(said.matches("of 2 traces accepted").count(), 2, "{said}");
    let card: serde_json::Value = {
        let folder = std::fs::read_dir(place.path("tirade-work/corpus")).unwrap().next().unwrap().unwrap();
        serde_json::from_slice(&std::fs::read(folder.path().join("card.json")).unwrap()).unwrap()
    };
    assert_eq!(
        (&card["solutions"], &card["about"]["runs"].as_array().unwrap().len()),
        (&4.into(), &3),
        "{card}"
    );
    let page = std::fs::read_to_string(place.path("tirade-work/report.html")).unwrap();
    for stage in ["translate (mixed)", "translate (rules)"] {
        assert!(page.contains(stage), "{stage} is not on the page");
    }
    let runs = place.run(&["runs"]);
    place.run(&["run", "tirade-work/recipe.toml"]);
    assert_eq!(place.run(&["runs"]), runs, "the kept recipe is the same work");
}
