//! The machine that a sequence runs on: its nodes and its policy, of all that there are.

use alloc_core::{
    AtomicSleep, BadNofail, CacheOptions, ContextSource, KvFast, LargeNofail, Machine, NestedNofail, NodePages,
    NofsOom, OnOom, Order, Policy, SlabDebug, Small,
};
use arbitrary::Arbitrary;

/// One value of each point of a policy, as numbers.
#[derive(Arbitrary, Clone, Copy, Debug, Default)]
pub struct PolicyChoice {
    pub switches: u8,
    pub costly: u8,
    pub bad_nofail: u8,
    pub nested_nofail: u8,
    pub large_nofail: u8,
    pub nofs_oom: u8,
    pub on_oom: u8,
    pub atomic_sleep: u8,
    pub kv_fast: u8,
    pub mappings: u8,
}

fn one_of<T: Copy>(values: &[T], number: u8) -> T {
    values[usize::from(number) % values.len()]
}

impl PolicyChoice {
    pub fn policy(self) -> Policy {
        let is_on = |bit: u8| self.switches & (1 << bit) != 0;
        Policy {
            small: if is_on(0) { Small::MayFail } else { Small::Loop },
            order_zero_nofail: is_on(1),
            strict: is_on(2),
            panic_on_oom: is_on(3),
            kill_allocating_task: is_on(4),
            mems_retry: !is_on(5),
            context_source: if is_on(6) { ContextSource::CallerFlagsOnly } else { ContextSource::TaskTracked },
            costly: Order::new([3, 0, 1, 10][usize::from(self.costly) % 4]),
            largest: Order::new(if is_on(7) { 4 } else { 10 }),
            bad_nofail: one_of(
                &[BadNofail::Fail, BadNofail::Loop, BadNofail::KillTask, BadNofail::Promote, BadNofail::Bug],
                self.bad_nofail,
            ),
            nested_nofail: one_of(
                &[
                    NestedNofail::Loop,
                    NestedNofail::Violate,
                    NestedNofail::WarnAndReclaim,
                    NestedNofail::KillTask,
                    NestedNofail::Bug,
                ],
                self.nested_nofail,
            ),
            large_nofail: one_of(
                &[LargeNofail::Serve, LargeNofail::Kill, LargeNofail::Fail, LargeNofail::Bug],
                self.large_nofail,
            ),
            nofs_oom: one_of(&[NofsOom::Pretend, NofsOom::Kill, NofsOom::Fail], self.nofs_oom),
            on_oom: one_of(&[OnOom::Wait, OnOom::Fail, OnOom::Panic], self.on_oom),
            atomic_sleep: one_of(&[AtomicSleep::Report, AtomicSleep::Fail, AtomicSleep::Bug], self.atomic_sleep),
            kv_fast: one_of(&[KvFast::NoReclaim, KvFast::NoRetry, KvFast::Loop], self.kv_fast),
            mappings_max: if self.mappings < 128 { 60_000 } else { usize::from(self.mappings - 128) },
            // What goes round for long says no more, and costs time.
            rounds_max: 40,
            ..Policy::kernel()
        }
    }
}

/// The machine.
#[derive(Arbitrary, Clone, Copy, Debug, Default)]
pub struct Setup {
    pub policy: PolicyChoice,
    /// Pages of the first node beyond 200, and of a second one, if there is one.
    pub nodes: (u8, Option<u8>),
    pub dma32: bool,
    pub movable: bool,
    pub min_free: u8,
    /// Pages of the pool's reserve, and processors.
    pub pool: u8,
    pub caches: [CacheChoice; 2],
}

/// A cache of objects.
#[derive(Arbitrary, Clone, Copy, Debug, Default)]
pub struct CacheChoice {
    pub size: u16,
    /// The alignment's logarithm, what is looked for, and whether there is a constructor.
    pub bits: u8,
}

impl CacheChoice {
    pub fn options(self, name: &'static str) -> CacheOptions {
        let is_on = |bit: u8| self.bits & (1 << bit) != 0;
        CacheOptions {
            align: 1 << (self.bits & 7),
            debug: SlabDebug { red_zone: is_on(3), poison: is_on(4), store_user: is_on(5) },
            constructor: is_on(6).then_some(|object: &mut [u8]| object.fill(3)),
            account: is_on(7),
            ..CacheOptions::new(name, 1 + usize::from(self.size) % 5000)
        }
    }
}

/// Which zone a frame lies in, by the order in which nodes and zones were built.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Lies {
    pub node: u8,
    pub dma32: bool,
    pub movable: bool,
}

impl Setup {
    const DMA32: u32 = 33;
    const MOVABLE: u32 = 64;

    fn sizes(&self) -> Vec<u32> {
        let pages = |more: u8| 200 + u32::from(more);
        std::iter::once(self.nodes.0).chain(self.nodes.1).map(pages).collect()
    }

    pub fn nodes(&self) -> u8 {
        self.sizes().len() as u8
    }

    pub fn pages(&self) -> u64 {
        self.sizes().into_iter().map(u64::from).sum()
    }

    /// Blocks of the pool's reserve.
    pub fn reserve(&self) -> usize {
        usize::from(self.pool % 4)
    }

    /// Processors, which take turns.
    pub fn cpus(&self) -> usize {
        1 + usize::from(self.pool / 4) % 3
    }

    /// Where a frame of the machine lies.
    pub fn lies(&self, frame: u32) -> Option<Lies> {
        let mut start = 0;
        for (node, pages) in (0..).zip(self.sizes()) {
            if let Some(within) = frame.checked_sub(start).filter(|within| *within < pages) {
                return Some(Lies {
                    node,
                    dma32: self.dma32 && within < Setup::DMA32,
                    movable: self.movable && within >= pages - Setup::MOVABLE,
                });
            }
            start += pages;
        }
        None
    }

    pub fn build(&self) -> Machine {
        let mut builder = Machine::builder().policy(self.policy.policy()).min_free_pages(u64::from(self.min_free % 64));
        builder = builder.cpus(self.cpus());
        for pages in self.sizes() {
            let node = NodePages::new(pages);
            let node = if self.dma32 { node.with_dma32(Setup::DMA32) } else { node };
            builder = builder.node(if self.movable { node.with_movable(Setup::MOVABLE) } else { node });
        }
        builder.build().expect("a small machine")
    }
}
