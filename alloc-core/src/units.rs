//! Pages, orders, frames, nodes and tasks: the numbers that everything else counts in.

use core::fmt;

/// Bytes in a page.
pub const PAGE_SIZE: usize = 4096;

/// The size of a block of pages, as a power of two: order 3 is 8 pages, 32 KiB.
///
/// An order is a number and no promise: a machine serves orders up to its own largest, 10 unless it was built otherwise.
///
/// ```
/// use alloc_core::Order;
/// assert_eq!(Order::new(3).pages(), 8);
/// assert_eq!(Order::for_layout(32 * 1024 + 1, 1), Order::new(4));
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct Order(u8);

impl Order {
    /// A single page.
    pub const ZERO: Order = Order(0);
    /// The border between requests that are retried and requests that may fail: 8 pages, 32 KiB.
    pub const COSTLY: Order = Order(3);
    /// The largest order that machines serve unless they are built otherwise: 1,024 pages, 4 MiB.
    pub const LARGEST: Order = Order(10);
    /// The largest order that a machine can be built for.
    pub const LIMIT: Order = Order(18);
    /// Stands for every order that no address space can hold.
    const BEYOND: Order = Order(51);

    /// The order `order`; what no address space can hold becomes an order that every machine refuses.
    pub const fn new(order: u32) -> Order {
        if order < 51 { Order(order as u8) } else { Order::BEYOND }
    }

    /// The smallest order whose block holds `size` bytes aligned to `align` bytes: blocks are aligned to their size, or
    /// to 4 MiB if they are larger.
    ///
    /// No size is too large to ask for: what cannot exist becomes an order that every machine refuses.
    pub const fn for_layout(size: usize, align: usize) -> Order {
        let bytes = if size > align { size } else { align };
        let pages = bytes.div_ceil(PAGE_SIZE);
        if pages <= 1 { Order::ZERO } else { Order::new(usize::BITS - (pages - 1).leading_zeros()) }
    }

    /// The order of an exponent that was an order's.
    #[inline(always)]
    pub(crate) const fn known(order: u8) -> Order {
        Order(order)
    }

    /// The exponent.
    pub const fn get(self) -> u32 {
        self.0 as u32
    }

    /// The exponent as an index into tables of orders.
    pub(crate) const fn index(self) -> usize {
        self.0 as usize
    }

    /// Pages in a block of this order.
    pub const fn pages(self) -> u64 {
        1 << self.0
    }

    /// Bytes in a block of this order, or as many as a number can say.
    pub(crate) const fn bytes(self) -> usize {
        let bytes = self.pages().saturating_mul(PAGE_SIZE as u64);
        if bytes > usize::MAX as u64 { usize::MAX } else { bytes as usize }
    }
}

impl fmt::Display for Order {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

/// The number of a page frame: frame `n` begins `n` pages behind the start of the machine's memory.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct FrameNumber(pub u32);

/// A simulated memory node, counted from 0.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct NodeId(pub u8);

/// The size of an array in bytes, or `None` if it overflows: checked before any policy is asked.
///
/// ```
/// use alloc_core::array_size;
/// assert_eq!(array_size(4, 8), Some(32));
/// assert_eq!(array_size(usize::MAX / 8 + 1, 16), None);
/// ```
pub const fn array_size(elements: usize, size: usize) -> Option<usize> {
    elements.checked_mul(size)
}

/// The number of a task, in the order of their creation. Task 0 boots the machine and cannot be killed.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct TaskId(pub u32);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_size_and_alignment_has_an_order() {
        assert_eq!(Order::for_layout(0, 1), Order::ZERO);
        assert_eq!(Order::for_layout(4096, 4096), Order::ZERO);
        assert_eq!(Order::for_layout(4097, 1), Order::new(1));
        assert_eq!(Order::for_layout(1, 1 << 30), Order::new(18));
        assert_eq!(Order::for_layout(1, (1 << 30) + 1), Order::new(19));
        assert!(Order::for_layout(usize::MAX, 1) > Order::LIMIT);
        assert!(Order::for_layout(usize::MAX, usize::MAX).pages() > 0);
        assert_eq!(Order::new(u32::MAX), Order::BEYOND);
    }
}
