//! Directories that are removed on drop: what a process of the sweep drops is its own, and nothing piles up.

use std::collections::TryReserveError;
use std::fs::File;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use firsthit::{Explorer, Sweep, Verdict};

use crate::again;

/// A new directory below cargo's own, removed when the value is dropped. A process that a sweep ends drops nothing.
#[derive(Debug)]
pub(crate) struct Directory {
    path: PathBuf,
}

impl Directory {
    pub(crate) fn create() -> Directory {
        Directory::within(Path::new(env!("CARGO_TARGET_TMPDIR")))
    }

    fn within(parent: &Path) -> Directory {
        static CREATED: AtomicU32 = AtomicU32::new(0);
        loop {
            let number = CREATED.fetch_add(1, Ordering::Relaxed);
            let path = parent.join(format!("firsthit-traps-{}-{number}", std::process::id()));
            match std::fs::create_dir(&path) {
                Ok(()) => return Directory { path },
                Err(error) => assert_eq!(error.kind(), std::io::ErrorKind::AlreadyExists, "{}", path.display()),
            }
        }
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.path);
    }
}

fn reserved(bytes: usize) -> Result<Vec<u8>, TryReserveError> {
    let mut block = Vec::new();
    block.try_reserve_exact(std::hint::black_box(bytes))?;
    Ok(block)
}

/// Writes a file, and reads it again.
fn uses(file: &Path) -> Result<bool, TryReserveError> {
    let text = reserved(9)?;
    let written = File::create(file).and_then(|mut file| file.write_all(b"something"));
    let more = reserved(10)?;
    std::hint::black_box((text, more));
    let mut read = [0; 9];
    let known = File::open(file).and_then(|mut file| file.read(&mut read));
    Ok(written.is_ok() && known.is_ok() && read == *b"something")
}

fn made_before(explorer: Option<Explorer>) {
    let directory = Directory::create();
    let file = directory.path().join("file");
    let mut sweep = Sweep::new().workers(1);
    if let Some(explorer) = explorer {
        sweep = sweep.explorer(explorer);
    }
    let report = sweep.run(|| uses(&file));
    assert_eq!((report.trouble(), report.verdicts()), (None, &[Verdict::Recovered; 2][..]), "{report}");
    std::fs::write(directory.path().join("still here"), "").unwrap();
}

fn made_inside(explorer: Option<Explorer>) {
    let parent = Directory::create();
    let mut sweep = Sweep::new().workers(2);
    if let Some(explorer) = explorer {
        sweep = sweep.explorer(explorer);
    }
    let report = sweep.run(|| {
        let directory = Directory::within(parent.path());
        uses(&directory.path().join("file"))
    });
    assert_eq!(report.trouble(), None, "{report}");
    // Besides those two there are the paths, which are made by infallible functions.
    assert_eq!(report.count(Verdict::Recovered), 2, "{report}");
    assert_eq!(report.count(Verdict::Aborted) + 2, report.verdicts().len(), "{report}");
    assert!(parent.path().is_dir());
}

#[test]
fn workers_of_a_fresh_base() {
    made_before(None);
    made_inside(None);
}

#[test]
fn workers_of_a_base_forked_in_place() {
    again::alone("directories::alone");
}

#[test]
#[ignore = "run by `workers_of_a_base_forked_in_place`"]
fn alone() {
    made_before(None);
    made_inside(None);
}

#[test]
fn processes() {
    made_before(Some(Explorer::Process));
    made_inside(Some(Explorer::Process));
}
