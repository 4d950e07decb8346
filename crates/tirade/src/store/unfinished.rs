//! Which problems of a run still need attempts, page by page: a run of a million problems is never in memory.

use rusqlite::params;

use super::rows::Outcome;
use super::{Store, StoreError};
use crate::problem::Problem;

/// When a problem has attempts enough.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Aim {
    /// Attempts per problem.
    pub attempts: u32,
    /// Fewer are enough once so many are correct.
    pub enough: Option<u32>,
}

/// A problem that needs more attempts, and those it has.
#[derive(Clone, Debug, PartialEq)]
pub struct Unfinished {
    /// Its place in the run.
    pub position: i64,
    pub problem: Problem,
    pub done: Vec<(u32, Outcome)>,
}

/// `p` needs more attempts; parameters 2 and 3 are the aim.
const NEEDS_MORE: &str = "(SELECT COUNT(*) FROM attempts a WHERE a.run = p.run AND a.problem = p.problem) < ?2 AND \
    (?3 IS NULL OR (SELECT COUNT(*) FROM attempts a WHERE a.run = p.run AND a.problem = p.problem AND a.outcome = 'correct') < ?3)";

impl Store {
    /// The next unfinished problems behind a place in the run, at most `count` of them, in order.
    pub fn unfinished(
        &self,
        run: &str,
        aim: Aim,
        after: i64,
        count: usize,
    ) -> Result<Vec<Unfinished>, StoreError> {
        type Row = (i64, String, Vec<(u32, Outcome)>);
        let rows: Vec<Row> = self.run_sql(|connection| {
            let mut select = connection.prepare_cached(&format!(
                "SELECT p.position, p.problem, p.row FROM problems p WHERE p.run = ?1 AND p.position > ?4 AND {NEEDS_MORE} \
                 ORDER BY p.position LIMIT ?5"
            ))?;
            let mut attempts = connection.prepare_cached(
                "SELECT attempt, outcome FROM attempts WHERE run = ?1 AND problem = ?2 ORDER BY attempt",
            )?;
            let read = |row: &rusqlite::Row<'_>| Ok((row.get(0)?, row.get::<_, String>(1)?, row.get(2)?));
            let found = select.query_map(params![run, aim.attempts, aim.enough, after, count as i64], read)?;
            found
                .map(|row| {
                    let (position, problem, text) = row?;
                    let read = |row: &rusqlite::Row<'_>| Ok((row.get(0)?, Outcome::read(row, 1)?));
                    let done = attempts.query_map([run, problem.as_str()], read)?.collect::<rusqlite::Result<_>>()?;
                    Ok((position, text, done))
                })
                .collect()
        })?;
        let decode = |(position, text, done): Row| {
            Ok(Unfinished { position, problem: self.decode("problems", &text)?, done })
        };
        rows.into_iter().map(decode).collect()
    }

    /// Whether every problem of the run has attempts enough.
    pub fn is_complete(&self, run: &str, aim: Aim) -> Result<bool, StoreError> {
        if aim.enough.is_none() {
            // No attempt is there twice, so counting will do.
            let (problems, attempts) = self.counts(run)?;
            return Ok(attempts >= problems * aim.attempts as usize);
        }
        self.run_sql(|connection| {
            let sql =
                format!("SELECT NOT EXISTS (SELECT 1 FROM problems p WHERE p.run = ?1 AND {NEEDS_MORE})");
            connection.query_row(&sql, params![run, aim.attempts, aim.enough], |row| row.get(0))
        })
    }

    /// How many problems and attempts a run has.
    pub fn counts(&self, run: &str) -> Result<(usize, usize), StoreError> {
        let sql = "SELECT (SELECT COUNT(*) FROM problems WHERE run = ?1), (SELECT COUNT(*) FROM attempts WHERE run = ?1)";
        self.run_sql(|connection| {
            connection.query_row(sql, [run], |row| {
                Ok((row.get::<_, i64>(0)? as usize, row.get::<_, i64>(1)? as usize))
            })
        })
    }

    /// Calls `see` with the problem id of every attempt of a run.
    pub fn each_attempt(&self, run: &str, mut see: impl FnMut(&str)) -> Result<(), StoreError> {
        self.run_sql(|connection| {
            let mut select = connection.prepare_cached("SELECT problem FROM attempts WHERE run = ?1")?;
            let mut rows = select.query([run])?;
            while let Some(row) = rows.next()? {
                see(row.get_ref(0)?.as_str()?);
            }
            Ok(())
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::{AttemptKey, AttemptRow, RunSpec, Stage};
    use super::*;
    use crate::trace::Trace;

    #[test]
    fn a_problem_is_unfinished_until_it_has_all_attempts_or_enough_right_ones() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&folder.path().join("t.db")).unwrap();
        let spec = RunSpec { stage: Stage::Solve, inputs: Vec::new(), config: serde_json::Value::Null };
        let run = store.begin(&spec, 0).unwrap();
        let problems: Vec<Problem> =
            ["c", "a", "b"].map(|id| Problem { id: id.into(), ..Problem::default() }).to_vec();
        store.add_problems(&run, &mut problems.clone().into_iter()).unwrap();
        let add = |problem: &str, attempt, outcome| {
            let key = AttemptKey { problem: problem.into(), attempt };
            let row = AttemptRow::empty(key, outcome);
            let trace = Trace { problem: Problem::default(), attempt, events: Vec::new() };
            store.add_attempt(&run, &row, &trace).unwrap();
        };
        add("a", 0, Outcome::Wrong);
        add("a", 1, Outcome::Wrong);
        add("c", 1, Outcome::Correct);
        let left = |attempts, enough, after, count| -> Vec<(String, Vec<u32>)> {
            let found = store.unfinished(&run, Aim { attempts, enough }, after, count).unwrap();
            found
                .into_iter()
                .map(|one| (one.problem.id, one.done.iter().map(|(attempt, _)| *attempt).collect()))
                .collect()
        };
        let row = |id: &str, done: &[u32]| (id.to_owned(), done.to_vec());
        assert_eq!(left(2, None, -1, 9), [row("c", &[1]), row("b", &[])]);
        assert_eq!(left(2, Some(1), -1, 9), [row("b", &[])]);
        assert_eq!(left(3, Some(2), 0, 1), [row("a", &[0, 1])], "behind the first, one of them");
        assert!(!store.is_complete(&run, Aim { attempts: 2, enough: None }).unwrap());
        add("b", 0, Outcome::Correct);
        assert!(store.is_complete(&run, Aim { attempts: 2, enough: Some(1) }).unwrap());
        assert_eq!(store.counts(&run).unwrap(), (3, 4));
        let rates = store.pass_rates(&run).unwrap();
        assert_eq!((rates[0].problem.as_str(), rates[0].correct, rates[0].attempts), ("a", 0, 2));
    }
}
