//! alloc-core: blocks of pages, by the door that its users go through.

use std::sync::Arc;

use alloc_core::{FaultSource, Gfp, Machine, NodePages, Order, PageBlock, Site, TaskOptions, Time};

use crate::memory::ARENA;
use crate::rival::Rival;

/// A machine of 256 MiB, and the flags of all requests.
pub(crate) struct Pages {
    machine: &'static Machine,
    flags: Gfp,
}

/// The machine's pages.
const PAGES: u32 = (ARENA / alloc_core::PAGE_SIZE) as u32;

impl Pages {
    /// A machine in live time, every page of which was written to.
    pub(crate) fn new() -> Pages {
        Pages::on(NodePages::new(PAGES), Gfp::KERNEL)
    }

    /// A machine with a second zone, which is full; requests with these flags look at it first, or not at all.
    pub(crate) fn beside_a_full_zone(flags: Gfp) -> Pages {
        let pages = Pages::on(NodePages::new(PAGES + 256).with_movable(256), flags);
        // A task's pages come from the movable zone until that is at its low level.
        let hog = pages.machine.spawn(TaskOptions::named("hog"));
        pages.machine.grow(hog, 256).expect("there are pages");
        pages
    }

    /// The same, and every request is shown to a fault source, which fails none.
    pub(crate) fn before_a_fault_source() -> Pages {
        let pages = Pages::beside_a_full_zone(Gfp::KERNEL);
        pages.machine.set_faults(Some(Arc::new(FailsNothing)));
        pages
    }

    /// The machine itself.
    pub(crate) fn machine(&self) -> &'static Machine {
        self.machine
    }

    fn on(node: NodePages, flags: Gfp) -> Pages {
        let machine = Machine::builder().node(node).time(Time::Live).build().expect("a machine of 256 MiB");
        let machine: &'static Machine = Box::leak(Box::new(machine));
        let all: Vec<_> = std::iter::from_fn(|| machine.alloc_pages(Order::new(10), Gfp::NOWAIT).ok()).collect();
        for mut block in all {
            block.bytes_mut().iter_mut().step_by(alloc_core::PAGE_SIZE).for_each(|byte| *byte = 1);
        }
        Pages { machine, flags }
    }
}

/// A fault source that fails nothing.
struct FailsNothing;

impl FaultSource for FailsNothing {
    fn fails(&self, _: &Site<'_>) -> bool {
        false
    }
}

impl Rival for Pages {
    type Want = Order;
    type Block = PageBlock<'static>;

    fn want(size: usize) -> Order {
        Order::for_layout(size, 1)
    }

    #[inline(always)]
    fn take(&self, want: Order) -> PageBlock<'static> {
        self.machine.alloc_pages(want, self.flags).expect("out of memory")
    }

    #[inline(always)]
    fn touch(block: &mut PageBlock<'static>) {
        block.bytes_mut()[0] = 1;
    }

    fn place(block: &PageBlock<'static>) -> usize {
        block.frame().0 as usize
    }

    #[inline(always)]
    fn give(&self, block: PageBlock<'static>, _: Order) {
        drop(block);
    }
}
