//! What users have registered with a machine, in that order, to be called without a lock.

use alloc::sync::Arc;
use alloc::vec::Vec;

/// Registered objects, each under a number of its own.
pub(crate) struct Registered<T: ?Sized> {
    all: Vec<(u32, Arc<T>)>,
    next: u32,
}

impl<T: ?Sized> Default for Registered<T> {
    fn default() -> Registered<T> {
        Registered { all: Vec::new(), next: 0 }
    }
}

impl<T: ?Sized> Registered<T> {
    /// One more; its number.
    pub(crate) fn add(&mut self, object: Arc<T>) -> u32 {
        let number = self.next;
        self.next += 1;
        self.all.push((number, object));
        number
    }

    /// The object of a number is registered no longer; whoever gets it drops it.
    pub(crate) fn remove(&mut self, number: u32) -> Option<Arc<T>> {
        let at = self.all.iter().position(|(registered, _)| *registered == number)?;
        Some(self.all.remove(at).1)
    }

    /// The object at a place of the list.
    pub(crate) fn at(&self, place: usize) -> Option<Arc<T>> {
        self.all.get(place).map(|(_, object)| Arc::clone(object))
    }

    /// Whether there is none.
    pub(crate) fn is_empty(&self) -> bool {
        self.all.is_empty()
    }
}
