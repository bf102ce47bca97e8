//! One word that says what kmalloc gave, and how much of it was asked for.

use super::registry::{CLASSES, OBJECT_MAX};
use crate::page::frame::NO_ZONE;
use crate::page::per_cpu::PerCpu;
use crate::units::{FrameNumber, Order, PAGE_SIZE};

/// What stands behind a box, in one word. The lowest 44 bits are an address in memory, the highest four a class:
///
/// - an object: where it begins, between them the bytes that were asked for, less one, and its class;
/// - a block: the last byte that was asked for, the number of its list, of which the order tells where the block begins, and a
///   class that there is not;
/// - no bytes: all bits set.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Word(u64);

/// Bits of an address in memory: there are at most 2 to the 32nd frames.
const AT: u32 = u32::BITS + PAGE_SIZE.trailing_zeros();
const CLASS: u32 = 60;
/// The class of no object.
const BLOCK: u64 = 15;
const _: () = assert!((CLASSES.len() as u64) < BLOCK && OBJECT_MAX <= 1 << (CLASS - AT));
const _: () = assert!(PerCpu::list(NO_ZONE as usize, Order::LIMIT) < 1 << (CLASS - AT - 1));

impl Word {
    /// No bytes.
    pub(super) const NOTHING: Word = Word(u64::MAX);

    /// An object of a class, of whose bytes `size` were asked for: at least one.
    #[inline(always)]
    pub(super) fn object(class: usize, at: usize, size: usize) -> Word {
        Word(at as u64 | (size as u64 - 1) << AT | (class as u64) << CLASS)
    }

    /// A block of whose bytes `size` were asked for: at least one.
    pub(super) fn block(frame: FrameNumber, list: u32, size: usize) -> Word {
        Word((u64::from(frame.0) * PAGE_SIZE as u64 + size as u64 - 1) | u64::from(list) << AT | BLOCK << CLASS)
    }

    #[inline(always)]
    pub(super) fn is_object(self) -> bool {
        self.0 < BLOCK << CLASS
    }

    /// The class of an object, or one that there is not.
    #[inline(always)]
    pub(super) fn class(self) -> usize {
        (self.0 >> CLASS) as usize
    }

    /// What stands between address and class.
    #[inline(always)]
    pub(super) fn middle(self) -> usize {
        (self.0 >> AT) as usize & ((1 << (CLASS - AT)) - 1)
    }

    /// The number of a block's list.
    pub(super) fn list(self) -> u32 {
        self.middle() as u32
    }

    /// Where an object begins; the last byte of a block.
    #[inline(always)]
    pub(super) fn at(self) -> usize {
        (self.0 & ((1 << AT) - 1)) as usize
    }

    /// Where a block begins, and how many of its bytes were asked for.
    #[inline]
    pub(super) fn of_block(self) -> (usize, usize) {
        let bytes = PAGE_SIZE << PerCpu::order_of_list(self.list()).get();
        (self.at() & !(bytes - 1), (self.at() & (bytes - 1)) + 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn row_126_a_word_says_what_was_put_into_it() {
        let last = u32::MAX as usize * PAGE_SIZE;
        for (class, (_, bytes)) in CLASSES.into_iter().enumerate() {
            for (at, size) in [(0, 1), (8, bytes), (last, 1), (last, bytes)] {
                let word = Word::object(class, at, size);
                assert!(word.is_object());
                assert_eq!((word.class(), word.at(), word.middle() + 1), (class, at, size));
            }
        }
        for order in (0..=Order::LIMIT.get()).map(Order::new) {
            let bytes = PAGE_SIZE << order.get();
            for zone in [0, 1, usize::from(NO_ZONE)] {
                for (frame, size) in
                    [(0, 1), (0, bytes), (u32::MAX << order.get(), 1), (u32::MAX << order.get(), bytes)]
                {
                    let word = Word::block(FrameNumber(frame), PerCpu::list(zone, order), size);
                    assert!(!word.is_object() && word != Word::NOTHING && word.class() >= CLASSES.len());
                    assert_eq!(word.list(), PerCpu::list(zone, order));
                    assert_eq!(word.of_block(), (frame as usize * PAGE_SIZE, size));
                }
            }
        }
        assert!(!Word::NOTHING.is_object() && Word::NOTHING.class() >= CLASSES.len());
    }
}
