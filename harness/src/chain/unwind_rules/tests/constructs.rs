//! Chains through what Rust makes of closures, trait objects, generics, panics and threads.

use core::hint::black_box;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::thread;

use super::oracle::{capture_here, probing};
use crate::chain::boundary::within;

struct Guard;

impl Drop for Guard {
    #[inline(never)]
    fn drop(&mut self) {
        capture_here();
    }
}

#[inline(never)]
fn generic<T: Into<u64>>(value: T, call: impl Fn(u64) -> u64) -> u64 {
    let number = value.into();
    call(number) + call(number + 1)
}

#[inline(never)]
fn unwinds(depth: u32) {
    let _guard = Guard;
    if depth == 0 {
        resume_unwind(Box::new(()));
    }
    unwinds(black_box(depth - 1));
    black_box(depth);
}

fn everything() {
    let boxed: Vec<Box<dyn Fn(u64) -> u64>> = vec![
        Box::new(|value| {
            capture_here();
            value
        }),
        Box::new(|value| {
            capture_here();
            generic(7_u32, |inner| {
                capture_here();
                inner ^ value
            })
        }),
    ];
    for call in black_box(&boxed) {
        call(1);
        generic(3_u8, |value| call(value) + 1);
    }
    for _ in 0..3 {
        let caught = catch_unwind(AssertUnwindSafe(|| {
            capture_here();
            unwinds(black_box(6));
        }));
        assert!(caught.is_err());
        capture_here();
    }
    let mut words = ["b", "c", "a", "d"];
    words.sort_by(|left, right| {
        capture_here();
        left.cmp(right)
    });
    let _ = black_box(words.iter().map(|word| generic(1_u16, |_| word.len() as u64)).sum::<u64>());
}

#[test]
fn rust_constructs_have_the_chains_libgcc_sees() {
    within(|boundary| {
        let (probe, ids) = probing(boundary, everything);
        assert!(probe.captures > 40 && ids.len() == probe.captures);
        // A second run from another call site has no chain of the first.
        let (_, again) = probing(boundary, everything);
        assert_eq!(ids.len(), again.len());
        assert!(ids.iter().zip(again).all(|(one, other)| *one != other));
    });
}

#[test]
fn threads_have_chains_of_their_own_boundary() {
    let spawn = || thread::spawn(|| within(|boundary| probing(boundary, everything).1));
    let threads: Vec<_> = (0..4).map(|_| spawn()).collect();
    let ids: Vec<_> = threads.into_iter().map(|thread| thread.join().unwrap()).collect();
    // The boundary cuts the thread's start off, so what is left does not depend on the thread.
    assert!(ids.windows(2).all(|pair| pair[0] == pair[1]));
}

#[test]
fn a_boundary_inside_a_chain_is_an_ordinary_frame() {
    within(|outer| {
        let (probe, _) = probing(outer, || within(|_| within(|_| capture_here())));
        assert_eq!(probe.captures, 1);
        let ((_, outer_ids), inner_ids) = within(|inner| {
            let (_, ids) = probing(inner, capture_here);
            (probing(outer, capture_here), ids)
        });
        assert_ne!(outer_ids, inner_ids);
    });
}
