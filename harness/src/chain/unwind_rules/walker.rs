//! The walk that remembers: one thread's last chain, whose unchanged outer frames are not walked again.
#![expect(unsafe_code, reason = "walks a live stack and keeps frames in memory mapped for it")]

use core::ptr::{self, NonNull};

use super::frame::Frame;
use super::pages;
use super::stack::Stack;
use super::table::Table;
use super::walk::{each, pc_of};
use super::walk_error::WalkError;
use crate::chain::boundary::Boundary;
use crate::chain::id::Id;
use crate::chain::registers::Registers;

/// Frames a walker remembers; those further in than so many are walked every time.
const FRAMES_MAX: usize = 1 << 15;

/// The identities of one thread's chains.
///
/// A frame's registers together with the words its outer frames have saved say everything about the chain
/// further out. So a frame met again hits only if each of those words, loaded anew, is still what it was; a
/// matching stack pointer and return address alone would name another caller's chain in every seventh case.
///
/// # Invariants
/// 1. `chain` and `walked` are mappings of `capacity` frames, and the first `len` of `chain` are initialised.
/// 2. `chain` runs from the boundary inwards: stack pointers decrease strictly and all lie below `boundary.fp`.
/// 3. Each frame is the caller of the one behind it by the rules of `table`, and the slots that the
///    step read lie from the inner frame's stack pointer up to below its own.
pub(crate) struct Walker {
    chain: NonNull<Frame>,
    walked: NonNull<Frame>,
    capacity: usize,
    len: usize,
    boundary: Boundary,
    seed: Id,
    /// The table whose rules made the chain; only compared, never read through.
    table: *const Table,
}

impl Walker {
    /// A walker that remembers nothing yet; `None` when the kernel has no memory for it.
    pub(crate) fn try_new() -> Option<Walker> {
        Walker::with_capacity(FRAMES_MAX)
    }

    pub(super) fn with_capacity(capacity: usize) -> Option<Walker> {
        let chain = pages::map(capacity)?;
        let Some(walked) = pages::map(capacity) else {
            // SAFETY: the mapping has just been made, and nothing refers to it.
            unsafe { pages::unmap(chain, capacity) };
            return None;
        };
        let boundary = Boundary { fp: 0, ip: 0 };
        Some(Walker { chain, walked, capacity, len: 0, boundary, seed: Id::EMPTY, table: ptr::null() })
    }

    /// Walks to `boundary` from now on and hashes onto `seed`.
    pub(crate) fn aim(&mut self, boundary: &Boundary, seed: Id) {
        if self.boundary != *boundary || self.seed != seed {
            self.len = 0;
            (self.boundary, self.seed) = (*boundary, seed);
        }
    }

    /// [`again`](Walker::again) with `boundary` and `seed`.
    ///
    /// # Errors
    /// As `again`.
    ///
    /// # Safety
    /// As `again`.
    #[cfg(test)]
    pub(crate) unsafe fn raw(&mut self, start: Registers, boundary: &Boundary, seed: Id) -> Result<Id, WalkError> {
        self.aim(boundary, seed);
        // SAFETY: the caller's promise.
        unsafe { self.again(start) }
    }

    /// The identity of the list that [`frames`](super::walk::frames) makes, hashed from the boundary inwards onto the
    /// seed of the last [`aim`](Walker::aim).
    ///
    /// # Errors
    /// As `frames`, but never [`WalkError::OutOfSpace`].
    ///
    /// # Safety
    /// `start` is of a function that runs on the stack of the boundary that was aimed at, and both are live.
    #[inline(always)]
    pub(crate) unsafe fn again(&mut self, start: Registers) -> Result<Id, WalkError> {
        let table = Table::current().ok_or(WalkError::NoMemory)?;
        if !ptr::eq(self.table, table) {
            self.len = 0;
            self.table = table;
        }
        let seed = self.seed;
        // SAFETY: the words from a live function's stack pointer to an outer live frame of its stack can be read.
        let stack = unsafe { Stack::new(&start, &self.boundary) }?;
        let mut frame = start;
        let mut count = 0_usize;
        let mut known = self.len;
        let mut verified = false;
        loop {
            let rule = table.rule(pc_of(frame.ip, false));
            // SAFETY: `frame` is the start or the step before, which `ends_at` says is not the end.
            let caller = unsafe { stack.caller(&frame, rule, false) }?;
            frame = caller.registers;
            if stack.ends_at(&frame)? {
                known = 0;
                break;
            }
            // Frames below this one have returned, or stand where the chain has come by another way.
            while known > 0 && self.frame(known.wrapping_sub(1)).sp < frame.sp {
                known = known.wrapping_sub(1);
            }
            if known > 0 && self.frame(known.wrapping_sub(1)).is(&frame) {
                if !verified {
                    // SAFETY: 1. The frames before the one that is here lie between it and the boundary, by
                    // invariants 2 and 3, and so do their slots. 2. Those words can be read, as above.
                    let unchanged = unsafe { self.unchanged(known.wrapping_sub(1)) };
                    verified = true;
                    if unchanged == known.wrapping_sub(1) {
                        break;
                    }
                    known = unchanged;
                } else {
                    break;
                }
            }
            if count == self.capacity {
                // SAFETY: the caller's promise is the same.
                return unsafe { self.unremembered(table, start) };
            }
            let Registers { ip, sp, fp } = frame;
            let walked = Frame { sp, ip, fp, fp_slot: caller.fp_slot, id: seed };
            // SAFETY: `count` is below the capacity of the mapping.
            unsafe { self.walked.add(count).write(walked) };
            count = count.wrapping_add(1);
        }
        Ok(self.extend(known, count))
    }

