//! Each incident as it happened and as it was mended: by the machine's counters, and by a sweep.

mod cpuset_race;
mod cross_check;
mod emergency_shutdown;
mod file_table;
mod journal_replay;
mod nofail_scope;
mod nofs_write_out;
mod staged_repair;

use std::sync::Arc;

use alloc_core::{Hoard, Machine, NodeId, NodePages, Policy, Swap, TaskOptions};
use firsthit::alloc_core::SweptMachine;

#[global_allocator]
static ALLOC: firsthit::Alloc = firsthit::Alloc::system();

/// A machine of one run of a swept body.
fn swept(pages: u32, policy: Policy) -> SweptMachine {
    let machine = firsthit::alloc_core::machine(|| Machine::builder().node(NodePages::new(pages)).policy(policy));
    machine.expect("a small machine")
}

/// A machine of an ordinary test.
fn machine(pages: u32, policy: Policy) -> Machine {
    Machine::builder().node(NodePages::new(pages)).policy(policy).build().expect("a small machine")
}

/// Somebody with so many user pages, for the killer to choose.
fn bystander(machine: &Machine, pages: u64) {
    let bystander = machine.spawn(TaskOptions::named("bystander"));
    machine.grow(bystander, pages).expect("pages");
}

/// Nothing free at all.
fn full(machine: &Machine) -> Hoard<'_> {
    machine.exhaust(NodeId(0), 0)
}

/// A machine of one run of a swept body, of which every page can be had.
fn tight(pages: u32) -> SweptMachine {
    let machine = firsthit::alloc_core::machine(|| Machine::builder().node(NodePages::new(pages)).min_free_pages(0));
    machine.expect("a small machine")
}

/// A swap in a file without a name, which is made outside of what is swept.
fn swap(slots: u32) -> Arc<Swap> {
    firsthit::unswept(|| Arc::new(Swap::temporary(slots).expect("a file")))
}
