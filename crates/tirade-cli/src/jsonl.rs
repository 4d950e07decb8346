//! One JSON object a line in, one a line out, in order: for `verify --cases` and `check --cases`.

use std::fs::File;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::Path;
use std::time::Instant;

use anyhow::Context as _;
use serde_json::{Value, json};

/// Bytes read at once, and so worked on at once: memory stays flat for files of any length.
const CHUNK: usize = 1 << 20;

/// Applies `work` to every row of a file (`-` is standard input) with some threads and prints the results in order. A line that is no JSON object
/// gives an error row. What has come is answered before more is waited for, so another program can ask line by line. Rows per CPU-second go to
/// standard error.
pub fn map(path: &Path, threads: usize, work: impl Fn(&Value) -> Value + Sync) -> anyhow::Result<()> {
    let input: Box<dyn Read> = match path.to_str() {
        Some("-") => Box::new(std::io::stdin()),
        _ => Box::new(File::open(path).with_context(|| format!("cannot read {}", path.display()))?),
    };
    let mut input = BufReader::with_capacity(CHUNK, input);
    let mut output = std::io::BufWriter::new(std::io::stdout().lock());
    let (mut rows, started) = (0, Instant::now());
    let mut busy = 0.0;
    loop {
        let chunk = lines(&mut input, rows).with_context(|| format!("cannot read {} on", path.display()))?;
        if chunk.is_empty() {
            break;
        }
        let (results, seconds) = spread(&chunk, threads.max(1), &work);
        busy += seconds;
        rows += chunk.len();
        for result in results {
            writeln!(output, "{result}")?;
        }
        output.flush()?;
    }
    let wall = started.elapsed().as_secs_f64();
    eprintln!("{rows} rows in {wall:.2} s; {:.0} rows per CPU-second", rows as f64 / busy.max(1e-9));
    Ok(())
}

/// The next line, which is waited for, and all whole ones that have come with it; with their numbers, of which `before` are past. None at the end.
fn lines(input: &mut BufReader<impl Read>, before: usize) -> std::io::Result<Vec<(usize, Vec<u8>)>> {
    let mut chunk = Vec::new();
    loop {
        let mut line = Vec::new();
        if input.read_until(b'\n', &mut line)? == 0 {
            return Ok(chunk);
        }
        chunk.push((before + chunk.len() + 1, line));
        if !input.buffer().contains(&b'\n') {
            return Ok(chunk);
        }
    }
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
    chunk: &[(usize, Vec<u8>)],
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

fn row(number: usize, line: &[u8], work: &impl Fn(&Value) -> Value) -> Value {
    match serde_json::from_slice::<Value>(line) {
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

#[cfg(test)]
mod tests {
    use super::*;

    /// Gives one piece at a time, as a pipe does.
    struct Pieces(Vec<&'static [u8]>);

    impl Read for Pieces {
        fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
            if self.0.is_empty() {
                return Ok(0);
            }
            let piece = self.0.remove(0);
            buffer[..piece.len()].copy_from_slice(piece);
            Ok(piece.len())
        }
    }

    #[test]
    fn what_has_come_is_answered_before_more_is_waited_for() {
        let mut input = BufReader::new(Pieces(vec![b"a\nb\nc", b"d\n", b"e"]));
        let mut seen = Vec::new();
        loop {
            let chunk = lines(&mut input, seen.iter().map(Vec::len).sum()).unwrap();
            if chunk.is_empty() {
                break;
            }
            seen.push(chunk);
        }
        let line = |number: usize, text: &str| (number, text.as_bytes().to_vec());
        assert_eq!(row(3, b"\xff", &|_: &Value| Value::Null)["verdict"], "bad_row", "bytes that are no text");
        assert_eq!(seen, [vec![line(1, "a\n"), line(2, "b\n")], vec![line(3, "cd\n")], vec![line(4, "e")]]);
    }
}
