//! Runs: one stage, one configuration, one id.

use rusqlite::{OptionalExtension, params};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Store, StoreError, encode};
use crate::hash::digest;
use crate::model::name::without_secrets;
use crate::problem::Problem;

/// A stage of the pipeline.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    Solve,
    Translate,
    Corpus,
    Train,
    Eval,
}

impl Stage {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Solve => "solve",
            Self::Translate => "translate",
            Self::Corpus => "corpus",
            Self::Train => "train",
            Self::Eval => "eval",
        }
    }
}

/// What determines the rows of a run. Concurrency, paths and shards are no part of it.
#[derive(Clone, Debug)]
pub struct RunSpec {
    pub stage: Stage,
    /// The runs whose rows this one reads.
    pub inputs: Vec<String>,
    /// Resolved configuration with prompt hashes and model identity.
    pub config: Value,
}

impl RunSpec {
    /// `solve-1f0c9a3b77de`: the stage and the first 12 hexadecimal digits of the hash.
    pub fn id(&self) -> String {
        let hash = digest(&[self.stage.as_str(), &encode(&self.inputs), &self.config.to_string()]);
        format!("{}-{}", self.stage.as_str(), &hash[..12])
    }
}

/// A run as it is stored.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Run {
    pub run: String,
    pub stage: String,
    pub inputs: Vec<String>,
    pub config: Value,
    pub program: String,
    /// Unix seconds.
    pub started: i64,
    /// Unix seconds; none while rows may still be missing.
    pub finished: Option<i64>,
}

const SELECT_RUN: &str = "SELECT runs.run, stage, inputs, config, program, started, finished.at
     FROM runs LEFT JOIN finished ON finished.run = runs.run";

impl Store {
    /// Finds or adds the run of `spec` and gives its id. `now` is in Unix seconds.
    pub fn begin(&self, spec: &RunSpec, now: i64) -> Result<String, StoreError> {
        let id = spec.id();
        let config = spec.config.to_string();
        let stored: String = self.run_sql(|connection| {
            connection.execute(
                "INSERT INTO runs (run, stage, inputs, config, program, started) VALUES (?1,?2,?3,?4,?5,?6) ON CONFLICT DO NOTHING",
                params![id, spec.stage.as_str(), encode(&spec.inputs), config, env!("CARGO_PKG_VERSION"), now],
            )?;
            connection.query_row("SELECT config FROM runs WHERE run = ?1", [&id], |row| row.get(0))
        })?;
        if stored != config {
            return Err(StoreError::OtherConfig { path: self.path.clone(), run: id });
        }
        Ok(id)
    }

    /// Keeps the words of the command that makes a run, the latest where there are several. Passwords and keys in URLs are left out.
    pub fn set_command(&self, run: &str, words: &[String]) -> Result<(), StoreError> {
        let words: Vec<String> = words.iter().map(|word| without_secrets(word)).collect();
        let sql =
            "INSERT INTO commands (run, words) VALUES (?1, ?2) ON CONFLICT (run) DO UPDATE SET words = ?2";
        self.run_sql(|connection| connection.execute(sql, [run, &encode(&words)]).map(drop))
    }

    /// The words of the command that made a run.
    pub fn command(&self, run: &str) -> Result<Option<Vec<String>>, StoreError> {
        let found: Option<String> = self.run_sql(|connection| {
            connection
                .query_row("SELECT words FROM commands WHERE run = ?1", [run], |row| row.get(0))
                .optional()
        })?;
        found.map(|words| self.decode("commands", &words)).transpose()
    }

    /// Marks the run as complete.
    pub fn finish(&self, run: &str, now: i64) -> Result<(), StoreError> {
        self.run_sql(|connection| {
            connection
                .execute(
                    "INSERT INTO finished (run, at) VALUES (?1, ?2) ON CONFLICT DO NOTHING",
                    params![run, now],
                )
                .map(drop)
        })
    }

    /// Notes that a command worked on the run for `seconds` of wall time.
    pub fn worked(&self, run: &str, seconds: f64) -> Result<(), StoreError> {
        self.run_sql(|connection| {
            connection
                .execute("INSERT INTO work (run, seconds) VALUES (?1, ?2)", params![run, seconds])
                .map(drop)
        })
    }

    /// The wall time of all commands that worked on the run, in seconds, but for those that were killed.
    pub fn seconds(&self, run: &str) -> Result<f64, StoreError> {
        self.run_sql(|connection| {
            connection.query_row("SELECT total(seconds) FROM work WHERE run = ?1", [run], |row| row.get(0))
        })
    }

    /// All runs, oldest first.
    pub fn runs(&self) -> Result<Vec<Run>, StoreError> {
        self.run_sql(|connection| {
            let mut statement = connection.prepare(&format!("{SELECT_RUN} ORDER BY started, runs.rowid"))?;
            statement.query_map([], read_run)?.collect()
        })
    }

    /// One run.
    pub fn run(&self, run: &str) -> Result<Run, StoreError> {
        self.run_sql(|connection| {
            connection.query_row(&format!("{SELECT_RUN} WHERE runs.run = ?1"), [run], read_run).optional()
        })?
        .ok_or_else(|| StoreError::NoRun { path: self.path.clone(), run: run.to_owned() })
    }

    /// The latest run of a stage, finished or not.
    pub fn latest(&self, stage: Stage) -> Result<Option<Run>, StoreError> {
        Ok(self.runs()?.into_iter().rfind(|run| run.stage == stage.as_str()))
    }

    /// Keeps the problems a run works on, in order, a thousand at a time. Calling it again with the same problems changes nothing.
    pub fn add_problems(
        &self,
        run: &str,
        problems: &mut dyn Iterator<Item = Problem>,
    ) -> Result<(), StoreError> {
        let mut position = 0i64;
        loop {
            let page: Vec<Problem> = (&mut *problems).take(1000).collect();
            if page.is_empty() {
                return Ok(());
            }
            self.run_sql(|connection| {
                let transaction = connection.transaction()?;
                {
                    let mut insert = transaction.prepare_cached(
                        "INSERT INTO problems (run, position, problem, row) VALUES (?1,?2,?3,?4) ON CONFLICT DO NOTHING",
                    )?;
                    for problem in &page {
                        insert.execute(params![run, position, problem.id, encode(problem)])?;
                        position += 1;
                    }
                }
                transaction.commit()
            })?;
        }
    }

    /// The problems of a run in their order.
    pub fn problems(&self, run: &str) -> Result<Vec<Problem>, StoreError> {
        let rows: Vec<String> = self.run_sql(|connection| {
            let mut statement =
                connection.prepare("SELECT row FROM problems WHERE run = ?1 ORDER BY position")?;
            statement.query_map([run], |row| row.get(0))?.collect()
        })?;
        rows.iter().map(|row| self.decode("problems", row)).collect()
    }
}

fn read_run(row: &rusqlite::Row<'_>) -> rusqlite::Result<Run> {
    let json = |index: usize| -> rusqlite::Result<Value> {
        let text: String = row.get(index)?;
        serde_json::from_str(&text).map_err(|error| {
            rusqlite::Error::FromSqlConversionFailure(index, rusqlite::types::Type::Text, Box::new(error))
        })
    };
    Ok(Run {
        run: row.get(0)?,
        stage: row.get(1)?,
        inputs: serde_json::from_value(json(2)?).unwrap_or_default(),
        config: json(3)?,
        program: row.get(4)?,
        started: row.get(5)?,
        finished: row.get(6)?,
    })
}
