//! Runs standard input as one cell and prints the result: `echo '1 + 1' | cargo run -p tirade-sandbox --example cell`.
//! Cells separated by a line `---` share one session. With `--features wasm` and the argument `wasm`: the same in WebAssembly.

use std::io::Read;
use std::path::Path;
use tirade_sandbox::{BackendKind, Limits, SandboxConfig, setup};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let backend: BackendKind =
        std::env::args().nth(1).map_or(Ok(BackendKind::default()), |name| name.parse())?;
    let mut code = String::new();
    std::io::stdin().read_to_string(&mut code)?;
    let dir = Path::new("target/tmp").join(backend.folder());
    let configure = |path| SandboxConfig { workers: 1, ..SandboxConfig::new(path) };
    let sandbox = setup::start(backend, &dir, &mut |step| eprintln!("{step}"), &configure)?;
    eprintln!("{}", sandbox.versions());
    let session = sandbox.session();
    for cell in code.split("\n---\n") {
        println!("{}", serde_json::to_string_pretty(&session.execute(cell, &Limits::default())?)?);
    }
    Ok(())
}
