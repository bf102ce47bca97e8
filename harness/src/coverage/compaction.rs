//! The merging of what many processes of one build have left, so that their folder does not grow with every run.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::file::{self, Left};
use super::model::Model;
use super::names::{ALL, Stem, files, name_of, put, unique};
use super::program::Program;

/// How many files of one build processes may leave before one of them merges these.
pub(super) const FILES_MAX: usize = 32;
/// The file by which one process keeps others from merging at the same time; it stays, and is empty.
pub(super) const LOCK: &str = ".lock";

/// Merges what processes of `program` have left, where that has become many files.
///
/// One process does it at a time. It may be killed anywhere in between: what it merged says which files it holds, and they
/// are not counted twice while they are still there. A damaged file stays as it is.
///
/// # Errors
/// When a file cannot be read or written; then the others stay.
pub(super) fn compact(folder: &Path, program: &Program) -> io::Result<()> {
    let stem = Stem::of(program);
    let own = || -> io::Result<Vec<PathBuf>> {
        let (begin, all) = (stem.begin(), stem.name(ALL));
        let is_own = |name: String| name.starts_with(&begin) && name != all;
        Ok(files(folder)?.into_iter().filter(|path| is_own(name_of(path))).collect())
    };
    if own()?.len() <= FILES_MAX {
        return Ok(());
    }
    let lock = fs::File::create(folder.join(LOCK))?;
    if lock.try_lock().is_err() {
        return Ok(());
    }
    let mut lefts: Vec<(PathBuf, Left)> = Vec::new();
    for path in own()? {
        match file::read(&fs::read_to_string(&path)?) {
            Ok((left, faults)) if faults.is_empty() => lefts.push((path, left)),
            _ => {}
        }
    }
    if lefts.len() <= FILES_MAX {
        return Ok(());
    }
    let held: BTreeSet<String> = lefts.iter().flat_map(|(_, left)| left.holds.iter().cloned()).collect();
    let (mut model, mut holds) = (Model::default(), Vec::new());
    for (path, left) in &lefts {
        let name = name_of(path);
        if !held.contains(&name) {
            model.merge(left.model.clone());
        }
        holds.push(name);
    }
    let merged = Left { program: program.clone(), holds, model };
    put(folder, &folder.join(stem.name(&unique())), &file::write(&merged))?;
    lefts.iter().try_for_each(|(path, _)| fs::remove_file(path))
}
