//! A source that chains run through, as it is when a report is made; or why it is not shown.

use std::fs::{self, File};
use std::io::{self, Read};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use camino::{Utf8Component, Utf8Path, Utf8PathBuf};

/// A file that is larger than this was not written by hand.
pub(crate) const BYTES_MAX: u64 = 4 << 20;
/// What is source, by the ending of its name: a result can have come from another machine, and names whatever files it likes.
const ENDINGS: [&str; 12] = ["rs", "c", "h", "cc", "cpp", "cxx", "hh", "hpp", "s", "S", "asm", "inc"];

/// What a file says.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct SourceFile {
    /// What is not UTF-8 in it is replaced.
    pub(crate) text: String,
    /// Since the sweep began: its lines may be others by now.
    pub(crate) is_changed: bool,
}

impl SourceFile {
    /// Reads a file, named as chains name it, of the workspace in the folder `root`; the sweep began `begun` microseconds after
    /// 1970.
    ///
    /// # Errors
    /// Why it is not shown, as a sentence.
    pub(crate) fn read(path: &Utf8Path, root: Option<&Utf8Path>, begun: u64) -> Result<SourceFile, String> {
        let Some(place) = place(path, root) else {
            return Err("This file is shown only in a report that is made in the folder of its workspace.".to_owned());
        };
        if !path.extension().is_some_and(|ending| ENDINGS.contains(&ending)) {
            return Err("This is no source file by its name, so it was not read.".to_owned());
        }
        let read = text(&place);
        let (text, modified) = read.map_err(|error| {
            format!("The file could not be read when the report was made ({error}): its lines are not shown.")
        })?;
        let begun = UNIX_EPOCH.checked_add(Duration::from_micros(begun));
        Ok(SourceFile { text, is_changed: modified.zip(begun).is_some_and(|(modified, begun)| modified > begun) })
    }
}

/// Where it lies: those of the workspace below its folder, and those that are named as a whole, of crates beside it.
fn place(path: &Utf8Path, root: Option<&Utf8Path>) -> Option<Utf8PathBuf> {
    if path.is_absolute() {
        return Some(path.to_owned());
    }
    let leaves = path.components().any(|part| part == Utf8Component::ParentDir);
    root.filter(|_| !leaves).map(|root| root.join(path))
}

fn text(path: &Utf8Path) -> io::Result<(String, Option<SystemTime>)> {
    // A pipe of that name would never end.
    let found = fs::metadata(path)?;
    if !found.is_file() {
        return Err(io::Error::other("it is no file"));
    }
    if found.len() > BYTES_MAX {
        return Err(io::Error::other(format!("it has {} bytes, more than {BYTES_MAX}", found.len())));
    }
    let mut bytes = Vec::new();
    File::open(path)?.take(BYTES_MAX).read_to_end(&mut bytes)?;
    Ok((String::from_utf8_lossy(&bytes).into_owned(), found.modified().ok()))
}
