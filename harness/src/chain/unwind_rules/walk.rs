//! The plain walk: every frame from a function out to the boundary, one rule each.
#![expect(unsafe_code, reason = "walks a live stack")]

use super::stack::Stack;
use super::table::Table;
use super::walk_error::WalkError;
use crate::chain::boundary::Boundary;
use crate::chain::registers::Registers;

/// The return addresses of the frames from `start` out to `boundary`, innermost first; returns how many.
///
/// `start.ip` is a return address itself, as [`Registers::here`] makes it, and not in the list, which starts
/// with the address its function returns to. The return address in the trampoline, the word below
/// `boundary.fp`, ends the list and is not in it.
///
/// # Errors
/// See [`WalkError`]; what has been written to `out` until then says nothing.
///
/// # Safety
/// `start` is of a function that runs on the stack which `boundary` is on, and both frames are live.
pub(crate) unsafe fn frames(start: Registers, boundary: &Boundary, out: &mut [usize]) -> Result<usize, WalkError> {
    // SAFETY: the caller's promise is the same.
    unsafe { list(start, boundary, out, false) }
}

/// [`frames`] for a `start.ip` that is the very instruction to be executed next, as in a signal's context.
///
/// # Errors
/// As [`frames`].
///
/// # Safety
/// As [`frames`]; the function may stand in its prologue or epilogue.
pub(crate) unsafe fn frames_at(start: Registers, boundary: &Boundary, out: &mut [usize]) -> Result<usize, WalkError> {
    // SAFETY: the caller's promise is the same.
    unsafe { list(start, boundary, out, true) }
}

/// # Safety
/// As [`frames`].
unsafe fn list(start: Registers, boundary: &Boundary, out: &mut [usize], exact: bool) -> Result<usize, WalkError> {
    let table = Table::current().ok_or(WalkError::NoMemory)?;
    let mut room = out.iter_mut();
    // SAFETY: the caller's promise is the same.
    unsafe {
        each(table, start, boundary, exact, |_, ip| {
            *room.next().ok_or(WalkError::OutOfSpace)? = ip;
            Ok(())
        })
    }
}

/// Calls `visit` with the index and the return address of each frame; returns how many there are.
///
/// # Safety
/// As [`frames`].
#[inline(always)]
pub(super) unsafe fn each(
    table: &Table,
    start: Registers,
    boundary: &Boundary,
    exact: bool,
    mut visit: impl FnMut(usize, usize) -> Result<(), WalkError>,
) -> Result<usize, WalkError> {
    // SAFETY: the words from a live function's stack pointer to an outer live frame of its stack can be read.
    let stack = unsafe { Stack::new(&start, boundary) }?;
    let mut frame = start;
    let mut exact = exact;
    let mut count = 0_usize;
    loop {
        let rule = table.rule(pc_of(frame.ip, exact));
        // SAFETY: `frame` is the start or the step before, which `ends_at` says is not the end.
        let caller = unsafe { stack.caller(&frame, rule, exact) }?.registers;
        if stack.ends_at(&caller)? {
            return Ok(count);
        }
        visit(count, caller.ip)?;
        count = count.wrapping_add(1);
        frame = caller;
        exact = false;
    }
}

/// The address whose rule holds: a return address may already belong to the next function or
/// landing pad, the call before it does not.
#[inline(always)]
pub(super) const fn pc_of(ip: usize, exact: bool) -> usize {
    ip.wrapping_sub(!exact as usize)
}
