//! The kernel's knobs for injected failures, with the kernel's order of tests.

use super::knob::Knob;
use super::report::FaultReport;
use super::source::{Capability, FaultSource, Site};
use super::stack_filter::{STACK_DEPTH_MAX, StackFilter};
use crate::gfp::Gfp;
use crate::random::Random;
use crate::units::Order;

/// The knobs. Their meanings, their defaults and the order in which they are asked are those of the kernel's
/// "Fault injection capabilities infrastructure".
///
/// As in the kernel, the defaults fail nothing that may wait, and no single page.
///
/// ```
/// use alloc_core::Attributes;
/// let attributes: Attributes = "10,50,4096,-1".parse()?;
/// assert_eq!((attributes.interval, attributes.probability, attributes.space.get()), (10, 50, 4096));
/// assert_eq!(attributes.times.get(), None);
/// # Ok::<(), alloc_core::AttributeError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Attributes {
    /// Percent of the requests that get as far as the roll.
    pub probability: u32,
    /// Only every so many-th request gets as far as the roll.
    pub interval: u32,
    /// Failures left, or `None` for no limit.
    pub times: Knob<Option<u32>>,
    /// Bytes that are let through before anything fails.
    pub space: Knob<u64>,
    /// Only tasks with `make_it_fail` fail.
    pub task_filter: bool,
    /// Only some call chains fail.
    pub stack: Option<StackFilter>,
    /// Requests that may wait are let through.
    pub ignore_gfp_wait: bool,
    /// Requests that admit HIGHMEM are let through.
    pub ignore_gfp_highmem: bool,
    /// Smaller requests are let through.
    pub min_order: Order,
    /// Requests with NOFAIL are failed, too.
    pub inject_nofail: bool,
    /// Of caches, only marked ones fail.
    pub cache_filter: bool,
    /// Only requests that are made in a site of this name fail, or in one that was entered from there; others are not even
    /// counted. The kernel has no such knob.
    pub site: Option<&'static str>,
    /// How much `report` is told of each failure: nothing at 0, what failed at 1, and by which call chain from 2 on. Of
    /// requests with NOWARN nothing is told.
    pub verbose: u8,
    /// Who is told of failures. The kernel prints them; `|report| eprintln!("{report}")` does, too.
    pub report: Option<fn(&FaultReport<'_>)>,
    passed: Knob<u32>,
    random: Knob<Random>,
}

impl Default for Attributes {
    fn default() -> Attributes {
        Attributes {
            probability: 0,
            interval: 1,
            times: Knob::new(Some(1)),
            space: Knob::new(0),
            task_filter: false,
            stack: None,
            ignore_gfp_wait: true,
            ignore_gfp_highmem: true,
            min_order: Order::new(1),
            inject_nofail: false,
            cache_filter: false,
            site: None,
            verbose: 2,
            report: None,
            passed: Knob::new(0),
            random: Knob::new(Random::new(0)),
        }
    }
}

impl Attributes {
    /// Attributes that let every request of every order get as far as the roll, and never run out.
    pub fn unfiltered(probability: u32) -> Attributes {
        Attributes {
            probability,
            times: Knob::new(None),
            ignore_gfp_wait: false,
            ignore_gfp_highmem: false,
            min_order: Order::ZERO,
            ..Attributes::default()
        }
    }

    /// The same, rolling the numbers of another seed.
    #[must_use]
    pub fn seeded(mut self, seed: u64) -> Attributes {
        self.random = Knob::new(Random::new(seed));
        self
    }

    /// Whether the filters let a request through, before anything is counted.
    fn lets_through(&self, site: &Site<'_>) -> bool {
        let has = |flags| site.flags.contains(flags);
        let of_its_kind = match site.capability {
            Capability::PageAlloc => site.order < self.min_order || (self.ignore_gfp_highmem && has(Gfp::HIGHMEM)),
            Capability::Slab => self.cache_filter && site.cache.is_some_and(|cache| !cache.failslab),
            _ => false,
        };
        let elsewhere = self.site.is_some_and(|name| !site.sites.contains(&name));
        of_its_kind
            || elsewhere
            || (has(Gfp::NOFAIL) && !self.inject_nofail)
            || (self.ignore_gfp_wait && site.flags.may_wait())
    }

    /// Counts a request against `space` and `interval`, and rolls.
    fn strikes(&self, site: &Site<'_>) -> bool {
        let bytes = site.size as u64;
        let lets_through = self.space.turn(|space| {
            let more = *space > bytes;
            *space -= if more { bytes } else { 0 };
            more
        });
        if lets_through {
            return false;
        }
        let its_turn = self.passed.turn(|passed| {
            *passed = if passed.saturating_add(1) < self.interval { *passed + 1 } else { 0 };
            *passed == 0
        });
        its_turn
            && (self.probability >= 100 || self.random.turn(|random| random.below(100)) < u64::from(self.probability))
    }
}

impl FaultSource for Attributes {
    /// Of what is made of pages, and of what is no memory, nothing fails: they have attributes of their own in
    /// [`Knobs`](crate::Knobs).
    fn fails(&self, site: &Site<'_>) -> bool {
        use Capability::{Kvmalloc, MemCg, MempoolAlloc, SwapIo, Vmalloc};
        !matches!(site.capability, Vmalloc | Kvmalloc | MemCg | MempoolAlloc | SwapIo) && self.decides(site)
    }
}

