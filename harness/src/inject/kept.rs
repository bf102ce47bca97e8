//! Blocks that are freed behind a failure: kept back, and who uses them again is noted with its stack.
#![expect(unsafe_code, reason = "keeps memory that its owner gives up")]

use std::alloc::Layout;

use crate::chain::registers::Registers;
use crate::memory::freed::{FREED, GiveBack, Misuse};
use crate::scope::shared::{Scope, phase};
use crate::scope::thread::{self, ThreadScope};

/// Whether a block that is to be freed is not: it is kept back, or it was before, and is now freed for the second time.
///
/// # Safety
/// The block's owner gives it up; `give_back` frees a block of this layout that is this one's allocator's.
#[cold]
#[inline(never)]
pub(crate) unsafe fn keeps(address: *mut u8, layout: Layout, give_back: Option<GiveBack>) -> bool {
    if let Some(misuse) = FREED.freed_again(address) {
        note(misuse);
        return true;
    }
    let Some((_, phase::AFTER)) = thread::observed() else { return false };
    // SAFETY: the caller's promise.
    give_back.is_some_and(|give_back| unsafe { FREED.keep(address, layout, give_back) })
}

/// A block is to be resized: if it is kept back, it is not any more.
#[cold]
#[inline(never)]
pub(crate) fn resizes(address: *mut u8) {
    if let Some(misuse) = FREED.resized(address) {
        note(misuse);
    }
}

/// Notes what can be seen of the blocks that are kept.
pub(crate) fn look(scope: &Scope) {
    if let Some(misuse) = FREED.misuse() {
        scope.damaged(&misuse.to_string());
    }
}

fn note(misuse: Misuse) {
    match thread::observed() {
        Some((thread, _)) => note_here(thread, misuse),
        None => FREED.by_stranger(misuse),
    }
}

fn note_here(thread: &ThreadScope, misuse: Misuse) {
    let here = Registers::here();
    thread.quietly(|| {
        let slot = thread.scope.slot();
        if slot.evidence().damage.len == 0 {
            let stack = thread.frames_of(here);
            thread.scope.damaged(&misuse.to_string());
            slot.update(|evidence| evidence.stood_in = stack);
        }
    });
}
