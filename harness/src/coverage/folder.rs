//! The folder that processes leave their files in, and what is to be made of all of them.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use super::file::{self, Fault};
use super::model::Model;
use super::program::{self, Program};
use crate::chain::id::Id;

/// The variable that names the folder.
pub(crate) const FOLDER: &str = "FIRSTHIT_COVERAGE_DIR";
/// Where it is in the folder that cargo builds in.
const BELOW_TARGET: [&str; 2] = ["firsthit", "coverage"];
const EXTENSION: &str = "coverage";

/// The folder that the environment names, if it names one.
pub(crate) fn named() -> Option<PathBuf> {
    std::env::var_os(FOLDER).filter(|folder| !folder.is_empty()).map(PathBuf::from)
}

/// The folder in that which cargo builds `file` in.
pub(crate) fn beside(file: &Path) -> Option<PathBuf> {
    program::target(file).map(|target| BELOW_TARGET.iter().fold(target, |folder, name| folder.join(name)))
}

/// Leaves what this process of `program` knows in `folder`; false if the program was built anew in the meantime.
///
/// The points of which there is nothing to tell stand in one file of the build, and not in that of every process.
///
/// # Errors
/// When the folder or a file cannot be written.
pub(crate) fn leave(folder: &Path, program: &Program, model: &Model) -> io::Result<bool> {
    fs::create_dir_all(folder)?;
    if !remove_older(folder, program)? {
        return Ok(false);
    }
    let stem = Stem::of(program);
    let all = folder.join(stem.name("all"));
    if !all.exists() {
        let mut nothing = model.clone();
        nothing.entries.values_mut().for_each(|entry| entry.tally = Default::default());
        put(folder, &all, &file::write(program, &nothing))?;
    }
    let mut known = model.clone();
    known.entries.retain(|_, entry| entry.tally != Default::default());
    if !known.entries.is_empty() {
        put(folder, &folder.join(stem.name(&unique())), &file::write(program, &known))?;
    }
    Ok(true)
}

/// A word that no other process gives: its number, and the time.
fn unique() -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |time| time.as_nanos());
    format!("{}-{now}", std::process::id())
}

/// Writes a file so that nobody finds a part of it.
fn put(folder: &Path, path: &Path, text: &str) -> io::Result<()> {
    let draft = folder.join(format!(".{}.draft", unique()));
    fs::write(&draft, text).and_then(|()| fs::rename(&draft, path)).inspect_err(|_| {
        let _ = fs::remove_file(&draft);
    })
}

/// What the names of a build's files begin with.
struct Stem {
    /// The program's own part, with a short hash of where it lies.
    program: String,
    build: u64,
    built: u64,
}

impl Stem {
    fn of(program: &Program) -> Stem {
        let last = program.name.rsplit(['/', '\\']).next().unwrap_or_default();
        let safe: String = last.chars().take(80).map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect();
        let hash = program.name.bytes().fold(Id::EMPTY, |id, byte| id.with(u64::from(byte)));
        Stem { program: format!("{safe}-{:08x}", hash.hi >> 32), build: program.build, built: program.built }
    }

    fn name(&self, process: &str) -> String {
        format!("{}.{:016x}.{}.{process}.{EXTENSION}", self.program, self.build, self.built)
    }

    fn from_name(name: &str) -> Option<Stem> {
        let mut parts = name.split('.');
        let program = parts.next()?.to_owned();
        let build = u64::from_str_radix(parts.next()?, 16).ok()?;
        Some(Stem { program, build, built: parts.next()?.parse().ok()? })
    }
}

/// Removes what older builds of the program left; false if there is something of a newer one.
fn remove_older(folder: &Path, program: &Program) -> io::Result<bool> {
    let own = Stem::of(program);
    let mut newest = true;
    for path in files(folder)? {
        let name = path.file_name().and_then(|name| name.to_str()).and_then(Stem::from_name);
        let Some(other) = name.filter(|other| other.program == own.program && other.build != own.build) else {
            continue;
        };
        if other.built > own.built {
            newest = false;
        } else {
            let _ = fs::remove_file(path);
        }
    }
    Ok(newest)
}

/// The files of a folder, in the order of their names.
fn files(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let entries = fs::read_dir(folder)?.collect::<io::Result<Vec<_>>>()?;
    let paths = entries.into_iter().map(|entry| entry.path());
    let mut files: Vec<PathBuf> =
        paths.filter(|path| path.extension().is_some_and(|extension| extension == EXTENSION)).collect();
    files.sort();
    Ok(files)
}

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
    let mut gathered = Gathered::default();
    let mut builds: BTreeMap<String, (Program, Model)> = BTreeMap::new();
    for path in files(folder)? {
        let shown = path.display();
        let mut tell = |Fault { line, what }: Fault| gathered.faults.push(format!("{shown}:{line}: {what}"));
        let text = match fs::read(&path) {
            Ok(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
            // Another process may have removed it as one of an older build.
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            Err(error) => {
                gathered.faults.push(format!("{shown}: {error}"));
                continue;
            }
        };
        let (program, model, faults) = match file::read(&text) {
            Ok(read) => read,
            Err(fault) => {
                tell(fault);
                continue;
            }
        };
        faults.into_iter().for_each(tell);
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
    Ok(gathered)
}
