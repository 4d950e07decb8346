//! Rows of the stages: attempts with their events, solutions, examples, adapters, scores.

use rusqlite::{Connection, OptionalExtension, params};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::writer::Write;
use super::{Store, StoreError, encode};
use crate::trace::{Event, Trace};

/// Which attempt at which problem.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct AttemptKey {
    pub problem: String,
    pub attempt: u32,
}

/// How an attempt ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// The answer equals the gold answer.
    Correct,
    Wrong,
    /// The verifier could not decide.
    Undecided,
    NoAnswer,
    /// A limit (turns, tokens, repetition, context) ended it without an answer.
    Limit,
    /// The tools broke, not the solution.
    ToolError,
    /// The model could not be reached or refused.
    Error,
}

impl Outcome {
    pub const ALL: [Self; 7] = [
        Self::Correct,
        Self::Wrong,
        Self::Undecided,
        Self::NoAnswer,
        Self::Limit,
        Self::ToolError,
        Self::Error,
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Correct => "correct",
            Self::Wrong => "wrong",
            Self::Undecided => "undecided",
            Self::NoAnswer => "no_answer",
            Self::Limit => "limit",
            Self::ToolError => "tool_error",
            Self::Error => "error",
        }
    }

    fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|outcome| outcome.as_str() == text)
    }

    pub(super) fn read(row: &rusqlite::Row<'_>, column: usize) -> rusqlite::Result<Self> {
        let text = row.get_ref(column)?.as_str()?;
        let unknown =
            || rusqlite::Error::InvalidColumnType(column, text.to_owned(), rusqlite::types::Type::Text);
        Self::parse(text).ok_or_else(unknown)
    }
}

/// One attempt without its events.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AttemptRow {
    #[serde(flatten)]
    pub key: AttemptKey,
    pub outcome: Outcome,
    pub answer: Option<String>,
    /// Why this outcome, in a sentence.
    pub message: Option<String>,
    /// Which part of the verifier decided.
    pub stage: Option<String>,
    pub tool_calls: u32,
    pub tool_errors: u32,
    pub prompt_tokens: u64,
    pub completion_tokens: u64,
    /// Seconds of waiting for the model and the tools.
    pub seconds: f64,
    /// US dollars, where the model has a price.
    pub cost: Option<f64>,
}

/// A back-translated solution as the store sees it: `row` is the stage's own type.
#[derive(Clone, Debug, PartialEq)]
pub struct SolutionRow<T> {
    pub key: AttemptKey,
    /// `accepted`, `rejected` or `failed`.
    pub outcome: String,
    /// Kind of the first finding; empty when accepted.
    pub reason: String,
    pub row: T,
}

/// A measured figure.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ScoreRow {
    /// `accuracy`, `pass@4`, `maj@4`, `tool_use`, …
    pub metric: String,
    /// `all`, `level=3`, `subject=algebra`, …
    pub slice: String,
    pub value: f64,
    /// 95 % interval, where one is defined.
    pub low: Option<f64>,
    pub high: Option<f64>,
    /// How many rows the figure is over.
    pub count: u64,
}

const ATTEMPT_COLUMNS: &str = "problem, attempt, outcome, answer, message, stage, tool_calls, tool_errors, prompt_tokens, completion_tokens, seconds, cost";

#[cfg(test)]
impl AttemptRow {
    pub(crate) fn empty(key: AttemptKey, outcome: Outcome) -> Self {
        Self {
            key,
            outcome,
            answer: None,
            message: None,
            stage: None,
            tool_calls: 0,
            tool_errors: 0,
            prompt_tokens: 0,
            completion_tokens: 0,
            seconds: 0.0,
            cost: None,
        }
    }
}

/// A finished attempt on its way into the store.
pub(super) struct Finished {
    run: String,
    row: AttemptRow,
    /// JSON of all.
    events: String,
}

impl Finished {
    pub fn new(run: &str, row: &AttemptRow, trace: &Trace) -> Self {
        Self { run: run.to_owned(), row: row.clone(), events: encode(&trace.events) }
    }

