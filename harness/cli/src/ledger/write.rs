//! A run as it is written down: outcomes as they come, tests as they are done.

use rusqlite::{Connection, OptionalExtension, Transaction, TransactionBehavior, params};

use crate::results::outcome::Outcome;
use crate::results::plan::{self, Plan};
use crate::results::swept::Swept;
use crate::test_id::TestId;

use super::error::LedgerError;
use super::open::Ledger;

/// A run by its number in one ledger.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) struct RunId(pub(super) i64);

/// A run that is written; clones can go to other threads.
#[derive(Clone)]
pub(crate) struct Run {
    ledger: Ledger,
    id: RunId,
}

impl Ledger {
    /// Begins a run; one that is there under the same name goes on.
    ///
    /// # Errors
    ///
    /// The ledger cannot be written: see [`super::error::LedgerErrorKind`].
    pub(crate) fn begin_run(&self, plan: &Plan) -> Result<Run, LedgerError> {
        let text = serde_json::to_string(plan).map_err(|error| self.unreadable("the plan", &error))?;
        let id = self.write(|transaction| {
            let sql = "INSERT INTO run (name, digest, begun, plan) VALUES (?1, ?2, ?3, ?4)
                       ON CONFLICT (name) DO UPDATE SET plan = excluded.plan RETURNING id";
            let values = params![plan.name(), plan.digest(), integer(plan.begun), text];
            transaction.query_row(sql, values, |row| row.get(0))
        })?;
        Ok(self.run(RunId(id)))
    }

    /// A run that is there, to be gone on with.
    pub(crate) fn run(&self, id: RunId) -> Run {
        Run { ledger: self.clone(), id }
    }

    /// One transaction: all of it or nothing. It takes the right to write first, so that it never has to give up in the
    /// middle because another process has written.
    pub(super) fn write<T>(
        &self,
        body: impl FnOnce(&Transaction<'_>) -> rusqlite::Result<T>,
    ) -> Result<T, LedgerError> {
        let mut connection = self.connection();
        let in_transaction = || {
            let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
            let value = body(&transaction)?;
            transaction.commit()?;
            Ok(value)
        };
        in_transaction().map_err(|error: rusqlite::Error| self.told(&error))
    }
}

impl Run {
    #[cfg(test)]
    pub(crate) fn id(&self) -> RunId {
        self.id
    }

    /// Adds outcomes, all or none. When it returns they outlive this process; a loss of power can still take the last
    /// calls, whole, until [`Run::finish`].
    ///
    /// # Errors
    ///
    /// The ledger cannot be written: see [`super::error::LedgerErrorKind`].
    pub(crate) fn add(&self, outcomes: &[Outcome]) -> Result<(), LedgerError> {
        let mut texts = Vec::with_capacity(outcomes.len());
        for outcome in outcomes {
            texts.push(text_of(outcome).map_err(|error| self.ledger.unreadable("an outcome", &error))?);
        }
        self.ledger.write(|transaction| {
            let now = integer(plan::now());
            for (outcome, text) in outcomes.iter().zip(&texts) {
                let sighting = Sighting::of(transaction, outcome, text)?;
                // A chain's last word in a run is the latest, also inside of one call and if the clock was set back.
                let sql = "SELECT max(at) FROM seen WHERE run = ?1 AND chain = ?2";
                let mut before = transaction.prepare_cached(sql)?;
                let before: Option<i64> = before.query_row(params![self.id.0, sighting.chain], |row| row.get(0))?;
                sighting.put(transaction, self.id, now.max(before.map_or(0, |before| before.saturating_add(1))))?;
            }
            Ok(())
        })
    }

    /// A test is done, or stopped: replaces what the run said of it before.
    ///
    /// # Errors
    ///
    /// As for [`Run::add`].
    pub(crate) fn test_done(&self, swept: &Swept) -> Result<(), LedgerError> {
        let text = serde_json::to_string(swept).map_err(|error| self.ledger.unreadable("a test", &error))?;
        self.ledger.write(|transaction| put_swept(transaction, self.id, &swept.test, &text))
    }

