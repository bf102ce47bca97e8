//! What a thread took and gave back, as sums that cost two additions an allocation.

use std::cell::Cell;

use crate::memory::record::{Kind, Request};

/// Allocations minus deallocations of one thread: numbers, bytes, and squares of sizes.
///
/// All three being zero means that what was freed is, size by size, what was allocated, or differs in a
/// way that no leak of real code shows: an attempt with such a balance needs no account of its allocations.
///
/// No two neighbours change in one step: the compiler would read them as one word of 16 bytes, and the processor waits
/// where such a word was just written as two.
#[derive(Default, Debug)]
pub(crate) struct Balance {
    sums: [Cell<i64>; 5],
}

/// What stands where in [`Balance::sums`].
mod sum {
    pub(super) const BYTES: usize = 0;
    /// Requests for a block, whatever became of them.
    pub(super) const BLOCKS: usize = 1;
    pub(super) const SQUARES: usize = 2;
    /// Requests to resize one, whatever became of them.
    pub(super) const RESIZES: usize = 3;
    /// Blocks given back, and requests for one that were refused.
    pub(super) const GONE: usize = 4;
}

/// A balance at one moment.
#[derive(Clone, Copy, Default, PartialEq, Eq, Debug)]
pub(crate) struct Balanced {
    pub(crate) count: i64,
    pub(crate) bytes: i64,
    pub(crate) squares: i64,
    pub(crate) requests: u64,
}

impl Balance {
    /// Counts a request and adds what it is given; a reallocation gives its old block back.
    #[inline(always)]
    pub(crate) fn took(&self, request: Request) {
        let (new, old) = (request.size as i64, request.old_size as i64);
        self.add(if request.kind == Kind::Realloc { sum::RESIZES } else { sum::BLOCKS }, 1);
        self.change(new.wrapping_sub(old), new.wrapping_mul(new).wrapping_sub(old.wrapping_mul(old)));
    }

    /// Undoes [`took`](Balance::took), but for the number of requests.
    pub(crate) fn took_not(&self, request: Request) {
        let (new, old) = (request.size as i64, request.old_size as i64);
        if request.kind != Kind::Realloc {
            self.add(sum::GONE, 1);
        }
        self.change(old.wrapping_sub(new), old.wrapping_mul(old).wrapping_sub(new.wrapping_mul(new)));
    }

    #[inline(always)]
    pub(crate) fn gave_back(&self, size: usize) {
        let size = size as i64;
        self.add(sum::GONE, 1);
        self.change(size.wrapping_neg(), size.wrapping_mul(size).wrapping_neg());
    }

    #[inline(always)]
    fn change(&self, bytes: i64, squares: i64) {
        self.add(sum::BYTES, bytes);
        self.add(sum::SQUARES, squares);
    }

    #[inline(always)]
    fn add(&self, sum: usize, more: i64) {
        self.sums[sum].set(self.sums[sum].get().wrapping_add(more));
    }

    pub(crate) fn now(&self) -> Balanced {
        let [bytes, blocks, squares, resizes, gone] = self.sums.each_ref().map(Cell::get);
        Balanced {
            count: blocks.wrapping_sub(gone),
            bytes,
            squares,
            requests: blocks.wrapping_add(resizes).cast_unsigned(),
        }
    }

    pub(crate) fn reset(&self) {
        self.sums.iter().for_each(|sum| sum.set(0));
    }
}

impl Balanced {
    /// Whether everything that was taken was given back.
    pub(crate) fn is_even(&self) -> bool {
        (self.count, self.bytes, self.squares) == (0, 0, 0)
    }

    pub(crate) fn plus(self, other: Balanced) -> Balanced {
        Balanced {
            count: self.count.wrapping_add(other.count),
            bytes: self.bytes.wrapping_add(other.bytes),
            squares: self.squares.wrapping_add(other.squares),
            requests: self.requests + other.requests,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_small_blocks_do_not_pay_for_a_large_one() {
        let balance = Balance::default();
        let request = |size| Request { size, ..Request::default() };
        balance.took(request(64));
        balance.took(request(0));
        balance.gave_back(32);
        balance.gave_back(32);
        let now = balance.now();
        assert_eq!((now.count, now.bytes), (0, 0));
        assert!(!now.is_even());
        balance.reset();
        assert!(balance.now().is_even());
    }

    #[test]
    fn a_request_that_the_inner_allocator_refuses_leaves_no_trace() {
        let balance = Balance::default();
        for kind in [Kind::Alloc, Kind::Realloc] {
            let request = Request { kind, align: 8, size: 100, old_size: if kind == Kind::Alloc { 0 } else { 7 } };
            balance.took(request);
            assert!(!balance.now().is_even());
            balance.took_not(request);
            assert!(balance.now().is_even());
        }
    }
}
