//! Runs of `tirade` in a folder of their own, with the tools' Python and downloaded models shared between tests.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// A scripted teacher that solves the first built-in problem with Python and translates its trace.
pub const TEACHER: &str = r#"
{"when": {"contains": "rolls into each bag", "turn": 0}, "reply": "We divide.\n```python\nprint(138 // 6)\n```"}
{"when": {"contains": "rolls into each bag", "turn": 1}, "reply": "She fills $138/6 = 23$ bags: \\boxed{23}."}
{"when": {"contains": "mathematics teacher, write"}, "reply": "Since $6 \\cdot 23 = 138$, we have $138 / 6 = 23$. \\boxed{23}"}
{"when": {"contains": "mathematical writer"}, "reply": "Each bag takes $6$ rolls. Since $6 \\cdot 23 = 138$, she fills $138 / 6 = 23$ bags. The answer is $\\boxed{23}$."}
{"reply": "I do not know."}
"#;

/// A folder that a test works in; removed at the end.
pub struct Place {
    folder: tempfile::TempDir,
}

impl Place {
    pub fn new() -> Self {
        Self { folder: tempfile::tempdir().expect("a temporary folder can be made") }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.path(name);
        std::fs::write(&path, text).expect("the temporary folder can be written");
        path
    }

    /// `tirade ARGUMENTS` here, not started yet. Keys and folders of the person who runs the tests stay out of it.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_tirade"));
        command.current_dir(self.folder.path()).env("TIRADE_HOME", home()).args(arguments);
        for variable in ["OPENAI_API_KEY", "MISTRAL_API_KEY", "GROQ_API_KEY", "TIRADE_API_KEY"] {
            command.env_remove(variable);
        }
        command
    }

    /// What a run that must succeed printed.
    pub fn run(&self, arguments: &[&str]) -> String {
        let output = self.output(arguments);
        assert!(
            output.status.success(),
            "tirade {}\n{}{}",
            arguments.join(" "),
            text(&output.stdout),
            text(&output.stderr)
        );
        text(&output.stdout)
    }

    /// What a run that must fail said: its exit code and its error.
    pub fn fails(&self, arguments: &[&str]) -> (i32, String) {
        let output = self.output(arguments);
        assert!(
            !output.status.success(),
            "tirade {} should have failed\n{}",
            arguments.join(" "),
            text(&output.stdout)
        );
        (output.status.code().unwrap_or(-1), text(&output.stderr))
    }

    fn output(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().expect("the program starts")
    }
}

/// Shared by all tests of a build, so that Python and models are fetched once. `TIRADE_HOME` can name another.
fn home() -> PathBuf {
    std::env::var_os("TIRADE_HOME")
        .map_or_else(|| Path::new(env!("CARGO_TARGET_TMPDIR")).join("home"), PathBuf::from)
}

pub fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
