//! The sources of a page: their lines, made fit for it, and what is to be known of them.

use camino::Utf8Path;

use super::clean;
use crate::contents::source::SourceFile;

/// A file's lines, as far as they are there.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Source {
    pub(crate) lines: Option<Vec<String>>,
    /// What is to be known about them.
    pub(crate) notice: Option<String>,
}

/// Reads a file, named as chains name it, of the workspace in the folder `root`; the sweep began `begun` microseconds after 1970.
pub(crate) fn read(path: &Utf8Path, root: Option<&Utf8Path>, begun: u64) -> Source {
    match SourceFile::read(path, root, begun) {
        Ok(SourceFile { text, is_changed }) => {
            let changed =
                "The file was changed after the sweep began: what stands beside its lines may belong to others by now.";
            let notice = is_changed.then(|| changed.to_owned());
            Source { lines: Some(text.lines().map(clean::lines).collect()), notice }
        }
        Err(why) => Source { lines: None, notice: Some(why) },
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::contents::source::BYTES_MAX;

    #[test]
    fn a_file_is_read_and_what_stands_against_it_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let root = Utf8Path::from_path(folder.path()).unwrap();
        fs::write(root.join("a.rs"), b"one\n\ttwo \xff\x1b[0m\r\n").unwrap();
        fs::write(root.join("secret"), "x").unwrap();
        fs::create_dir(root.join("b.rs")).unwrap();
        let source = |path: &str, begun| read(path.into(), Some(root), begun);
        let later = crate::results::plan::now() + 60_000_000;
        let lines = Some(vec!["one".to_owned(), "\ttwo \u{fffd}\u{fffd}[0m".to_owned()]);
        assert_eq!(source("a.rs", later), Source { lines: lines.clone(), notice: None });
        let since = source("a.rs", 0);
        assert!(since.lines == lines && since.notice.unwrap().contains("changed after the sweep"));
        let refused = [
            ("gone.rs", "could not be read"),
            ("b.rs", "it is no file"),
            ("secret", "no source file by its name"),
            ("../a.rs", "in the folder of its workspace"),
        ];
        for (path, why) in refused {
            let refused = source(path, later);
            assert!(refused.lines.is_none() && refused.notice.as_ref().unwrap().contains(why), "{path}: {refused:?}");
        }
        assert!(read("a.rs".into(), None, 0).lines.is_none());
        fs::write(root.join("long.rs"), vec![b'a'; usize::try_from(BYTES_MAX).unwrap() + 1]).unwrap();
        assert!(source("long.rs", later).notice.unwrap().contains("more than"));
    }
}
