//! Code that uses `alloc-core` is swept like any other: its machines' requests fail once per call chain, on their first hit.
//!
//! ```no_run
//! use alloc_core::{AllocError, Gfp, Machine, NodePages, Order};
//!
//! /// Two tables that are of use only together.
//! fn tables(machine: &Machine) -> Result<u64, AllocError> {
//!     let first = machine.alloc_pages(Order::new(3), Gfp::KERNEL)?;
//!     let second = machine.kvmalloc(100_000, Gfp::KERNEL)?;
//!     Ok(first.order().pages() + second.bytes().len() as u64)
//! }
//!
//! # mod tests {
//! # use super::*;
//! #[firsthit::test]
//! fn tables_survive_every_failure() -> Result<u64, AllocError> {
//!     let machine = firsthit::alloc_core::machine(|| Machine::builder().node(NodePages::new(1024))).unwrap();
//!     tables(&machine)
//! }
//! # }
//! # fn main() {}
//! ```
//!
//! - [`source`] is the fault source that a machine is built with, wherever it is built.
//! - [`audit`] looks, at the end of a body, for what it left behind in a machine: blocks, open scopes, broken lists.
//! - [`machine`] builds a machine inside of a body, with both.
//!
//! A machine may be built before the sweep: the processes that explore have copies of their own, as of all memory. Other
//! threads may be using it as those processes are forked: `alloc-core` has them leave it first, so that the copy is
//! whole and nothing in it is locked. But they do not exist in the copy. What they had taken stays taken there, and a
//! request that one of them was in the middle of never ends: it may keep the killer's door, and the task that it was
//! made for goes on reclaiming. A body that does not want to depend on that uses tasks of its own
//! ([`Machine::run_as`](::alloc_core::Machine::run_as)), or builds its machine itself. A live machine's threads do not exist there
//! either: who would wait for them does their work.

mod audit;
mod machine;
mod mark;
mod source;

pub use audit::{Audit, audit};
pub use machine::{SweptMachine, machine};
pub use source::{Source, source};
