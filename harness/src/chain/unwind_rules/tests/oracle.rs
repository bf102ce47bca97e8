//! libgcc's view of a chain, and the probe that compares it with the walkers' at one point.
#![expect(unsafe_code, reason = "calls the walkers")]

use core::cell::RefCell;
use std::collections::HashMap;

use crate::chain::boundary::Boundary;
use crate::chain::id::Id;
use crate::chain::registers::Registers;
use crate::chain::unwind_rules::refresh::refresh;
use crate::chain::unwind_rules::walk::frames;
use crate::chain::unwind_rules::walker::Walker;

/// What a chain in these tests hangs on.
pub(super) const SEED: Id = Id { lo: 0x1234, hi: 0x5678 };

/// The return addresses from the function at `start` out to the boundary, innermost first, as libgcc finds them;
/// returns whether it has found the boundary.
///
/// Stack pointers say where the function's own frame and the trampoline's are, whatever runs inside the one
/// and outside the other; the addresses alone would not, in a chain with a boundary inside.
#[inline(never)]
pub(super) fn libgcc(start: Registers, boundary: &Boundary, list: &mut Vec<usize>) -> bool {
    list.clear();
    let mut arrived = false;
    // SAFETY: it is not thread-safe only in its symbolisation, and none is asked for here.
    unsafe {
        backtrace::trace_unsynchronized(|frame| {
            let (sp, ip) = (frame.sp().addr(), frame.ip().addr());
            if sp == boundary.fp {
                assert_eq!(ip, boundary.ip);
                arrived = true;
                return false;
            }
            if sp > start.sp {
                list.push(ip);
            }
            true
        });
    }
    arrived
}

/// The identity of a list that is innermost first.
pub(super) fn id_of(list: &[usize]) -> Id {
    list.iter().rev().fold(SEED, |id, &ip| id.with(ip as u64))
}

/// Compares the walkers with libgcc and keeps every chain it has met.
pub(super) struct Probe {
    walker: Walker,
    chains: HashMap<Id, Vec<usize>>,
    expected: Vec<usize>,
    walked: Vec<usize>,
    pub(super) captures: usize,
    pub(super) wrong_lists: usize,
    pub(super) wrong_ids: usize,
}

impl Probe {
    pub(super) fn new() -> Probe {
        Probe::with_walker(Walker::try_new().unwrap())
    }

    pub(super) fn with_walker(walker: Walker) -> Probe {
        refresh();
        Probe {
            walker,
            chains: HashMap::new(),
            expected: Vec::new(),
            walked: vec![0; 20_000],
            captures: 0,
            wrong_lists: 0,
            wrong_ids: 0,
        }
    }

    /// Compares the three at the caller's place; returns libgcc's identity of it.
    #[inline(never)]
    pub(super) fn capture(&mut self, boundary: &Boundary) -> Id {
        let here = Registers::here();
        assert!(libgcc(here, boundary, &mut self.expected), "libgcc has not found the boundary");
        // SAFETY: this function and the boundary's are live, and tests run on one stack.
        let count = unsafe { frames(here, boundary, &mut self.walked) }.unwrap();
        // SAFETY: as above.
        let raw = unsafe { self.walker.raw(here, boundary, SEED) }.unwrap();
        let id = id_of(&self.expected);
        self.captures += 1;
        self.wrong_lists += usize::from(self.expected[..] != self.walked[..count]);
        self.wrong_ids += usize::from(raw != id);
        let known = self.chains.entry(id).or_insert_with(|| self.expected.clone());
        assert_eq!(*known, self.expected, "two chains have one identity");
        id
    }

    /// How many different chains there were.
    pub(super) fn chains(&self) -> usize {
        self.chains.len()
    }

    pub(super) fn assert_exact(&self) {
        assert!(self.captures > 0);
        assert_eq!((self.wrong_lists, self.wrong_ids), (0, 0), "of {} captures", self.captures);
    }
}

thread_local! {
    /// The probe and boundary of callbacks that cannot be handed any.
    static CURRENT: RefCell<Option<(Probe, Boundary, Vec<Id>)>> = const { RefCell::new(None) };
}

/// Runs `body` with a probe of its own for [`capture_here`]; returns it and the identities it has seen.
pub(super) fn probing(boundary: Boundary, body: impl FnOnce()) -> (Probe, Vec<Id>) {
    CURRENT.set(Some((Probe::new(), boundary, Vec::new())));
    body();
    let (probe, _, ids) = CURRENT.take().unwrap();
    probe.assert_exact();
    (probe, ids)
}

/// Captures with the probe of [`probing`].
#[inline(never)]
pub(super) fn capture_here() {
    CURRENT.with_borrow_mut(|current| {
        let (probe, boundary, ids) = current.as_mut().unwrap();
        let id = probe.capture(boundary);
        ids.push(id);
    });
}
