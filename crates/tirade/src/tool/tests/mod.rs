//! Tests of the whole toolbox, over one sandbox that all of them share.

mod batch;
mod code;
mod golden;
mod lanes;

use std::path::Path;
use std::sync::{Arc, OnceLock};

use serde_json::{Value, json};
use tirade_math::derivation::omitted;
use tirade_sandbox::{BackendKind, Sandbox, SandboxConfig, setup};

use super::args::Args;
use super::spec::{Answer, Decline};
use super::*;

/// The toolbox of all tests, or `None` (after a clear line) where no Python can be had. In CI that is a failure.
fn toolbox() -> Option<&'static StandardToolbox> {
    static TOOLBOX: OnceLock<Option<StandardToolbox>> = OnceLock::new();
    TOOLBOX
        .get_or_init(|| sandbox().map(|s| StandardToolbox::new(ToolkitSelection::ALL, Arc::new(s))))
        .as_ref()
}

fn sandbox() -> Option<Sandbox> {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/tmp/python");
    match setup::ensure_environment(BackendKind::Native, &dir, &mut |step| eprintln!("{step}")) {
        Ok(python) => Some(
            Sandbox::start(SandboxConfig { workers: 1, ..SandboxConfig::new(python) })
                .expect("the sandbox starts"),
        ),
        Err(error) if std::env::var_os("CI").is_some() => panic!("{error}"),
        Err(error) => {
            eprintln!("SKIPPED: no Python environment for the tool tests: {error}");
            None
        }
    }
}

/// Calls one tool in a fresh session; the content as JSON.
fn call(toolbox: &StandardToolbox, name: &str, arguments: Value) -> Value {
    let outcome = toolbox.open().run(name, &arguments, None).expect("the sandbox works");
    outcome.json
}

#[test]
fn python_reads_no_text_as_code() {
    let sources = [
        ("tree", include_str!("../../../python/tree.py")),
        ("serve", include_str!("../../../python/serve.py")),
        ("algebra", include_str!("../../../python/algebra.py")),
        ("calculus", include_str!("../../../python/calculus.py")),
        ("matrices", include_str!("../../../python/matrices.py")),
        ("numbers", include_str!("../../../python/numbers.py")),
        ("arithmetic", include_str!("../../../python/arithmetic.py")),
        ("geometry", include_str!("../../../python/geometry.py")),
        ("conics", include_str!("../../../python/conics.py")),
    ];
    for (name, source) in sources {
        for banned in [
            "parse_expr",
            "sympify",
            "eval(",
            "exec(",
            "parse_latex",
            "getattr",
            "__import__",
            "pickle",
            "lambdify",
        ] {
            let hits: Vec<&str> =
                source.lines().filter(|line| line.contains(banned) && !line.contains("evaluat")).collect();
            assert!(hits.is_empty(), "{name}.py has {banned}: {hits:?}");
        }
    }
}

#[test]
fn every_tool_of_the_sympy_lane_has_its_python_function() {
    let Some(toolbox) = toolbox() else { return };
    for tool in ToolkitSelection::ALL.tools().filter(|tool| tool.python.is_some()) {
        let reply = toolbox.shared_worker_call(
            &json!({ "name": tool.name, "function": tool.python, "args": {}, "fixed": {} }),
        );
        assert!(!reply.to_string().contains("there is no such tool"), "{}: {reply}", tool.name);
    }
}

#[test]
fn specifications_are_strict_and_names_unique() {
    let specs = ToolkitSelection::ALL.specs(BackendKind::Native);
    let mut names: Vec<&str> = specs.iter().map(|spec| spec.name.as_str()).collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), specs.len(), "two tools have one name");
    for spec in &specs {
        let parameters = &spec.parameters;
        let required: Vec<&str> =
            parameters["required"].as_array().unwrap().iter().map(|v| v.as_str().unwrap()).collect();
        let properties: Vec<&String> = parameters["properties"].as_object().unwrap().keys().collect();
        assert_eq!(required, properties, "{}", spec.name);
        assert_eq!(parameters["additionalProperties"], false, "{}", spec.name);
        assert!(
            spec.description.ends_with('.') && spec.description.len() < 300,
            "{}: {}",
            spec.name,
            spec.description
        );
        assert!(
            spec.name.len() <= 64 && spec.name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_'),
            "{}",
            spec.name
        );
    }
}

/// Back-translation speaks from the derivations: no native answer comes without, and none is another without it.
#[test]
fn every_native_answer_has_a_derivation() {
    let mut random = super::random::Random::new(5);
    let mut bare = Vec::new();
    for tool in ToolkitSelection::ALL.tools() {
        let Some(native) = tool.native else { continue };
        for _ in 0..20 {
            let arguments = super::random::arguments(tool, &mut random);
            let Ok(args) = Args::read(tool, &arguments) else { continue };
            let told = native(&args);
            if told.as_ref().is_ok_and(|answer| answer.derivation.as_ref().is_none_or(String::is_empty)) {
                bare.push(format!("{} {arguments}", tool.name));
            }
            let content = |answer: Result<Answer, Decline>| answer.map(|answer| answer.content);
            assert_eq!(content(omitted(|| native(&args))), content(told), "{} {arguments}", tool.name);
        }
    }
    assert!(bare.is_empty(), "{}", bare.join("\n"));
}
