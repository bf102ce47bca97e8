//! The flags of a request, under the kernel's names.

use core::ops::{BitAnd, BitOr, Not};

use alloc_core::Gfp;

/// What a request may do to get its memory: a set of the kernel's flags.
///
/// ```
/// use alloc_core_rfl as kernel;
/// use kernel::alloc::flags::*;
/// let flags = GFP_KERNEL | __GFP_ZERO;
/// assert!(flags.contains(__GFP_ZERO) && !(flags & !__GFP_ZERO).contains(__GFP_ZERO));
/// assert!(flags & !__GFP_ZERO == GFP_KERNEL);
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Flags(Gfp);

impl Flags {
    /// Whether all flags of `flags` are set.
    pub fn contains(self, flags: Flags) -> bool {
        self.0.contains(flags.0)
    }

    /// The same set in the words of alloc-core.
    pub const fn gfp(self) -> Gfp {
        self.0
    }
}

impl From<Gfp> for Flags {
    fn from(flags: Gfp) -> Flags {
        Flags(flags)
    }
}

impl BitOr for Flags {
    type Output = Flags;

    fn bitor(self, other: Flags) -> Flags {
        Flags(self.0 | other.0)
    }
}

impl BitAnd for Flags {
    type Output = Flags;

    fn bitand(self, other: Flags) -> Flags {
        Flags(self.0.without(self.0.without(other.0)))
    }
}

impl Not for Flags {
    type Output = Flags;

    fn not(self) -> Flags {
        let all = Gfp::NAMES.iter().fold(Gfp::NONE, |all, (_, flag)| all | *flag);
        Flags(all.without(self.0))
    }
}

/// The flags that the kernel gives to Rust code, and in [`extra`](flags::extra) those that it does not.
pub mod flags {
    use alloc_core::Gfp;

    use super::Flags;

    /// The memory is zeroed.
    pub const __GFP_ZERO: Flags = Flags(Gfp::ZERO);
    /// From memory that has no permanent address.
    pub const __GFP_HIGHMEM: Flags = Flags(Gfp::HIGHMEM);
    /// No failure report.
    pub const __GFP_NOWARN: Flags = Flags(Gfp::NOWARN);
    /// For callers that cannot wait: part of the reserve is open to them.
    pub const GFP_ATOMIC: Flags = Flags(Gfp::ATOMIC);
    /// The ordinary request, of callers that can wait.
    pub const GFP_KERNEL: Flags = Flags(Gfp::KERNEL);
    /// As `GFP_KERNEL`, and charged to the task's account.
    pub const GFP_KERNEL_ACCOUNT: Flags = Flags(Gfp::KERNEL_ACCOUNT);
    /// For callers that cannot wait, and have a cheap way to do without.
    pub const GFP_NOWAIT: Flags = Flags(Gfp::NOWAIT);

    /// Flags of the kernel's C side that its Rust side does not have: code that uses them does not compile there.
    pub mod extra {
        use super::{Flags, Gfp};

        /// As `GFP_KERNEL`, and reclaim keeps out of the file system.
        pub const GFP_NOFS: Flags = Flags(Gfp::NOFS);
        /// As `GFP_KERNEL`, and reclaim starts no input or output.
        pub const GFP_NOIO: Flags = Flags(Gfp::NOIO);
        /// One round of reclaim, then fail; never kill.
        pub const __GFP_NORETRY: Flags = Flags(Gfp::NORETRY);
        /// Many rounds as long as there is progress, and then fail; never kill.
        pub const __GFP_RETRY_MAYFAIL: Flags = Flags(Gfp::RETRY_MAYFAIL);
        /// Never fail.
        pub const __GFP_NOFAIL: Flags = Flags(Gfp::NOFAIL);
        /// Only the asked node.
        pub const __GFP_THISNODE: Flags = Flags(Gfp::THISNODE);
        /// Charged to the task's account.
        pub const __GFP_ACCOUNT: Flags = Flags(Gfp::ACCOUNT);
        /// Every reserve is open: the memory will free more soon.
        pub const __GFP_MEMALLOC: Flags = Flags(Gfp::MEMALLOC);
        /// No reserve, whatever else is said.
        pub const __GFP_NOMEMALLOC: Flags = Flags(Gfp::NOMEMALLOC);
    }
}
