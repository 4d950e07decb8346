//! Runs standard input as one cell and prints the result: `echo '1 + 1' | cargo run -p tirade-sandbox --example cell`.
//! Cells separated by a line `---` share one session.

use std::io::Read;
use tirade_sandbox::{Limits, Sandbox, SandboxConfig, setup};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut code = String::new();
    std::io::stdin().read_to_string(&mut code)?;
    let python = setup::ensure_environment("target/tmp/python".as_ref(), &mut |step| eprintln!("{step}"))?;
    let sandbox = Sandbox::start(SandboxConfig { workers: 1, ..SandboxConfig::new(python) })?;
    let session = sandbox.session();
    for cell in code.split("\n---\n") {
        println!("{}", serde_json::to_string_pretty(&session.execute(cell, &Limits::default())?)?);
    }
    Ok(())
}
