//! Fault sources made of others, and the one that fails a single request by its number.

use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt;
use core::sync::atomic::{AtomicU32, AtomicU64, Ordering::Relaxed};

use super::source::{FaultSource, Site};
use crate::gfp::Gfp;

/// Fails one request of all that a machine is asked, counted from 1, whoever asks. Requests with NOFAIL are not counted.
///
/// Run once with `u64::MAX` it counts a workload's requests; then each can be failed in a run of its own.
///
/// ```
/// use alloc_core::{Gfp, Machine, NodePages, Nth, Order};
/// use std::sync::Arc;
/// let machine = Machine::builder().node(NodePages::new(256)).faults(Arc::new(Nth::new(2))).build()?;
/// let ask = || machine.alloc_pages(Order::ZERO, Gfp::KERNEL).is_ok();
/// assert_eq!([ask(), ask(), ask()], [true, false, true]);
/// # Ok::<(), alloc_core::BuildError>(())
/// ```
#[derive(Debug)]
pub struct Nth {
    number: u64,
    asked: AtomicU64,
}

impl Nth {
    /// A source that fails request number `number`; none if that is 0.
    pub fn new(number: u64) -> Nth {
        Nth { number, asked: AtomicU64::new(0) }
    }

    /// Requests so far.
    pub fn asked(&self) -> u64 {
        self.asked.load(Relaxed)
    }
}

impl FaultSource for Nth {
    fn fails(&self, site: &Site<'_>) -> bool {
        !site.flags.contains(Gfp::NOFAIL) && self.asked.fetch_add(1, Relaxed) + 1 == self.number
    }
}

/// Several sources: a request fails if any of them says so. All are asked, so that each counts every request.
pub struct AnyOf {
    sources: Vec<Arc<dyn FaultSource>>,
}

impl AnyOf {
    /// A source made of these.
    pub fn new(sources: Vec<Arc<dyn FaultSource>>) -> AnyOf {
        AnyOf { sources }
    }
}

impl FaultSource for AnyOf {
    /// The word of the only source, if there is one; several are asked always.
    fn gate(&self) -> &'static AtomicU32 {
        static ALWAYS: AtomicU32 = AtomicU32::new(1);
        match self.sources.as_slice() {
            [only] => only.gate(),
            _ => &ALWAYS,
        }
    }

    fn fails(&self, site: &Site<'_>) -> bool {
        self.sources.iter().fold(false, |fails, source| source.fails(site) | fails)
    }

    /// The first mark that says something.
    fn mark(&self, site: &Site<'_>) -> u32 {
        self.sources.iter().map(|source| source.mark(site)).find(|mark| *mark != 0).unwrap_or(0)
    }
}

impl fmt::Debug for AnyOf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "AnyOf({} sources)", self.sources.len())
    }
}
