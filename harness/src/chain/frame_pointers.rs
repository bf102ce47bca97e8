//! The frame-pointer walker: one assembly routine that walks, hashes and looks up in some ten nanoseconds.
#![expect(unsafe_code, reason = "walks the stack in assembly")]

use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::Acquire;

use super::boundary::Boundary;
use super::id::Id;
use crate::memory::seen::{Seen, Variant};

#[cfg(target_arch = "x86_64")]
core::arch::global_asm!(include_str!("frame_pointers_x86_64.s"));
#[cfg(target_arch = "aarch64")]
core::arch::global_asm!(include_str!("frame_pointers_aarch64.s"));

unsafe extern "C" {
    fn firsthit_walk_frame_pointers(context: *mut Context) -> u32;
}

/// The walk met no chain that the set knows; its identity is in [`Context::raw`].
pub(crate) const MISS: u32 = u32::MAX;
/// The frame pointers do not lead to the boundary.
pub(crate) const BROKEN: u32 = u32::MAX - 1;

/// What the assembly reads and writes: its offsets are fixed there.
#[repr(C)]
#[derive(Debug)]
pub(crate) struct Context {
    boundary_fp: usize,
    seed: Id,
    slots: *const AtomicU64,
    mask: usize,
    variants: *const Variant,
    raw: Id,
}

const _: () = {
    assert!(size_of::<Variant>() == 32, "the assembly shifts by 5");
    assert!(std::mem::offset_of!(Context, seed) == 8);
    assert!(std::mem::offset_of!(Context, slots) == 24);
    assert!(std::mem::offset_of!(Context, mask) == 32);
    assert!(std::mem::offset_of!(Context, variants) == 40);
    assert!(std::mem::offset_of!(Context, raw) == 48);
};

impl Context {
    /// The context of a thread whose chains end at `boundary`, hang on `seed`, and are known to `seen`.
    pub(crate) fn new(boundary: Boundary, seed: Id, seen: &Seen<'_>) -> Context {
        let slots = seen.newest();
        Context {
            boundary_fp: boundary.fp,
            seed,
            slots: slots.as_ptr(),
            mask: slots.len() - 1,
            variants: seen.variants.as_ptr(),
            raw: Id::EMPTY,
        }
    }

    /// Looks up in the newest level from now on.
    pub(crate) fn refresh(&mut self, seen: &Seen<'_>) {
        let slots = seen.newest();
        self.slots = slots.as_ptr();
        self.mask = slots.len() - 1;
    }

    /// The chain number that the set's level knows for `id`, or [`MISS`]: the assembly's own look-up.
    ///
    /// # Safety
    /// As [`Context::walk`].
    #[inline(always)]
    pub(crate) unsafe fn find(&mut self, id: Id) -> u32 {
        let mut place = (id.lo >> 32) as usize;
        loop {
            place &= self.mask;
            // SAFETY: the mask keeps the place inside the level, which is mapped.
            let slot = unsafe { (*self.slots.add(place)).load(Acquire) };
            if slot == 0 {
                self.raw = id;
                return MISS;
            }
            if slot >> 32 == id.lo & 0xffff_ffff {
                // SAFETY: a slot names a variant that was written before it.
                let variant = unsafe { &*self.variants.add((slot as u32).wrapping_sub(1) as usize) };
                if let Some(chain) = variant.chain_of(id) {
                    return chain;
                }
            }
            place = place.wrapping_add(1);
        }
    }

    /// The identity that the last walk or look-up found which returned [`MISS`].
    pub(crate) fn raw(&self) -> Id {
        self.raw
    }

    /// Walks from the calling function's frame to the boundary: a chain number, [`MISS`] or [`BROKEN`].
    ///
    /// # Safety
    /// The set given to `new` must be mapped, never full, and the boundary's frame live on this thread.
    #[inline(always)]
    pub(crate) unsafe fn walk(&mut self) -> u32 {
        // SAFETY: 1. The context has the layout asserted above. 2. The routine loads stack words only from
        // its own stack pointer up to the boundary's frame, which the caller says is live. 3. The set is mapped,
        // and since it is never full, the probe meets an empty slot.
        unsafe { firsthit_walk_frame_pointers(self) }
    }
}

/// The return addresses on the frame-pointer chain from the frame at `fp` to `boundary`, innermost first and
/// without the one in the trampoline, or nothing if it does not lead there or has more than `out` holds.
///
/// # Safety
/// `sp` must be a stack pointer of the running thread, inside the boundary's frame.
pub(crate) unsafe fn frames(fp: usize, sp: usize, boundary: &Boundary, out: &mut [usize]) -> Option<usize> {
    let mut frame = fp;
    let mut inside = sp;
    for count in 0..=out.len() {
        if frame < inside || frame >= boundary.fp || !frame.is_multiple_of(8) {
            return None;
        }
        // SAFETY: the two words lie on this thread's stack between `sp` and the boundary's frame, aligned.
        let [outer, address] = unsafe { *std::ptr::with_exposed_provenance::<[usize; 2]>(frame) };
        if outer == boundary.fp {
            return (address == boundary.ip).then_some(count);
        }
        *out.get_mut(count)? = address;
        inside = frame + 8;
        frame = outer;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::super::boundary::within;
    use super::super::registers::Registers;
    use super::*;

    /// Whether this build keeps frame pointers: the walk from here reaches the boundary through these frames.
    fn capture(boundary: Boundary, seen: &Seen<'_>) -> (u32, Id, Option<Vec<usize>>) {
        let mut context = Context::new(boundary, Id::EMPTY, seen);
        // SAFETY: the set is a leaked one with room, and the boundary is live: `within` waits for this.
        let chain = unsafe { context.walk() };
        let here = Registers::here();
        let mut out = vec![0; 256];
        // SAFETY: `here` is of this function.
        let frames = unsafe { frames(here.fp, here.sp, &boundary, &mut out) };
        (chain, context.raw(), frames.map(|count| out[..count].to_vec()))
    }

    #[test]
    fn the_assembly_and_the_plain_walk_agree() {
        let seen = Seen::leaked(16, 100);
        within(|boundary| {
            let (first, raw, frames) = capture(boundary, &seen);
            // A build without frame pointers has whatever it likes in the register.
            let Some(frames) = frames.filter(|frames| !frames.is_empty()) else { return };
            assert_eq!(first, MISS);
            // The assembly hashes the address in the trampoline too, which every chain has.
            let all = frames.iter().chain([&boundary.ip]);
            let expected = all.fold(Id::EMPTY, |id, address| id.with(*address as u64));
            assert_eq!(raw, expected);
            seen.insert(raw, 5);
            for round in 0..3 {
                let (chain, raw, _) = capture(boundary, &seen);
                assert_eq!(chain, if round == 0 { MISS } else { 5 }, "the loop's call is another chain");
                seen.insert(raw, 5);
            }
        });
    }
}
