//! Opening the ledger: making it, checking whose file it is, and how it is written and waited for.

use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use camino::{Utf8Path, Utf8PathBuf};
use rusqlite::{Connection, OpenFlags};

use super::error::{BUSY_S, LedgerError, LedgerErrorKind};
use super::schema::{self, Form};

/// An open ledger; clones share the connection and can go to other threads.
#[derive(Clone)]
pub(crate) struct Ledger {
    path: Utf8PathBuf,
    connection: Arc<Mutex<Connection>>,
}

impl Ledger {
    /// Opens it to read and write, and makes it and its folders where there is none.
    ///
    /// # Errors
    ///
    /// The file is no ledger, is a newer version's, is damaged, or cannot be written.
    pub(crate) fn open(path: &Utf8Path) -> Result<Ledger, LedgerError> {
        if let Some(folder) = path.parent().filter(|folder| !folder.as_str().is_empty()) {
            std::fs::create_dir_all(folder).map_err(|error| LedgerError::new(path, of_io(&error)))?;
        }
        Ledger::connect(path, OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE)
    }

    /// Opens one that is there, also where nothing can be written.
    ///
    /// # Errors
    ///
    /// There is none, or as for [`Ledger::open`].
    pub(crate) fn open_to_read(path: &Utf8Path) -> Result<Ledger, LedgerError> {
        if let Err(error) = std::fs::metadata(path) {
            let absent = error.kind() == io::ErrorKind::NotFound;
            return Err(LedgerError::new(path, if absent { LedgerErrorKind::Absent } else { of_io(&error) }));
        }
        let opened = Ledger::connect(path, OpenFlags::SQLITE_OPEN_READ_WRITE);
        match opened {
            Err(LedgerError { kind: LedgerErrorKind::Denied(_), .. }) => Ledger::read_unchanging(path),
            opened => opened,
        }
    }

    /// Opens a file that nobody writes, as on a medium that cannot be written: no lock is taken, no file made.
    pub(super) fn read_unchanging(path: &Utf8Path) -> Result<Ledger, LedgerError> {
        let told = |error: &rusqlite::Error| LedgerError::of_sqlite(path, error);
        let log = std::fs::metadata(format!("{path}-wal")).map_or(0, |log| log.len());
        if log > 0 {
            let words = format!("{path}-wal has what is not in it yet");
            return Err(LedgerError::new(path, LedgerErrorKind::Denied(words)));
        }
        let escaped = path.as_str().replace('%', "%25").replace('?', "%3f").replace('#', "%23");
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let name = format!("file:{escaped}?immutable=1");
        let connection = Connection::open_with_flags(name, flags).map_err(|error| told(&error))?;
        match schema::form(&connection).map_err(|error| told(&error))? {
            Form::Ledger(schema::VERSION) => Ok(Ledger::of(path, connection)),
            Form::Ledger(newer) if newer > schema::VERSION => {
                Err(LedgerError::new(path, LedgerErrorKind::Newer(newer)))
            }
            Form::Ledger(older) => {
                let words = format!("it is of form {older} and cannot be brought up to date");
                Err(LedgerError::new(path, LedgerErrorKind::Denied(words)))
            }
            Form::Empty | Form::Foreign => Err(foreign(path)),
        }
    }

    fn connect(path: &Utf8Path, flags: OpenFlags) -> Result<Ledger, LedgerError> {
        let begun = Instant::now();
        loop {
            let tried = Ledger::try_to_connect(path, flags);
            // SQLite does not wait where waiting could be for ever, as when two make the same file; this one does.
            let busy = matches!(&tried, Err(LedgerError { kind: LedgerErrorKind::Busy, .. }));
            if !busy || begun.elapsed() > Duration::from_secs(BUSY_S) {
                return tried;
            }
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    fn try_to_connect(path: &Utf8Path, flags: OpenFlags) -> Result<Ledger, LedgerError> {
        let told = |error: rusqlite::Error| LedgerError::of_sqlite(path, &error);
        let flags = flags | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let mut connection = Connection::open_with_flags(path, flags).map_err(told)?;
        connection.busy_timeout(Duration::from_secs(BUSY_S)).map_err(told)?;
        match schema::form(&connection).map_err(told)? {
            Form::Foreign => return Err(foreign(path)),
            Form::Ledger(version) if version > schema::VERSION => {
                return Err(LedgerError::new(path, LedgerErrorKind::Newer(version)));
            }
            Form::Empty | Form::Ledger(_) => {}
        }
        // Readers and a writer do not wait for each other. Where the file system has no shared memory for it, SQLite
        // says which other journal it uses instead, and all that changes is that they wait.
        connection.pragma_update_and_check(None, "journal_mode", "WAL", |_| Ok(())).map_err(told)?;
        connection.pragma_update(None, "synchronous", "NORMAL").map_err(told)?;
        connection.pragma_update(None, "foreign_keys", true).map_err(told)?;
        schema::bring_up_to_date(&mut connection).map_err(told)?;
        Ok(Ledger::of(path, connection))
    }

    fn of(path: &Utf8Path, connection: Connection) -> Ledger {
        connection.set_prepared_statement_cache_capacity(64);
        Ledger { path: path.to_owned(), connection: Arc::new(Mutex::new(connection)) }
    }

    pub(crate) fn path(&self) -> &Utf8Path {
        &self.path
    }

    pub(super) fn connection(&self) -> MutexGuard<'_, Connection> {
        // A thread that panicked has left no transaction open: they are rolled back on the way.
        self.connection.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn told(&self, error: &rusqlite::Error) -> LedgerError {
        LedgerError::of_sqlite(&self.path, error)
    }

    /// What is written there and does not read: an outcome of a later version, say.
    pub(super) fn unreadable(&self, what: &str, error: &dyn std::fmt::Display) -> LedgerError {
        LedgerError::new(&self.path, LedgerErrorKind::Damaged(format!("{what}: {error}")))
    }
}

fn foreign(path: &Utf8Path) -> LedgerError {
    LedgerError::new(path, LedgerErrorKind::Foreign("it is another program's database".to_owned()))
}

fn of_io(error: &io::Error) -> LedgerErrorKind {
    match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::FileTooLarge => {
            LedgerErrorKind::Full(error.to_string())
        }
        _ => LedgerErrorKind::Denied(error.to_string()),
    }
}
