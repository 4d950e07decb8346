//! What a run asked for and what it cost: by call, by run, and in all.

use std::collections::BTreeMap;

use super::rows::Outcome;
use super::{Store, StoreError};
use crate::model::Usage;
use crate::model::price::Usd;

/// The calls of a run added up. A reply that an earlier run had asked for is on that run's account.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Account {
    pub calls: u64,
    pub usage: Usage,
    /// Seconds of waiting, over all calls.
    pub seconds: f64,
    /// What the calls cost whose model has a price.
    pub cost: Usd,
    /// Calls whose model has no known price.
    pub unpriced: u64,
}

/// The attempts of a run added up.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Totals {
    /// Outcomes that happened, with how often.
    pub outcomes: Vec<(Outcome, u64)>,
    pub with_tools: u64,
    pub completion_tokens: u64,
    pub seconds: f64,
    /// US dollars, where the model has a price.
    pub cost: f64,
}

/// How many of a problem's attempts were right: its difficulty for this solver.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PassRate {
    pub problem: String,
    pub correct: u64,
    pub attempts: u64,
}

impl Store {
    /// What a run asked for so far.
    pub fn account(&self, run: &str) -> Result<Account, StoreError> {
        self.run_sql(|connection| {
            let mut select = connection.prepare_cached(
                "SELECT COUNT(*), COALESCE(SUM(prompt_tokens), 0), COALESCE(SUM(cached_tokens), 0), \
                 COALESCE(SUM(completion_tokens), 0), COALESCE(SUM(reasoning_tokens), 0), COALESCE(SUM(seconds), 0.0), \
                 COALESCE(SUM(cost), 0), COUNT(*) - COUNT(cost) FROM calls WHERE run = ?1",
            )?;
            select.query_row([run], |row| {
                let number = |column: usize| row.get::<_, i64>(column).map(|number| number as u64);
                let usage = Usage { prompt: number(1)?, cached: number(2)?, completion: number(3)?, reasoning: number(4)? };
                Ok(Account { calls: number(0)?, usage, seconds: row.get(5)?, cost: Usd(number(6)?), unpriced: number(7)? })
            })
        })
    }

    /// A run's attempts added up, however many there are.
    pub fn totals(&self, run: &str) -> Result<Totals, StoreError> {
        self.run_sql(|connection| {
            let mut select = connection.prepare_cached(
                "SELECT outcome, COUNT(*), SUM(tool_calls > 0), SUM(completion_tokens), SUM(seconds), TOTAL(cost) \
                 FROM attempts WHERE run = ?1 GROUP BY outcome",
            )?;
            let mut totals = Totals::default();
            let mut rows = select.query([run])?;
            while let Some(row) = rows.next()? {
                totals.outcomes.push((Outcome::read(row, 0)?, row.get::<_, i64>(1)? as u64));
                totals.with_tools += row.get::<_, i64>(2)? as u64;
                totals.completion_tokens += row.get::<_, i64>(3)? as u64;
                totals.seconds += row.get::<_, f64>(4)?;
                totals.cost += row.get::<_, f64>(5)?;
            }
            totals.outcomes.sort();
            Ok(totals)
        })
    }

    /// What attempts that ended in an error said and how many said so, most frequent first, at most `most` of them.
    pub fn failures(&self, run: &str, most: usize) -> Result<Vec<(String, u64)>, StoreError> {
        self.run_sql(|connection| {
            let mut select = connection.prepare(
                "SELECT COALESCE(message, 'no reason was kept'), COUNT(*) FROM attempts \
                 WHERE run = ?1 AND outcome = 'error' GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT ?2",
            )?;
            let read = |row: &rusqlite::Row<'_>| Ok((row.get(0)?, row.get::<_, i64>(1)? as u64));
            select.query_map((run, most as i64), read)?.collect()
        })
    }

    /// The pass rate of every problem with an attempt that was answered or could have been: errors of servers and tools say nothing
    /// about a problem.
    pub fn pass_rates(&self, run: &str) -> Result<Vec<PassRate>, StoreError> {
        self.run_sql(|connection| {
            let mut select = connection.prepare(
                "SELECT problem, SUM(outcome = 'correct'), COUNT(*) FROM attempts \
                 WHERE run = ?1 AND outcome NOT IN ('error', 'tool_error') GROUP BY problem ORDER BY problem",
            )?;
            let read = |row: &rusqlite::Row<'_>| {
                Ok(PassRate {
                    problem: row.get(0)?,
                    correct: row.get::<_, i64>(1)? as u64,
                    attempts: row.get::<_, i64>(2)? as u64,
                })
            };
            select.query_map([run], read)?.collect()
        })
    }

    /// How many problems there are of each pass rate, as (correct, attempts) to count.
    pub fn difficulty(&self, run: &str) -> Result<BTreeMap<(u64, u64), u64>, StoreError> {
        let mut counts = BTreeMap::new();
        for PassRate { correct, attempts, .. } in self.pass_rates(run)? {
            *counts.entry((correct, attempts)).or_default() += 1;
        }
        Ok(counts)
    }
}
