//! The folder that processes leave their files in.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::compaction::compact;
use super::file::{self, Left};
use super::model::Model;
use super::names::{ALL, Stem, files, put, unique};
use super::program::{self, Program};

/// The variable that names the folder.
pub(crate) const FOLDER: &str = "FIRSTHIT_COVERAGE_DIR";
/// Where it is in the folder that cargo builds in.
const BELOW_TARGET: [&str; 2] = ["firsthit", "coverage"];

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
    let all = folder.join(stem.name(ALL));
    if !all.exists() {
        let mut nothing = model.clone();
        nothing.entries.values_mut().for_each(|entry| entry.tally = Default::default());
        put(folder, &all, &file::write(&Left { program: program.clone(), holds: Vec::new(), model: nothing }))?;
    }
    let mut known = model.clone();
    known.entries.retain(|_, entry| entry.tally != Default::default());
    if !known.entries.is_empty() {
        let left = Left { program: program.clone(), holds: Vec::new(), model: known };
        put(folder, &folder.join(stem.name(&unique())), &file::write(&left))?;
        // What is not merged is longer, and no less true.
        let _ = compact(folder, program);
    }
    Ok(true)
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::annotation::Kind;
    use crate::coverage::compaction::FILES_MAX;
    use crate::coverage::gathered::gather;
    use crate::coverage::sample::{id, plain};

    /// A folder of this test's own, removed at its end.
    struct Folder(PathBuf);

    impl Folder {
        fn new() -> Folder {
            Folder(std::env::temp_dir().join(format!("firsthit-folder-{}", unique())))
        }

        /// The points that were hit, and how often all of them were.
        fn known(&self) -> (usize, u64) {
            let model = gather(&self.0, |_| true).unwrap().model;
            (model.entries.len(), model.entries.values().map(|entry| entry.tally.hits).sum())
        }
    }

    impl Drop for Folder {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(&self.0);
        }
    }

    fn program() -> Program {
        Program { name: "debug/deps/cache".to_owned(), build: 5, built: 7 }
    }

    /// One hit of one of three points.
    fn hit(number: u64) -> Model {
        let mut model = Model::default();
        for point in 0..3 {
            let mut entry = plain(Kind::Question, "x()?", point as u32 + 1);
            entry.tally.hits = u64::from(point == number % 3);
            model.add(id(point), entry);
        }
        model
    }

    #[test]
    fn many_runs_leave_few_files_and_lose_nothing() {
        let folder = Folder::new();
        for number in 1..=100 {
            assert!(leave(&folder.0, &program(), &hit(number)).unwrap());
            assert_eq!(folder.known(), (3, number));
            assert!(files(&folder.0).unwrap().len() <= FILES_MAX + 2, "after {number} runs");
        }
    }

    #[test]
    fn processes_that_leave_at_the_same_time_lose_nothing() {
        let folder = Folder::new();
        leave(&folder.0, &program(), &hit(0)).unwrap();
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    for number in 0..60 {
                        leave(&folder.0, &program(), &hit(number)).unwrap();
                        assert!(folder.known().1 > number);
                    }
                });
            }
        });
        leave(&folder.0, &program(), &hit(0)).unwrap();
        assert_eq!(folder.known(), (3, 242));
        assert!(files(&folder.0).unwrap().len() <= FILES_MAX + 2);
    }

    #[test]
    fn one_that_is_killed_while_it_merges_counts_nothing_twice() {
        let folder = Folder::new();
        let mut removed: Vec<(PathBuf, Vec<u8>)> = Vec::new();
        for number in 1..=33 {
            leave(&folder.0, &program(), &hit(number)).unwrap();
            let all = files(&folder.0).unwrap();
            if number < 33 {
                removed = all.into_iter().map(|path| (path.clone(), fs::read(path).unwrap())).collect();
            }
        }
        assert_eq!(files(&folder.0).unwrap().len(), 2, "the points, and what is known of them");
        // As if it had not come to remove what it had merged.
        removed.iter().for_each(|(path, text)| fs::write(path, text).unwrap());
        assert_eq!(folder.known(), (3, 33));
        leave(&folder.0, &program(), &hit(1)).unwrap();
        assert_eq!((folder.known(), files(&folder.0).unwrap().len()), ((3, 34), 2));
    }
}
