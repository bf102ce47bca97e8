//! Which call chains fail, by the addresses on their stacks.

use core::ops::Range;

/// Stack frames that a filter looks at, at most.
pub const STACK_DEPTH_MAX: usize = 32;

/// Which call chains fail: any address of the first `depth` ones in `reject` saves a request, and one in `require` is
/// needed to fail it.
#[derive(Clone, Debug)]
pub struct StackFilter {
    /// Addresses one of which is needed.
    pub require: Range<usize>,
    /// Addresses none of which may be there; it wins over `require`.
    pub reject: Range<usize>,
    /// Frames to look at, at most [`STACK_DEPTH_MAX`].
    pub depth: usize,
    /// Writes the return addresses of the running call, innermost first, and returns how many there are.
    pub capture: fn(&mut [usize]) -> usize,
}

impl StackFilter {
    /// Writes the addresses that are looked at, and says how many they are.
    pub(super) fn captured(&self, frames: &mut [usize; STACK_DEPTH_MAX]) -> usize {
        let depth = self.depth.min(STACK_DEPTH_MAX);
        (self.capture)(&mut frames[..depth]).min(depth)
    }

    /// Whether the running call may fail.
    pub(super) fn admits(&self) -> bool {
        let mut frames = [0; STACK_DEPTH_MAX];
        let found = self.captured(&mut frames);
        let any = |range: &Range<usize>| frames[..found].iter().any(|frame| range.contains(frame));
        !any(&self.reject) && any(&self.require)
    }
}
