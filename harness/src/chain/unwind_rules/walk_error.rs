//! Why a walk can fail.

/// Why a walk did not arrive at its boundary; the addresses are those of the frame it stood in.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum WalkError {
    /// No unwind information covers this address, or none has been noted by
    /// [`refresh`](super::refresh::refresh).
    NoRule { ip: usize },
    /// The rule there needs more than the stack and frame pointers.
    Unsupported { ip: usize },
    /// The next frame would not lie between the start and the boundary.
    LeftStack { ip: usize },
    /// There are more frames than `out` has room for.
    OutOfSpace,
    /// The kernel has refused the memory of the rule table.
    NoMemory,
}
