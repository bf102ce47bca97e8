//! Files that were opened before the sweep: their offsets are shared by every fork, and must not show it.

use std::fs::File;
use std::hint::black_box;
use std::io::{Read, Seek, SeekFrom, Write};
use std::os::fd::FromRawFd;
use std::os::unix::fs::OpenOptionsExt;
use std::time::Duration;

use firsthit::{Explorer, Report, Sweep, Verdict};

use crate::again;
use crate::directories::Directory;

const CHUNKS: [&str; 4] = ["0123", "4567", "89ab", "cdef"];

/// Reads the file chunk by chunk, with an allocation that can fail and a pause for the others between them.
fn chunks(mut file: &File) -> Result<Vec<String>, std::collections::TryReserveError> {
    let mut chunks = Vec::new();
    chunks.try_reserve_exact(CHUNKS.len())?;
    // A count that the compiler does not know: an unrolled loop would be several places.
    for _ in 0..black_box(CHUNKS.len()) {
        let mut bytes = [0; 4];
        let read = file.read(&mut bytes).unwrap();
        let mut chunk = String::new();
        chunk.try_reserve_exact(read)?;
        chunk.push_str(std::str::from_utf8(&bytes[..read]).unwrap());
        chunks.push(black_box(chunk));
        std::thread::sleep(Duration::from_millis(1));
    }
    Ok(chunks)
}

/// A file that has its chunks and stands before the first of them.
fn filled(mut file: File) -> File {
    file.write_all(CHUNKS.concat().as_bytes()).unwrap();
    file.seek(SeekFrom::Start(0)).unwrap();
    file
}

#[track_caller]
fn all_recovered(report: &Report) {
    assert_eq!((report.trouble(), report.verdicts()), (None, &[Verdict::Recovered; 2][..]), "{report}");
}

/// A named file, one without a name from the start, one whose name is gone, and one in memory.
fn of_every_kind(explorer: Option<Explorer>) {
    let directory = Directory::create();
    let open = |name: &str| {
        File::options().read(true).write(true).create(true).truncate(true).open(directory.path().join(name)).unwrap()
    };
    let named = filled(open("named"));
    let removed = filled(open("removed"));
    std::fs::remove_file(directory.path().join("removed")).unwrap();
    // SAFETY: makes a descriptor that is this test's alone.
    let in_memory = filled(unsafe { File::from_raw_fd(libc::memfd_create(c"chunks".as_ptr(), libc::MFD_CLOEXEC)) });
    let mut unnamed = File::options();
    let unnamed = unnamed.read(true).write(true).custom_flags(libc::O_TMPFILE).open(directory.path());
    let files = [Some(named), Some(removed), Some(in_memory), unnamed.ok().map(filled)];
    for file in files.iter().flatten() {
        let mut sweep = Sweep::new().workers(2);
        if let Some(explorer) = explorer {
            sweep = sweep.explorer(explorer);
        }
        all_recovered(&sweep.run(|| chunks(file)));
        assert_eq!((&mut &*file).stream_position().unwrap(), 0, "the test's own offset moved");
    }
}

#[test]
fn workers_of_a_fresh_base() {
    of_every_kind(None);
}

#[test]
fn workers_of_a_base_forked_in_place() {
    again::alone("files::alone");
}

#[test]
#[ignore = "run by `workers_of_a_base_forked_in_place`"]
fn alone() {
    of_every_kind(None);
}

/// Each of these processes opens the files itself, and reads them once for the failure and once without: the
/// second run begins at the end of the file, which is the body's own doing and no finding.
#[test]
fn processes() {
    of_every_kind(Some(Explorer::Process));
}
