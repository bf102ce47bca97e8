//! What the walkers say of real stacks, compared with libgcc frame for frame.

mod assembly;
mod call_tree;
mod callbacks;
mod constructs;
mod deep;
mod odd_frames;
mod oracle;
mod remembering;
