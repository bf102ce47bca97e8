//! Every public door with the most extreme arguments that its types allow: it answers, and nothing is lost.

mod amounts;
mod back;
mod bytes;
mod machines;
mod requests;
#[path = "../support/mod.rs"]
mod support;
mod tasks;

use alloc_core::{Gfp, Machine, NodeId, NodePages, OnOom, PAGE_SIZE, Policy, TaskId, TaskOptions};
use support::presets;

const SIZES: [usize; 12] = [
    0,
    1,
    8191,
    PAGE_SIZE + 1,
    1 << 22,
    (1 << 22) + 1,
    i32::MAX as usize,
    1 << 40,
    isize::MAX as usize,
    isize::MAX as usize + 1,
    usize::MAX - PAGE_SIZE,
    usize::MAX,
];

const NUMBERS: [u32; 8] = [0, 1, 10, 18, 51, 255, u32::MAX - 1, u32::MAX];

fn flags() -> Vec<Gfp> {
    let all = Gfp::NAMES.iter().fold(Gfp::NONE, |all, (_, flag)| all | *flag);
    let one_more = Gfp::NAMES.iter().map(|(_, flag)| Gfp::KERNEL | *flag);
    [Gfp::NONE, Gfp::KERNEL, Gfp::ATOMIC, Gfp::USER_MOVABLE, all].into_iter().chain(one_more).collect()
}

fn tasks(machine: &Machine) -> [TaskId; 5] {
    let gone = machine.spawn(TaskOptions::named("gone"));
    machine.exit(gone);
    [Machine::BOOT, machine.spawn(TaskOptions::named("task")), gone, TaskId(1 << 31), TaskId(u32::MAX)]
}

fn nodes() -> [NodeId; 5] {
    [0, 1, 2, 64, 255].map(NodeId)
}

/// The machine of each policy that has a name: one that nobody's request can stop.
fn machines() -> impl Iterator<Item = Machine> {
    let presets = presets().into_iter().take(if cfg!(miri) { 1 } else { usize::MAX });
    presets.map(|(_, policy)| {
        let policy = Policy { on_oom: OnOom::Fail, rounds_max: 20, ..policy };
        let node = NodePages::new(128).with_dma32(16).with_movable(32);
        Machine::builder().node(node).node(node).min_free_pages(8).policy(policy).cpus(2).build().unwrap()
    })
}

/// Does something to a machine of each policy, which has all of its memory then.
fn nothing_is_lost(body: impl Fn(&Machine)) {
    for machine in machines() {
        body(&machine);
        machine.set_faults(None);
        machine.shrink_slabs();
        machine.audit().unwrap();
        machine.audit_slabs().unwrap();
        assert_eq!(machine.free_pages(None), 256);
        assert_eq!(machine.stopped(), None);
    }
}
