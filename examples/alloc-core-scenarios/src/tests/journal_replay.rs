//! The journal: everything in it is replayed or still in it, unless an error is taken for its end.

use std::collections::BTreeMap;

use alloc_core::{Machine, NodePages, PagedError};
use firsthit::{Sweep, Verdict};

use super::{swap, tight};
use crate::journal_replay::{Ending, Journal};

/// Keys and values of the changes, and how it all ends.
fn changes(count: u64) -> (impl Iterator<Item = (u64, u64)>, BTreeMap<u64, u64>) {
    let change = move |number: u64| (number * 7919 % (count / 3), number);
    ((0..count).map(change), (0..count).map(change).collect())
}

#[test]
fn row_089_a_journal_ten_times_as_large_as_memory_is_replayed() {
    let (count, pages) = if cfg!(debug_assertions) { (15_000, 12) } else { (400_000, 240) };
    let (machine, swap) =
        (Machine::builder().node(NodePages::new(pages)).min_free_pages(2).build().unwrap(), swap(4000));
    let mut journal = Journal::new(&machine, &swap, Ending::AtTheEnd).unwrap();
    let (changes, expected) = changes(count);
    changes.for_each(|(key, value)| journal.append(key, value).unwrap());
    assert_eq!(journal.replay(), Ok(expected.len() as u64));
    assert!(journal.is_empty() && journal.tree().map(Result::unwrap).eq(expected));
    println!("{count} changes of 24 bytes replayed in {pages} pages, {} killed", machine.stats().kills);
}

/// Journals and replays, and looks at what is left if that failed.
fn replayed(ending: Ending) -> Result<u64, PagedError> {
    let (machine, swap) = (tight(8), swap(200));
    let mut journal = firsthit::unswept(|| Journal::new(&machine, &swap, ending)).expect("tables");
    let (changes, expected) = firsthit::unswept(|| changes(1500));
    let mut journaled = 0;
    let mut result = Ok(0);
    for (key, value) in changes {
        match journal.append(key, value) {
            Ok(()) => journaled += 1,
            Err(error) => result = Err(error),
        }
    }
    if result.is_ok() {
        result = journal.replay();
    }
    firsthit::unswept(|| {
        let is_replayed = result.is_ok() && journal.is_empty();
        let intact = if is_replayed {
            journaled == 1500 && journal.tree().all(|record| record.is_ok()) && journal.tree().count() == expected.len()
        } else {
            journal.len() == journaled
        };
        firsthit::invariant("every change is replayed or still journaled", intact);
        if !is_replayed && journaled == 1500 {
            let again = journal.replay();
            firsthit::invariant("what failed can be done again", again == Ok(expected.len() as u64));
            firsthit::invariant("and comes to the same", journal.tree().map(Result::unwrap).eq(expected));
        }
    });
    firsthit::unswept(|| drop((journal, swap)));
    result
}

#[test]
fn a_replay_that_fails_anywhere_can_be_done_again() {
    let report = Sweep::new().run(|| replayed(Ending::AtTheEnd));
    assert!(report.is_clean(), "{report}");
    let counts = [Verdict::Recovered, Verdict::Absorbed].map(|verdict| report.count(verdict));
    // Appending, sorting, reading, applying: each by its pages, its index and its transfers. A page that does not go out is tried again,
    // and a sort makes do with a smaller window.
    assert!(counts[0] > 10 && counts[1] > 3, "{report}");
}

#[test]
fn row_045_an_error_that_is_taken_for_the_end_loses_changes() {
    let report = Sweep::new().run(|| replayed(Ending::AtAnError));
    println!("{report}");
    // The transfers for which an entry that is read waits: one in, and one out for it.
    assert_eq!(report.count(Verdict::Corrupted), 2, "{report}");
    assert!(report.to_string().contains("corrupted: swap_io(4096 bytes) failed in PagedArray::load"), "{report}");
}

/// The arms of the recovery code, for the listing at the end.
#[firsthit::test]
fn a_journal_survives_every_failure() -> Result<u64, PagedError> {
    replayed(Ending::AtTheEnd)
}