    /// Within a transaction of the caller's, so that it is all or nothing.
    pub fn insert(&self, connection: &Connection) -> rusqlite::Result<()> {
        let Self { run, row, events } = self;
        let mut insert = connection.prepare_cached(&format!(
            "INSERT INTO attempts (run, {ATTEMPT_COLUMNS}) VALUES (?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,?13) ON CONFLICT DO NOTHING"
        ))?;
        let added = insert.execute(params![
            run,
            row.key.problem,
            row.key.attempt,
            row.outcome.as_str(),
            row.answer,
            row.message,
            row.stage,
            row.tool_calls,
            row.tool_errors,
            row.prompt_tokens as i64,
            row.completion_tokens as i64,
            row.seconds,
            row.cost,
        ])?;
        if added == 1 {
            let mut insert = connection.prepare_cached("INSERT INTO traces (id, events) VALUES (?1, ?2)")?;
            insert.execute(params![connection.last_insert_rowid(), events])?;
        }
        Ok(())
    }
}

impl Store {
    /// Keeps a finished attempt with its events, all or nothing. Returns when it is committed.
    pub async fn keep_attempt(&self, run: &str, row: &AttemptRow, trace: &Trace) -> Result<(), StoreError> {
        self.writer.keep(Write::Attempt(Box::new(Finished::new(run, row, trace)))).await
    }

    /// The same, blocking.
    pub fn add_attempt(&self, run: &str, row: &AttemptRow, trace: &Trace) -> Result<(), StoreError> {
        self.run_sql(|connection| {
            let transaction = connection.transaction()?;
            Finished::new(run, row, trace).insert(&transaction)?;
            transaction.commit()
        })
    }

    /// All attempts of a run, by problem and attempt.
    pub fn attempts(&self, run: &str) -> Result<Vec<AttemptRow>, StoreError> {
        self.run_sql(|connection| {
            let sql =
                format!("SELECT {ATTEMPT_COLUMNS} FROM attempts WHERE run = ?1 ORDER BY problem, attempt");
            let mut statement = connection.prepare(&sql)?;
            statement.query_map([run], read_attempt)?.collect()
        })
    }

    /// Forgets the attempts that ended in an error, so that the same run makes them anew. Their replies stay.
    pub fn forget_errors(&self, run: &str) -> Result<usize, StoreError> {
        self.run_sql(|connection| {
            let transaction = connection.transaction()?;
            let errors = "FROM attempts WHERE run = ?1 AND outcome IN ('error', 'tool_error')";
            transaction.execute(&format!("DELETE FROM traces WHERE id IN (SELECT id {errors})"), [run])?;
            let forgotten = transaction.execute(&format!("DELETE {errors}"), [run])?;
            transaction.execute("DELETE FROM finished WHERE run = ?1", [run])?;
            transaction.commit()?;
            Ok(forgotten)
        })
    }

    /// The events of one attempt; none where there is no such attempt.
    pub fn events(&self, run: &str, key: &AttemptKey) -> Result<Vec<Event>, StoreError> {
        let found: Option<String> = self.run_sql(|connection| {
            let mut select = connection.prepare_cached(
                "SELECT events FROM attempts JOIN traces USING (id) WHERE run = ?1 AND problem = ?2 AND attempt = ?3",
            )?;
            select.query_row(params![run, key.problem, key.attempt], |row| row.get(0)).optional()
        })?;
        found.map_or(Ok(Vec::new()), |events| self.decode("traces", &events))
    }

    /// Keeps one solution.
    pub fn add_solution<T: Serialize>(&self, run: &str, solution: &SolutionRow<T>) -> Result<(), StoreError> {
        self.run_sql(|connection| {
            connection
                .execute(
                    "INSERT INTO solutions (run, problem, attempt, outcome, reason, row) VALUES (?1,?2,?3,?4,?5,?6) ON CONFLICT DO NOTHING",
                    params![run, solution.key.problem, solution.key.attempt, solution.outcome, solution.reason, encode(&solution.row)],
                )
                .map(drop)
        })
    }

    /// All solutions of a run, by problem and attempt.
    pub fn solutions<T: DeserializeOwned>(&self, run: &str) -> Result<Vec<SolutionRow<T>>, StoreError> {
        type Columns = (String, u32, String, String, String);
        let rows: Vec<Columns> = self.run_sql(|connection| {
            let mut statement = connection.prepare(
                "SELECT problem, attempt, outcome, reason, row FROM solutions WHERE run = ?1 ORDER BY problem, attempt",
            )?;
            let read = |row: &rusqlite::Row<'_>| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?));
            statement.query_map([run], read)?.collect()
        })?;
        let decode = |(problem, attempt, outcome, reason, row): Columns| {
            let row = self.decode("solutions", &row)?;
            Ok(SolutionRow { key: AttemptKey { problem, attempt }, outcome, reason, row })
        };
        rows.into_iter().map(decode).collect()
    }

