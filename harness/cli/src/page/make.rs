//! The page of a report: what it is called, and which folder it goes to.

use std::collections::BTreeSet;

use camino::{Utf8Path, Utf8PathBuf};

use super::subject::Subject;
use super::write::write;
use crate::contents::gather::Contents;
use crate::home::Home;
use crate::test_id::TestId;
use crate::trouble::Trouble;

/// Writes the page, by default to where the project keeps it, and returns what is to be opened.
///
/// # Errors
/// The folder holds something else, or cannot be written.
pub(crate) fn make(home: &Home, contents: &Contents, folder: Option<&Utf8Path>) -> Result<Utf8PathBuf, Trouble> {
    let packages: BTreeSet<&str> = contents.tests.iter().map(|test| package(&test.test)).collect();
    let name = match packages.first() {
        Some(package) if packages.len() == 1 => package,
        _ => home.root().and_then(Utf8Path::file_name).unwrap_or("several programs"),
    };
    let usual = home.place.page();
    write(&Subject::new(contents, name.to_owned()), folder.unwrap_or(&usual))
}

/// The package of a test, or the name of a program that was run without Cargo.
fn package(test: &TestId) -> &str {
    test.binary.split_once("::").map_or(test.binary.as_str(), |(package, _)| package)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_package_stands_before_the_target() {
        let test = |binary: &str| TestId { binary: binary.to_owned(), name: "a".to_owned() };
        assert_eq!([package(&test("demo")), package(&test("demo::bin/x"))], ["demo", "demo"]);
    }
}
