//! The walkers behind one door: which one a process uses, and the exact frames of a new chain.

use super::boundary::{Boundary, within};
use super::registers::Registers;
use super::{frame_pointers, portable, unwind_rules};

pub(crate) use unwind_rules::walker::Walker as RuleWalker;

/// How this process walks its stacks on the hot path.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u32)]
pub(crate) enum Walker {
    /// Frame pointers, in assembly: the build keeps them.
    FramePointers = 1,
    /// The own table of unwind rules.
    UnwindRules = 2,
    /// The `backtrace` crate, for every other case.
    Portable = 3,
}

impl Walker {
    /// Its name in reports.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Walker::FramePointers => "frame pointers",
            Walker::UnwindRules => "unwind rules",
            Walker::Portable => "the backtrace crate",
        }
    }

    /// The walker that a record's number stands for.
    pub(crate) fn from_number(number: u32) -> Walker {
        match number {
            1 => Walker::FramePointers,
            2 => Walker::UnwindRules,
            _ => Walker::Portable,
        }
    }

    /// The fastest walker that finds the same frames as the exact ones do, from a ladder of calls of our own and
    /// std's. Whether it also does in the user's code is checked on every new chain.
    pub(crate) fn checked() -> Walker {
        prepare();
        within(|boundary| std::panic::catch_unwind(|| rung(boundary, 5)).unwrap_or(Walker::Portable))
    }
}

#[inline(never)]
fn rung(boundary: Boundary, height: u32) -> Walker {
    if height > 0 {
        let below =
            [height - 1].map(|height| std::hint::black_box(rung as fn(Boundary, u32) -> Walker)(boundary, height));
        return std::hint::black_box(below[0]);
    }
    let here = Registers::here();
    let mut by_pointers = [0; 64];
    let mut exactly = [0; 64];
    let pointers = pointed(here, &boundary, &mut by_pointers);
    let exact = exact(here, &boundary, &mut exactly);
    match (pointers, exact) {
        (Some(pointers), Some((exact, _))) if by_pointers[..pointers] == exactly[..exact] => Walker::FramePointers,
        (_, Some((_, walker))) => walker,
        (_, None) => Walker::Portable,
    }
}

/// The frames that the frame pointers show, from the caller of the function that `here` is of.
#[expect(unsafe_code, reason = "walks the stack")]
pub(crate) fn pointed(here: Registers, boundary: &Boundary, out: &mut [usize]) -> Option<usize> {
    // SAFETY: `here` was taken from a function of this thread that is running, inside the boundary.
    unsafe { frame_pointers::frames(here.fp, here.sp, boundary, out) }
}

/// The frames that the exact walkers find, from the caller of the function that `here` is of, and which found them.
#[expect(unsafe_code, reason = "walks the stack")]
pub(crate) fn exact(here: Registers, boundary: &Boundary, out: &mut [usize]) -> Option<(usize, Walker)> {
    // SAFETY: `here` was taken from a function of this thread that is running, inside the boundary.
    let walked = unsafe { unwind_rules::walk::frames(here, boundary, out) };
    if let Ok(count) = walked {
        return Some((count, Walker::UnwindRules));
    }
    let portable = portable::frames(here, boundary, out);
    portable.map(|count| (count, Walker::Portable))
}

/// As [`exact`], from the place where a signal interrupted the thread.
#[expect(unsafe_code, reason = "walks the stack")]
pub(crate) fn exact_at(at: Registers, boundary: &Boundary, out: &mut [usize]) -> Option<(usize, Walker)> {
    // SAFETY: the registers are of a function of this thread that a signal interrupted, inside the boundary.
    let walked = unsafe { unwind_rules::walk::frames_at(at, boundary, out) };
    if let Ok(count) = walked {
        return Some((count, Walker::UnwindRules));
    }
    let portable = portable::frames(at, boundary, out);
    portable.map(|count| (count, Walker::Portable))
}

/// Makes the unwind rules of what is loaded now known; to be called outside of the allocator.
pub(crate) fn prepare() {
    unwind_rules::refresh::refresh();
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The program's own frame pointers, found by following them: whether this build has them.
    #[inline(never)]
    fn follow(boundary: &Boundary) -> bool {
        let here = Registers::here();
        let mut out = [0; 64];
        std::hint::black_box(pointed(here, boundary, &mut out)).is_some_and(|count| count >= 1)
    }

    #[test]
    fn where_frame_pointers_are_kept_they_are_followed() {
        let kept = within(|boundary| std::hint::black_box(follow(&boundary)));
        let found = Walker::checked();
        assert!(!kept || found == Walker::FramePointers, "{found:?}");
    }

    #[test]
    fn a_walker_is_found_that_reaches_the_boundary() {
        let found = Walker::checked();
        assert_eq!(found == Walker::Portable, cfg!(firsthit_portable));
        let depth = within(|boundary| {
            let mut out = [0; 64];
            exact(Registers::here(), &boundary, &mut out).map(|(count, _)| count)
        });
        assert!(depth.is_some_and(|depth| depth < 8), "{depth:?} with {found:?}");
    }
}
