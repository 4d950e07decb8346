//! `tirade verify`: one pair explained, files of pairs, groups, exit codes.

use crate::command::Place;

#[test]
fn one_pair_is_explained_and_the_exit_code_tells() {
    let place = Place::new();
    let equal = place.run(&["verify", "--gold", r"\frac{1}{2}", "--answer", "0.5"]);
    assert!(equal.starts_with("equal: the same number") && equal.contains("read as 1/2"), "{equal}");
    let reply = place.run(&["verify", "--gold", "-3", "--answer", r"so it is \boxed{-3}."]);
    assert!(reply.contains("answer      -3"), "{reply}");
    let (code, error) = place.fails(&["verify", "--gold", "1/2", "--answer", "0.4"]);
    assert!(code == 1 && error.is_empty(), "{code} {error}");
}

#[test]
fn files_of_pairs_and_of_votes() {
    let place = Place::new();
    place.write(
        "cases.jsonl",
        "{\"id\": 1, \"gold\": \"1/3\", \"pred\": \"0.3333\", \"raw_answer\": true}\n[]\n",
    );
    let rows = place.run(&["verify", "--cases", "cases.jsonl", "--threads", "2"]);
    let lines: Vec<&str> = rows.lines().collect();
    assert!(lines[0].contains("\"equal\"") && lines[1].contains("bad_row"), "{rows}");
    let rows = place.run(&["verify", "--cases", "cases.jsonl", "--policy", "gsm8k"]);
    assert!(rows.contains("\"not_equal\""), "{rows}");
    place.write("votes.jsonl", "{\"answers\": [\"1/2\", \"2\", \"0.5\"]}\n");
    let votes = place.run(&["verify", "--group", "votes.jsonl"]);
    assert!(votes.contains("[0,1,0]") && votes.contains("\"votes\":2"), "{votes}");
    let (code, error) = place.fails(&["verify", "--cases", "cases.jsonl", "--policy", "nonsense"]);
    assert!(code == 2 && error.contains("gsm8k"), "{code} {error}");
}
