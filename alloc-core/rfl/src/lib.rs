//! The kernel's Rust allocation API, by its names and in its shapes, on a machine of [`alloc_core`].
//!
//! Allocation code that is written for the Linux kernel compiles in user space, unchanged, runs on memory that can really run out, and
//! is swept: every call chain that asks for memory fails once. One line in the crate's root does it:
//!
//! ```
//! extern crate alloc_core_rfl as kernel;
//!
//! mod ring {
//!     use kernel::prelude::*;
//!
//!     pub struct Ring {
//!         slots: KVec<Option<KBox<u64>>>,
//!     }
//!
//!     impl Ring {
//!         pub fn new(len: usize) -> Result<Ring> {
//!             let mut slots = KVec::with_capacity(len, GFP_KERNEL)?;
//!             for number in 0..len {
//!                 slots.push_within_capacity(Some(KBox::new(number as u64, GFP_KERNEL)?))?;
//!             }
//!             Ok(Ring { slots })
//!         }
//!     }
//! }
//!
//! use alloc_core::{Machine, NodePages, Nth};
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let machine = Machine::builder().node(NodePages::new(256)).build()?;
//! kernel::with_machine(&machine, || {
//!     assert!(ring::Ring::new(100).is_ok());
//!     machine.set_faults(Some(std::sync::Arc::new(Nth::new(3))));
//!     assert_eq!(ring::Ring::new(100).err(), Some(kernel::error::code::ENOMEM));
//! });
//! assert_eq!(machine.held_objects(), []);
//! machine.audit()?;
//! # Ok(())
//! # }
//! ```
//!
//! (`use alloc_core_rfl as kernel;` does it for a crate of one file; modules find `kernel::…` by `extern crate`, or where the
//! dependency is named so in `Cargo.toml`: `kernel = { package = "alloc-core-rfl", .. }`.)
//!
//! # Which machine
//! The one that [`with_machine`] names for the thread; where none is named, one of 64 MiB that the whole process shares. Memory is given
//! back from any thread, to the machine that it is from. In a sweep the machine is made by `firsthit::alloc_core::machine`, inside
//! of the body, and audited when the body ends. Contexts are the machine's: inside of
//! [`Scope::Atomic`](alloc_core::Scope::Atomic), `GFP_KERNEL` is the mistake that it is in the kernel, and
//! [`Scope::NoFs`](alloc_core::Scope::NoFs) takes rights away.
//!
//! # What is here
//! [`alloc`]: `Allocator` with flags and node, `Kmalloc`, `Vmalloc`, `KVmalloc`; `Box`, `KBox`, `VBox`, `KVBox`; `Vec`, `KVec`, `VVec`,
//! `KVVec` with their errors and iterators, [`kvec!`]; `ArrayLayout`, `Flags`, `NumaNode`, `AllocError`. [`error`]: `Error`, `Result`,
//! `code`. [`init`](mod@init): `InPlaceInit`, and the macros [`pin_init!`], [`init!`], [`try_pin_init!`], [`try_init!`]. [`types`]:
//! `ForeignOwnable`. [`prelude`], with `pr_err!` and its like. The signatures are those of a kernel that passes nodes to allocators (6.18
//! and later).
//!
//! # What differs from the kernel
//! - A box of a trait object is made by way of its pointer: `KBox<T>` does not turn into `KBox<dyn Trait>` by itself, which takes a
//!   feature of Rust's that is not stable.
//! - `#[pin_data]` expands to paths of the crate `pinned-init`, so a crate that uses it depends on that crate, too. It is the one
//!   that the kernel's developers publish, at 0.0.10; what they have added since is not in it.
//! - Memory that a scope or a fault takes away is an [`AllocError`](alloc::AllocError) as in the kernel; its reason is among
//!   [`Machine::events_since`](alloc_core::Machine::events_since).
//! - `realloc` does not move memory to the node that it is given if it has room where it is.
//! - [`alloc::flags::extra`] and [`Vec::dec_len`](alloc::Vec::dec_len) are open here, and are not in the kernel.
//! - Values on the stack: `KBox::new` of a large value passes it by the stack, as in the kernel; here the stack is larger.
//! - Not here: `Arc`, locks, lists, `CString`, pages (`kernel::page`), `VmallocPageIter`.

pub mod alloc;
pub mod error;
mod foreign;
pub mod init;
mod memory;
pub mod prelude;
mod print;
mod serving;

pub use pinned_init::{init, pin_init};
pub use serving::with_machine;

/// Types that kernel code is made of.
pub mod types {
    pub use crate::foreign::ForeignOwnable;
}
