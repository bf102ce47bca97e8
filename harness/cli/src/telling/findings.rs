//! All findings for people, the worst first.

use firsthit::Verdict;

use crate::contents::gather::Contents;
use crate::telling::finding::finding;
use crate::telling::look::Look;
use crate::telling::sources::Sources;

/// Each cause as a block of lines with an empty one behind it. Those that abort are told by the lines that cause them, unless a
/// fresh process has not seen them abort.
pub(super) fn findings(contents: &Contents, look: Look) -> String {
    let sources = Sources::new(contents.root.as_deref(), contents.result.plan.begun);
    let told = contents.findings().filter(|cause| cause.verdict != Verdict::Aborted || cause.is_unconfirmed());
    let shown = told.filter_map(|cause| Some(finding(cause, contents.shows(cause)?, &sources, look) + "\n\n"));
    shown.collect()
}
