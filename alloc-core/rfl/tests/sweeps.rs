//! A driver written to the kernel's API, on a machine: it works, every allocation of it fails once, and memory runs out under it.

extern crate alloc_core_rfl as kernel;

#[expect(clippy::manual_is_multiple_of, reason = "the kernel is built by older compilers, too")]
mod driver;

use std::sync::Arc;

use alloc_core::{Machine, MachineBuilder, NodeId, NodePages, Nth, Policy};
use firsthit::{Explorer, Sweep, Verdict};
use kernel::prelude::*;

use driver::{Bus, Config, SECTOR};

#[global_allocator]
static ALLOC: firsthit::Alloc = firsthit::Alloc::system();

fn small() -> MachineBuilder {
    Machine::builder().node(NodePages::new(512)).min_free_pages(8)
}

/// A byte that is written to a device tells where it belongs.
fn byte_at(sector: u64, byte: usize) -> u8 {
    (sector as usize + byte / SECTOR + byte % SECTOR % 251) as u8
}

/// A device's life. What was written is read back, or an error says that it was not.
fn life() -> Result<[u64; 3]> {
    let mut bus = Bus::new();
    let number = bus.probe(&Config { name: "thin0", sectors: 10_000, depth: 4 })?;
    assert_eq!(bus.probe(&Config { name: "thin0", sectors: 1, depth: 1 }).err(), Some(EEXIST));
    let device = bus.device(number)?;
    for sector in [0, 8, 3, 100, 5000, 96] {
        device.write(sector, &core::array::from_fn::<u8, { 5 * SECTOR }, _>(|byte| byte_at(sector, byte)))?;
    }
    for completion in device.run()? {
        completion.result?;
    }
    assert_eq!(device.size(), 5 * 8 * SECTOR, "clusters 0, 1, 12, 13 and 625");
    device.discard(0, 8)?;
    device.compact()?;
    let wanted = [(8, 5), (96, 9), (5000, 5), (1, 2)];
    for (sector, count) in wanted {
        device.read(sector, count)?;
    }
    let done = device.run()?;
    assert!(done.iter().map(|completion| completion.tag).eq(7..11));
    for (completion, (sector, count)) in done.into_iter().zip(wanted) {
        let bytes = completion.result?;
        let is_right = |(at, byte): (usize, &u8)| *byte == if sector == 1 { 0 } else { byte_at(sector, at) };
        assert!(bytes.len() == count * SECTOR && bytes.iter().enumerate().all(is_right), "sector {sector}");
    }
    let counts = device.counts();
    drop(bus.remove(number)?);
    Ok(counts)
}

#[test]
fn the_driver_works() {
    let machine = small().build().unwrap();
    let counts = kernel::with_machine(&machine, life).unwrap();
    assert_eq!(counts, [21, 30, 0]);
    kernel::with_machine(&machine, || {
        let mut bus = Bus::new();
        for (sectors, depth) in [(0, 4), (8, 3)] {
            assert_eq!(bus.probe(&Config { name: "thin0", sectors, depth }).err(), Some(EINVAL));
        }
        assert_eq!(bus.device(0).err(), Some(ENODEV));
    });
    machine.audit().unwrap();
    assert!(machine.held().iter().all(|held| held.holder == alloc_core::Holder::Slab), "{:?}", machine.held());
    assert_eq!(machine.held_objects(), []);
}

#[test]
fn every_allocation_of_the_driver_fails_once_and_is_recovered() {
    for explorer in [Explorer::Worker, Explorer::Snapshot, Explorer::Inline] {
        let report = Sweep::new().explorer(explorer).run(|| {
            let machine = firsthit::alloc_core::machine(small).expect("a small machine");
            kernel::with_machine(&machine, life)
        });
        assert!(report.is_clean(), "{report}");
        let [recovered, absorbed] = [Verdict::Recovered, Verdict::Absorbed].map(|verdict| report.count(verdict));
        assert_eq!(recovered + absorbed, report.verdicts().len(), "{report}");
        assert!(recovered >= 20, "{report}");
    }
}

#[test]
fn the_driver_gives_everything_back_after_each_failure() {
    let (mut number, mut failed) = (1, 0);
    loop {
        let nth = Arc::new(Nth::new(number));
        let machine = small().faults(nth.clone()).build().unwrap();
        let result = kernel::with_machine(&machine, life);
        if nth.asked() < number {
            assert_eq!(result, Ok([21, 30, 0]));
            break;
        }
        failed += u32::from(result.is_err());
        assert!(matches!(result, Ok(_) | Err(ENOMEM | EBUSY)), "{result:?}");
        machine.set_faults(None);
        machine.audit().unwrap();
        assert_eq!(machine.held_objects(), [], "behind request {number}");
        number += 1;
    }
    assert!(failed >= 20, "{failed} of {number}");
}

#[test]
fn a_write_that_fails_leaves_nothing_behind_in_the_device() {
    let machine = small().build().unwrap();
    let mut failed = 0;
    for number in 1..20 {
        kernel::with_machine(&machine, || {
            let mut bus = Bus::new();
            let device =
                bus.probe(&Config { name: "thin0", sectors: 100, depth: 4 }).and_then(|at| bus.device(at)).unwrap();
            for sector in [0, 48, 80] {
                device.write(sector, &[1; SECTOR]).unwrap();
            }
            machine.set_faults(Some(Arc::new(Nth::new(number))));
            failed +=
                device.run().map_or(0, |done| done.iter().filter(|completion| completion.result.is_err()).count());
            machine.set_faults(None);
            let size = device.size();
            device.compact().unwrap();
            assert_eq!(size, device.size(), "every cluster can be found, behind request {number}");
        });
    }
    assert!(failed >= 6, "{failed}");
}

#[test]
fn the_driver_unwinds_where_memory_has_really_run_out() {
    for policy in [Policy::kernel(), Policy::small_may_fail()] {
        let ends = (0..120).step_by(7).map(|leave| {
            let machine = small().policy(policy.clone()).build().unwrap();
            let hoard = machine.exhaust(NodeId(0), leave);
            let result = kernel::with_machine(&machine, life);
            assert!(matches!(result, Ok([21, 30, 0]) | Err(ENOMEM | EBUSY)), "{result:?} with {leave} pages");
            drop(hoard);
            machine.audit().unwrap();
            assert_eq!(machine.held_objects(), []);
            result.is_ok()
        });
        let ends: std::vec::Vec<bool> = ends.collect();
        assert!(!ends[0] && ends[ends.len() - 1], "{ends:?}");
    }
}
