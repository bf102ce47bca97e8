//! The table of combinations that make no sense, and what the kernel does about each.

use crate::context::{Context, Place, Scope};
use crate::gfp::Gfp;
use crate::units::Order;

/// A combination of flags, order and context that contradicts itself.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[repr(u16)]
pub enum Misuse {
    /// NOFAIL by a caller that cannot wait, as in `ATOMIC | NOFAIL`: nothing can keep that promise.
    NofailCannotWait,
    /// A correct NOFAIL request inside of a scope that closes direct reclaim.
    NofailNestedInNoReclaim,
    /// NOFAIL for more than two pages: beyond what is promised, and served all the same.
    NofailAboveTwoPages,
    /// NOFAIL above the costly order: nobody is killed for it, and it waits.
    NofailCostly,
    /// NOFAIL for more than the machine has.
    NofailTooBig,
    /// NOFAIL and NORETRY.
    NofailNoretry,
    /// NOFAIL and RETRY_MAYFAIL.
    NofailRetryMayfail,
    /// NORETRY and RETRY_MAYFAIL.
    NoretryRetryMayfail,
    /// MEMALLOC and NOMEMALLOC.
    MemallocNomemalloc,
    /// Two zones that exclude each other.
    ZonePair,
    /// RECLAIMABLE and MOVABLE: pages are one or the other.
    ReclaimableMovable,
    /// A request that may wait, where sleeping is forbidden.
    SleepInAtomic,
    /// A zone asked for from a cache: the objects of one slab lie in one zone, and serve all requests.
    SlabZone,
    /// Flags that vmalloc does not know, as of zones, nodes or reserves.
    VmallocUnknown,
    /// ZERO from a pool: elements of its reserve are what their last users left.
    MempoolZero,
    /// More than a page at once without a fallback, under a policy with that [`Discipline`](crate::Discipline): no
    /// contradiction, but what the policy looks for.
    LargeWithoutFallback,
}

/// One row of the table: a misuse, and what becomes of it.
#[derive(Clone, Copy, Debug)]
pub struct MisuseRow {
    /// Which misuse the row is about.
    pub misuse: Misuse,
    /// The combination, in words.
    pub combination: &'static str,
    /// What the kernel does.
    pub kernel: &'static str,
    /// Whether a strict policy refuses it.
    pub strict_refuses: bool,
    applies: fn(&Asked) -> bool,
}

/// What the rows look at.
struct Asked {
    flags: Gfp,
    order: Order,
    costly: Order,
    context: Context,
}

impl Asked {
    fn has(&self, flags: Gfp) -> bool {
        self.flags.contains(flags)
    }
}

const fn row(
    misuse: Misuse,
    combination: &'static str,
    kernel: &'static str,
    strict_refuses: bool,
    applies: fn(&Asked) -> bool,
) -> MisuseRow {
    MisuseRow { misuse, combination, kernel, strict_refuses, applies }
}

/// The table. The engine, `explain` and the documentation read this one.
pub const MISUSES: [MisuseRow; 16] = [
    row(Misuse::NofailCannotWait, "NOFAIL without DIRECT_RECLAIM", "warns and fails", true, |asked| {
        asked.has(Gfp::NOFAIL) && !asked.flags.may_wait()
    }),
    row(Misuse::NofailNestedInNoReclaim, "NOFAIL in a scope without reclaim", "warns and loops", true, |asked| {
        let closed = asked.context.frees_memory() || asked.context.has(Scope::NoDirectReclaim);
        asked.has(Gfp::NOFAIL) && asked.flags.may_wait() && closed
    }),
    row(Misuse::NofailAboveTwoPages, "NOFAIL above order 1", "serves it", true, |asked| {
        asked.has(Gfp::NOFAIL) && asked.order > Order::new(1) && asked.order <= asked.costly
    }),
    row(Misuse::NofailCostly, "NOFAIL above the costly order", "warns and loops without a kill", true, |asked| {
        asked.has(Gfp::NOFAIL) && asked.order > asked.costly
    }),
    row(Misuse::NofailTooBig, "NOFAIL for more than there is", "warns and fails", true, |_| false),
    row(Misuse::NofailNoretry, "NOFAIL with NORETRY", "NOFAIL wins in the loop, without a kill", true, |asked| {
        asked.has(Gfp::NOFAIL | Gfp::NORETRY)
    }),
    row(
        Misuse::NofailRetryMayfail,
        "NOFAIL with RETRY_MAYFAIL",
        "NOFAIL wins in the loop, without a kill",
        true,
        |asked| asked.has(Gfp::NOFAIL | Gfp::RETRY_MAYFAIL),
    ),
    row(Misuse::NoretryRetryMayfail, "NORETRY with RETRY_MAYFAIL", "NORETRY is asked first", true, |asked| {
        asked.has(Gfp::NORETRY | Gfp::RETRY_MAYFAIL)
    }),
    row(Misuse::MemallocNomemalloc, "MEMALLOC with NOMEMALLOC", "NOMEMALLOC wins", false, |asked| {
        asked.has(Gfp::MEMALLOC | Gfp::NOMEMALLOC)
    }),
    row(Misuse::ZonePair, "DMA with DMA32, or either with HIGHMEM", "takes the lowest zone", true, |asked| {
        let zones = [Gfp::DMA, Gfp::DMA32, Gfp::HIGHMEM];
        zones.into_iter().filter(|zone| asked.has(*zone)).count() > 1
    }),
    row(Misuse::ReclaimableMovable, "RECLAIMABLE with MOVABLE", "warns in debug builds", true, |asked| {
        asked.has(Gfp::RECLAIMABLE | Gfp::MOVABLE)
    }),
    row(Misuse::SleepInAtomic, "DIRECT_RECLAIM in atomic context", "reports, and allocates", true, |asked| {
        asked.flags.may_wait() && asked.context.place() != Place::Process
    }),
    row(Misuse::SlabZone, "HIGHMEM or DMA32 for objects of slabs", "warns and strips them", true, |_| false),
    row(
        Misuse::VmallocUnknown,
        "vmalloc with flags of zones, nodes or reserves",
        "warns and leaves them out",
        true,
        |_| false,
    ),
    row(Misuse::MempoolZero, "ZERO from a mempool", "warns, and zeroes only new elements", true, |_| false),
    row(Misuse::LargeWithoutFallback, "more than a page without a fallback", "serves it", false, |_| false),
];

/// The misuses found in one request.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Misuses(u16);

impl Misuses {
    /// What the table says about a request; `costly` is the policy's border.
    pub fn of(flags: Gfp, order: Order, costly: Order, context: Context) -> Misuses {
        let asked = Asked { flags, order, costly, context };
        let found = MISUSES.iter().filter(|row| (row.applies)(&asked));
        Misuses(found.fold(0, |found, row| found | 1 << row.misuse as u16))
    }

    /// Whether a misuse is among them.
    pub const fn has(self, misuse: Misuse) -> bool {
        self.0 & (1 << misuse as u16) != 0
    }

    /// The same, and one more.
    #[must_use]
    pub const fn and(self, misuse: Misuse) -> Misuses {
        Misuses(self.0 | 1 << misuse as u16)
    }

    /// The same, without one.
    #[must_use]
    pub const fn except(self, misuse: Misuse) -> Misuses {
        Misuses(self.0 & !(1 << misuse as u16))
    }

    /// Whether there is none.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Those found, in the order of the table.
    pub fn iter(self) -> impl Iterator<Item = Misuse> {
        MISUSES.iter().map(|row| row.misuse).filter(move |misuse| self.has(*misuse))
    }
}
