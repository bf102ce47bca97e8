//! What tests do to the process that they run in.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

/// C jumps out of a callback, and gives back what it had.
#[test]
fn jumps() {
    hostile::visited(true);
}

/// The same, and what it had is lost.
#[test]
fn jumps_and_loses() {
    hostile::visited(false);
}

/// An error of C's comes out as Rust's, of the right kind.
#[test]
fn reads_errno() -> std::io::Result<()> {
    let opened = hostile::opened(100);
    if let Err(error) = &opened {
        assert_eq!(error.kind(), std::io::ErrorKind::OutOfMemory);
    }
    opened
}

#[test]
fn goes_through_all_doors() {
    assert!(hostile::through_all_doors() <= 1);
}

#[test]
fn asks_when_the_process_ends() {
    assert!(hostile::asks_at_the_end());
    hostile::room_or_none(10);
}

#[test]
fn asks_when_a_thread_ends() {
    std::thread::spawn(|| hostile::LAST.set(Some(hostile::Last))).join().unwrap();
}

/// Null is written to, and a handler of the test's own says that all is well.
#[test]
fn hides_a_crash() {
    hostile::hides_its_end();
    hostile::c_unchecked(10);
}

/// The same with what aborts.
#[test]
fn hides_an_abort() {
    hostile::hides_its_end();
    assert_eq!(hostile::pushed(7), [7]);
}

/// The handlers stand, and nothing comes to them.
#[test]
fn has_handlers() {
    hostile::hides_its_end();
    hostile::room_or_none(10);
}

#[test]
fn narrows_its_limits() {
    hostile::narrows();
    hostile::room_or_none(10);
}

#[test]
fn panics_with_a_text_that_takes_memory() {
    hostile::complains(10);
}

/// Another order each time, and the same chains.
#[test]
fn iterates_in_any_order() {
    let map: HashMap<u32, usize> = (0..8).map(|number| (number, number as usize)).collect(); //~ map
    map.values().for_each(|bytes| drop(hostile::room_or_none(bytes + 1)));
}

/// Chains that depend on the time.
#[test]
fn differs_from_run_to_run() {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    hostile::descends(now.subsec_nanos() % 5);
}

#[test]
fn reaches_into_a_dependency() {
    assert_eq!(hostile::deep("seven"), 5);
}

static PREPARED: AtomicBool = AtomicBool::new(false);

/// What the next one relies on.
#[test]
fn one_prepares() {
    PREPARED.store(true, Ordering::SeqCst);
    hostile::room(10).unwrap();
}

/// Only behind the one before, in one process.
#[test]
#[ignore = "fails by itself"]
fn one_relies_on_another() {
    hostile::room(10).unwrap();
    assert!(PREPARED.load(Ordering::SeqCst), "the other one has not run");
}
