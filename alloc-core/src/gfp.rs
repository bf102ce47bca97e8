//! The flags of a request: what it may do to get its memory, and where the memory may lie.

use core::fmt;
use core::ops::{BitOr, BitOrAssign};

/// What a request for memory may do, as a set of flags with the kernel's names and meanings.
///
/// The composites ([`Gfp::KERNEL`], [`Gfp::ATOMIC`] …) name a caller's situation; the single flags change one thing.
/// Sources: the kernel's "Memory allocation guide" and the comments of its `gfp_types.h`.
///
/// ```
/// use alloc_core::Gfp;
/// let flags = Gfp::KERNEL | Gfp::NORETRY;
/// assert!(flags.contains(Gfp::DIRECT_RECLAIM));
/// assert_eq!(format!("{:?}", Gfp::NOFS), "KERNEL without FS");
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Gfp(u32);

macro_rules! flags {
    ($($(#[doc = $doc:literal])+ $name:ident = $bit:literal;)+) => {
        impl Gfp {
            $($(#[doc = $doc])+ pub const $name: Gfp = Gfp(1 << $bit);)+
            /// Every single flag with its name, in the order that they are printed.
            pub const NAMES: &[(&'static str, Gfp)] = &[$((stringify!($name), Gfp::$name)),+];
        }
    };
}

flags! {
    /// From the lowest zone, for devices that reach nothing else. Simulated machines have one such zone, DMA32.
    DMA = 0;
    /// From the zone that 32-bit devices reach.
    DMA32 = 1;
    /// From memory that has no permanent address; together with MOVABLE it admits the movable zone.
    HIGHMEM = 2;
    /// The pages can be moved or reclaimed, so they may come from the movable zone.
    MOVABLE = 3;
    /// The pages can be taken back by a shrinker.
    RECLAIMABLE = 4;
    /// Urgent: may use part of the reserve.
    HIGH = 5;
    /// Reclaim may start storage input and output.
    IO = 6;
    /// Reclaim may call the file system.
    FS = 7;
    /// The memory is zeroed.
    ZERO = 8;
    /// The request may wait while it reclaims memory itself.
    DIRECT_RECLAIM = 9;
    /// The request wakes the background reclaimer when memory is low.
    KSWAPD_RECLAIM = 10;
    /// The caller is about to write the page.
    WRITE = 11;
    /// No failure report.
    NOWARN = 12;
    /// Try hard, many rounds as long as there is progress, and then fail; never kill.
    RETRY_MAYFAIL = 13;
    /// Never fail: the caller cannot handle it.
    NOFAIL = 14;
    /// One round of reclaim, then fail; never kill.
    NORETRY = 15;
    /// May use every reserve: the memory will free more soon.
    MEMALLOC = 16;
    /// The pages form a compound page.
    COMP = 17;
    /// No reserves whatever else is said: wins over MEMALLOC, the task's scope and the rights of a victim.
    NOMEMALLOC = 18;
    /// The task's cpuset is binding.
    HARDWALL = 19;
    /// Only the asked node, without fallback, and without a kill.
    THISNODE = 20;
    /// Charged to the task's account.
    ACCOUNT = 21;
    /// Unknown to the checker of reclaim locks.
    NOLOCKDEP = 22;
    /// The caller goes on with single pages if it gets no more: see [`Discipline`](crate::Discipline).
    FALLBACK = 23;
    /// The caller was written, or looked through, for requests that fail: see [`Gfp::DEFAULT`].
    CONVERTED = 24;
}

impl Gfp {
    /// No flags: cannot wait, wakes nobody.
    pub const NONE: Gfp = Gfp(0);
    /// Cannot wait, and part of the reserve is open to it.
    pub const ATOMIC: Gfp = Gfp::HIGH.with(Gfp::KSWAPD_RECLAIM);
    /// Cannot wait, and no reserve is open to it: failure is cheap to handle.
    pub const NOWAIT: Gfp = Gfp::KSWAPD_RECLAIM.with(Gfp::NOWARN);
    /// May wait for reclaim of both kinds, without any of its own effects.
    pub const RECLAIM: Gfp = Gfp::DIRECT_RECLAIM.with(Gfp::KSWAPD_RECLAIM);
    /// The ordinary request.
    pub const KERNEL: Gfp = Gfp::RECLAIM.with(Gfp::IO).with(Gfp::FS);
    /// As KERNEL, and reclaim keeps out of the file system.
    pub const NOFS: Gfp = Gfp::RECLAIM.with(Gfp::IO);
    /// As KERNEL, and reclaim starts no input or output at all.
    pub const NOIO: Gfp = Gfp::RECLAIM;
    /// For user space: as KERNEL, and the cpuset is binding.
    pub const USER: Gfp = Gfp::KERNEL.with(Gfp::HARDWALL);
    /// As USER, and the pages can be moved.
    pub const USER_MOVABLE: Gfp = Gfp::USER.with(Gfp::HIGHMEM).with(Gfp::MOVABLE);
    /// As KERNEL, and charged to the task's account.
    pub const KERNEL_ACCOUNT: Gfp = Gfp::KERNEL.with(Gfp::ACCOUNT);
    /// The ordinary request of converted code: as KERNEL, but what small ones are promised is
    /// [`Policy::default_small`](crate::Policy::default_small) and not [`Policy::small`](crate::Policy::small). A name proposed in the
    /// comments on LWN's article of 2017, so that code can move away from KERNEL one caller at a time; the kernel has no such name.
    pub const DEFAULT: Gfp = Gfp::KERNEL.with(Gfp::CONVERTED);
    /// The other new name of that proposal: converted code that cannot handle a failure, and says so.
    pub const DEFAULT_NOFAIL: Gfp = Gfp::DEFAULT.with(Gfp::NOFAIL);

    /// The set as a number, which means nothing but that equal sets have equal ones: it may stand where only numbers can, as
    /// in [`WithFlags`](crate::WithFlags). It is not the kernel's, and may be another one in another version.
    pub const fn bits(self) -> u32 {
        self.0
    }

    /// The set of such a number.
    pub(crate) const fn of_bits(bits: u32) -> Gfp {
        Gfp(bits)
    }

    /// Both sets together; `|` in constants.
    #[must_use]
    pub const fn with(self, other: Gfp) -> Gfp {
        Gfp(self.0 | other.0)
    }

    /// This set without the flags of `other`.
    #[must_use]
    pub const fn without(self, other: Gfp) -> Gfp {
        Gfp(self.0 & !other.0)
    }

    /// Whether all flags of `other` are set.
    pub const fn contains(self, other: Gfp) -> bool {
        self.0 & other.0 == other.0
    }

    /// Whether this is the old name of the ordinary request: KERNEL, alone or with more, by code that was not converted.
    pub const fn is_old_name(self) -> bool {
        self.contains(Gfp::KERNEL) && !self.contains(Gfp::CONVERTED) && !self.contains(Gfp::HARDWALL)
    }

    /// The same, of a caller that goes on with single pages if it gets no more.
    #[must_use]
    pub const fn with_fallback(self) -> Gfp {
        self.with(Gfp::FALLBACK)
    }

    /// Whether the request may wait.
    pub const fn may_wait(self) -> bool {
        self.contains(Gfp::DIRECT_RECLAIM)
    }
}

impl BitOr for Gfp {
    type Output = Gfp;

    fn bitor(self, other: Gfp) -> Gfp {
        self.with(other)
    }
}

impl BitOrAssign for Gfp {
    fn bitor_assign(&mut self, other: Gfp) {
        *self = self.with(other);
    }
}

impl fmt::Debug for Gfp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (mut rest, mut before) = (*self, "");
        if rest.contains(Gfp::DEFAULT) {
            f.write_str("DEFAULT")?;
            (rest, before) = (rest.without(Gfp::DEFAULT), " | ");
        } else if rest.contains(Gfp::NOIO) {
            f.write_str(match (rest.contains(Gfp::IO), rest.contains(Gfp::FS)) {
                (true, true) => "KERNEL",
                (true, false) => "KERNEL without FS",
                (false, true) => "KERNEL without IO",
                (false, false) => "KERNEL without IO and FS",
            })?;
            (rest, before) = (rest.without(Gfp::KERNEL), " | ");
        }
        for (name, _) in Gfp::NAMES.iter().filter(|(_, flag)| rest.contains(*flag)) {
            write!(f, "{before}{name}")?;
            before = " | ";
        }
        if before.is_empty() { f.write_str("NONE") } else { Ok(()) }
    }
}

impl fmt::Display for Gfp {
    /// As the kernel prints them: the composite that says most, and what is beside it.
    ///
    /// ```
    /// # use alloc_core::Gfp;
    /// assert_eq!((Gfp::KERNEL | Gfp::NORETRY).to_string(), "GFP_KERNEL|__GFP_NORETRY");
    /// ```
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let composites = [
            ("DEFAULT", Gfp::DEFAULT),
            ("USER_MOVABLE", Gfp::USER_MOVABLE),
            ("USER", Gfp::USER),
            ("KERNEL_ACCOUNT", Gfp::KERNEL_ACCOUNT),
            ("KERNEL", Gfp::KERNEL),
            ("NOFS", Gfp::NOFS),
            ("NOIO", Gfp::NOIO),
            ("ATOMIC", Gfp::ATOMIC),
            ("NOWAIT", Gfp::NOWAIT),
        ];
        let (mut rest, mut before) = (*self, "");
        if let Some((name, flags)) = composites.into_iter().find(|(_, flags)| self.contains(*flags)) {
            write!(f, "GFP_{name}")?;
            (rest, before) = (rest.without(flags), "|");
        }
        for (name, _) in Gfp::NAMES.iter().filter(|(_, flag)| rest.contains(*flag)) {
            write!(f, "{before}__GFP_{name}")?;
            before = "|";
        }
        if before.is_empty() { f.write_str("0") } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn row_029_composites_hold_the_documented_flags() {
        assert!(!Gfp::ATOMIC.may_wait() && Gfp::ATOMIC.contains(Gfp::HIGH | Gfp::KSWAPD_RECLAIM));
        assert!(!Gfp::NOWAIT.may_wait() && !Gfp::NOWAIT.contains(Gfp::HIGH) && Gfp::NOWAIT.contains(Gfp::NOWARN));
        assert_eq!(Gfp::KERNEL.without(Gfp::FS), Gfp::NOFS);
        assert_eq!(Gfp::NOFS.without(Gfp::IO), Gfp::NOIO);
        assert_eq!(Gfp::USER.without(Gfp::HARDWALL), Gfp::KERNEL);
    }

    #[test]
    fn each_flag_is_one_bit_of_its_own() {
        let all = Gfp::NAMES.iter().fold(Gfp::NONE, |all, (_, flag)| all | *flag);
        assert_eq!(all.0.count_ones() as usize, Gfp::NAMES.len());
    }
}