impl Attributes {
    /// Whether a request fails, whatever its capability.
    pub(crate) fn decides(&self, site: &Site<'_>) -> bool {
        if self.lets_through(site) {
            return false;
        }
        let nth = site.task.fail_nth.turn(|nth| core::mem::replace(nth, nth.saturating_sub(1)));
        if nth > 0 {
            if nth == 1 {
                self.tell(site);
            }
            return nth == 1;
        }
        if self.probability == 0 || (self.task_filter && !site.task.make_it_fail.get()) {
            return false;
        }
        if self.times.get() == Some(0) || !self.strikes(site) {
            return false;
        }
        if self.stack.as_ref().is_some_and(|stack| !stack.admits()) {
            return false;
        }
        // Another thread may have taken the last one meanwhile.
        let fails = self.times.turn(|times| match times {
            Some(left) => {
                let any = *left > 0;
                *left -= u32::from(any);
                any
            }
            None => true,
        });
        if fails {
            self.tell(site);
        }
        fails
    }

    /// Reports a failure, as far as somebody wants to know.
    fn tell(&self, site: &Site<'_>) {
        let Some(report) = self.report.filter(|_| self.verbose > 0 && !site.flags.contains(Gfp::NOWARN)) else {
            return;
        };
        let mut frames = [0; STACK_DEPTH_MAX];
        let filter = self.stack.as_ref().filter(|_| self.verbose > 1);
        let found = filter.map_or(0, |filter| filter.captured(&mut frames));
        report(&FaultReport {
            site,
            probability: self.probability,
            interval: self.interval,
            space: self.space.get(),
            times: self.times.get().map_or(-1, i64::from),
            stack: &frames[..found],
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fault::source::TaskFaults;
    use crate::units::TaskId;
    use alloc::vec::Vec;
    use core::ops::Range;

    fn site(task: &TaskFaults, flags: Gfp, order: u32) -> Site<'_> {
        let (capability, order, asking) = (Capability::PageAlloc, Order::new(order), TaskId(0));
        let size = order.bytes();
        Site { capability, flags, order, size, cache: None, sites: &[], asking, task }
    }

    fn failed(attributes: &Attributes, calls: usize) -> Vec<usize> {
        let task = TaskFaults::default();
        (0..calls).filter(|_| attributes.fails(&site(&task, Gfp::KERNEL, 0))).collect()
    }

    #[test]
    fn row_011_the_filters_come_first_and_count_nothing() {
        let task = TaskFaults { fail_nth: Knob::new(1), ..TaskFaults::default() };
        let kernels = Attributes { probability: 100, ..Attributes::default() };
        assert!(!kernels.fails(&site(&task, Gfp::KERNEL, 3)), "may wait");
        assert!(!kernels.fails(&site(&task, Gfp::ATOMIC, 0)), "a single page");
        assert!(!kernels.fails(&site(&task, Gfp::ATOMIC | Gfp::HIGHMEM, 1)), "high memory");
        assert!(!kernels.fails(&site(&task, Gfp::ATOMIC | Gfp::NOFAIL, 1)), "NOFAIL");
        assert_eq!((task.fail_nth.get(), kernels.times.get()), (1, Some(1)));
        assert!(kernels.fails(&site(&task, Gfp::ATOMIC, 1)));
    }

    #[test]
    fn row_011_fail_nth_comes_before_all_other_tests_and_skips_them() {
        let attributes = Attributes { task_filter: true, times: Knob::new(Some(0)), ..Attributes::unfiltered(0) };
        let task = TaskFaults { fail_nth: Knob::new(3), ..TaskFaults::default() };
        let results: Vec<bool> = (0..5).map(|_| attributes.fails(&site(&task, Gfp::KERNEL, 0))).collect();
        assert_eq!(results, [false, false, true, false, false]);
    }

    #[test]
    fn row_011_each_knob_does_what_it_says() {
        let with = |change: fn(&mut Attributes)| {
            let mut attributes = Attributes::unfiltered(100);
            change(&mut attributes);
            failed(&attributes, 8)
        };
        assert_eq!(with(|_| {}).len(), 8);
        assert_eq!(with(|a| a.probability = 0), []);
        assert_eq!(with(|a| a.task_filter = true), []);
        assert_eq!(with(|a| a.times = Knob::new(Some(2))), [0, 1]);
        assert_eq!(with(|a| a.interval = 3), [2, 5]);
        // 10,000 bytes let two pages of 4,096 pass, and what is left is less than a page.
        assert_eq!(with(|a| a.space = Knob::new(10_000)), [2, 3, 4, 5, 6, 7]);
        assert_eq!(with(|a| a.min_order = Order::new(1)), []);
    }

    #[test]
    fn row_011_a_rejected_frame_wins_over_a_required_one() {
        let with = |require: Range<usize>, reject: Range<usize>, depth| {
            let capture = |frames: &mut [usize]| {
                frames.iter_mut().enumerate().for_each(|(n, frame)| *frame = 100 + n);
                frames.len()
            };
            let stack = Some(StackFilter { require, reject, depth, capture });
            !failed(&Attributes { stack, ..Attributes::unfiltered(100) }, 1).is_empty()
        };
        assert!(with(0..usize::MAX, 0..0, 32));
        assert!(with(105..106, 0..0, 32));
        assert!(!with(105..106, 0..0, 5), "beyond the depth");
        assert!(!with(0..usize::MAX, 131..132, usize::MAX));
        assert!(!with(5..6, 0..0, 32));
    }

    #[test]
    fn row_011_a_million_rolls_are_within_three_sigma() {
        let rolls = if cfg!(miri) {
            1_000
        } else if cfg!(debug_assertions) {
            20_000
        } else {
            1_000_000
        };
        let found = failed(&Attributes::unfiltered(10).seeded(7), rolls).len() as f64;
        let sigma = (rolls as f64 * 0.1 * 0.9).sqrt();
        assert!((found - rolls as f64 * 0.1).abs() < 3.0 * sigma, "{found} of {rolls}");
    }
}
