//! Rows of calls in, rows of outcomes out: order is kept within a session, sessions run side by side.
//!
//! In:  `{"id": 1, "session": "a", "tool": "solve_equation", "args": {…}}` or `{"id": 2, "session": "a", "code": "x = 5\nx + 1"}`, with
//! `"limits": {"wall_s": 5}` if wanted. Rows without a session share nothing with others.
//! Out: `{"id", "status", "result" | "stdout", "stderr", "error", "wall_ms", "cpu_ms", "cached", "truncated"}`, as soon as it is known.
//! A row that cannot be read gives a row with status `error`; only a broken sandbox or a broken pipe ends the batch. A row that is
//! given again (same session, id and call: its reply was lost) is not carried out again: its outcome is, marked as cached.

use std::collections::{HashMap, VecDeque};
use std::io::{BufRead, Write};
use std::sync::{Condvar, Mutex, MutexGuard};

use serde_json::{Map, Value, json};
use tirade_sandbox::Limits;

use super::batch_row::{Call, Row, outcome_row};
use super::{EXECUTE_CODE, StandardSession, StandardToolbox, ToolFailure};

/// Interpreters kept for idle sessions; the longest idle gives its up and is rebuilt from its cells when it is called again.
const MAX_IDLE: usize = 64;
/// Memory that idle sessions may hold together; beyond it the largest give up their interpreters.
const MAX_IDLE_BYTES: u64 = 1 << 30;
/// Rows read ahead of what is done.
const MAX_PENDING: usize = 10_000;
/// Outcomes kept per session for rows that are given again.
const MAX_ANSWERED: usize = 100;

/// Runs all rows on `workers` threads.
///
/// # Errors
/// When the input cannot be read, the output cannot be written, or the sandbox is broken.
pub fn run(
    toolbox: &StandardToolbox,
    input: impl BufRead,
    output: impl Write + Send,
    workers: usize,
) -> Result<(), ToolFailure> {
    let batch =
        Batch { toolbox, board: Mutex::default(), changed: Condvar::new(), output: Mutex::new(output) };
    std::thread::scope(|scope| {
        for _ in 0..workers.max(1) {
            scope.spawn(|| batch.work());
        }
        batch.read(input);
    });
    let failed = batch.board().failed.take();
    failed.map_or(Ok(()), Err)
}

struct Batch<'a, W> {
    toolbox: &'a StandardToolbox,
    board: Mutex<Board>,
    /// The board changed: a session became ready or a place free, the input ended, or the batch failed.
    changed: Condvar,
    output: Mutex<W>,
}

/// What is to do, and who does it.
#[derive(Default)]
struct Board {
    /// Rows waiting, by session; a session that a worker has taken keeps its queue here.
    queues: HashMap<String, VecDeque<Row>>,
    /// Sessions with rows and without a worker.
    ready: VecDeque<String>,
    /// Sessions without rows, longest idle first.
    idle: VecDeque<(String, Open)>,
    pending: usize,
    ended: bool,
    failed: Option<ToolFailure>,
}

/// A session that has been called.
struct Open {
    tools: StandardSession,
    /// What was asked for and answered, oldest first.
    answered: VecDeque<(Value, Call, Value)>,
    /// Memory its interpreter holds, in bytes.
    bytes: u64,
}

impl Open {
    fn hibernate(&mut self) {
        self.tools.hibernate();
        self.bytes = 0;
    }
}

