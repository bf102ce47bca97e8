//! A body that uses a file of a fixed name is disturbed by itself in other workers; alone it is not.

use std::collections::TryReserveError;
use std::fs::File;
use std::hint::black_box;
use std::io::{Read, Write};
use std::path::Path;
use std::time::Duration;

use firsthit::{Explorer, Sweep, Verdict};

use crate::directories::Directory;

/// Writes a file of a fixed name, and reads it a little later.
fn writes_and_reads(path: &Path) -> Result<bool, TryReserveError> {
    let own = std::process::id().to_ne_bytes();
    File::create(path).unwrap().write_all(&own).unwrap();
    let mut blocks: [Vec<u8>; 8] = Default::default();
    macro_rules! each { ($($n:literal)*) => { $( blocks[$n].try_reserve_exact(black_box(40 + $n))?; )* } }
    each!(0 1 2 3 4 5 6 7);
    std::thread::sleep(Duration::from_millis(2));
    black_box(&blocks);
    let mut read = [0; 4];
    File::open(path).unwrap().read_exact(&mut read).unwrap();
    Ok(read == own)
}

#[test]
fn what_other_workers_disturb_is_tried_alone() {
    let directory = Directory::create();
    let path = directory.path().join("fixed");
    for _ in 0..5 {
        let report = Sweep::new().explorer(Explorer::Worker).workers(4).run(|| writes_and_reads(&path));
        assert_eq!((report.trouble(), report.verdicts()), (None, &[Verdict::Recovered; 8][..]), "{report}");
    }
}
