//! Stages only look left: no module imports one that comes after it.

use std::path::Path;

/// From left to right. A module may use those before it.
const ORDER: &[&str] = &[
    "hash", "stop", "problem", "dataset", "model", "mock_server", "tool", "trace", "prompts", "store", "solver", "verdict", "import", "translate", "corpus", "eval",
    "pipeline", "export", "report",
];

fn position(module: &str) -> usize {
    ORDER.iter().position(|name| *name == module).unwrap_or_else(|| panic!("module {module} has no place in ORDER"))
}

/// Every module named after `crate::` in a line of code, test modules left out.
fn imports(source: &str) -> Vec<String> {
    let code = source.split("#[cfg(test)]").next().unwrap_or_default();
    let lines = code.lines().map(str::trim_start).filter(|line| !line.starts_with("//"));
    lines
        .flat_map(|line| line.split("crate::").skip(1).map(str::to_owned).collect::<Vec<_>>())
        .map(|rest| rest.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect::<String>())
        .filter(|name| name.chars().next().is_some_and(|c| c.is_lowercase()))
        .collect()
}

fn visit(folder: &Path, module: &str, wrong: &mut Vec<String>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            visit(&path, module, wrong);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            for import in imports(&std::fs::read_to_string(&path).unwrap()) {
                if position(&import) > position(module) {
                    wrong.push(format!("{} uses crate::{import}", path.display()));
                }
            }
        }
    }
}

#[test]
fn stages_only_look_left() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut wrong = Vec::new();
    for entry in std::fs::read_dir(&source).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        if name == "lib" {
            continue;
        }
        if path.is_dir() {
            visit(&path, &name, &mut wrong);
        } else {
            for import in imports(&std::fs::read_to_string(&path).unwrap()) {
                if position(&import) > position(&name) {
                    wrong.push(format!("{} uses crate::{import}", path.display()));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
