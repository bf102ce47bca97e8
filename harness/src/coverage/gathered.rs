//! What the files of a folder come to: those of many processes, programs and builds.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io;
use std::path::Path;

use super::file::{self, Fault, Left};
use super::model::Model;
use super::names::{files, name_of};
use super::program::Program;

/// What the files of a folder come to.
#[derive(Default, Debug)]
pub(crate) struct Gathered {
    pub(crate) model: Model,
    /// The programs whose points these are.
    pub(crate) programs: usize,
    /// How many files were left by older builds, and are not in it.
    pub(crate) older: usize,
    /// What cannot be read, a line each.
    pub(crate) faults: Vec<String>,
}

/// Merges the files that `only` wants of a folder: of each program those of its newest build.
///
/// # Errors
/// When the folder cannot be read.
pub(crate) fn gather(folder: &Path, only: impl Fn(&Program) -> bool) -> io::Result<Gathered> {
    // What goes while the folder is read may be in another file by then: all is looked at again, but not for ever.
    for _ in 0..8 {
        if let (gathered, 0) = gather_once(folder, &only)? {
            return Ok(gathered);
        }
    }
    gather_once(folder, &only).map(|(gathered, _)| gathered)
}

/// The same, and how many files went before they were read.
fn gather_once(folder: &Path, only: &impl Fn(&Program) -> bool) -> io::Result<(Gathered, usize)> {
    let (mut gathered, mut gone) = (Gathered::default(), 0);
    let mut lefts: Vec<(String, Left)> = Vec::new();
    for path in files(folder)? {
        let shown = path.display();
        let mut tell = |Fault { line, what }: Fault| gathered.faults.push(format!("{shown}:{line}: {what}"));
        let text = match fs::read(&path) {
            Ok(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                gone += 1;
                continue;
            }
            Err(error) => {
                gathered.faults.push(format!("{shown}: {error}"));
                continue;
            }
        };
        match file::read(&text) {
            Ok((left, faults)) => {
                faults.into_iter().for_each(tell);
                lefts.push((name_of(&path), left));
            }
            Err(fault) => tell(fault),
        }
    }
    let held: BTreeSet<String> = lefts.iter().flat_map(|(_, left)| left.holds.iter().cloned()).collect();
    let mut builds: BTreeMap<String, (Program, Model)> = BTreeMap::new();
    for (_, Left { program, model, .. }) in lefts.into_iter().filter(|(name, _)| !held.contains(name)) {
        if !only(&program) {
            continue;
        }
        match builds.get_mut(&program.name) {
            Some((known, sum)) if known.build == program.build => sum.merge(model),
            Some((known, _)) if known.built >= program.built => gathered.older += 1,
            known => {
                gathered.older += usize::from(known.is_some());
                builds.insert(program.name.clone(), (program, model));
            }
        }
    }
    gathered.programs = builds.len();
    builds.into_values().for_each(|(_, model)| gathered.model.merge(model));
    Ok((gathered, gone))
}
