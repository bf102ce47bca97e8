//! What a debugging cache writes around its objects and into free ones, and what it finds there later.
#![expect(unsafe_code, reason = "writes and reads the bytes around objects")]

use super::options::{CacheOptions, SlabDebug};
use super::shape::Shape;
use crate::host::arena::Arena;
use crate::task::TaskId;

/// The byte of red zones.
const RED: u8 = 0xcc;
/// The byte of free objects, and their last one. The kernel's, so that people know it when they meet it.
const POISON: u8 = 0x6b;
const POISON_END: u8 = 0xa5;

/// What was found written that nobody may write.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Broken {
    /// The red zone before an object.
    Before,
    /// The red zone behind an object.
    Behind,
    /// A free object.
    Poison,
}

impl Broken {
    pub(crate) fn what(self) -> &'static str {
        match self {
            Broken::Before => "a byte before the object was written",
            Broken::Behind => "a byte behind the object was written",
            Broken::Poison => "the object was written while it was free",
        }
    }
}

/// The debugging of one cache.
///
/// Its methods touch red zones and the words of the last users, which are never handed out; and, where they say so, the
/// object itself.
#[derive(Clone, Copy)]
pub(crate) struct Guards<'a> {
    arena: &'a Arena,
    shape: &'a Shape,
    debug: SlabDebug,
}

impl<'a> Guards<'a> {
    /// The debugging of a cache, or `None` if it does none.
    pub(crate) fn of(arena: &'a Arena, shape: &'a Shape, options: &CacheOptions) -> Option<Guards<'a>> {
        let debug = SlabDebug { poison: options.debug.poison && options.constructor.is_none(), ..options.debug };
        (debug != SlabDebug::NONE).then_some(Guards { arena, shape, debug })
    }

    /// Prepares a free object.
    ///
    /// # Safety
    /// The object at `at` is one of the cache's, and nobody's.
    pub(crate) unsafe fn begin(&self, at: usize) {
        if self.debug.red_zone {
            let slot = at - self.shape.lead;
            self.fill(slot, self.shape.lead, RED);
            self.fill(at + self.shape.usable, slot + self.shape.users - (at + self.shape.usable), RED);
        }
        if self.debug.store_user {
            self.fill(at - self.shape.lead + self.shape.users, 8, 0);
        }
        if self.debug.poison {
            self.fill(at, self.shape.usable - 1, POISON);
            self.fill(at + self.shape.usable - 1, 1, POISON_END);
        }
    }

    /// Looks at a free object, or at one in use.
    ///
    /// # Errors
    /// What was written.
    ///
    /// # Safety
    /// The object at `at` is one of the cache's; if `free`, it is nobody's.
    pub(crate) unsafe fn check(&self, at: usize, free: bool) -> Result<(), Broken> {
        let slot = at - self.shape.lead;
        if self.debug.red_zone {
            if !self.is_all(slot, self.shape.lead, RED) {
                return Err(Broken::Before);
            }
            if !self.is_all(at + self.shape.usable, slot + self.shape.users - (at + self.shape.usable), RED) {
                return Err(Broken::Behind);
            }
        }
        let last = at + self.shape.usable - 1;
        let poisoned = || self.is_all(at, self.shape.usable - 1, POISON) && self.is_all(last, 1, POISON_END);
        if free && self.debug.poison && !poisoned() {
            return Err(Broken::Poison);
        }
        Ok(())
    }

    /// Remembers who took an object, or gave it back.
    pub(crate) fn note(&self, at: usize, task: TaskId, takes: bool) {
        if self.debug.store_user {
            for (byte, value) in task.0.wrapping_add(1).to_ne_bytes().into_iter().enumerate() {
                self.fill(self.user(at, takes) + byte, 1, value);
            }
        }
    }

    /// Who last took an object, or gave it back.
    pub(crate) fn noted(&self, at: usize, takes: bool) -> Option<TaskId> {
        if !self.debug.store_user {
            return None;
        }
        let range = self.arena.range(self.user(at, takes), 4)?;
        // SAFETY: the words of the last users are never handed out, and the range lies within the host's pages.
        let word = unsafe { range.cast::<[u8; 4]>().read() };
        u32::from_ne_bytes(word).checked_sub(1).map(TaskId)
    }

    fn user(&self, at: usize, takes: bool) -> usize {
        at - self.shape.lead + self.shape.users + if takes { 0 } else { 4 }
    }

    fn fill(&self, at: usize, len: usize, byte: u8) {
        if let Some(range) = self.arena.range(at, len) {
            // SAFETY: the range lies within the host's pages, and is nobody's: see the type and the callers.
            unsafe { range.cast::<u8>().write_bytes(byte, len) };
        }
    }

    fn is_all(&self, at: usize, len: usize, byte: u8) -> bool {
        // SAFETY: as in `fill`; the host's pages are initialised.
        let bytes = self.arena.range(at, len).map(|range| unsafe { range.as_ref() });
        bytes.is_some_and(|bytes| bytes.iter().all(|found| *found == byte))
    }
}
