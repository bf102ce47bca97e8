//! The page of a report: what it is called, and which folder it goes to.

use camino::{Utf8Path, Utf8PathBuf};

use super::subject::Subject;
use super::write::write;
use crate::contents::gather::Contents;
use crate::home::Home;
use crate::trouble::Trouble;

/// Writes the page, by default to where the project keeps it, and returns what is to be opened.
///
/// # Errors
/// The folder holds something else, or cannot be written.
pub(crate) fn make(home: &Home, contents: &Contents, folder: Option<&Utf8Path>) -> Result<Utf8PathBuf, Trouble> {
    let origin = contents.result.plan.origin.as_ref();
    let program = origin.and_then(|origin| origin.program.as_deref()).and_then(Utf8Path::file_name);
    let name = program.or_else(|| home.root().and_then(Utf8Path::file_name)).unwrap_or("a program");
    let usual = home.place.page();
    write(&Subject::new(contents, name.to_owned()), folder.unwrap_or(&usual))
}
