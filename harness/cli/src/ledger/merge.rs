//! Taking over what another ledger knows, or what lies in a run's folder.

use rusqlite::params;

use crate::results::outcome::Outcome;
use crate::results::plan::Plan;
use crate::results::run_result::RunResult;
use crate::results::swept::{Ended, Swept};
use crate::shard;

use super::error::LedgerError;
use super::open::Ledger;
use super::write::{RunId, Sighting, integer, put_swept, text_of};

impl Ledger {
    /// Takes over every run of another ledger that is not in this one yet, and what is new of those that are. The order of
    /// such calls does not matter, and the same ledger twice adds nothing.
    ///
    /// # Errors
    ///
    /// One of the two cannot be read, or this one cannot be written.
    pub(crate) fn take_over(&self, other: &Ledger) -> Result<(), LedgerError> {
        let sql = "SELECT id, name, digest, begun, ended, plan FROM run";
        let runs = other.rows(sql, &[], |row| {
            let ended: Option<i64> = row.get(4)?;
            let run = (row.get::<_, String>(1)?, row.get::<_, String>(2)?, row.get::<_, i64>(3)?, ended);
            Ok((RunId(row.get(0)?), run, row.get::<_, String>(5)?))
        })?;
        for (id, (name, digest, begun, ended), plan) in runs {
            let sql = "SELECT told.outcome, build.name, seen.at FROM seen
                JOIN told ON told.id = seen.told JOIN build ON build.id = seen.build WHERE seen.run = ?1";
            let rows = other.rows(sql, params![id.0], |row| {
                Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?, row.get::<_, i64>(2)?))
            })?;
            let mut outcomes = Vec::with_capacity(rows.len());
            for (text, build, at) in rows {
                let outcome: Outcome =
                    serde_json::from_str(&text).map_err(|error| other.unreadable("an outcome", &error))?;
                outcomes.push((Outcome { build, ..outcome }, text, at));
            }
            let swept = other.swept(id)?.into_values().collect();
            self.put(&Record { name, digest, begun, ended, plan, outcomes, swept })?;
        }
        Ok(())
    }

    /// Takes over what lies in a run's folder, under the names of its runs: chains are their shard's, and what a ledger
    /// that was taken over says of the same runs is not there twice.
    ///
    /// # Errors
    ///
    /// This ledger cannot be written.
    pub(crate) fn record(&self, result: &RunResult) -> Result<(), LedgerError> {
        let plan = &result.plan;
        for (number, names) in &plan.runs {
            let Some(name) = names.first() else { continue };
            let runs = [(*number, [name.clone()].into())].into();
            let own = Plan { runs, ..plan.clone() };
            let text = serde_json::to_string(&own).map_err(|error| self.unreadable("the plan", &error))?;
            let mut outcomes = Vec::new();
            for outcome in result.outcomes.values() {
                if shard::owner(&outcome.test, outcome.id, plan.shards) == *number {
                    let text = text_of(outcome).map_err(|error| self.unreadable("an outcome", &error))?;
                    outcomes.push((outcome.clone(), text, integer(plan.begun)));
                }
            }
            let mine = result.swept.iter().filter(|((_, shard), _)| shard == number);
            let swept = mine.map(|(_, swept)| swept.clone()).collect();
            let (digest, begun) = (own.digest(), integer(plan.begun));
            self.put(&Record { name: name.clone(), digest, begun, ended: None, plan: text, outcomes, swept })?;
        }
        Ok(())
    }

    /// All of a run in one transaction.
    fn put(&self, run: &Record) -> Result<(), LedgerError> {
        let mut swept = Vec::new();
        for test in &run.swept {
            swept.push((test, serde_json::to_string(test).map_err(|error| self.unreadable("a test", &error))?));
        }
        let known = self.rows("SELECT id FROM run WHERE name = ?1", params![run.name], |row| row.get(0).map(RunId))?;
        let known = known.first().map_or_else(|| Ok(Default::default()), |id| self.swept(*id))?;
        self.write(|transaction| {
            let sql = "INSERT INTO run (name, digest, begun, ended, plan) VALUES (?1, ?2, ?3, ?4, ?5)
                ON CONFLICT (name) DO UPDATE SET ended = max(coalesce(ended, excluded.ended), coalesce(excluded.ended, ended)),
                    begun = min(begun, excluded.begun), plan = min(plan, excluded.plan) RETURNING id";
            let values = params![run.name, run.digest, run.begun, run.ended, run.plan];
            let id = RunId(transaction.query_row(sql, values, |row| row.get(0))?);
            for (outcome, text, at) in &run.outcomes {
                Sighting::of(transaction, outcome, text)?.put(transaction, id, *at)?;
            }
            for (test, text) in &swept {
                // Of two, the one that went on longer.
                let open = known.get(&test.test).is_none_or(|known| known.ended == Ended::Stopped);
                if open {
                    put_swept(transaction, id, &test.test, text)?;
                }
            }
            Ok(())
        })
    }
}

/// A run with all that belongs to it.
struct Record {
    name: String,
    digest: String,
    begun: i64,
    ended: Option<i64>,
    plan: String,
    /// With their texts and times.
    outcomes: Vec<(Outcome, String, i64)>,
    swept: Vec<Swept>,
}
