//! The sum of a page, by which it is known again when it comes back from a file.

use crate::units::PAGE_SIZE;

/// Odd, so that multiplying by it loses nothing. It is the golden ratio's, whose bits are well mixed.
const FACTOR: u64 = 0x9e37_79b9_7f4a_7c15;

/// Lanes, so that a processor can multiply several words at a time.
const LANES: usize = 4;

/// No word is left out.
const _: () = assert!(PAGE_SIZE.is_multiple_of(LANES * 8));

/// The sum of a page's bytes.
///
/// # Guarantees
/// Pages that differ in one word of eight bytes only, however many bits of it, have different sums: each step turns different
/// words into different lanes, and keeps different lanes different. Others have the same sum with a chance of about one in 2^64.
pub(super) fn sum(page: &[u8; PAGE_SIZE]) -> u64 {
    let mut lanes: [u64; LANES] = core::array::from_fn(|lane| lane as u64);
    for words in page.as_chunks::<8>().0.as_chunks::<LANES>().0 {
        for (lane, word) in lanes.iter_mut().zip(words) {
            *lane = (*lane ^ u64::from_le_bytes(*word)).wrapping_mul(FACTOR).rotate_left(29);
        }
    }
    lanes.into_iter().fold(0, |sum, lane| {
        let mixed = (sum ^ lane).wrapping_mul(FACTOR);
        mixed ^ mixed >> 32
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn row_047_every_single_bit_of_a_page_changes_its_sum() {
        let mut page = [0_u8; PAGE_SIZE];
        page.iter_mut().enumerate().for_each(|(at, byte)| *byte = ((at * 7) >> 3) as u8);
        let whole = sum(&page);
        assert_eq!(whole, sum(&page));
        for bit in (0..PAGE_SIZE * 8).step_by(if cfg!(miri) { 1999 } else { 1 }) {
            page[bit / 8] ^= 1 << (bit % 8);
            assert_ne!(sum(&page), whole, "bit {bit}");
            page[bit / 8] ^= 1 << (bit % 8);
        }
        page.swap(0, 1024);
        assert_ne!(sum(&page), whole, "two bytes of one lane");
    }
}
