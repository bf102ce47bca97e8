//! Each incident as it happened and as it was mended: by the machine's counters, and by a sweep.

mod cpuset_race;
mod emergency_shutdown;
mod file_table;
mod nofail_scope;
mod nofs_write_out;

use alloc_core::{Hoard, Machine, NodeId, NodePages, Policy, TaskOptions};
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
