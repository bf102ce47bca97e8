//! A page written: the fixed files that are carried in the tool, the data, and the page itself.

use camino::{Utf8Path, Utf8PathBuf};

use super::folder::PageFolder;
use super::index;
use super::report::{CHUNK, Data};
use super::script;
use super::subject::Subject;
use crate::trouble::Trouble;

/// The styles, in their order.
const STYLES: [&str; 5] = [
    include_str!("../../page/style/1-theme.css"),
    include_str!("../../page/style/2-base.css"),
    include_str!("../../page/style/3-parts.css"),
    include_str!("../../page/style/4-tree.css"),
    include_str!("../../page/style/5-source.css"),
];

/// What is done before anything is painted.
const THEME: &str = include_str!("../../page/script/theme.js");

/// The script, in the order in which its parts need each other.
const SCRIPTS: [&str; 15] = [
    include_str!("../../page/script/01-base.js"),
    include_str!("../../page/script/02-model.js"),
    include_str!("../../page/script/03-load.js"),
    include_str!("../../page/script/04-route.js"),
    include_str!("../../page/script/05-list.js"),
    include_str!("../../page/script/06-filter.js"),
    include_str!("../../page/script/07-lists.js"),
    include_str!("../../page/script/08-copy.js"),
    include_str!("../../page/script/09-chain.js"),
    include_str!("../../page/script/10-icicle.js"),
    include_str!("../../page/script/11-outline.js"),
    include_str!("../../page/script/12-tree.js"),
    include_str!("../../page/script/13-source.js"),
    include_str!("../../page/script/14-search.js"),
    include_str!("../../page/script/15-start.js"),
];

/// Writes the page of a subject into a folder, and returns what is to be opened.
///
/// # Errors
/// The folder holds something else, or cannot be written.
pub(crate) fn write(subject: &Subject<'_>, folder: &Utf8Path) -> Result<Utf8PathBuf, Trouble> {
    let folder = PageFolder::make(folder)?;
    folder.fixed("page.css", &STYLES.concat())?;
    folder.fixed("theme.js", THEME)?;
    // One scope for all parts, in which nothing of the page's can be met by accident.
    folder.fixed("page.js", &format!("(function () {{\n\"use strict\";\n{}}})();\n", SCRIPTS.join("\n")))?;
    let data = Data::of(subject);
    for (nth, chunk) in data.details.chunks(CHUNK).enumerate() {
        folder.data(&format!("details-{nth}.js"), &script::call("details", &[&nth, &chunk]))?;
    }
    for (nth, lines) in data.sources.iter().enumerate() {
        if let Some(lines) = lines {
            folder.data(&format!("source-{nth}.js"), &script::call("source", &[&nth, lines]))?;
        }
    }
    folder.data("report.js", &script::call("report", &[&data.report]))?;
    let html = index::html(subject, &data).map_err(|error| Trouble::internal(format!("the page's template: {error}")))?;
    folder.page(&html)
}
