//! The thread of a map: it waits for faults and brings the pages in, while those who touched them sleep.

use alloc::string::ToString;
use alloc::sync::Arc;
use core::sync::atomic::{AtomicBool, Ordering::Acquire, Ordering::Release};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};

use super::map_error::MapError;
use super::map_pages::{MapPages, Touched};
use super::traps::Trap;
use super::uffd::Uffd;
use crate::page::pages::Pages;
use crate::page::reclaim::{ReclaimClass, Shrinker};
use crate::units::PAGE_SIZE;

/// Where faults are told.
pub(super) enum Faults {
    Signals {
        trap: Trap,
        /// The address that the map begins at.
        begin: usize,
    },
    Uffd(Arc<Uffd>),
}

/// What the thread, the map's owner and whoever reclaims memory share.
pub(super) struct Shared {
    pages: Mutex<MapPages>,
    faults: Faults,
    stopping: AtomicBool,
}

impl Shared {
    /// The pages, for one short piece of work.
    pub(super) fn pages(&self) -> MutexGuard<'_, MapPages> {
        // Nothing in there panics half way.
        self.pages.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn turn(&self) {
        match &self.faults {
            Faults::Signals { trap, begin } => trap.wait(|fault| {
                // A fault that is dropped has failed.
                if self.pages().touch(fault.address.wrapping_sub(*begin) / PAGE_SIZE) == Touched::There {
                    fault.resolve();
                }
            }),
            Faults::Uffd(uffd) => uffd.wait(|page| {
                self.pages().touch(page);
            }),
        }
    }
}

/// A map that gives pages up when others need memory.
impl Shrinker for Shared {
    fn class(&self) -> ReclaimClass {
        ReclaimClass::Io
    }

    fn count(&self) -> u64 {
        self.pages().resident() as u64
    }

    fn scan(&self, pages: u64, free: &mut dyn FnMut(Pages)) {
        for _ in 0..pages {
            match self.pages().evict(false) {
                Ok(Some(page)) => free(page),
                Ok(None) | Err(_) => return,
            }
        }
    }
}

/// A map's thread. Told to end on drop, and waited for.
pub(super) struct MapThread {
    pub(super) shared: Arc<Shared>,
    handle: Option<JoinHandle<()>>,
}

impl MapThread {
    /// Begins to answer faults.
    pub(super) fn new(pages: MapPages, faults: Faults) -> Result<MapThread, MapError> {
        let shared = Arc::new(Shared { pages: Mutex::new(pages), faults, stopping: AtomicBool::new(false) });
        let theirs = Arc::clone(&shared);
        let run = move || {
            while !theirs.stopping.load(Acquire) {
                theirs.turn();
            }
        };
        let handle = thread::Builder::new().name("swap map".to_string()).spawn(run).map_err(|_| MapError::NoMemory)?;
        Ok(MapThread { shared, handle: Some(handle) })
    }
}

impl Drop for MapThread {
    fn drop(&mut self) {
        self.shared.stopping.store(true, Release);
        match &self.shared.faults {
            Faults::Signals { trap, .. } => trap.ring(),
            Faults::Uffd(uffd) => uffd.ring(),
        }
        if let Some(handle) = self.handle.take() {
            let _ = handle.join();
        }
        // Who reclaims at this moment may still share all this, when the addresses are another map's already.
        if let Faults::Signals { trap, .. } = &self.shared.faults {
            trap.disarm();
        }
    }
}
