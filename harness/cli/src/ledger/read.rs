//! What is asked of the ledger about runs: which there are, what is done of them, what they came to.

use std::collections::BTreeMap;

use firsthit::Verdict;
use rusqlite::{OptionalExtension, Row, params};

use crate::chains::chain_id::ChainId;
use crate::results::outcome::Outcome;
use crate::results::plan::Plan;
use crate::results::run_result::RunResult;
use crate::results::swept::Swept;
use crate::test_id::TestId;

use super::error::LedgerError;
use super::open::Ledger;
use super::write::RunId;

impl Ledger {
    /// What each known chain of the test came to when it was last failed, in whichever run.
    ///
    /// # Errors
    ///
    /// The ledger cannot be read.
    pub(crate) fn known(&self, test: &TestId) -> Result<BTreeMap<ChainId, Verdict>, LedgerError> {
        let sql = "SELECT chain.chain, told.verdict, max(seen.at) FROM seen
            JOIN told ON told.id = seen.told JOIN chain ON chain.id = seen.chain JOIN test ON test.id = chain.test
            WHERE test.binary = ?1 AND test.name = ?2 GROUP BY chain.id";
        let rows = self.rows(sql, params![test.binary, test.name], |row| {
            Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?))
        })?;
        let read = |(chain, verdict): (String, String)| Some((chain.parse().ok()?, verdict.parse().ok()?));
        // What a later version calls a verdict is not known to this one, and such a chain is tried again.
        Ok(rows.into_iter().filter_map(read).collect())
    }

    /// The run that began last.
    ///
    /// # Errors
    ///
    /// As for [`Ledger::known`].
    pub(crate) fn latest_run(&self) -> Result<Option<RunId>, LedgerError> {
        self.one_run("SELECT id FROM run ORDER BY begun DESC, name DESC LIMIT 1", params![])
    }

    /// All runs, the one that began last first.
    ///
    /// # Errors
    ///
    /// As for [`Ledger::known`].
    pub(crate) fn runs(&self) -> Result<Vec<RunId>, LedgerError> {
        self.rows("SELECT id FROM run ORDER BY begun DESC, name DESC", &[], |row| row.get(0).map(RunId))
    }

    /// The run of that name.
    ///
    /// # Errors
    ///
    /// As for [`Ledger::known`].
    pub(crate) fn run_named(&self, name: &str) -> Result<Option<RunId>, LedgerError> {
        self.one_run("SELECT id FROM run WHERE name = ?1", params![name])
    }

    /// The run that began last of those that were to do the same (see [`Plan::digest`]), if it was not finished.
    ///
    /// # Errors
    ///
    /// As for [`Ledger::known`].
    pub(crate) fn last_unfinished(&self, digest: &str) -> Result<Option<RunId>, LedgerError> {
        let latest = "SELECT id, ended FROM run WHERE digest = ?1 ORDER BY begun DESC, name DESC LIMIT 1";
        self.one_run(&format!("SELECT id FROM ({latest}) WHERE ended IS NULL"), params![digest])
    }

    /// Whether the run came to its end.
    #[cfg(test)]
    pub(crate) fn is_finished(&self, run: RunId) -> Result<bool, LedgerError> {
        Ok(self.one_run("SELECT id FROM run WHERE id = ?1 AND ended IS NOT NULL", params![run.0])?.is_some())
    }

    /// Whether a run of that name came to its end.
    ///
    /// # Errors
    ///
    /// As for [`Ledger::known`].
    pub(crate) fn has_finished(&self, name: &str) -> Result<bool, LedgerError> {
        Ok(self.one_run("SELECT id FROM run WHERE name = ?1 AND ended IS NOT NULL", params![name])?.is_some())
    }

    /// What the run came to, a chain an outcome, by test and identity.
    ///
    /// # Errors
    ///
    /// As for [`Ledger::known`].
    pub(crate) fn outcomes(&self, run: RunId) -> Result<Vec<Outcome>, LedgerError> {
        self.latest("seen.run = ?1", params![run.0])
    }

    /// The plan that the run was begun with.
    ///
    /// # Errors
    ///
    /// As for [`Ledger::known`].
    pub(crate) fn plan(&self, run: RunId) -> Result<Plan, LedgerError> {
        let text = self.rows("SELECT plan FROM run WHERE id = ?1", params![run.0], |row| row.get::<_, String>(0))?;
        let text = text.first().map_or("", String::as_str);
        serde_json::from_str(text).map_err(|error| self.unreadable("a run's plan", &error))
    }

    /// All of a run.
    ///
    /// # Errors
    ///
    /// As for [`Ledger::known`].
    pub(crate) fn result(&self, run: RunId) -> Result<RunResult, LedgerError> {
        let mut result = RunResult::new(self.plan(run)?);
        let shard = result.plan.runs.keys().next().copied().unwrap_or(1);
        let outcomes = self.outcomes(run)?.into_iter();
        result.outcomes = outcomes.map(|outcome| ((outcome.test.clone(), outcome.id), outcome)).collect();
        result.swept = self.swept(run)?.into_iter().map(|(test, swept)| ((test, shard), swept)).collect();
        Ok(result)
    }

    /// What the run has said of each test so far.
    pub(super) fn swept(&self, run: RunId) -> Result<BTreeMap<TestId, Swept>, LedgerError> {
        let rows =
            self.rows("SELECT swept FROM swept WHERE run = ?1", params![run.0], |row| row.get::<_, String>(0))?;
        let mut swept = BTreeMap::new();
        for text in rows {
            let one: Swept = serde_json::from_str(&text).map_err(|error| self.unreadable("a test", &error))?;
            swept.insert(one.test.clone(), one);
        }
        Ok(swept)
    }

    /// The latest outcome of each chain, of what a condition picks of all that was seen; by test and identity.
    pub(super) fn latest(&self, condition: &str, values: &[&dyn rusqlite::ToSql]) -> Result<Vec<Outcome>, LedgerError> {
        // SQLite takes the other columns from the row that `max` is of. The texts, which are long, come last.
        let latest = format!("SELECT told, build, max(at) FROM seen WHERE {condition} GROUP BY seen.chain");
        let sql = format!(
            "SELECT told.outcome, build.name FROM ({latest}) AS latest
            JOIN told ON told.id = latest.told JOIN build ON build.id = latest.build"
        );
        let rows = self.rows(&sql, values, |row| Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?)))?;
        let mut outcomes = Vec::with_capacity(rows.len());
        for (text, build) in rows {
            let outcome: Outcome =
                serde_json::from_str(&text).map_err(|error| self.unreadable("an outcome", &error))?;
            outcomes.push(Outcome { build, ..outcome });
        }
        outcomes.sort_by(|one, other| (&one.test, one.id).cmp(&(&other.test, other.id)));
        Ok(outcomes)
    }

    pub(super) fn rows<T>(
        &self,
        sql: &str,
        values: &[&dyn rusqlite::ToSql],
        read: impl FnMut(&Row<'_>) -> rusqlite::Result<T>,
    ) -> Result<Vec<T>, LedgerError> {
        let connection = self.connection();
        let rows = || connection.prepare_cached(sql)?.query_map(values, read)?.collect::<rusqlite::Result<Vec<T>>>();
        rows().map_err(|error| self.told(&error))
    }

    fn one_run(&self, sql: &str, values: &[&dyn rusqlite::ToSql]) -> Result<Option<RunId>, LedgerError> {
        let connection = self.connection();
        let found = connection.query_row(sql, values, |row| row.get(0).map(RunId)).optional();
        found.map_err(|error| self.told(&error))
    }
}
