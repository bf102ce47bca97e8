//! What the tests share: small machines, the policies that are named, shrinkers that give memory back or panic, and chance.
#![allow(dead_code, unreachable_pub, reason = "each test binary uses a part of this")]

pub mod random;

use alloc_core::{
    EventKind, Gfp, Hoard, Machine, MachineBuilder, NodeId, NodePages, Order, Pages, Policy, ReclaimClass, Shrinker,
    TaskId, TaskOptions,
};
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::sync::{Arc, Mutex};

/// Pages of the small machine.
pub const PAGES: u32 = 1024;
/// Its lowest level; low is 80 and high is 96.
pub const MIN: u64 = 64;
pub const NODE: NodeId = NodeId(0);

pub fn builder(policy: Policy) -> MachineBuilder {
    Machine::builder().node(NodePages::new(PAGES)).min_free_pages(MIN).policy(policy)
}

pub fn machine(policy: Policy) -> Machine {
    builder(policy).build().unwrap()
}

pub fn order(order: u32) -> Order {
    Order::new(order)
}

/// A task with so many user pages.
pub fn hog(machine: &Machine, pages: u64) -> TaskId {
    let hog = machine.spawn(TaskOptions::named("hog"));
    assert_eq!(machine.grow(hog, pages), Ok(pages));
    hog
}

/// Nothing free at all.
pub fn full(machine: &Machine) -> Hoard<'_> {
    let hoard = machine.exhaust(NODE, 0);
    assert_eq!(machine.free_pages(None), 0);
    hoard
}

pub fn kinds(machine: &Machine, from: u64) -> Vec<EventKind> {
    machine.events_since(from).into_iter().map(|event| event.kind).collect()
}

/// The policies that have names.
pub fn presets() -> [(&'static str, Policy); 7] {
    [
        ("kernel", Policy::kernel()),
        ("strict", Policy::strict()),
        ("small_may_fail", Policy::small_may_fail()),
        ("default_may_fail", Policy::default_may_fail()),
        ("impossible_nofail_fails", Policy::impossible_nofail_fails()),
        ("impossible_nofail_kills", Policy::impossible_nofail_kills()),
        ("single_page_never_fails", Policy::single_page_never_fails()),
    ]
}

/// A shrinker that claims to have all memory of the world, and panics when it is asked for it.
#[derive(Default)]
pub struct Panics {
    /// How often it was asked.
    pub scans: AtomicU32,
}

impl Shrinker for Panics {
    fn class(&self) -> ReclaimClass {
        ReclaimClass::Clean
    }

    fn count(&self) -> u64 {
        u64::MAX
    }

    fn scan(&self, _: u64, _: &mut dyn FnMut(Pages)) {
        self.scans.fetch_add(1, Relaxed);
        panic!("a bug of the cache");
    }
}

/// A cache of single pages.
pub struct Cache {
    class: ReclaimClass,
    pub pages: Mutex<Vec<Pages>>,
    /// What it says that it holds, if not the truth.
    pub claims: Option<u64>,
    /// What it gives at most, each time.
    pub per_scan: u64,
    pub scans: AtomicU32,
}

impl Cache {
    /// A cache that has taken so many pages of the machine, and is registered with it.
    pub fn register(machine: &Machine, class: ReclaimClass, pages: usize) -> Arc<Cache> {
        Cache::custom(machine, class, pages, None, u64::MAX)
    }

    pub fn custom(
        machine: &Machine,
        class: ReclaimClass,
        pages: usize,
        claims: Option<u64>,
        per_scan: u64,
    ) -> Arc<Cache> {
        let cache = Cache::take(machine, class, pages, claims, per_scan);
        machine.register_shrinker(cache.clone());
        cache
    }

    /// A cache that is not registered.
    pub fn unregistered(machine: &Machine, class: ReclaimClass, pages: usize) -> Arc<Cache> {
        Cache::take(machine, class, pages, None, u64::MAX)
    }

    fn take(machine: &Machine, class: ReclaimClass, pages: usize, claims: Option<u64>, per_scan: u64) -> Arc<Cache> {
        let one = || machine.alloc_pages(Order::ZERO, Gfp::KERNEL).unwrap().into_pages();
        let pages = Mutex::new((0..pages).map(|_| one()).collect());
        Arc::new(Cache { class, pages, claims, per_scan, scans: AtomicU32::new(0) })
    }
}

impl Shrinker for Cache {
    fn class(&self) -> ReclaimClass {
        self.class
    }

    fn count(&self) -> u64 {
        self.claims.unwrap_or(self.pages.lock().unwrap().len() as u64)
    }

    fn scan(&self, pages: u64, free: &mut dyn FnMut(Pages)) {
        self.scans.fetch_add(1, Relaxed);
        for _ in 0..pages.min(self.per_scan) {
            let Some(pages) = self.pages.lock().unwrap().pop() else { return };
            free(pages);
        }
    }
}

/// A host that others may ask for its size.
#[cfg(all(feature = "std", target_os = "linux"))]
pub struct Shared(pub Arc<alloc_core::MemfdHost>);

#[cfg(all(feature = "std", target_os = "linux"))]
#[expect(unsafe_code, reason = "a host around a host")]
// SAFETY: all promises are those of the host inside, which a test only asks for its size.
unsafe impl alloc_core::Host for Shared {
    fn base(&self) -> std::ptr::NonNull<u8> {
        self.0.base()
    }

    fn pages(&self) -> usize {
        self.0.pages()
    }

    fn release(&self, first: alloc_core::FrameNumber, pages: usize) {
        self.0.release(first, pages);
    }

    fn barrier(&self) -> bool {
        self.0.barrier()
    }
}
