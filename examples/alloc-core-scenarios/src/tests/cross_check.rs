//! The check of extents and backpointers: the same findings in a tenth of the memory, and none where a part was skipped.

use alloc_core::{Machine, NodePages};
use firsthit::{Sweep, Verdict};

use super::{swap, tight};
use crate::cross_check::{Disk, Error, Findings, Shortage, array, check_by_sorting, check_by_table};

/// A disk of so many buckets, of which some backpointers are wrong.
fn disk(buckets: u64) -> Disk {
    Disk { buckets, wrong_each: 1000 }
}

/// The least pages of a machine on which a check comes to its end, what it found, and what it says with one page less.
fn least(check: impl Fn(&Machine) -> Result<Findings, Error>) -> (u32, Findings, Error) {
    let mut failed = None;
    for pages in 1.. {
        let machine = Machine::builder().node(NodePages::new(pages)).min_free_pages(0).build().unwrap();
        match check(&machine) {
            Ok(findings) => return (pages, findings, failed.unwrap()),
            Err(error) => failed = Some(error),
        }
    }
    unreachable!("some size is enough")
}

#[test]
fn row_089_the_same_is_found_with_a_tenth_of_the_memory() {
    let disk = disk(if cfg!(debug_assertions) { 8192 } else { 32_768 });
    let table = disk.buckets as usize * 8 / 4096;
    let at_once = least(|machine| check_by_table(machine, disk, table, Shortage::Fails));
    let in_passes = least(|machine| check_by_table(machine, disk, table / 16, Shortage::Fails));
    let sorted = least(|machine| check_by_sorting(&mut array(machine, &swap(4000)).unwrap(), disk));
    for (name, (pages, found, failed)) in [("at once", at_once), ("in passes", in_passes), ("sorted", sorted)] {
        println!("{name}: {pages} pages, {} passes over the disk; with a page less {failed:?}", found.passes);
        let expected = disk.buckets / 1000;
        assert_eq!((found.missing, found.dangling, found.sum), (expected, expected, at_once.1.sum), "{name}");
    }
    assert_eq!((at_once.1.passes, in_passes.1.passes, sorted.1.passes), (1, 16, 1));
    let tenth = if cfg!(debug_assertions) { 3 } else { 10 };
    assert!(sorted.0 * tenth <= at_once.0, "{} and {}", sorted.0, at_once.0);
}

/// A check under failures, which finds what it always finds, or says that it could not.
fn checked(sorts: bool, shortage: Shortage) -> Result<Findings, Error> {
    let (machine, swap, disk) = (tight(16), swap(100), Disk { buckets: 4096, wrong_each: 100 });
    let result = if sorts {
        let mut array = firsthit::unswept(|| array(&machine, &swap))?;
        let result = check_by_sorting(&mut array, disk);
        firsthit::unswept(|| drop(array));
        result
    } else {
        check_by_table(&machine, disk, 4, shortage)
    };
    firsthit::unswept(|| drop(swap));
    let whole = result.is_ok_and(|found| (found.missing, found.dangling) == (40, 40));
    firsthit::invariant("a check that says what it found has looked at everything", whole || result.is_err());
    result
}

#[test]
fn a_check_that_could_not_look_at_everything_says_so() {
    for sorts in [true, false] {
        let report = Sweep::new().run(move || checked(sorts, Shortage::Fails));
        assert!(report.is_clean(), "{report}");
        let counts = [Verdict::Recovered, Verdict::Absorbed].map(|verdict| report.count(verdict));
        // The table's only request, in each of two chains: side by side, and mapped.
        assert!(if sorts { counts[0] > 10 && counts[1] > 3 } else { counts == [1, 1] }, "{report}");
    }
}

#[test]
fn a_part_that_is_skipped_is_a_clean_bill_that_nobody_may_trust() {
    let report = Sweep::new().run(|| checked(false, Shortage::IsSkipped));
    println!("{report}");
    assert_eq!(report.count(Verdict::Corrupted), 1, "{report}");
    assert!(report.to_string().contains("a check that says what it found has looked at everything"), "{report}");
}

/// The arms of the recovery code, for the listing at the end.
#[firsthit::test]
fn a_check_survives_every_failure() -> Result<u64, Error> {
    Ok(checked(true, Shortage::Fails)?.sum ^ checked(false, Shortage::Fails)?.sum)
}
