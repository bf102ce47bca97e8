//! A page allocator with the semantics of the Linux kernel's, in user space: it can really run out.
//!
//! Work in progress.
#![no_std]
#![allow(dead_code, reason = "the request engine, which uses these, comes next")]

extern crate alloc;
#[cfg(feature = "std")]
extern crate std;

mod context;
mod error;
mod explain;
mod gfp;
mod host;
mod misuse;
mod numa;
mod page;
mod plan;
mod policy;
mod random;
mod units;

pub use context::{Context, Place, Scope};
pub use error::{AllocError, FreeError};
pub use explain::{Guarantee, Promise};
pub use gfp::Gfp;
pub use host::contract::{Host, HostError};
#[cfg(all(feature = "std", target_os = "linux"))]
pub use host::memfd::MemfdHost;
pub use host::plain::PlainHost;
pub use misuse::{MISUSES, Misuse, MisuseRow, Misuses};
pub use numa::node_mask::NodeMask;
pub use page::buddy::AuditError;
pub use page::watermark::{Mark, Right, Watermarks};
pub use policy::{AtomicSleep, BadNofail, ContextSource, LargeNofail, NestedNofail, NofsOom, OnOom, Policy, Small};
pub use units::{FrameNumber, NodeId, Order, PAGE_SIZE, array_size};
