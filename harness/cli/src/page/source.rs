//! The sources that chains run through, as they are when the report is made; and why one of them is not there.

use std::fs::{self, File};
use std::io::{self, Read};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use camino::{Utf8Path, Utf8PathBuf};

use super::clean;

/// A file that is larger than this was not written by hand.
const BYTES: u64 = 4 << 20;
/// What is source, by the ending of its name: a result can have come from another machine, and names whatever files it likes.
const ENDINGS: [&str; 12] = ["rs", "c", "h", "cc", "cpp", "cxx", "hh", "hpp", "s", "S", "asm", "inc"];

/// A file's lines, as far as they are there.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Source {
    pub(crate) lines: Option<Vec<String>>,
    /// What is to be known about them.
    pub(crate) notice: Option<String>,
}

/// Reads a file, named as chains name it, of the workspace in the folder `root`; the sweep began `begun` microseconds after 1970.
pub(crate) fn read(path: &Utf8Path, root: Option<&Utf8Path>, begun: u64) -> Source {
    let without = |why: String| Source { lines: None, notice: Some(why) };
    let Some(place) = place(path, root) else {
        return without("This file is shown only in a report that is made in the folder of its workspace.".to_owned());
    };
    if !path.extension().is_some_and(|ending| ENDINGS.contains(&ending)) {
        return without("This is no source file by its name, so it was not read.".to_owned());
    }
    match text(&place) {
        Ok((text, modified)) => {
            let lines = text.lines().map(clean::lines).collect();
            Source { lines: Some(lines), notice: changed(modified, begun) }
        }
        Err(error) => {
            without(format!("The file could not be read when the report was made ({error}): its lines are not shown."))
        }
    }
}

/// Where it lies: those of the workspace below its folder, and those that are named as a whole, of crates beside it.
fn place(path: &Utf8Path, root: Option<&Utf8Path>) -> Option<Utf8PathBuf> {
    if path.is_absolute() {
        return Some(path.to_owned());
    }
    let leaves = path.components().any(|part| part == camino::Utf8Component::ParentDir);
    root.filter(|_| !leaves).map(|root| root.join(path))
}

fn text(path: &Utf8Path) -> io::Result<(String, Option<SystemTime>)> {
    // A pipe of that name would never end.
    let found = fs::metadata(path)?;
    if !found.is_file() {
        return Err(io::Error::other("it is no file"));
    }
    if found.len() > BYTES {
        return Err(io::Error::other(format!("it has {} bytes, more than {BYTES}", found.len())));
    }
    let mut bytes = Vec::new();
    File::open(path)?.take(BYTES).read_to_end(&mut bytes)?;
    Ok((String::from_utf8_lossy(&bytes).into_owned(), found.modified().ok()))
}

fn changed(modified: Option<SystemTime>, begun: u64) -> Option<String> {
    let begun = UNIX_EPOCH.checked_add(Duration::from_micros(begun))?;
    (modified? > begun).then(|| {
        "The file was changed after the sweep began: what stands beside its lines may belong to others by now."
            .to_owned()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

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
        fs::write(root.join("long.rs"), vec![b'a'; usize::try_from(BYTES).unwrap() + 1]).unwrap();
        assert!(source("long.rs", later).notice.unwrap().contains("more than"));
    }
}
