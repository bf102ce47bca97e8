//! `clean`: removes what was written, and says what it was.

use std::fs;
use std::io::ErrorKind;

use camino::{Utf8Path, Utf8PathBuf};

use crate::options::command::CleanCommand;
use crate::place::Place;
use crate::trouble::Trouble;

/// Removes what `options` name, and returns a line for each thing that was there.
///
/// # Errors
/// Names what cannot be removed, and why.
pub(crate) fn clean(options: &CleanCommand, place: &Place) -> Result<Vec<String>, Trouble> {
    let ledger = ["ledger.sqlite", "ledger.sqlite-wal", "ledger.sqlite-shm", "ledger.sqlite-journal"];
    let what: Vec<Utf8PathBuf> = if options.build {
        vec![place.build()]
    } else if options.keep_ledger {
        entries(place.root())?.into_iter().filter(|path| !ledger.map(Some).contains(&path.file_name())).collect()
    } else {
        vec![place.root().to_owned()]
    };
    let mut lines = Vec::new();
    for path in what {
        let bytes = size(&path);
        let removed =
            if path.is_dir() && !path.is_symlink() { fs::remove_dir_all(&path) } else { fs::remove_file(&path) };
        match removed {
            Ok(()) => lines.push(format!("removed {path}, {}", megabytes(bytes))),
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(error) => return Err(Trouble::usage(format!("cannot remove {path}: {error}; is a sweep running?"))),
        }
    }
    if lines.is_empty() {
        lines.push(format!("nothing to remove in {}", place.root()));
    }
    Ok(lines)
}

fn entries(folder: &Utf8Path) -> Result<Vec<Utf8PathBuf>, Trouble> {
    let trouble = |error| Trouble::usage(format!("cannot read {folder}: {error}"));
    match folder.read_dir_utf8() {
        Ok(entries) => {
            let paths = entries.map(|entry| entry.map(camino::Utf8DirEntry::into_path));
            let mut paths: Vec<Utf8PathBuf> = paths.collect::<Result<_, _>>().map_err(trouble)?;
            paths.sort();
            Ok(paths)
        }
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(Vec::new()),
        Err(error) => Err(trouble(error)),
    }
}

/// The bytes of all files below, as far as they can be seen.
fn size(path: &Utf8Path) -> u64 {
    let Ok(metadata) = path.symlink_metadata() else { return 0 };
    if metadata.is_dir() {
        entries(path).unwrap_or_default().iter().map(|path| size(path)).sum()
    } else {
        metadata.len()
    }
}

fn megabytes(bytes: u64) -> String {
    let tenths = bytes.div_ceil(100_000);
    format!("{}.{} MB", tenths / 10, tenths % 10)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::options::cargo::ManifestOptions;

    fn place(folder: &tempfile::TempDir) -> Place {
        let place = Place::in_target(Utf8Path::from_path(folder.path()).unwrap());
        for folder in [place.build(), place.run(), place.root().join("reports")] {
            fs::create_dir_all(folder).unwrap();
        }
        for file in [place.ledger(), place.plan(), place.build().join("x")] {
            fs::write(file, "x").unwrap();
        }
        place
    }

    fn options(build: bool, keep_ledger: bool) -> CleanCommand {
        CleanCommand { build, keep_ledger, manifest: ManifestOptions::default() }
    }

    #[test]
    fn what_is_removed_is_told_and_the_rest_stays() {
        let folder = tempfile::tempdir().unwrap();
        let place = place(&folder);
        let lines = clean(&options(true, false), &place).unwrap();
        assert_eq!(lines, [format!("removed {}, 0.1 MB", place.build())]);
        assert!(!place.build().exists() && place.plan().exists());
        let lines = clean(&options(false, true), &place).unwrap();
        assert!(lines.len() == 2 && !place.run().exists() && place.ledger().exists(), "{lines:?}");
        clean(&options(false, false), &place).unwrap();
        assert!(!place.root().exists());
        assert_eq!(clean(&options(false, false), &place).unwrap(), [format!("nothing to remove in {}", place.root())]);
        assert_eq!(clean(&options(false, true), &place).unwrap(), [format!("nothing to remove in {}", place.root())]);
    }
}
