//! The page that a command asks for: of whose contents, where to, and whether it is opened.

use super::subject::Subject;
use super::write::write;
use crate::contents::gather::Contents;
use crate::home::Home;
use crate::options::page::PageOptions;
use crate::print;
use crate::trouble::Trouble;

/// Writes the page, says where it is, and opens it if that is asked.
///
/// # Errors
/// The folder holds something else or cannot be written; or nothing here opens pages.
pub(crate) fn make(home: &Home, contents: &Contents, options: &PageOptions, quiet: bool) -> Result<(), Trouble> {
    let origin = contents.result.plan.origin.as_ref();
    let program = origin.and_then(|origin| origin.program.as_deref()).and_then(|program| program.file_name());
    let name = program.or_else(|| home.root().and_then(|root| root.file_name())).unwrap_or("a program");
    let folder = options.output.clone().unwrap_or_else(|| home.place.page());
    let subject = Subject::new(contents, name.to_owned(), home.place.root().to_string());
    let page = write(&subject, &folder)?;
    if !quiet {
        print::to_stderr(&format!("the report is in {page}"));
    }
    if options.open {
        open::that_detached(&page).map_err(|error| {
            Trouble::usage(format!("nothing opens {page} ({error}): open it in a browser, or set BROWSER to one"))
        })?;
    }
    Ok(())
}
