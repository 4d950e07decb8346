//! One JSON object a line in, one a line out, in order: for `verify --cases` and `check --cases`.

use std::fs::File;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::time::Instant;

use anyhow::Context as _;
use serde_json::{Value, json};

/// Lines worked on at once; memory stays flat for files of any length.
const CHUNK: usize = 4096;

/// Applies `work` to every row of a file with some threads and prints the results in order. A line that is no JSON object gives an error row.
/// Rows per CPU-second go to standard error.
pub fn map(path: &Path, threads: usize, work: impl Fn(&Value) -> Value + Sync) -> anyhow::Result<()> {
    let file = File::open(path).with_context(|| format!("cannot read {}", path.display()))?;
    let mut lines = BufReader::new(file).lines().enumerate();
    let mut output = std::io::BufWriter::new(std::io::stdout().lock());
    let (mut rows, started) = (0, Instant::now());
    let mut busy = 0.0;
    loop {
        let chunk: Vec<(usize, String)> = lines
            .by_ref()
            .take(CHUNK)
            .map(|(number, line)| line.map(|line| (number + 1, line)))
            .collect::<Result<_, _>>()
            .with_context(|| format!("cannot read {} on", path.display()))?;
        if chunk.is_empty() {
            break;
        }
        let (results, seconds) = spread(&chunk, threads.max(1), &work);
        busy += seconds;
        rows += chunk.len();
        for result in results {
            writeln!(output, "{result}")?;
        }
    }
    output.flush()?;
    let wall = started.elapsed().as_secs_f64();
    eprintln!("{rows} rows in {wall:.2} s; {:.0} rows per CPU-second", rows as f64 / busy.max(1e-9));
    Ok(())
}

/// Seconds this thread has been on a processor since it was started; where the system does not say or too little was done, those since `started`.
fn cpu_seconds(started: Instant) -> f64 {
    let told = std::fs::read_to_string("/proc/thread-self/schedstat").ok();
    let nanoseconds = told.and_then(|t| t.split_whitespace().next()?.parse::<u64>().ok());
    // The system counts in ticks of some milliseconds, so a short run is better timed by the clock.
    let told = nanoseconds.map(|ns| ns as f64 / 1e9).filter(|seconds| *seconds > 0.02);
    told.unwrap_or_else(|| started.elapsed().as_secs_f64())
}

/// Results in order, and the CPU-seconds all threads worked together.
fn spread(
    chunk: &[(usize, String)],
    threads: usize,
    work: &(impl Fn(&Value) -> Value + Sync),
) -> (Vec<Value>, f64) {
    let size = chunk.len().div_ceil(threads);
    let parts: Vec<(Vec<Value>, f64)> = std::thread::scope(|scope| {
        let handles: Vec<_> = chunk
            .chunks(size)
            .map(|part| {
                scope.spawn(move || {
                    let started = Instant::now();
                    let results = part.iter().map(|(number, line)| row(*number, line, work)).collect();
                    (results, cpu_seconds(started))
                })
            })
            .collect();
        handles.into_iter().map(|handle| handle.join().expect("a row's work does not panic")).collect()
    });
    let seconds = parts.iter().map(|(_, seconds)| seconds).sum();
    (parts.into_iter().flat_map(|(results, _)| results).collect(), seconds)
}

fn row(number: usize, line: &str, work: &impl Fn(&Value) -> Value) -> Value {
    match serde_json::from_str::<Value>(line) {
        Ok(value) if value.is_object() => work(&value),
        Ok(_) => bad_row(number, "expected a JSON object".into()),
        Err(error) => bad_row(number, format!("not valid JSON: {error}")),
    }
}

fn bad_row(number: usize, error: String) -> Value {
    json!({"line": number, "verdict": "bad_row", "reason": error, "error": error})
}

/// A text field of a row; numbers are taken as they are written.
pub fn text(row: &Value, field: &str) -> Option<String> {
    match row.get(field)? {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}
