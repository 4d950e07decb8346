//! The pipeline with a real language model, small enough for any machine: SmolLM2-135M answers, is trained on a scripted teacher's prose, and
//! answers with its adapter.

use crate::command::{Place, TEACHER};

#[test]
fn a_student_is_trained_and_measured() {
    let place = Place::new();
    place.write("teacher.jsonl", TEACHER);
    let student = "local:smollm2-135m-instruct";
    place.run(&["solve", "--model", "script:teacher.jsonl", "--num", "1"]);
    place.run(&["translate", "--model", "script:teacher.jsonl"]);
    place.run(&["corpus", "--validation", "0"]);
    let trained = place.run(&[
        "train",
        "--model",
        student,
        "--rank",
        "4",
        "--train-epochs",
        "6",
        "--learning-rate",
        "1e-3",
    ]);
    assert!(trained.contains("6 steps"), "{trained}");

    // The one example is learnt by heart: the adapted model gives its answer, the base model does not.
    let problem = ["--dataset", "starter/prealgebra", "--mode", "train", "--num", "1", "--max-tokens", "80"];
    let mut arguments = vec!["eval", "--model", student, "--adapter", "latest"];
    arguments.extend(problem);
    let evaluated = place.run(&arguments);
    assert!(evaluated.contains("1 attempts") && evaluated.contains("McNemar"), "{evaluated}");
    place.run(&["report"]);
    let page = std::fs::read_to_string(place.path("tirade-work/report.html")).unwrap();
    assert!(page.contains("with adapter"));
}
