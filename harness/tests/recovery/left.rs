//! What a process of this program leaves in a folder, read line by line.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::AtomicU32;
use std::sync::atomic::Ordering::Relaxed;

use crate::again;

/// A folder of this test's own, removed at its end.
pub(crate) struct Folder(pub(crate) PathBuf);

impl Folder {
    pub(crate) fn new() -> Folder {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let name = format!("recovery-{}-{}", std::process::id(), NEXT.fetch_add(1, Relaxed));
        Folder(Path::new(env!("CARGO_TARGET_TMPDIR")).join(name))
    }

    /// The files there, in order.
    pub(crate) fn files(&self) -> Vec<PathBuf> {
        let entries = fs::read_dir(&self.0).into_iter().flatten();
        let mut files: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
        files.sort();
        files
    }

    /// An ignored test of this program, which leaves its file here and tells nothing.
    pub(crate) fn command(&self, test: &str) -> Command {
        let mut command = again::command(test, 1);
        command.args(["--exact", "--nocapture"]).env("FIRSTHIT_COVERAGE_DIR", &self.0).env("NEXTEST", "1");
        command.env_remove("FIRSTHIT_COVERAGE");
        command
    }

    /// Runs an ignored test of this program, and reads what it left.
    #[track_caller]
    pub(crate) fn run(&self, test: &str) -> HashMap<String, Left> {
        again::passes(&mut self.command(test));
        self.read()
    }

    /// What the files say of each point, by its function and text; numbers of several files are not summed.
    pub(crate) fn read(&self) -> HashMap<String, Left> {
        let mut all = HashMap::new();
        let mut files = self.files();
        // What is in the file of all points is nothing but their names.
        files.sort_by_key(|file| !file.to_string_lossy().contains(".all."));
        for file in files {
            for line in fs::read_to_string(file).unwrap().lines().filter(|line| line.starts_with("point\t")) {
                let [_, _, _, _, _, _, function, text, seen, hits, chains, verdicts, ..] =
                    line.split('\t').collect::<Vec<_>>()[..]
                else {
                    panic!("{line}");
                };
                let name = format!("{}: {text}", function.rsplit("::").next().unwrap());
                let number = |field: &str| field.parse().unwrap();
                let (seen, verdicts) = (seen.to_owned(), verdicts.to_owned());
                all.insert(name, Left { seen, hits: number(hits), chains: number(chains), verdicts });
            }
        }
        all
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// What is left of one point.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Left {
    pub(crate) seen: String,
    pub(crate) hits: u64,
    pub(crate) chains: u64,
    pub(crate) verdicts: String,
}

/// What is left of a point that was seen so, with these numbers.
pub(crate) fn left(seen: &str, hits: u64, chains: u64, verdicts: &str) -> Left {
    Left { seen: seen.to_owned(), hits, chains, verdicts: verdicts.to_owned() }
}
