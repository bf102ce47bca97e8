//! Recursion thousands of frames deep, with room for it in the walker's memory and without.

use core::hint::black_box;

use super::oracle::Probe;
use crate::chain::boundary::{Boundary, within};
use crate::chain::unwind_rules::walker::Walker;

/// Captures on the way in and out, at every `every`th frame.
#[inline(never)]
fn recurse(probe: &mut Probe, boundary: &Boundary, depth: u32, every: u32) -> u32 {
    if depth.is_multiple_of(every) {
        probe.capture(boundary);
    }
    let mut below = 0;
    if depth > 0 {
        below = if depth % 7 == 3 {
            recurse(probe, boundary, depth - 1, every) + 1
        } else {
            recurse(probe, boundary, depth - 1, every)
        };
    }
    if depth % every == 1 {
        probe.capture(boundary);
    }
    black_box(below) + 1
}

fn exact_at(probe: &mut Probe, depth: u32, every: u32) {
    within(|boundary| recurse(probe, &boundary, depth, every));
    probe.assert_exact();
}

#[test]
fn five_thousand_frames_have_an_exact_chain() {
    let mut probe = Probe::new();
    exact_at(&mut probe, 5_000, 250);
    assert_eq!((probe.captures, probe.chains()), (41, 41));
}

#[test]
fn a_walker_whose_memory_is_full_still_names_every_chain() {
    for capacity in [1, 2, 15, 64, 400] {
        let mut probe = Probe::with_walker(Walker::with_capacity(capacity).unwrap());
        exact_at(&mut probe, 400, 1);
        exact_at(&mut probe, 3_000, 500);
        assert!(probe.captures > 400);
    }
}
