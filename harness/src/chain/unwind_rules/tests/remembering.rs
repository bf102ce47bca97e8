//! What a walker may carry over from one walk to the next, and what it must not.
#![expect(unsafe_code, reason = "calls the walkers and forks")]

use core::hint::black_box;

use super::oracle::SEED;
use crate::chain::boundary::{Boundary, within};
use crate::chain::id::Id;
use crate::chain::registers::Registers;
use crate::chain::unwind_rules::refresh::refresh;
use crate::chain::unwind_rules::table::Table;
use crate::chain::unwind_rules::walk::frames;
use crate::chain::unwind_rules::walker::Walker;

/// The identity of this place, which must be what the walk without a memory makes of it, and its frames.
#[inline(never)]
fn identity(walker: &mut Walker, boundary: &Boundary, seed: Id) -> (Id, usize) {
    let here = Registers::here();
    let mut list = [0; 100];
    // SAFETY: this function and the boundary's are live, on one stack.
    let (id, count) = unsafe { (walker.raw(here, boundary, seed), frames(here, boundary, &mut list).unwrap()) };
    assert_eq!(id, Ok(list[..count].iter().rev().fold(seed, |id, &ip| id.with(ip as u64))));
    (id.unwrap(), count)
}

/// Calls `body` ten frames further in, once for each of `cases` and from one place.
#[inline(never)]
fn deep<T>(depth: u32, cases: &[T], body: &mut dyn FnMut(&T)) {
    if depth == 0 {
        for case in black_box(cases) {
            body(case);
        }
    } else {
        deep(depth - 1, cases, body);
    }
    black_box(depth);
}

#[test]
fn an_identity_hangs_on_its_seed() {
    refresh();
    within(|boundary| {
        let mut walker = Walker::try_new().unwrap();
        let mut ids = Vec::new();
        deep(10, &[SEED, Id::EMPTY, SEED], &mut |&seed| ids.push(identity(&mut walker, &boundary, seed)));
        assert_eq!(ids[0], ids[2]);
        assert_ne!(ids[0], ids[1]);
    });
}

#[test]
fn an_identity_ends_at_its_boundary() {
    refresh();
    within(|outer| {
        let mut walker = Walker::try_new().unwrap();
        deep(10, &[()], &mut |()| {
            let mut ids = Vec::new();
            within(|inner| {
                let cases = [outer, inner, outer];
                deep(10, &cases, &mut |boundary| ids.push(identity(&mut walker, boundary, SEED)));
            });
            assert_eq!(ids[0], ids[2]);
            assert!(ids[0].1 > ids[1].1 + 11);
        });
    });
}

#[test]
fn a_new_table_of_rules_changes_no_identity() {
    refresh();
    within(|boundary| {
        let mut walker = Walker::try_new().unwrap();
        let mut ids = Vec::new();
        deep(10, &[false, false, true, false], &mut |&forget| {
            if forget {
                Table::forget();
            }
            ids.push(identity(&mut walker, &boundary, SEED));
        });
        assert!(ids.iter().all(|id| *id == ids[0]));
    });
}

#[test]
fn a_forked_child_walks_on_with_what_it_inherits() {
    refresh();
    within(|boundary| {
        let mut walker = Walker::try_new().unwrap();
        let mut before = None;
        deep(10, &[false, true], &mut |&fork| {
            // SAFETY: the child only walks and leaves.
            let pid = if fork { unsafe { libc::fork() } } else { -1 };
            let id = identity(&mut walker, &boundary, SEED);
            let same = before.replace(id) == Some(id);
            if pid == 0 {
                // SAFETY: nothing of the child's is to be run down.
                unsafe { libc::_exit(i32::from(!same)) };
            }
            if fork {
                let mut status = 0;
                // SAFETY: `status` is writable.
                assert_eq!(unsafe { libc::waitpid(pid, &raw mut status, 0) }, pid);
                assert!(same && libc::WIFEXITED(status) && libc::WEXITSTATUS(status) == 0);
            }
        });
    });
}
