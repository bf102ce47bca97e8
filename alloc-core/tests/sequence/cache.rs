//! What the machine calls: a cache that gives pages back, and a fault source, both of which may call the machine in turn.

use alloc_core::{
    Attributes, FaultSource, Gfp, Machine, Order, PageBlock, Pages, ReclaimClass, Shrinker, ShrinkerId, Site,
};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, Weak};

use super::choices::{Knobs, Manner, order};

/// A cache of single pages.
pub struct Cache {
    pub machine: Weak<Machine>,
    pub class: ReclaimClass,
    pub pages: Mutex<Vec<Pages>>,
    /// Another machine's pages.
    pub foreign: Mutex<Vec<Pages>>,
    /// What it says that it holds, if not the truth.
    pub claims: Option<u64>,
    pub per_scan: u64,
    pub manner: Manner,
    pub id: Mutex<Option<ShrinkerId>>,
}

impl Cache {
    /// Pages that it holds.
    pub fn len(&self) -> u64 {
        self.pages.lock().unwrap().len() as u64
    }

    fn behave(&self, free: &mut dyn FnMut(Pages)) {
        let Some(machine) = self.machine.upgrade() else { return };
        match self.manner {
            Manner::Honest => {}
            Manner::TakesFirst => {
                let page = machine.alloc_pages(Order::ZERO, Gfp::NOWAIT).map(PageBlock::into_pages);
                self.pages.lock().unwrap().extend(page);
            }
            Manner::GivesForeign => {
                let foreign = self.foreign.lock().unwrap().pop();
                foreign.into_iter().for_each(free);
            }
            Manner::Leaves => {
                let id = self.id.lock().unwrap().take();
                drop(id.and_then(|id| machine.unregister_shrinker(id)));
            }
            Manner::Busy => {
                machine.background();
            }
        }
    }
}

impl Shrinker for Cache {
    fn class(&self) -> ReclaimClass {
        self.class
    }

    fn count(&self) -> u64 {
        self.claims.unwrap_or_else(|| self.len())
    }

    fn scan(&self, pages: u64, free: &mut dyn FnMut(Pages)) {
        self.behave(free);
        for _ in 0..pages.min(self.per_scan) {
            let Some(pages) = self.pages.lock().unwrap().pop() else { return };
            free(pages);
        }
    }
}

/// The kernel's knobs, turned.
pub fn attributes(knobs: Knobs) -> Attributes {
    let mut attributes = Attributes::unfiltered(u32::from(knobs.probability)).seeded(u64::from(knobs.seed));
    attributes.times.set(knobs.times.map(u32::from));
    attributes.space.set(u64::from(knobs.space));
    attributes.interval = u32::from(knobs.interval);
    attributes.task_filter = knobs.task_filter;
    attributes.ignore_gfp_wait = knobs.ignore_gfp_wait;
    attributes.min_order = order(knobs.min_order);
    attributes.inject_nofail = knobs.inject_nofail;
    attributes
}

/// The kernel's knobs, before which the machine is asked for something.
pub struct Curious {
    machine: Weak<Machine>,
    attributes: Attributes,
    asks: bool,
    asking: AtomicBool,
}

impl Curious {
    pub fn new(machine: Weak<Machine>, knobs: Knobs) -> Curious {
        Curious { machine, attributes: attributes(knobs), asks: knobs.curious, asking: AtomicBool::new(false) }
    }
}

impl FaultSource for Curious {
    fn fails(&self, site: &Site<'_>) -> bool {
        if self.asks && !self.asking.swap(true, Ordering::Relaxed) {
            if let Some(machine) = self.machine.upgrade() {
                machine.audit().expect("a machine that is whole");
                drop(machine.alloc_pages(Order::ZERO, Gfp::KERNEL));
            }
            self.asking.store(false, Ordering::Relaxed);
        }
        self.attributes.fails(site)
    }
}
