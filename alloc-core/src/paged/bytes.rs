//! The bytes of a page whose token lies in a table.
#![expect(unsafe_code, reason = "hands out the bytes behind a token")]

use core::ptr::NonNull;

use crate::machine::Machine;
use crate::page::pages::Pages;
use crate::units::PAGE_SIZE;

/// Where a block's bytes begin.
///
/// # Panics
/// If the block is another machine's.
pub(super) fn place(machine: &Machine, pages: &Pages) -> NonNull<u8> {
    assert_eq!(pages.machine(), machine.number(), "a page of another machine");
    // SAFETY: the token is one of the machine's, so its frame lies within the arena.
    unsafe { machine.arena.at(pages.frame().0 as usize * PAGE_SIZE) }
}

/// A block's first page.
pub(super) fn of<'a>(machine: &'a Machine, pages: &'a Pages) -> &'a [u8] {
    // SAFETY: 1. Every block has a page at least, which lies within the host's pages, is initialised, and lives as long as the machine.
    // 2. There is one token for a block, which is borrowed as long as the bytes, and its bytes are written through an exclusive
    // borrow of it only; the machine itself does not touch blocks that have a token.
    unsafe { NonNull::slice_from_raw_parts(place(machine, pages), PAGE_SIZE).as_ref() }
}

/// A block's first page, to write.
pub(super) fn of_mut<'a>(machine: &'a Machine, pages: &'a mut Pages) -> &'a mut [u8] {
    // SAFETY: as in `of`, and the token is borrowed exclusively.
    unsafe { NonNull::slice_from_raw_parts(place(machine, pages), PAGE_SIZE).as_mut() }
}