    /// Puts the last `count` walked frames behind the first `known` of the chain; returns the innermost's identity.
    #[inline(always)]
    fn extend(&mut self, known: usize, count: usize) -> Id {
        let mut id = if known == 0 { self.seed } else { self.frame(known.wrapping_sub(1)).id };
        let mut len = known;
        for index in (0..count).rev() {
            // SAFETY: `again` has written the first `count` frames of the mapping.
            let mut frame = unsafe { self.walked.add(index).read() };
            id = id.with(frame.ip as u64);
            frame.id = id;
            if len < self.capacity {
                // SAFETY: the index is below the capacity of the mapping.
                unsafe { self.chain.add(len).write(frame) };
                len = len.wrapping_add(1);
            }
        }
        // INVARIANT: each frame written is the caller of the one written after it, as `Stack::caller` found it, and the
        // first of them has the boundary or the last of the known frames for its caller.
        self.len = len;
        id
    }

    /// How many of the first `count` frames, from the boundary inwards, have their saved words unchanged.
    ///
    /// # Safety
    /// The slots of these frames can be read.
    #[inline(always)]
    unsafe fn unchanged(&self, count: usize) -> usize {
        const STRIDE: usize = 4;
        let mut index = 0_usize;
        // Whole strides without a branch on what was loaded: the loads do not wait for one another.
        while index.wrapping_add(STRIDE) <= count {
            let mut difference = 0;
            for next in 0..STRIDE {
                // SAFETY: the caller's promise.
                difference |= unsafe { self.frame(index.wrapping_add(next)).difference() };
            }
            if difference != 0 {
                break;
            }
            index = index.wrapping_add(STRIDE);
        }
        // SAFETY: the caller's promise.
        while index < count && unsafe { self.frame(index).difference() } == 0 {
            index = index.wrapping_add(1);
        }
        index
    }

    /// The identity of a chain with more new frames than there is room for, in as many walks as it takes.
    ///
    /// # Safety
    /// As [`again`](Walker::again).
    #[cold]
    unsafe fn unremembered(&mut self, table: &Table, start: Registers) -> Result<Id, WalkError> {
        let (boundary, capacity, walked) = (self.boundary, self.capacity, self.walked);
        self.len = 0;
        // SAFETY: the caller's promise.
        let mut end = unsafe { each(table, start, &boundary, false, |_, _| Ok(())) }?;
        let mut id = self.seed;
        while end > 0 {
            let begin = end.saturating_sub(capacity);
            let keep = |index: usize, ip: usize| {
                if begin <= index && index < end {
                    let frame = Frame { sp: 0, ip, fp: 0, fp_slot: 0, id };
                    // SAFETY: the offset is below `end - begin`, which the capacity bounds.
                    unsafe { walked.add(index.wrapping_sub(begin)).write(frame) };
                }
                Ok(())
            };
            // SAFETY: the caller's promise.
            unsafe { each(table, start, &boundary, false, keep) }?;
            for offset in (0..end.wrapping_sub(begin)).rev() {
                // SAFETY: the walk has written these frames.
                id = id.with(unsafe { walked.add(offset).as_ref() }.ip as u64);
            }
            end = begin;
        }
        Ok(id)
    }

    /// A frame of the chain; `index` is below the `len` that the chain had at some time.
    #[inline(always)]
    fn frame(&self, index: usize) -> &Frame {
        // SAFETY: 1. Callers name frames below `len`, which invariant 1 says are initialised. 2. Nothing
        // writes to them while `self` is borrowed.
        unsafe { self.chain.add(index).as_ref() }
    }
}

impl Drop for Walker {
    fn drop(&mut self) {
        // SAFETY: both mappings are the walker's own, and it is gone.
        unsafe {
            pages::unmap(self.chain, self.capacity);
            pages::unmap(self.walked, self.capacity);
        }
    }
}