    /// Keeps the examples of a corpus in their order, all or nothing. Each comes as (problem id, split, row).
    pub fn add_examples<T: Serialize>(
        &self,
        run: &str,
        examples: &[(String, String, T)],
    ) -> Result<(), StoreError> {
        self.run_sql(|connection| {
            let transaction = connection.transaction()?;
            {
                let mut insert = transaction.prepare(
                    "INSERT INTO examples (run, position, problem, split, row) VALUES (?1,?2,?3,?4,?5) ON CONFLICT DO NOTHING",
                )?;
                for (position, (problem, split, row)) in examples.iter().enumerate() {
                    insert.execute(params![run, position as i64, problem, split, encode(row)])?;
                }
            }
            transaction.commit()
        })
    }

    /// The examples of one split of a corpus in their order.
    pub fn examples<T: DeserializeOwned>(&self, run: &str, split: &str) -> Result<Vec<T>, StoreError> {
        let rows: Vec<String> = self.run_sql(|connection| {
            let mut statement = connection
                .prepare("SELECT row FROM examples WHERE run = ?1 AND split = ?2 ORDER BY position")?;
            statement.query_map([run, split], |row| row.get(0))?.collect()
        })?;
        rows.iter().map(|row| self.decode("examples", row)).collect()
    }

    /// Keeps what a training run made.
    pub fn add_adapter<T: Serialize>(&self, run: &str, path: &str, row: &T) -> Result<(), StoreError> {
        self.run_sql(|connection| {
            connection
                .execute(
                    "INSERT INTO adapters (run, path, row) VALUES (?1,?2,?3) ON CONFLICT DO NOTHING",
                    params![run, path, encode(row)],
                )
                .map(drop)
        })
    }

    /// What a training run made: (path, row).
    pub fn adapter<T: DeserializeOwned>(&self, run: &str) -> Result<Option<(String, T)>, StoreError> {
        let found: Option<(String, String)> = self.run_sql(|connection| {
            connection
                .query_row("SELECT path, row FROM adapters WHERE run = ?1", [run], |row| {
                    Ok((row.get(0)?, row.get(1)?))
                })
                .optional()
        })?;
        found.map(|(path, row)| Ok((path, self.decode("adapters", &row)?))).transpose()
    }

    /// Keeps the scores of a run, all or nothing.
    pub fn add_scores(&self, run: &str, scores: &[ScoreRow]) -> Result<(), StoreError> {
        self.run_sql(|connection| {
            let transaction = connection.transaction()?;
            for score in scores {
                transaction.execute(
                    "INSERT INTO scores (run, metric, slice, value, low, high, count) VALUES (?1,?2,?3,?4,?5,?6,?7) ON CONFLICT DO NOTHING",
                    params![run, score.metric, score.slice, score.value, score.low, score.high, score.count as i64],
                )?;
            }
            transaction.commit()
        })
    }

    /// The scores of a run.
    pub fn scores(&self, run: &str) -> Result<Vec<ScoreRow>, StoreError> {
        self.run_sql(|connection| {
            let mut statement = connection.prepare(
                "SELECT metric, slice, value, low, high, count FROM scores WHERE run = ?1 ORDER BY metric, slice",
            )?;
            let read = |row: &rusqlite::Row<'_>| {
                Ok(ScoreRow {
                    metric: row.get(0)?,
                    slice: row.get(1)?,
                    value: row.get(2)?,
                    low: row.get(3)?,
                    high: row.get(4)?,
                    count: row.get::<_, i64>(5)? as u64,
                })
            };
            statement.query_map([run], read)?.collect()
        })
    }
}

fn read_attempt(row: &rusqlite::Row<'_>) -> rusqlite::Result<AttemptRow> {
    Ok(AttemptRow {
        key: AttemptKey { problem: row.get(0)?, attempt: row.get(1)? },
        outcome: Outcome::read(row, 2)?,
        answer: row.get(3)?,
        message: row.get(4)?,
        stage: row.get(5)?,
        tool_calls: row.get(6)?,
        tool_errors: row.get(7)?,
        prompt_tokens: row.get::<_, i64>(8)? as u64,
        completion_tokens: row.get::<_, i64>(9)? as u64,
        seconds: row.get(10)?,
        cost: row.get(11)?,
    })
}
