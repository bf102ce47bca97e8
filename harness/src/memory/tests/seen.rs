//! The seen set by itself; every interleaving of a few steps is tried in `tests/interleavings.rs`.

use crate::chain::id::Id;
use crate::memory::seen::{Inserted, Seen};

/// How many identities a test inserts; Miri is slow.
const MANY: u64 = if cfg!(miri) { 100 } else { 10_000 };

/// Room for them.
const ROOM: usize = 10 * MANY as usize;

fn id(n: u64) -> Id {
    Id::EMPTY.with(n).with(n ^ 0xabcd)
}

fn insert_now(seen: &Seen<'_>, id: Id, chain: u32) -> Inserted {
    loop {
        match seen.insert(id, chain) {
            Inserted::Later => std::thread::yield_now(),
            done => return done,
        }
    }
}

#[test]
fn what_was_inserted_is_found_and_nothing_else_is() {
    let seen = Seen::leaked(16, ROOM);
    for n in 0..MANY {
        assert_eq!(seen.insert(id(n), n as u32), Inserted::New);
    }
    for n in 0..MANY {
        assert_eq!(seen.find(id(n)), Some(n as u32));
        assert_eq!(seen.insert(id(n), 7), Inserted::Present(n as u32));
    }
    assert!((MANY..20 * MANY).all(|n| seen.find(id(n)).is_none()));
    assert!(!seen.overflowed());
}

#[test]
fn identities_that_share_place_and_tag_stay_apart() {
    let seen = Seen::leaked(16, 100);
    let twins = (0..5).map(|hi| Id { lo: 42, hi });
    for (n, twin) in twins.clone().enumerate() {
        assert_eq!(seen.insert(twin, n as u32), Inserted::New);
    }
    let found: Vec<_> = twins.map(|twin| seen.find(twin)).collect();
    assert_eq!(found, [Some(0), Some(1), Some(2), Some(3), Some(4)]);
}

#[test]
fn a_full_set_says_so_and_keeps_what_it_has() {
    let seen = Seen::leaked(4, 10);
    let inserted = (0..12).map(|n| seen.insert(id(n), n as u32)).filter(|i| *i == Inserted::New).count();
    assert_eq!(inserted, 10);
    assert!(seen.overflowed());
    assert!((0..10).all(|n| seen.find(id(n)) == Some(n as u32)));
}

#[test]
fn threads_that_insert_the_same_identities_agree() {
    let seen = Seen::leaked(16, ROOM);
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for n in 0..MANY / 2 {
                    let inserted = insert_now(&seen, id(n), n as u32);
                    assert!(matches!(inserted, Inserted::New) || inserted == Inserted::Present(n as u32));
                }
            });
        }
    });
    assert!((0..MANY / 2).all(|n| seen.find(id(n)) == Some(n as u32)));
}