impl<W: Write + Send> Batch<'_, W> {
    fn board(&self) -> MutexGuard<'_, Board> {
        self.board.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    fn fail(&self, failure: ToolFailure) {
        self.board().failed.get_or_insert(failure);
        self.changed.notify_all();
    }

    /// Hands out the rows until the input ends.
    fn read(&self, input: impl BufRead) {
        for (number, line) in input.split(b'\n').enumerate() {
            let line = match line {
                Ok(line) => line,
                Err(error) => {
                    self.fail(ToolFailure(format!(
                        "line {} of the calls cannot be read: {error}",
                        number + 1
                    )));
                    break;
                }
            };
            if line.trim_ascii().is_empty() {
                continue;
            }
            let row = Row::read(&line, number + 1);
            let mut board = self.board();
            while board.pending >= MAX_PENDING && board.failed.is_none() {
                board = self.changed.wait(board).unwrap_or_else(|poisoned| poisoned.into_inner());
            }
            if board.failed.is_some() {
                break;
            }
            board.add(row);
            drop(board);
            self.changed.notify_all();
        }
        self.board().ended = true;
        self.changed.notify_all();
    }

    /// One thread: takes a ready session, makes its next call, puts it back.
    fn work(&self) {
        while let Some((name, mut session, row)) = self.take() {
            let done = self.answer(&mut session, row).and_then(|row| self.write(&row));
            match done {
                Ok(()) => self.put_back(name, session),
                Err(failure) => return self.fail(failure),
            }
        }
    }

    fn take(&self) -> Option<(String, Open, Row)> {
        let mut board = self.board();
        loop {
            if board.failed.is_some() || (board.ended && board.pending == 0) {
                return None;
            }
            let Some(name) = board.ready.pop_front() else {
                board = self.changed.wait(board).unwrap_or_else(|poisoned| poisoned.into_inner());
                continue;
            };
            let row = board.queues.get_mut(&name).and_then(VecDeque::pop_front)?;
            let idle =
                board.idle.iter().position(|(idle, _)| *idle == name).and_then(|at| board.idle.remove(at));
            drop(board);
            let open = || Open { tools: self.toolbox.open(), answered: VecDeque::new(), bytes: 0 };
            return Some((name, idle.map_or_else(open, |(_, session)| session), row));
        }
    }

    /// Carries a row out, unless it is one that was carried out before.
    fn answer(&self, session: &mut Open, row: Row) -> Result<Value, ToolFailure> {
        if row.named
            && let Some((_, _, known)) =
                session.answered.iter().find(|(id, call, _)| (id, call) == (&row.id, &row.call))
        {
            return Ok(repeated(known));
        }
        let outcome = call(&mut session.tools, &row)?;
        session.bytes = session.tools.memory();
        if row.named && row.session.is_some() {
            session.answered.push_back((row.id, row.call, outcome.clone()));
            session.answered.drain(..session.answered.len().saturating_sub(MAX_ANSWERED));
        }
        Ok(outcome)
    }

    fn write(&self, row: &Value) -> Result<(), ToolFailure> {
        let mut output = self.output.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        let written = writeln!(output, "{row}").and_then(|()| output.flush());
        written.map_err(|error| ToolFailure(format!("a result cannot be written: {error}")))
    }

    /// After the end of the input a session without rows is over; before, more rows may come.
    fn put_back(&self, name: String, session: Open) {
        let mut board = self.board();
        board.pending -= 1;
        let is_over = board.ended || name.starts_with('\0');
        match board.queues.get(&name).map(VecDeque::is_empty) {
            Some(false) => {
                board.idle.push_back((name.clone(), session));
                // Its next call comes first: the fewer sessions are under way, the fewer interpreters are needed.
                board.ready.push_front(name);
            }
            _ => {
                board.queues.remove(&name);
                if !is_over {
                    board.idle.push_back((name, session));
                }
            }
        }
        board.hibernate();
        drop(board);
        self.changed.notify_all();
    }
}

impl Board {
    fn add(&mut self, row: Row) {
        self.pending += 1;
        // A row without a session gets a name that no row can write, whatever it writes.
        let name =
            row.session.as_ref().map_or_else(|| format!("\0{}", row.number), |name| format!("={name}"));
        let is_new = !self.queues.contains_key(&name);
        self.queues.entry(name.clone()).or_default().push_back(row);
        if is_new {
            self.ready.push_back(name);
        }
    }

    /// The sessions idle for longest give up their interpreters, and the largest when all together are too large.
    fn hibernate(&mut self) {
        let excess = self.idle.len().saturating_sub(MAX_IDLE);
        for (_, session) in self.idle.iter_mut().take(excess) {
            session.hibernate();
        }
        while self.idle.iter().map(|(_, session)| session.bytes).sum::<u64>() > MAX_IDLE_BYTES
            && let Some((_, largest)) = self.idle.iter_mut().max_by_key(|(_, session)| session.bytes)
        {
            largest.hibernate();
        }
    }
}

fn call(tools: &mut StandardSession, row: &Row) -> Result<Value, ToolFailure> {
    let outcome = match &row.call {
        Call::Tool { tool, args, limits } => tools.run(tool, args, limits.as_ref())?,
        Call::Code { code, limits } => tools.run(EXECUTE_CODE, &json!({ "code": code }), limits.as_ref())?,
        Call::Wrong(message) => return Ok(json!({ "id": row.id, "status": "error", "error": message })),
    };
    Ok(outcome_row(&row.id, outcome))
}

fn repeated(known: &Value) -> Value {
    let mut row = known.clone();
    row["cached"] = json!(true);
    row["wall_ms"] = json!(0.0);
    row["cpu_ms"] = json!(0.0);
    row
}

/// Limits as a row writes them, over the defaults.
pub(super) fn limits(map: &Map<String, Value>) -> Result<Limits, String> {
    let mut limits = Limits { output: 64 << 10, ..Limits::default() };
    for (name, value) in map {
        let amount = value.as_f64().filter(|a| a.is_finite() && *a > 0.0);
        let amount =
            amount.ok_or_else(|| format!("the limit {name} must be a positive number, found {value}"))?;
        let time = |seconds: f64| std::time::Duration::from_secs_f64(seconds.min(86_400.0));
        match name.as_str() {
            "wall_s" | "wall" | "timeout" | "timeout_s" => limits.wall = time(amount),
            "wall_ms" | "timeout_ms" => limits.wall = time(amount / 1e3),
            "cpu_s" | "cpu" => limits.cpu = time(amount),
            "cpu_ms" => limits.cpu = time(amount / 1e3),
            "memory_mb" => limits.memory = (amount * 1048576.0) as u64,
            "memory" | "memory_bytes" => limits.memory = amount as u64,
            "output" | "output_bytes" => limits.output = amount as usize,
            _ => {
                return Err(format!(
                    "unknown limit {name}; known are wall_s, cpu_s, memory_mb, output_bytes"
                ));
            }
        }
    }
    Ok(limits)
}