    /// The run is over, with nothing left of its plan. When it returns, nothing of it can be lost to a loss of power.
    ///
    /// # Errors
    ///
    /// As for [`Run::add`].
    pub(crate) fn finish(&self) -> Result<(), LedgerError> {
        let synchronous = |word: &str| {
            let connection = self.ledger.connection();
            connection.pragma_update(None, "synchronous", word).map_err(|error| self.ledger.told(&error))
        };
        // What is waited for here is the whole log, and with it every earlier call.
        synchronous("FULL")?;
        let ended = self.ledger.write(|transaction| {
            transaction.execute("UPDATE run SET ended = ?2 WHERE id = ?1", params![self.id.0, integer(plan::now())])
        });
        synchronous("NORMAL")?;
        ended.map(|_| ())
    }
}

/// The outcome as it is kept: the build stands beside it, so that the same outcome of many builds is kept once.
pub(super) fn text_of(outcome: &Outcome) -> serde_json::Result<String> {
    let mut bare = outcome.clone();
    bare.build.clear();
    serde_json::to_string(&bare)
}

/// SQLite's numbers have a sign; no time of ours comes near to that.
pub(super) fn integer(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

pub(super) fn put_swept(connection: &Connection, run: RunId, test: &TestId, text: &str) -> rusqlite::Result<()> {
    let test = test_number(connection, test)?;
    let sql = "INSERT INTO swept (run, test, swept) VALUES (?1, ?2, ?3)
               ON CONFLICT (run, test) DO UPDATE SET swept = excluded.swept";
    connection.prepare_cached(sql)?.execute(params![run.0, test, text]).map(|_| ())
}

/// An outcome by the numbers of what is told in it.
pub(super) struct Sighting {
    chain: i64,
    told: i64,
    build: i64,
}

impl Sighting {
    /// Finds the numbers, or gives them out.
    pub(super) fn of(connection: &Connection, outcome: &Outcome, text: &str) -> rusqlite::Result<Sighting> {
        let chain = number_of(
            connection,
            "SELECT id FROM chain WHERE test = ?1 AND chain = ?2",
            "INSERT INTO chain (test, chain) VALUES (?1, ?2) RETURNING id",
            params![test_number(connection, &outcome.test)?, outcome.id.to_string()],
        )?;
        let told = number_of(
            connection,
            "SELECT id FROM told WHERE chain = ?1 AND verdict = ?2 AND outcome = ?3",
            "INSERT INTO told (chain, verdict, outcome) VALUES (?1, ?2, ?3) RETURNING id",
            params![chain, outcome.verdict.as_str(), text],
        )?;
        let build = number_of(
            connection,
            "SELECT id FROM build WHERE name = ?1",
            "INSERT INTO build (name) VALUES (?1) RETURNING id",
            params![outcome.build],
        )?;
        Ok(Sighting { chain, told, build })
    }

    pub(super) fn put(&self, connection: &Connection, run: RunId, at: i64) -> rusqlite::Result<()> {
        let sql = "INSERT INTO seen (run, chain, told, build, at) VALUES (?1, ?2, ?3, ?4, ?5)
                   ON CONFLICT (run, chain, told, build) DO UPDATE SET at = max(at, excluded.at)";
        let values = params![run.0, self.chain, self.told, self.build, at];
        connection.prepare_cached(sql)?.execute(values).map(|_| ())
    }
}

fn test_number(connection: &Connection, test: &TestId) -> rusqlite::Result<i64> {
    number_of(
        connection,
        "SELECT id FROM test WHERE binary = ?1 AND name = ?2",
        "INSERT INTO test (binary, name) VALUES (?1, ?2) RETURNING id",
        params![test.binary, test.name],
    )
}

/// The number of what is there already, or of what is put there.
fn number_of(connection: &Connection, find: &str, put: &str, values: &[&dyn rusqlite::ToSql]) -> rusqlite::Result<i64> {
    let found = connection.prepare_cached(find)?.query_row(values, |row| row.get(0)).optional()?;
    match found {
        Some(number) => Ok(number),
        None => connection.prepare_cached(put)?.query_row(values, |row| row.get(0)),
    }
}
