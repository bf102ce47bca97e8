//! A sheaf: free objects of one cache that a processor has at hand.

use super::shape::Shape;
use crate::stack::Stack;
use crate::units::PAGE_SIZE;

/// Where the objects begin, in bytes from the start of memory. A closed sheaf is empty.
pub(crate) type Sheaf = Stack<usize>;

/// Objects that a sheaf holds at most.
const OBJECTS_MAX: usize = 128;

/// Bytes that the objects of a sheaf have together, about, if that is fewer; on small machines as few as the second.
const BYTES_MAX: usize = 512 * 1024;
const BYTES_MIN: usize = 32 * 1024;

/// How many objects the sheaves of a cache hold, on a machine of so many pages; none if they are so large that a few would
/// hold much memory back.
pub(crate) fn capacity(shape: &Shape, pages: usize) -> usize {
    let bytes = (pages * PAGE_SIZE / 512).clamp(BYTES_MIN, BYTES_MAX);
    (bytes / shape.stride).min(OBJECTS_MAX)
}
