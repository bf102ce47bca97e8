//! The sum of a page, by which it is known again when it comes back from a file.

/// Odd, so that multiplying by it loses nothing. It is the golden ratio's, whose bits are well mixed.
const FACTOR: u64 = 0x9e37_79b9_7f4a_7c15;

/// Lanes, so that a processor can multiply several words at a time.
const LANES: usize = 4;

/// The sum of a page's bytes, and of the number of the place that it lies in: a whole page that is found elsewhere is noticed, too.
///
/// # Guarantees
/// Pages that differ in one word of eight bytes only, however many bits of it, have different sums: each step turns different
/// words into different lanes, and keeps different lanes different. Others have the same sum with a chance of about one in 2^64.
pub(super) fn sum(place: u64, page: &[u8]) -> u64 {
    let mut lanes: [u64; LANES] = core::array::from_fn(|lane| place.wrapping_mul(FACTOR) ^ lane as u64);
    for words in page.chunks(LANES * 8) {
        for (lane, word) in lanes.iter_mut().zip(words.chunks(8)) {
            let mut bytes = [0; 8];
            bytes[..word.len()].copy_from_slice(word);
            *lane = (*lane ^ u64::from_le_bytes(bytes)).wrapping_mul(FACTOR).rotate_left(29);
        }
    }
    lanes.into_iter().fold(page.len() as u64, |sum, lane| {
        let mixed = (sum ^ lane).wrapping_mul(FACTOR);
        mixed ^ mixed >> 32
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::PAGE_SIZE;

    #[test]
    fn row_047_every_single_bit_of_a_page_and_its_place_change_the_sum() {
        let mut page = [0_u8; PAGE_SIZE];
        page.iter_mut().enumerate().for_each(|(at, byte)| *byte = ((at * 7) >> 3) as u8);
        let whole = sum(3, &page);
        assert_eq!(whole, sum(3, &page));
        for bit in 0..PAGE_SIZE * 8 {
            page[bit / 8] ^= 1 << (bit % 8);
            assert_ne!(sum(3, &page), whole, "bit {bit}");
            page[bit / 8] ^= 1 << (bit % 8);
        }
        assert!([0, 1, 2, 4, u64::MAX].iter().all(|place| sum(*place, &page) != whole));
        page.swap(0, 1024);
        assert_ne!(sum(3, &page), whole, "two bytes of one lane");
    }
}
