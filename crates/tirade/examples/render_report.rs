//! Renders a report kept as JSON: `cargo run -p tirade --example render_report -- report.json > report.html`
//! (with `--text WIDTH` as plain text). The sample in `src/report/fixtures/` has invented figures.

use tirade::report::{Report, html, terminal};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let path = arguments.first().ok_or("usage: render_report REPORT.json [--text WIDTH]")?;
    let report: Report = serde_json::from_str(&std::fs::read_to_string(path)?)?;
    match arguments.get(2) {
        Some(width) => print!("{}", terminal::render(&report, width.parse()?)),
        None => print!("{}", html::render(&report)),
    }
    Ok(())
}
