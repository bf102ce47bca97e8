//! A report in one of its forms, and where it goes.

use camino::Utf8Path;

use crate::contents::gather::Contents;
use crate::formats::{cobertura, github, json, junit, lcov, markdown, sarif};
use crate::options::format::{Format, ReportFile};
use crate::print;
use crate::trouble::Trouble;

/// The report as text.
///
/// # Errors
/// A bug of ours: nothing in a report is of a kind that a form cannot hold.
pub(crate) fn text(format: Format, contents: &Contents) -> Result<String, Trouble> {
    let told = |error: &dyn std::fmt::Display| Trouble::internal(format!("no {} report: {error}", format.word()));
    match format {
        Format::Json => json::text(contents).map_err(|error| told(&error)),
        Format::Lcov => Ok(lcov::text(contents)),
        Format::Cobertura => cobertura::text(contents).map_err(|error| told(&error)),
        Format::Junit => junit::text(contents).map_err(|error| told(&error)),
        Format::Sarif => sarif::text(contents).map_err(|error| told(&error)),
        Format::Github => Ok(github::text(contents)),
        Format::Markdown => Ok(markdown::text(contents)),
    }
}

/// Writes the report into a file, whose folder is made; without one, to standard output.
///
/// # Errors
/// The file cannot be written.
pub(crate) fn write(format: Format, path: Option<&Utf8Path>, contents: &Contents) -> Result<(), Trouble> {
    let text = text(format, contents)?;
    let Some(path) = path else { return print::to_stdout(&text) };
    let written = || {
        if let Some(folder) = path.parent().filter(|folder| !folder.as_str().is_empty()) {
            std::fs::create_dir_all(folder)?;
        }
        // Not replaced: it may be a pipe, or a device.
        std::fs::write(path, &text)
    };
    written().map_err(|error| {
        Trouble::usage(format!("the {} report cannot be written to {path}: {error}: name another file", format.word()))
    })
}

/// Writes all that are asked for.
///
/// # Errors
/// As for [`write`]; those in front are written.
pub(crate) fn write_all(files: &[ReportFile], contents: &Contents) -> Result<(), Trouble> {
    files.iter().try_for_each(|file| write(file.format, Some(&file.path), contents))
}
