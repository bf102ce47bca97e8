//! The two identities of a call chain: raw addresses within one process tree, and the stable one.

/// 128 bits that stand for a list of return addresses; two lists collide with a probability of less than 2⁻⁶⁴.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[repr(C)]
pub(crate) struct Id {
    pub(crate) lo: u64,
    pub(crate) hi: u64,
}

/// The multiplier of the lane that mixes; the other one, which costs half of it, tells apart what that one does not.
pub(crate) const LANE_LO: u64 = 0x9e37_79b9_7f4a_7c15;

impl Id {
    /// The start of a chain that hangs on no other chain.
    pub(crate) const EMPTY: Id = Id { lo: 0x5851_f42d_4c95_7f2d, hi: 0x1405_7b7e_f767_814f };

    /// This identity with one more return address behind it; the assembly walkers compute the same.
    #[inline(always)]
    pub(crate) const fn with(self, address: u64) -> Id {
        Id {
            lo: (self.lo.rotate_left(5) ^ address).wrapping_mul(LANE_LO),
            hi: self.hi.rotate_left(23).wrapping_add(address),
        }
    }
}
