//! Choices that look random: the same seed gives the same ones everywhere.

use alloc_core::Gfp;

/// A generator, by its seed.
pub struct Random(pub u64);

impl Random {
    /// A number below `limit`, which is not 0.
    pub fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % limit
    }

    /// One of some values.
    pub fn of<T: Clone>(&mut self, values: &[T]) -> T {
        values[self.below(values.len() as u64) as usize].clone()
    }

    /// A byte, of the best bits.
    pub fn byte(&mut self) -> u8 {
        self.below(1 << 31);
        (self.0 >> 56) as u8
    }

    /// The flags of a composite, and up to `more` others.
    pub fn flags(&mut self, composites: &[Gfp], more: u64) -> Gfp {
        let mut flags = self.of(composites);
        for _ in 0..self.below(more + 1) {
            flags |= Gfp::NAMES[self.below(Gfp::NAMES.len() as u64) as usize].1;
        }
        flags
    }
}
