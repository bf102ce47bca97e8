//! How the objects of a cache lie in its slabs.

use super::options::{CacheError, CacheOptions};
use crate::units::{Order, PAGE_SIZE};

/// Objects begin at multiples of this many bytes.
pub(crate) const GRAIN: usize = 8;

/// Objects that a slab holds at least, if three pages' power of two suffices for them.
const OBJECTS_MIN: usize = 8;

/// The largest alignment: that of the machine's memory.
const ALIGN_MAX: usize = Order::LARGEST.bytes();

/// How objects lie in a slab: slots of `stride` bytes, each with a red zone before its object, the object, a red zone
/// behind it, and the words that tell its last users.
///
/// # Invariants
/// `lead` and `stride` are multiples of the alignment and of [`GRAIN`]; `lead + usable <= users <= stride`; a slab of
/// order `least` holds a slot.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Shape {
    /// Bytes that were asked for an object.
    pub(crate) size: usize,
    /// Bytes of an object that its owner may use.
    pub(crate) usable: usize,
    /// Where the object begins in its slot.
    pub(crate) lead: usize,
    /// Where the words of its last users lie in its slot; the red zone reaches to there.
    pub(crate) users: usize,
    /// Bytes in a slot.
    pub(crate) stride: usize,
    /// The order that a slab has if memory is easy to have.
    pub(crate) order: Order,
    /// The smallest order that a slab can have.
    pub(crate) least: Order,
}

impl Shape {
    /// The shape of a new cache, on a machine that serves orders up to `largest`.
    ///
    /// # Errors
    /// When there is no such cache.
    pub(crate) fn new(options: &CacheOptions, largest: Order) -> Result<Shape, CacheError> {
        let (size, debug) = (options.size, options.debug);
        if size == 0 {
            return Err(CacheError::ZeroSize);
        }
        if !options.align.is_power_of_two() || options.align > ALIGN_MAX {
            return Err(CacheError::BadAlign);
        }
        let align = options.align.max(GRAIN);
        let plain = || {
            let room = size.checked_next_multiple_of(GRAIN)?;
            let lead = if debug.red_zone { align } else { 0 };
            let users = lead.checked_add(room)?.checked_add(if debug.red_zone { GRAIN } else { 0 })?;
            let end = users.checked_add(if debug.store_user { GRAIN } else { 0 })?;
            let stride = end.checked_next_multiple_of(align).filter(|stride| *stride <= isize::MAX as usize)?;
            Some((room, lead, users, stride))
        };
        let (room, lead, users, stride) = plain().ok_or(CacheError::TooBig)?;
        let least = Order::for_layout(stride, 1);
        if least > largest {
            return Err(CacheError::TooBig);
        }
        let order = comfortable(stride, least).min(largest).max(least);
        // With a red zone, the bytes up to the next grain belong to it.
        let usable = if debug.red_zone { size } else { room };
        Ok(Shape { size, usable, lead, users, stride, order, least })
    }

    /// Objects in a slab of an order.
    pub(crate) fn objects(&self, order: Order) -> usize {
        bytes(order) / self.stride
    }

    /// Where the objects of a slab begin, counted from the slab's beginning.
    pub(crate) fn begins(&self, order: Order) -> impl DoubleEndedIterator<Item = usize> + use<> {
        let (lead, stride) = (self.lead, self.stride);
        (0..self.objects(order)).map(move |slot| lead + slot * stride)
    }
}

/// Bytes in a block of an order that some machine serves.
pub(crate) fn bytes(order: Order) -> usize {
    (order.pages() as usize).saturating_mul(PAGE_SIZE)
}

/// The smallest order that holds some objects and wastes little; if there is none below the costly border, the one
/// that holds the most.
fn comfortable(stride: usize, least: Order) -> Order {
    let orders = || (least.get()..=Order::COSTLY.get()).map(Order::new);
    let good = |order: &Order| {
        let (all, waste) = (bytes(*order), bytes(*order) % stride);
        all / stride >= OBJECTS_MIN && waste <= all / 16
    };
    orders().find(good).or_else(|| orders().next_back()).unwrap_or(least)
}

#[cfg(test)]
mod tests {
    use super::super::options::SlabDebug;
    use super::*;

    #[test]
    fn row_126_shapes_keep_what_they_promise_for_any_size_and_alignment() {
        let sizes = [1, 7, 8, 9, 64, 96, 100, 192, 1000, 4096, 4097, 8192, 100_000, 1 << 22, (1 << 22) + 1, usize::MAX];
        for size in sizes.into_iter().chain([usize::MAX - 7, isize::MAX as usize, 1 << 40]) {
            for align in (0..31).step_by(if cfg!(miri) { 10 } else { 1 }).map(|bits| 1_usize << bits) {
                for debug in [SlabDebug::NONE, SlabDebug::ALL] {
                    let options = CacheOptions { align, debug, ..CacheOptions::new("any", size) };
                    let Ok(shape) = Shape::new(&options, Order::LARGEST) else {
                        // Twice the alignment before the object, and the object, fit into 4 MiB unless one of them is large.
                        assert!(align > ALIGN_MAX / 4 || size > ALIGN_MAX / 4, "{size} aligned to {align}");
                        continue;
                    };
                    assert!(shape.lead.is_multiple_of(align) && shape.stride.is_multiple_of(align));
                    assert!(shape.stride.is_multiple_of(GRAIN) && shape.lead.is_multiple_of(GRAIN));
                    assert!(shape.usable >= size && shape.lead + shape.usable <= shape.users);
                    assert!(shape.users + if debug.store_user { 8 } else { 0 } <= shape.stride);
                    assert!(shape.objects(shape.least) >= 1 && shape.least <= shape.order);
                    let end = shape.begins(shape.order).next_back().unwrap() + shape.stride - shape.lead;
                    assert!(end <= bytes(shape.order));
                }
            }
        }
        let refused =
            |size, align| Shape::new(&CacheOptions { align, ..CacheOptions::new("no", size) }, Order::LARGEST);
        assert_eq!(refused(0, 8), Err(CacheError::ZeroSize));
        assert_eq!(refused(8, 0), Err(CacheError::BadAlign));
        assert_eq!(refused(8, 24), Err(CacheError::BadAlign));
        assert_eq!(refused(8, 1 << 30), Err(CacheError::BadAlign));
        assert_eq!(refused((1 << 22) + 1, 8), Err(CacheError::TooBig));
    }

    #[test]
    fn row_126_slabs_hold_some_objects_and_waste_little() {
        let shape = |size| Shape::new(&CacheOptions::new("class", size), Order::LARGEST).unwrap();
        let found = [8, 64, 96, 192, 512, 1024, 2048, 4096, 8192, 40_000].map(|size| {
            let shape = shape(size);
            (shape.order.get(), shape.least.get(), shape.objects(shape.order))
        });
        let expected = [
            (0, 0, 512),
            (0, 0, 64),
            (0, 0, 42),
            (0, 0, 21),
            (0, 0, 8),
            (1, 0, 8),
            (2, 0, 8),
            (3, 0, 8),
            (3, 1, 4),
            (4, 4, 1),
        ];
        assert_eq!(found, expected);
    }
}
