//! The walker for code without frame pointers: call frame information, compiled once per return address.
//!
//! `.eh_frame` says for every instruction where the caller's registers are. Reading that takes microseconds,
//! so the answer for each program counter is packed into one word ([`rule`]) and kept in a table that all
//! threads share ([`table`]). A walk is then one table look-up and two loads a frame, and [`walker`] skips even
//! those for the outer frames that have not changed since the thread's last walk.
//!
//! Everything here may run inside the global allocator: it takes no lock, asks only the kernel for memory
//! and never panics. A frame it cannot follow exactly is a [`WalkError`](walk_error::WalkError), never a guess:
//! signal frames, PLT stubs, hand-written code without unwind information, and code generated at run time.
//!
//! Only 64-bit x86 Linux has rules here. On aarch64 a rule would also have to say where `x30` is kept
//! and whether it is signed, and a walker that has not been compared with libgcc frame for frame is none.

mod frame;
mod frame_info;
mod glibc;
mod module;
mod modules;
mod pages;
pub(crate) mod refresh;
mod rule;
mod slots;
mod stack;
mod table;
pub(crate) mod walk;
pub(crate) mod walk_error;
pub(crate) mod walker;

#[cfg(test)]
mod tests;
