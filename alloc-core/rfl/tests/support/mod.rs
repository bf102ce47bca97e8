//! What the tests share: machines that fail when they are told to, and values that count themselves.
#![allow(dead_code, reason = "each test file uses a part of it")]

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicIsize, Ordering::Relaxed};

use alloc_core::{FaultSource, Machine, NodePages, Site};

/// Fails every request while it is on.
#[derive(Debug, Default)]
pub(crate) struct Switch(AtomicBool);

impl Switch {
    /// Every request fails while `body` runs.
    pub(crate) fn failing<R>(&self, body: impl FnOnce() -> R) -> R {
        self.set(true);
        let result = body();
        self.set(false);
        result
    }

    pub(crate) fn set(&self, on: bool) {
        self.0.store(on, Relaxed);
    }
}

impl FaultSource for Switch {
    fn fails(&self, _: &Site<'_>) -> bool {
        self.0.load(Relaxed)
    }
}

/// Pages of a machine: 4 MiB, and less where everything takes long.
const PAGES: u32 = if cfg!(miri) { 64 } else { 1024 };

/// A small machine, and what makes it fail.
pub(crate) fn machine() -> (Machine, Arc<Switch>) {
    let switch = Arc::new(Switch::default());
    let machine = Machine::builder().node(NodePages::new(PAGES)).faults(switch.clone()).build().unwrap();
    (machine, switch)
}

/// Pages that are free when caches have given back what they do not need.
pub(crate) fn free(machine: &Machine) -> u64 {
    machine.shrink_slabs();
    machine.free_pages(None)
}

/// Runs `body` on a machine of its own, and looks at it afterwards: nothing is lost, nothing is damaged.
pub(crate) fn on_machine<R>(body: impl FnOnce(&Machine, &Switch) -> R) -> R {
    let (machine, switch) = machine();
    let before = free(&machine);
    let result = alloc_core_rfl::with_machine(&machine, || body(&machine, &switch));
    assert_eq!(free(&machine), before, "all memory came back");
    machine.audit().unwrap();
    result
}

/// How many [`Counted`] there are.
#[derive(Debug, Default)]
pub(crate) struct Count(AtomicIsize);

impl Count {
    pub(crate) fn one(&self, value: u32) -> Counted<'_> {
        self.0.fetch_add(1, Relaxed);
        Counted { count: self, value }
    }

    pub(crate) fn now(&self) -> isize {
        self.0.load(Relaxed)
    }
}

/// A value that is counted as long as it lives.
#[derive(Debug)]
pub(crate) struct Counted<'c> {
    count: &'c Count,
    pub(crate) value: u32,
}

impl Clone for Counted<'_> {
    fn clone(&self) -> Self {
        self.count.one(self.value)
    }
}

impl Drop for Counted<'_> {
    fn drop(&mut self) {
        self.count.0.fetch_sub(1, Relaxed);
    }
}
