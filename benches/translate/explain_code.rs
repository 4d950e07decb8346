//! Explains programs without a model: one JSON array of cells a line, each `{"code", "output", "failed"}`, on standard input; one JSON object a line
//! out, `{"text"}` or `{"refused"}`. Used by `benches/translate/`.

use std::io::{BufRead, Write};

use serde_json::{Value, json};
use tirade::translate::code::Reader;

fn main() -> std::io::Result<()> {
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    for line in std::io::stdin().lock().lines() {
        let cells: Vec<Value> = serde_json::from_str(&line?)?;
        writeln!(out, "{}", explain(&cells))?;
    }
    out.flush()
}

fn explain(cells: &[Value]) -> Value {
    let mut reader = Reader::default();
    let mut texts = Vec::new();
    for cell in cells {
        let code = cell["code"].as_str().unwrap_or_default();
        if cell["failed"] == true {
            reader.pass_over(code);
            continue;
        }
        match reader.explain(code, cell["output"].as_str().unwrap_or_default()) {
            Ok(text) => texts.push(text),
            Err(why) => return json!({"refused": why.to_string()}),
        }
    }
    json!({"text": texts.join("\n")})
}
