//! Each request for memory that is made inside of the allocator fails once: its own recovery paths run, and lose nothing.
#![expect(unsafe_code, reason = "gives back memory by bare pointers")]

mod bytes;
mod objects;
mod paged;
mod pages;

use std::fmt::Display;
use std::sync::Arc;

use alloc_core_swept::{FaultSource, Holder, Machine, NodePages, Site};
use firsthit::{Sweep, Verdict, invariant};

#[global_allocator]
static ALLOC: firsthit::Alloc = firsthit::Alloc::system();

/// The machine's requests are fail points: a request fails if the sweep wants its call chain to.
struct FailPoints;

impl FaultSource for FailPoints {
    fn fails(&self, _: &Site<'_>) -> bool {
        firsthit::fail_point!("a machine's request", true);
        false
    }
}

/// A machine of so many pages. That its making fails is under test as well.
fn machine(pages: u32) -> Result<Machine, Failed> {
    Ok(Machine::builder().node(NodePages::new(pages)).min_free_pages(8).faults(Arc::new(FailPoints)).build()?)
}

/// An error of the allocator, as whoever uses it passes it on.
#[derive(Debug)]
#[expect(dead_code, reason = "a report shows it")]
struct Failed(String);

impl<E: Display> From<E> for Failed {
    fn from(error: E) -> Failed {
        Failed(error.to_string())
    }
}

/// Fails every chain of `body` once, on a machine of so many pages: each failure surfaces or is made up for, and the machine is
/// whole afterwards, with nothing in use.
#[track_caller]
fn sweep(pages: u32, body: impl Fn(&Machine) -> Result<(), Failed>) {
    let report = Sweep::new().run(|| {
        let machine = machine(pages)?;
        let result = body(&machine);
        invariant("the machine is whole", machine.audit().is_ok());
        let in_use = machine.held().into_iter().filter(|held| held.holder != Holder::Slab).count();
        invariant("all pages are given back", in_use == 0);
        invariant("all objects are given back", machine.held_objects().is_empty());
        result
    });
    assert!(report.is_clean(), "{report}");
    assert!(report.count(Verdict::Recovered) > 0, "{report}");
}
