//! The directory: after a repair that failed it is what it was, if the repair was staged.

use alloc_core::{Machine, NodePages};
use firsthit::{Sweep, Verdict};

use super::{swap, tight};
use crate::staged_repair::{Commit, Directory, Error, hash};

/// The name of an inode, of many lengths.
fn name(inode: u64) -> Vec<u8> {
    format!("file-{inode:0width$}", width = 1 + (inode % 97) as usize).into_bytes()
}

/// Adds so many names in no order: each tenth under a wrong hash, and each seventh twice.
fn damage(directory: &mut Directory<'_>, names: u64) -> Result<(), Error> {
    for number in 0..names {
        let inode = number * 7919 % names;
        let name = firsthit::unswept(|| name(inode));
        let wrong = u64::from(inode.is_multiple_of(10));
        for _ in 0..1 + u64::from(inode.is_multiple_of(7)) {
            directory.add(&name, inode, hash(&name) ^ wrong)?;
        }
        firsthit::unswept(|| drop(name));
    }
    Ok(())
}

/// The names that are found under their own inodes.
fn found(directory: &Directory<'_>, names: u64) -> u64 {
    (0..names).filter(|inode| directory.find(&name(*inode)) == Ok(Some(*inode))).count() as u64
}

#[test]
fn row_090_a_directory_larger_than_memory_is_repaired() {
    let (names, pages) = if cfg!(debug_assertions) { (1500, 16) } else { (100_000, 256) };
    let machine = Machine::builder().node(NodePages::new(pages)).min_free_pages(2).build().unwrap();
    let swap = swap(40_000);
    let [mut directory, staged] = [(); 2].map(|()| Directory::new(&machine, &swap).unwrap());
    damage(&mut directory, names).unwrap();
    let before = (directory.len(), found(&directory, names));
    assert_eq!(directory.repair(staged, Commit::AtTheEnd), Ok(names));
    let after = (directory.len(), found(&directory, names));
    println!(
        "{pages} pages: of {names} names {} were found, and now {}; {} rows, and now {}",
        before.1, after.1, before.0, after.0
    );
    assert!(before.1 < names && after == (names, names));
}

/// Repairs, and looks whether a directory that could not be is what it was.
fn repaired(commit: Commit) -> Result<u64, Error> {
    const NAMES: u64 = 200;
    let (machine, swap) = (tight(10), swap(200));
    let new = || firsthit::unswept(|| Directory::new(&machine, &swap)).expect("tables");
    let (mut directory, staged) = (new(), new());
    let damaged = damage(&mut directory, NAMES);
    let before = directory.len();
    let result = damaged.and_then(|()| directory.repair(staged, commit));
    firsthit::unswept(|| {
        firsthit::invariant("a repair that failed has changed nothing", result.is_ok() || directory.len() == before);
        if before > NAMES {
            let again = new();
            let repaired = result.is_ok() || directory.repair(again, Commit::AtTheEnd).is_ok();
            firsthit::invariant("and can be done again", repaired && found(&directory, NAMES) == NAMES);
        }
        drop(directory);
    });
    firsthit::unswept(|| drop(swap));
    result
}

#[test]
fn a_staged_repair_that_fails_anywhere_changes_nothing() {
    let report = Sweep::new().run(|| repaired(Commit::AtTheEnd));
    assert!(report.is_clean(), "{report}");
    let counts = [Verdict::Recovered, Verdict::Absorbed].map(|verdict| report.count(verdict));
    assert!(counts[0] > 20 && counts[1] > 3, "{report}");
}

#[test]
fn a_repair_that_frees_as_it_goes_loses_names() {
    let report = Sweep::new().run(|| repaired(Commit::AsItGoes));
    // Every failure behind the first name that was freed.
    assert!(report.count(Verdict::Corrupted) > 10, "{report}");
    assert!(report.to_string().contains("the invariant \"and can be done again\" does not hold"), "{report}");
}

/// The arms of the recovery code, for the listing at the end.
#[firsthit::test]
fn a_directory_survives_every_failure() -> Result<u64, Error> {
    repaired(Commit::AtTheEnd)
}
