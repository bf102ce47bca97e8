//! The names of the files that processes leave in a folder, and how these come to be.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicU32;
use std::sync::atomic::Ordering::Relaxed;
use std::time::{SystemTime, UNIX_EPOCH};

use super::program::Program;
use crate::chain::id::Id;

const EXTENSION: &str = "coverage";
/// In the place of a process: the file of all points, of which nothing is counted.
pub(super) const ALL: &str = "all";

/// A word that no other process gives, and this one no more: its number, the time, and how many there were before.
pub(super) fn unique() -> String {
    static BEFORE: AtomicU32 = AtomicU32::new(0);
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |time| time.as_nanos());
    format!("{}-{now}-{}", std::process::id(), BEFORE.fetch_add(1, Relaxed))
}

/// Writes a file so that nobody finds a part of it.
pub(super) fn put(folder: &Path, path: &Path, text: &str) -> io::Result<()> {
    let draft = folder.join(format!(".{}.draft", unique()));
    fs::write(&draft, text).and_then(|()| fs::rename(&draft, path)).inspect_err(|_| {
        let _ = fs::remove_file(&draft);
    })
}

/// What the names of a build's files begin with.
pub(super) struct Stem {
    /// The program's own part, with a short hash of where it lies.
    pub(super) program: String,
    pub(super) build: u64,
    pub(super) built: u64,
}

impl Stem {
    pub(super) fn of(program: &Program) -> Stem {
        let last = program.name.rsplit(['/', '\\']).next().unwrap_or_default();
        let safe: String = last.chars().take(80).map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect();
        let hash = program.name.bytes().fold(Id::EMPTY, |id, byte| id.with(u64::from(byte)));
        Stem { program: format!("{safe}-{:08x}", hash.hi >> 32), build: program.build, built: program.built }
    }

    /// The name of what one process has left, or of [`ALL`].
    pub(super) fn name(&self, process: &str) -> String {
        format!("{}{process}.{EXTENSION}", self.begin())
    }

    /// What the names of all of them begin with.
    pub(super) fn begin(&self) -> String {
        format!("{}.{:016x}.{}.", self.program, self.build, self.built)
    }

    pub(super) fn from_name(name: &str) -> Option<Stem> {
        let mut parts = name.split('.');
        let program = parts.next()?.to_owned();
        let build = u64::from_str_radix(parts.next()?, 16).ok()?;
        Some(Stem { program, build, built: parts.next()?.parse().ok()? })
    }
}

/// The files of a folder, in the order of their names.
pub(super) fn files(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let entries = fs::read_dir(folder)?.collect::<io::Result<Vec<_>>>()?;
    let paths = entries.into_iter().map(|entry| entry.path());
    let mut files: Vec<PathBuf> =
        paths.filter(|path| path.extension().is_some_and(|extension| extension == EXTENSION)).collect();
    files.sort();
    Ok(files)
}

/// The last part of a path.
pub(super) fn name_of(path: &Path) -> String {
    path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}
