//! The file system: what it is after a failure that it could not return.

use alloc_core::{AllocError, PAGE_SIZE, Policy};
use firsthit::{Sweep, Verdict};

use super::swept;
use crate::emergency_shutdown::{Error, Recovery, Summary, Volume};

const BLOCKS: u64 = 100;

/// Three writes, the second of two blocks, and where they are.
fn written(volume: &mut Volume<'_>) -> Result<[u64; 3], Error> {
    Ok([volume.write(b"one")?, volume.write(&[2; PAGE_SIZE + 1])?, volume.write(b"three")?])
}

#[test]
fn a_volume_holds_what_was_written() {
    let machine = super::machine(256, Policy::kernel());
    let mut volume = Volume::mount(&machine, BLOCKS, Recovery::ShutDown);
    assert_eq!(written(&mut volume), Ok([0, 1, 3]));
    assert_eq!([0, 1, 3].map(|first| volume.read(first)), [Some(0), Some(1), Some(3)]);
    assert_eq!(volume.check(), Summary { total: BLOCKS, free: 96, used: 4, extents: 3 });
    assert_eq!(volume.write(&vec![0; 97 * PAGE_SIZE]), Err(Error::Full));
    assert!(volume.check().is_consistent() && volume.is_down().is_none());
}

/// Writes, and checks what is left of a volume that failed.
fn swept_writes(recovery: Recovery) -> Result<[u64; 3], Error> {
    let machine = swept(256, Policy::kernel());
    let mut volume = Volume::mount(&machine, BLOCKS, recovery);
    let result = written(&mut volume);
    if result.is_err() {
        let before = volume.check();
        firsthit::invariant("each block is free or used", before.is_consistent());
        let firsts = [0, 1, 3];
        let readable = firsts.iter().filter(|first| volume.read(**first) == Some(**first)).count();
        firsthit::invariant("what was written can be read", readable == before.extents);
        let next = volume.write(b"more");
        match volume.is_down() {
            Some(why) => {
                firsthit::invariant("a volume that is down takes no write", next == Err(Error::ReadOnly(why)));
                firsthit::invariant("and stays as it was", volume.check() == before);
            }
            None => firsthit::invariant("a volume that is up takes writes", next.is_ok()),
        }
    }
    result
}

#[test]
fn row_074_a_failure_in_the_middle_leads_to_a_clean_volume_that_is_read_only() {
    let report = Sweep::new()
        .expect(|result| {
            let injected = AllocError::Injected;
            [Err(Error::NoMemory(injected)), Err(Error::ReadOnly(injected))].contains(result)
        })
        .run(|| swept_writes(Recovery::ShutDown));
    // The three writes' pages, which nothing depends on, and their nodes, which the volume goes down for.
    assert_eq!(report.verdicts(), [Verdict::Recovered; 6], "{report}");
}

#[test]
fn row_074_without_the_shutdown_blocks_are_lost() {
    let report = Sweep::new().run(|| swept_writes(Recovery::GoOn));
    let counts = [Verdict::Recovered, Verdict::Corrupted].map(|verdict| report.count(verdict));
    assert_eq!((counts, report.verdicts().len()), ([3, 3], 6), "{report}");
    assert!(report.to_string().contains("the invariant \"each block is free or used\" does not hold"), "{report}");
    println!("{report}");
}

/// The arms of the recovery code, for the listing at the end.
#[firsthit::test]
fn a_volume_survives_every_failure() -> Result<[u64; 3], Error> {
    swept_writes(Recovery::ShutDown)
}
