//! The folder of a page: what it may replace, and how it is filled.

use std::fs;
use std::io;

use camino::{Utf8Path, Utf8PathBuf};

use crate::file_error::FileError;
use crate::replace_file::replace_file;
use crate::trouble::Trouble;

const PAGE: &str = "index.html";
const DATA: &str = "data";
/// Stands in every page of ours.
const MARK: &str = "<meta name=\"generator\" content=\"cargo-firsthit";
const UNFINISHED: &str = "This report is not finished. If it stays so, make it again: cargo firsthit report --html";

/// A folder that holds a page of ours, or nothing.
pub(crate) struct PageFolder {
    path: Utf8PathBuf,
}

impl PageFolder {
    /// Makes the folder, and takes away an earlier page's data.
    ///
    /// # Errors
    /// It holds something else, or cannot be made.
    pub(crate) fn make(path: &Utf8Path) -> Result<PageFolder, Trouble> {
        let told = |error: io::Error| Trouble::usage(FileError::writing(path, error).to_string());
        fs::create_dir_all(path).map_err(told)?;
        let empty = fs::read_dir(path).map_err(told)?.next().is_none();
        let ours =
            fs::read(path.join(PAGE)).is_ok_and(|page| page.windows(MARK.len()).any(|part| part == MARK.as_bytes()));
        if !empty && !ours {
            return Err(Trouble::usage(format!(
                "{path} holds something that is no report of firsthit's, and nothing in it was touched: name an empty folder, or a new one"
            )));
        }
        let data = path.join(DATA);
        match fs::remove_dir_all(&data) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                return Err(Trouble::usage(FileError::writing(&data, error).to_string()));
            }
            _ => {}
        }
        fs::create_dir_all(&data).map_err(|error| Trouble::usage(FileError::writing(&data, error).to_string()))?;
        let folder = PageFolder { path: path.to_owned() };
        // A kill on the way leaves a folder that the next page may replace.
        folder.fixed(
            PAGE,
            &format!("<!DOCTYPE html><html lang=\"en\">{MARK}\"><title>firsthit</title><p>{UNFINISHED}"),
        )?;
        Ok(folder)
    }

    /// Writes a file that pages always have.
    ///
    /// # Errors
    /// It cannot be written.
    pub(crate) fn fixed(&self, name: &str, text: &str) -> Result<(), Trouble> {
        replace_file(&self.path.join(name), text.as_bytes()).map_err(|error| Trouble::usage(error.to_string()))
    }

    /// Writes a file of this page's data.
    ///
    /// # Errors
    /// It cannot be written.
    pub(crate) fn data(&self, name: &str, text: &str) -> Result<(), Trouble> {
        let path = self.path.join(DATA).join(name);
        fs::write(&path, text).map_err(|error| Trouble::usage(FileError::writing(&path, error).to_string()))
    }

    /// Writes the page itself, which is last: whoever opens it finds the rest.
    ///
    /// # Errors
    /// It cannot be written.
    pub(crate) fn page(&self, html: &str) -> Result<Utf8PathBuf, Trouble> {
        self.fixed(PAGE, html)?;
        Ok(self.path.join(PAGE))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_replaces_another_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let root = Utf8Path::from_path(folder.path()).unwrap();
        let path = root.join("a/html");
        let first = PageFolder::make(&path).unwrap();
        first.data("details-9.js", "old").unwrap();
        first.page(&format!("<html>{MARK} 0.1.0\">")).unwrap();
        let second = PageFolder::make(&path).unwrap();
        // As a kill would leave it.
        assert!(fs::read_to_string(path.join("index.html")).unwrap().contains("is not finished"));
        drop(second);
        let page = PageFolder::make(&path).unwrap().page("new").unwrap();
        assert!(!path.join("data/details-9.js").exists() && path.join("data").is_dir());
        // Another's page is no page of ours, and neither is another's folder.
        for (place, file) in [(&path, "index.html"), (&root.to_owned(), "a")] {
            let refused = PageFolder::make(place).err().unwrap().message;
            assert!(refused.contains(place.as_str()) && refused.contains("name an empty folder"), "{refused}");
            assert!(place.join(file).exists() && fs::read(&page).unwrap() == b"new");
        }
        let refused = PageFolder::make(&page).err().unwrap().message;
        assert!(refused.contains("cannot write"), "{refused}");
    }
}
