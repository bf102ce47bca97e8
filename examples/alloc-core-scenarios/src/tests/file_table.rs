//! The file table: killed for with a tenth of memory free, and not.

use alloc_core::{Fragments, Policy};
use firsthit::{Sweep, Verdict};

use super::{bystander, machine, swept};
use crate::file_table::{Descriptor, Error, FileTable, Growth};

/// Files that fill a table of 4,096 slots: 32 KiB.
const FILES: u64 = 4096;

fn filled(table: &mut FileTable<'_>, count: u64) -> Result<(), Error> {
    (1..=count).try_for_each(|file| table.open(file).map(drop))
}

/// The kills, those of them with memory free, and whether the table was mapped.
fn incident(growth: Growth) -> (u64, u64, bool) {
    let machine = machine(8192, Policy::kernel());
    bystander(&machine, 1000);
    let mut table = FileTable::new(&machine, growth).unwrap();
    filled(&mut table, FILES / 2).unwrap();
    // What smaller tables have left in caches is gone.
    machine.shrink_slabs();
    // About an eighth of all memory is free, in pieces: not one of eight pages.
    let _fragments = machine.fragment(Fragments::Random { free_permille: 130, seed: 1 });
    assert!(machine.free_pages(None) * 10 > 8192, "more than a tenth");
    (FILES / 2 + 1..=FILES).for_each(|file| assert!(table.open(file).is_ok()));
    assert_eq!(table.capacity() as u64, FILES);
    assert!((0..FILES).all(|file| table.get(Descriptor(file as usize)) == Ok(file + 1)));
    machine.audit().unwrap();
    let stats = machine.stats();
    let how = if table.is_mapped() { "mapped" } else { "side by side" };
    println!("{growth:?}: 32 KiB {how}; killed: {}, with memory free: {}", stats.kills, stats.kills_with_free_memory);
    (stats.kills, stats.kills_with_free_memory, table.is_mapped())
}

#[test]
fn row_033_looping_kills_with_a_tenth_of_memory_free() {
    assert_eq!(incident(Growth::Looping), (1, 1, false));
}

#[test]
fn row_036_failing_over_kills_nobody() {
    assert_eq!(incident(Growth::FailingOver), (0, 0, true));
}

#[test]
fn descriptors_are_the_lowest_that_are_free() {
    let machine = machine(256, Policy::kernel());
    let mut table = FileTable::new(&machine, Growth::FailingOver).unwrap();
    filled(&mut table, 3).unwrap();
    assert_eq!((table.close(Descriptor(1)), table.close(Descriptor(1))), (Ok(2), Err(Error::NotOpen)));
    assert_eq!((table.open(9), table.open(10)), (Ok(Descriptor(1)), Ok(Descriptor(3))));
    assert_eq!(table.get(Descriptor(1 << 40)), Err(Error::NotOpen));
}

/// A table that cannot grow is as it was.
fn grown(growth: Growth) -> Result<usize, Error> {
    let machine = swept(256, Policy::kernel());
    let mut table = FileTable::new(&machine, growth)?;
    let result = filled(&mut table, 600);
    if let Err(error) = result {
        let open = (0..table.capacity()).take_while(|slot| table.get(Descriptor(*slot)).is_ok()).count();
        firsthit::invariant("every file that was opened is still open", open == table.capacity());
        firsthit::invariant("a descriptor that is closed can be had again", {
            table.close(Descriptor(7)) == Ok(8) && table.open(8) == Ok(Descriptor(7))
        });
        return Err(error);
    }
    Ok(table.capacity())
}

#[test]
fn whichever_way_a_table_grows_a_failure_changes_nothing() {
    let reports = [Growth::Looping, Growth::FailingOver].map(|growth| Sweep::new().run(move || grown(growth)));
    let counts = reports.each_ref().map(|report| {
        assert!(report.is_clean(), "{report}");
        [Verdict::Recovered, Verdict::Absorbed].map(|verdict| report.count(verdict))
    });
    // Looping has its fallback, too, where a failure comes: nothing surfaces. `kvmalloc` fails as a whole, and in parts.
    let [[surfaced, _], [failed, absorbed]] = counts;
    assert!(surfaced == 0 && failed >= 3 && absorbed > 0, "{counts:?}");
}

/// What the sweep tells of the fallback: it is reached, and tried.
#[firsthit::test(depth = 2)]
fn both_ways_of_a_growing_table_are_tried() -> Result<usize, Error> {
    grown(Growth::FailingOver)
}
