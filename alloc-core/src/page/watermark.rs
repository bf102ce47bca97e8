//! Watermarks: how much of a zone stays free for those who need it more, and who may go how far below.

use crate::context::Context;
use crate::gfp::Gfp;
use crate::units::Order;

/// A level of free pages in a zone.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Mark {
    /// Below this, only those with rights to the reserve are served.
    Min,
    /// Below this, the background reclaimer is woken.
    Low,
    /// Up to this, the background reclaimer works.
    High,
}

/// A zone's three levels, in pages.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Watermarks {
    /// See [`Mark::Min`].
    pub min: u64,
    /// See [`Mark::Low`].
    pub low: u64,
    /// See [`Mark::High`].
    pub high: u64,
}

impl Watermarks {
    /// Pages that a machine of `managed` pages keeps free: the root of 16 times its KiB, from 128 KiB to 256 MiB.
    ///
    /// ```
    /// use alloc_core::Watermarks;
    /// assert_eq!(Watermarks::min_free_pages(262_144), 1024); // 1 GiB keeps 4 MiB
    /// assert_eq!(Watermarks::min_free_pages(0), 32);
    /// ```
    pub fn min_free_pages(managed: u64) -> u64 {
        managed.saturating_mul(64).isqrt().clamp(128, 256 * 1024) / 4
    }

    /// The levels of a zone of `managed` pages whose share of the reserve is `min`.
    pub fn new(min: u64, managed: u64) -> Watermarks {
        let distance = (min / 4).max(managed / 1000);
        Watermarks { min, low: min + distance, high: min + 2 * distance }
    }

    /// One of the levels.
    pub const fn level(&self, mark: Mark) -> u64 {
        match mark {
            Mark::Min => self.min,
            Mark::Low => self.low,
            Mark::High => self.high,
        }
    }
}

/// How far below a level a request may go.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Right {
    /// All the way: levels are not looked at.
    pub everything: bool,
    /// Half the level.
    pub high: bool,
    /// With `high`, a quarter of the rest, too: the caller cannot wait.
    pub cannot_wait: bool,
    /// Half of what remains: the task is being killed, and what it gets is soon given back with interest.
    pub victim: bool,
}

impl Right {
    /// No right below the level.
    pub const PLAIN: Right = Right { everything: false, high: false, cannot_wait: false, victim: false };
    /// The whole reserve.
    pub const EVERYTHING: Right = Right { everything: true, ..Right::PLAIN };
    /// What NOFAIL gets while it loops.
    pub const HALF: Right = Right { high: true, ..Right::PLAIN };

    /// What flags and context give; NOMEMALLOC takes back all but the caller's urgency.
    pub const fn of(flags: Gfp, context: Context) -> Right {
        let high = flags.contains(Gfp::HIGH);
        let open = !flags.contains(Gfp::NOMEMALLOC);
        Right {
            everything: open && (flags.contains(Gfp::MEMALLOC) || context.frees_memory()),
            high,
            cannot_wait: high && open && !flags.may_wait(),
            victim: open && context.is_victim(),
        }
    }

    /// Whether it outweighs what a task may use and wants: its cpuset and its memory policy.
    pub(crate) const fn outweighs_nodes(self) -> bool {
        self.everything || self.victim || (self.high && self.cannot_wait)
    }

    /// The level that this right makes of `level`, or `None` if it need not look.
    pub const fn lowered(self, level: u64) -> Option<u64> {
        if self.everything {
            return None;
        }
        let mut level = level;
        if self.high {
            level -= level / 2;
            if self.cannot_wait {
                level -= level / 4;
            }
        }
        if self.victim {
            level -= level / 2;
        }
        Some(level)
    }

    /// Whether a zone with `free` pages may give a block of `order` away, with `level` and `kept` pages to stay behind.
    pub const fn admits(self, free: u64, order: Order, level: u64, kept: u64) -> bool {
        match self.lowered(level) {
            None => true,
            Some(level) => match free.checked_sub(order.pages() - 1) {
                Some(rest) => rest > level + kept,
                None => false,
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn row_120_rights_lower_the_level_as_the_table_says() {
        let lowered = |flags, context| Right::of(flags, context).lowered(1024);
        let plain = Context::default();
        let victim = plain.as_victim();
        assert_eq!(lowered(Gfp::KERNEL, plain), Some(1024));
        assert_eq!(lowered(Gfp::NOWAIT, plain), Some(1024));
        assert_eq!(lowered(Gfp::KERNEL | Gfp::HIGH, plain), Some(512));
        assert_eq!(lowered(Gfp::ATOMIC, plain), Some(384));
        assert_eq!(lowered(Gfp::KERNEL, victim), Some(512));
        assert_eq!(lowered(Gfp::ATOMIC, victim), Some(192));
        assert_eq!(lowered(Gfp::KERNEL | Gfp::MEMALLOC, plain), None);
        assert_eq!(lowered(Gfp::KERNEL, plain.while_reclaiming()), None);
        assert_eq!(lowered(Gfp::KERNEL | Gfp::MEMALLOC | Gfp::NOMEMALLOC, victim), Some(1024));
    }

    #[test]
    fn row_120_the_flip_is_at_the_exact_page() {
        for order in 0..=10 {
            let order = Order::new(order);
            let needed = 100 + 7 + order.pages();
            assert!(Right::PLAIN.admits(needed, order, 100, 7));
            assert!(!Right::PLAIN.admits(needed - 1, order, 100, 7));
        }
    }
}
