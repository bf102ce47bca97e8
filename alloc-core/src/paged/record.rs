//! What an array is an array of: values that are a fixed number of bytes.

use crate::units::PAGE_SIZE;

/// A value that is stored as so many bytes.
///
/// It is read and written as bytes, in whatever way it says, and never looked at where it lies: so it may have padding, and
/// bit patterns that are no values, and neither needs `unsafe`. Crates that look at bytes in place (`bytemuck`, `zerocopy`) can be used in
/// an implementation of it.
///
/// ```
/// use alloc_core::Record;
/// #[derive(Clone, Copy, PartialEq, Debug)]
/// struct Extent { first: u64, blocks: u32 }
/// impl Record for Extent {
///     const SIZE: usize = 12;
///     fn load(bytes: &[u8]) -> Extent {
///         let (first, blocks) = bytes.split_at(8);
///         Extent { first: u64::load(first), blocks: u32::load(blocks) }
///     }
///     fn store(&self, bytes: &mut [u8]) {
///         let (first, blocks) = bytes.split_at_mut(8);
///         self.first.store(first);
///         self.blocks.store(blocks);
///     }
/// }
/// let mut bytes = [0; Extent::SIZE];
/// Extent { first: 1, blocks: 2 }.store(&mut bytes);
/// assert_eq!(Extent::load(&bytes), Extent { first: 1, blocks: 2 });
/// ```
pub trait Record: Sized {
    /// How many bytes: from 1 to [`PAGE_SIZE`]. No record lies in two pages.
    const SIZE: usize;

    /// The value of [`SIZE`](Record::SIZE) bytes, which `store` wrote.
    fn load(bytes: &[u8]) -> Self;

    /// Writes the value to [`SIZE`](Record::SIZE) bytes, all of them.
    fn store(&self, bytes: &mut [u8]);
}

/// Records in a page.
pub(super) const fn per_page<T: Record>() -> usize {
    const { assert!(T::SIZE > 0 && T::SIZE <= PAGE_SIZE, "a record is of 1 to 4096 bytes") };
    PAGE_SIZE / T::SIZE
}

/// Room for the bytes of a record, no larger than it needs to be: most are small.
#[expect(clippy::large_enum_variant, reason = "it lies on the stack, for a moment")]
pub(super) enum Room {
    Small([u8; SMALL]),
    Page([u8; PAGE_SIZE]),
}

/// Bytes of the smaller room.
const SMALL: usize = 64;

impl Room {
    pub(super) fn of<T: Record>() -> Room {
        if T::SIZE <= SMALL { Room::Small([0; SMALL]) } else { Room::Page([0; PAGE_SIZE]) }
    }

    pub(super) fn bytes<T: Record>(&mut self) -> &mut [u8] {
        match self {
            Room::Small(bytes) => &mut bytes[..T::SIZE],
            Room::Page(bytes) => &mut bytes[..T::SIZE],
        }
    }
}

macro_rules! numbers {
    ($($number:ty)*) => {$(
        /// As its bytes, the lowest first.
        impl Record for $number {
            const SIZE: usize = size_of::<$number>();

            #[inline]
            fn load(bytes: &[u8]) -> $number {
                bytes.first_chunk().map_or_else(Default::default, |bytes| <$number>::from_le_bytes(*bytes))
            }

            #[inline]
            fn store(&self, bytes: &mut [u8]) {
                bytes.copy_from_slice(&self.to_le_bytes());
            }
        }
    )*};
}

numbers!(u8 u16 u32 u64 u128 i8 i16 i32 i64 i128 f32 f64);

impl<const N: usize> Record for [u8; N] {
    const SIZE: usize = N;

    #[inline]
    fn load(bytes: &[u8]) -> [u8; N] {
        bytes.first_chunk().copied().unwrap_or([0; N])
    }

    #[inline]
    fn store(&self, bytes: &mut [u8]) {
        bytes.copy_from_slice(self);
    }
}

/// One behind the other.
impl<A: Record, B: Record> Record for (A, B) {
    const SIZE: usize = A::SIZE + B::SIZE;

    #[inline]
    fn load(bytes: &[u8]) -> (A, B) {
        let (one, other) = bytes.split_at(A::SIZE);
        (A::load(one), B::load(other))
    }

    #[inline]
    fn store(&self, bytes: &mut [u8]) {
        let (one, other) = bytes.split_at_mut(A::SIZE);
        self.0.store(one);
        self.1.store(other);
    }
}
