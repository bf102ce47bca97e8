//! What a machine keeps of one cache.

use core::sync::atomic::AtomicBool;

use super::lists::Lists;
use super::options::{CacheError, CacheOptions};
use super::shape::Shape;
use crate::sync::lock::Lock;
use crate::units::Order;

/// One cache.
#[derive(Debug)]
pub(crate) struct CacheCore {
    /// Its number in the machine, which the entries of its slabs hold.
    pub(crate) id: u32,
    pub(crate) options: CacheOptions,
    pub(crate) shape: Shape,
    pub(crate) lists: Lock<Lists>,
    /// Whether its handle is gone, so that it ends with its last object.
    pub(crate) orphan: AtomicBool,
}

impl CacheCore {
    /// A cache without slabs.
    ///
    /// # Errors
    /// When there is no such cache.
    pub(crate) fn new(id: u32, options: CacheOptions, largest: Order, nodes: usize) -> Result<CacheCore, CacheError> {
        let shape = Shape::new(&options, largest)?;
        Ok(CacheCore { id, options, shape, lists: Lock::new(Lists::new(nodes)), orphan: AtomicBool::new(false) })
    }

    /// Objects that are neither in a slab nor in a processor's array.
    pub(crate) fn live(&self) -> usize {
        let lists = self.lists.lock();
        lists.objects - lists.free
    }
}
