//! A hash that is the same on every machine and in every version: what shards and digests are made of.

/// FNV-1a over 64 bits, with a finish that spreads every bit over all others.
#[derive(Clone, Copy)]
pub(crate) struct StableHash(u64);

impl StableHash {
    pub(crate) fn new() -> StableHash {
        StableHash(0xcbf2_9ce4_8422_2325)
    }

    /// Takes the bytes in, and their number, so that "ab", "c" is not "a", "bc".
    pub(crate) fn bytes(mut self, bytes: &[u8]) -> StableHash {
        for byte in bytes.iter().chain(&(bytes.len() as u64).to_le_bytes()) {
            self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3);
        }
        self
    }

    pub(crate) fn finish(self) -> u64 {
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 33)).wrapping_mul(0xff51_afd7_ed55_8ccd);
        mixed = (mixed ^ (mixed >> 33)).wrapping_mul(0xc4ce_b9fe_1a85_ec53);
        mixed ^ (mixed >> 33)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hash_of_a_text_never_changes() {
        // Shards on other machines, and plans of earlier versions, were made by these numbers.
        assert_eq!(StableHash::new().finish(), 0xefd0_1f60_ba99_2926);
        assert_eq!(StableHash::new().bytes(b"demo").bytes(b"a::b").finish(), 0x2c3c_9ca1_36c2_8e29);
        let parts = |a: &[u8], b: &[u8]| StableHash::new().bytes(a).bytes(b).finish();
        assert_ne!(parts(b"ab", b"c"), parts(b"a", b"bc"));
    }
}
