//! The tables of the ledger, and how the file of an earlier version is brought up to date.

use rusqlite::{Connection, TransactionBehavior};

/// "fhit": by this SQLite files of this tool are known.
pub(super) const APPLICATION_ID: i32 = 0x6668_6974;
/// The form of the file: how many steps have been taken.
pub(super) const VERSION: i64 = STEPS.len() as i64;

/// One step for each version, from an empty file on. Steps that have been published stay as they are.
const STEPS: [&str; 1] = ["
    CREATE TABLE run (
        id INTEGER PRIMARY KEY,
        name TEXT NOT NULL UNIQUE,      -- the same in every ledger that knows the run
        digest TEXT NOT NULL,           -- of version, options and shard
        begun INTEGER NOT NULL,         -- microseconds since 1970, as all times
        ended INTEGER,                  -- nothing until it is finished
        plan TEXT NOT NULL              -- JSON
    ) STRICT;
    CREATE TABLE test (
        id INTEGER PRIMARY KEY,
        binary TEXT NOT NULL,
        name TEXT NOT NULL,
        UNIQUE (binary, name)
    ) STRICT;
    CREATE TABLE chain (
        id INTEGER PRIMARY KEY,
        test INTEGER NOT NULL REFERENCES test,
        chain TEXT NOT NULL,            -- 32 hexadecimal digits
        UNIQUE (test, chain)
    ) STRICT;
    CREATE INDEX chain_by_digits ON chain (chain);
    CREATE TABLE build (
        id INTEGER PRIMARY KEY,
        name TEXT NOT NULL UNIQUE       -- hexadecimal digits
    ) STRICT;
    CREATE TABLE told (                 -- an outcome, without its build: once, however often it is seen
        id INTEGER PRIMARY KEY,
        chain INTEGER NOT NULL REFERENCES chain,
        verdict TEXT NOT NULL,
        outcome TEXT NOT NULL           -- JSON
    ) STRICT;
    CREATE INDEX told_by_chain ON told (chain);
    CREATE TABLE seen (                 -- that a run had this outcome; all counts and firsts and lasts are asked of it
        run INTEGER NOT NULL REFERENCES run,
        chain INTEGER NOT NULL REFERENCES chain,
        told INTEGER NOT NULL REFERENCES told,
        build INTEGER NOT NULL REFERENCES build,
        at INTEGER NOT NULL,
        PRIMARY KEY (run, chain, told, build)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX seen_by_chain ON seen (chain, at);
    CREATE TABLE swept (
        run INTEGER NOT NULL REFERENCES run,
        test INTEGER NOT NULL REFERENCES test,
        swept TEXT NOT NULL,            -- JSON
        PRIMARY KEY (run, test)
    ) STRICT, WITHOUT ROWID;
"];

/// What a file is to this tool.
#[derive(PartialEq, Eq, Debug)]
pub(super) enum Form {
    Empty,
    Foreign,
    Ledger(i64),
}

/// Looks at a file that others may be making at this moment: at what stood in it at one time.
pub(super) fn form(connection: &Connection) -> rusqlite::Result<Form> {
    form_within(&*connection.unchecked_transaction()?)
}

/// The same inside of a transaction.
fn form_within(connection: &Connection) -> rusqlite::Result<Form> {
    let application: i64 = connection.pragma_query_value(None, "application_id", |row| row.get(0))?;
    let version: i64 = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
    let tables: i64 = connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
    Ok(match (application, version, tables) {
        (0, 0, 0) => Form::Empty,
        (id, version, _) if id == i64::from(APPLICATION_ID) => Form::Ledger(version),
        _ => Form::Foreign,
    })
}

/// Makes the tables, or takes the steps that are left: all, or none if it fails or the process dies.
pub(super) fn bring_up_to_date(connection: &mut Connection) -> rusqlite::Result<()> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    // Another process may have done it while this one waited.
    let taken = match form_within(&transaction)? {
        Form::Empty => 0,
        Form::Ledger(version) => usize::try_from(version).unwrap_or(STEPS.len()),
        Form::Foreign => return Ok(()),
    };
    for step in STEPS.iter().skip(taken) {
        transaction.execute_batch(step)?;
    }
    if taken < STEPS.len() {
        transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
        transaction.pragma_update(None, "user_version", VERSION)?;
    }
    transaction.commit()
}
