//! The cap on kvmalloc: the kernel's number, a part of the memory, or so many bytes.

/// What kvmalloc is asked for at most. More fails at once, with [`AllocError::TooBig`](crate::AllocError::TooBig): nothing is
/// reclaimed and nobody is killed for it.
///
/// The kernel's cap is the same on every machine. The thread on removing `PF_MEMALLOC_NORECLAIM` (2024) argued for a part of the
/// memory, so that a small machine refuses what would only kill others there; and against it, for tables that are sized by
/// memory grow beyond all use on large machines: look at what callers really ask for, and put the cap above. What they ask
/// for, [`Sites::largest`](crate::Sites::largest) tells.
///
/// ```
/// use alloc_core::{AllocError, Gfp, KvCap, Machine, NodePages, Policy};
/// let policy = Policy { kv_cap: KvCap::Fraction(1, 4), ..Policy::kernel() };
/// let machine = Machine::builder().node(NodePages::new(1024)).policy(policy).build()?;
/// assert_eq!(machine.kvmalloc((1 << 20) + 1, Gfp::KERNEL).unwrap_err(), AllocError::TooBig);
/// assert!(machine.kvmalloc(1 << 20, Gfp::KERNEL).is_ok());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum KvCap {
    /// The kernel's: `i32::MAX` bytes.
    IntMax,
    /// So many bytes.
    Absolute(usize),
    /// This part of the machine's memory: numerator and denominator. With a denominator of 0, nothing at all.
    Fraction(u32, u32),
}

impl KvCap {
    /// The cap in bytes, on a machine with so many bytes.
    pub const fn bytes(self, memory: usize) -> usize {
        match self {
            KvCap::IntMax => i32::MAX as usize,
            KvCap::Absolute(bytes) => bytes,
            KvCap::Fraction(_, 0) => 0,
            KvCap::Fraction(of, parts) => {
                let bytes = memory as u128 * of as u128 / parts as u128;
                if bytes > usize::MAX as u128 { usize::MAX } else { bytes as usize }
            }
        }
    }
}
