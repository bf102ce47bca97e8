//! Where a walk starts: an address in the frame of a live function.

use std::hint::black_box;

/// What a walk by the `backtrace` crate needs to tell the runtime's innermost frames from those that it looks for.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Registers {
    /// Not known here.
    pub(crate) ip: usize,
    /// An address in the function's frame: not below its stack pointer, and below that of its caller.
    pub(crate) sp: usize,
    /// Not known here.
    pub(crate) fp: usize,
}

impl Registers {
    /// A place in the calling function's frame, which must still be there when it is used.
    #[inline(always)]
    pub(crate) fn here() -> Registers {
        let mark = 0_u8;
        Registers { ip: 0, sp: black_box(&raw const mark).addr(), fp: 0 }
    }

    /// [`here`](Registers::here).
    #[inline(always)]
    pub(crate) fn inline() -> Registers {
        Registers::here()
    }
}
