//! What a machine keeps of one cache.

use super::lists::Lists;
use super::options::{CacheError, CacheOptions, SlabDebug};
use super::shape::Shape;
use super::sheaf::{self, Sheaf};
use crate::stack::Stack;
use crate::sync::apart::Apart;
use crate::sync::cpu_local::CpuLocal;
use crate::sync::cpus::Cpus;
use crate::sync::lock::Lock;
use crate::sync::steps::AtomicBool;
#[cfg(all(feature = "std", target_os = "linux"))]
use crate::sync::still::Deadline;
use crate::units::Order;

/// One cache.
pub(crate) struct CacheCore {
    /// Its number in the machine, which the entries of its slabs hold.
    pub(crate) id: u32,
    pub(crate) options: CacheOptions,
    pub(crate) shape: Shape,
    pub(crate) lists: Apart<Lock<Lists>>,
    /// What the processors have at hand. Whoever opens a sheaf, or empties one, has the lists' lock.
    pub(crate) sheaves: CpuLocal<Sheaf>,
    /// How many objects each of them takes.
    pub(crate) capacity: usize,
    /// Whether its handle is gone, so that it ends with its last object.
    pub(crate) orphan: AtomicBool,
}

impl CacheCore {
    /// A cache without slabs, on a machine of so many nodes and pages.
    ///
    /// # Errors
    /// When there is no such cache.
    pub(crate) fn new(
        id: u32,
        options: CacheOptions,
        largest: Order,
        (nodes, pages): (usize, usize),
        cpus: &Cpus,
    ) -> Result<CacheCore, CacheError> {
        let shape = Shape::new(&options, largest)?;
        // What a debugging cache looks for, it looks for at every turn; and an object at hand has lost its node.
        let plain = options.debug == SlabDebug::NONE && nodes == 1;
        let capacity = if plain { sheaf::capacity(&shape, pages) } else { 0 };
        let sheaves = CpuLocal::new(cpus, |_| Stack::closed(capacity));
        let lists = Apart(Lock::new(Lists::new(nodes)));
        Ok(CacheCore { id, options, shape, lists, sheaves, capacity, orphan: AtomicBool::new(false) })
    }

    /// Before a fork: see [`Still`](crate::sync::still::Still).
    #[cfg(all(feature = "std", target_os = "linux"))]
    pub(super) fn stop(&self, cpus: &Cpus, deadline: Deadline) {
        self.lists.stop(deadline);
        self.sheaves.stop(cpus, deadline);
    }

    #[cfg(all(feature = "std", target_os = "linux"))]
    pub(super) fn go_on(&self) {
        self.sheaves.go_on();
        self.lists.go_on();
    }
}
