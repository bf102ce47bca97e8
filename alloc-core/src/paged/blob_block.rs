//! The blocks of a file that blobs lie in: their sizes, and the headers by which a block says what it is.

use super::record::Record;

/// Bytes of a header. Blocks begin at multiples of it, so no header lies in two pages.
pub(super) const HEADER: u64 = 32;

/// Sizes that are a header's each apart.
const SMALL: u64 = 8;

/// Sizes of blocks: up to 256 bytes in steps of 32, and four to each power of two above, up to 2^40.
pub(super) const CLASSES: usize = 8 + 4 * 32;

/// The class of the smallest blocks of so many bytes or more, and their size; `None` if there are none so large.
pub(super) fn class_of(bytes: u64) -> Option<(usize, u64)> {
    if bytes <= SMALL * HEADER {
        let class = bytes.div_ceil(HEADER).max(1);
        return Some((class as usize - 1, class * HEADER));
    }
    // The power of two below it, of which a fourth is a step.
    let power = (bytes - 1).ilog2();
    let step = 1_u64 << (power - 2);
    let size = bytes.checked_next_multiple_of(step)?;
    let class = SMALL as usize + 4 * (power as usize - 8) + ((size - (1 << power)) / step) as usize - 1;
    (class < CLASSES).then_some((class, size))
}

/// What stands at the beginning of a block.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Header {
    /// The blob's number, which no other has; 0 in a free block.
    pub(super) stamp: u64,
    /// Bytes of the blob; in a free block, where the next one of its size begins.
    pub(super) len: u64,
    /// Where it stands.
    pub(super) at: u64,
    /// What follows from the others, and from a number that only the owner of the blobs has.
    check: u64,
}

impl Header {
    pub(super) fn new(secret: u64, at: u64, stamp: u64, len: u64) -> Header {
        let mix = |sum: u64, word: u64| {
            let mixed = (sum ^ word).wrapping_mul(0x9e37_79b9_7f4a_7c15);
            mixed ^ mixed >> 29
        };
        Header { stamp, len, at, check: [at, stamp, len, secret].into_iter().fold(secret, mix) }
    }

    /// Whether it was written by the owner of the blobs, and stands where it was written.
    pub(super) fn is_genuine(&self, secret: u64, at: u64) -> bool {
        self.at == at && *self == Header::new(secret, at, self.stamp, self.len)
    }
}

impl Record for Header {
    const SIZE: usize = HEADER as usize;

    fn load(bytes: &[u8]) -> Header {
        let ((stamp, len), (at, check)) = Record::load(bytes);
        Header { stamp, len, at, check }
    }

    fn store(&self, bytes: &mut [u8]) {
        ((self.stamp, self.len), (self.at, self.check)).store(bytes);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn row_093_every_size_has_the_smallest_block_that_holds_it() {
        let mut before = (0, 32);
        for bytes in 0..if cfg!(miri) { 1000 } else { 100_000 } {
            let (class, size) = class_of(bytes).unwrap();
            assert!(size >= bytes && size.is_multiple_of(HEADER), "{bytes}");
            if (class, size) != before {
                assert_eq!((class, before.1), (before.0 + 1, bytes - 1), "a new class begins where the last one ends");
                before = (class, size);
            }
            assert!(size <= bytes.max(32) * 5 / 4 + HEADER);
        }
        assert_eq!(class_of(1 << 40), Some((CLASSES - 1, 1 << 40)));
        assert_eq!([(1 << 40) + 1, u64::MAX].map(class_of), [None; 2]);
    }

    #[test]
    fn row_093_a_header_is_known_where_it_was_written_and_not_when_anything_of_it_changes() {
        let header = Header::new(7, 64, 3, 100);
        assert!(header.is_genuine(7, 64) && !header.is_genuine(7, 96) && !header.is_genuine(8, 64));
        let mut bytes = [0; HEADER as usize];
        header.store(&mut bytes);
        assert_eq!(Header::load(&bytes), header);
        for bit in 0..bytes.len() * 8 {
            bytes[bit / 8] ^= 1 << (bit % 8);
            assert!(!Header::load(&bytes).is_genuine(7, 64), "bit {bit}");
            bytes[bit / 8] ^= 1 << (bit % 8);
        }
    }
}
