//! What an allocator must have to be measured: a way to ask, to touch and to give back.

/// An allocator under measurement, called as its own users call it.
pub(crate) trait Rival: Sync {
    /// What a caller says that it wants: a layout, an order, a number of frames.
    type Want: Copy + Send + Sync;
    /// What it gets.
    type Block: Send;

    /// How a caller of this allocator asks for `size` bytes.
    fn want(size: usize) -> Self::Want;

    /// A block; the process ends without one, as every path here asks for less than there is.
    fn take(&self, want: Self::Want) -> Self::Block;

    /// Writes the first byte.
    fn touch(block: &mut Self::Block);

    /// Where the block begins, in bytes or pages, to tell neighbours.
    fn place(block: &Self::Block) -> usize;

    /// Gives the block back.
    fn give(&self, block: Self::Block, want: Self::Want);
}
