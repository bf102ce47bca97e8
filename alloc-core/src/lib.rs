//! A page allocator with the semantics of the Linux kernel's, in user space: it can really run out, and says why it failed.
//!
//! A [`Machine`] is one simulated memory system. Requests carry the kernel's [`Gfp`] flags, and go the kernel's way: free
//! lists, background reclaim, reserves, direct reclaim, the OOM killer. Where the kernel's developers disagree, a
//! [`Policy`] decides, and [`Policy::explain`] says in words what a request is promised.
//!
//! ```
//! use alloc_core::{Gfp, Machine, NodeId, NodePages, Order, TaskOptions};
//! let machine = Machine::builder().node(NodePages::new(1024)).build()?;
//! let hog = machine.spawn(TaskOptions::named("hog"));
//! machine.grow(hog, 500)?;
//! let _hoard = machine.exhaust(NodeId(0), 0);
//! // Nothing is free. Eight pages are too small to fail: the hog is killed for them. Sixteen are not.
//! assert!(machine.alloc_pages(Order::new(4), Gfp::KERNEL).is_err());
//! assert_eq!(machine.stats().kills, 0);
//! assert!(machine.alloc_pages(Order::new(3), Gfp::KERNEL).is_ok());
//! assert_eq!(machine.stats().kills, 1);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Limits
//! Time is stepped unless a machine is built to live. The file `SPEC.md` beside this crate says, row by row, what of the
//! specification is built and by which test it is held, and what is not built yet.
//!
//! The system's allocator is asked when a machine, a task, a cache, a pool or a shrinker is made, and never by a request for
//! pages or objects.
#![no_std]
#![cfg_attr(feature = "nightly", feature(allocator_api))]

extern crate alloc;
#[cfg(feature = "std")]
extern crate std;

mod adapters;
mod asking;
mod background;
mod backing;
mod block;
mod blueprint;
mod budget;
mod build_error;
mod builder;
mod call_scope;
mod calls;
mod check;
mod context;
mod conversion;
mod cpuset;
mod current;
mod epochs;
mod error;
mod event;
mod exhaust;
mod explain;
mod fault;
#[cfg(all(feature = "std", target_os = "linux"))]
mod forked;
mod gfp;
mod giving_back;
mod held;
mod host;
mod impossible;
mod kv_cap;
mod kvmalloc;
mod latency;
mod ledger;
mod left_behind;
#[cfg(feature = "std")]
mod live;
mod lock_order;
mod machine;
mod mbind;
mod memcg;
mod mempool;
mod misuse;
mod movable_pages;
mod node_pages;
mod nodes_move;
mod numa;
mod page;
mod page_budget;
#[cfg(all(feature = "std", unix))]
mod paged;
mod passes;
mod places;
mod plan;
mod policy;
mod pool_request;
mod questions;
mod quick;
mod random;
mod reclaim_lock;
mod registered;
mod request;
mod restart;
mod retries;
mod scope;
mod share;
mod sites;
mod slab;
mod sleep;
mod stack;
mod stats;
mod sync;
mod task;
mod tasks;
#[cfg(feature = "std")]
mod threads;
mod time;
mod trial;
mod typed_request;
mod units;
mod vma;
mod vmalloc;
mod waiting;

#[cfg(feature = "std")]
pub use adapters::global::GlobalMachine;
pub use adapters::handle::{Handle, KVmalloc, Kmalloc, Vmalloc, WithFlags};
pub use adapters::kind::MemoryKind;
pub use backing::{Backing, Blocks, Kmalloced, Objects};
pub use block::PageBlock;
pub use build_error::BuildError;
pub use builder::MachineBuilder;
pub use call_scope::CallScope;
pub use check::Check;
pub use context::{Context, Place, Scope};
pub use conversion::{Conversion, OldName};
pub use cpuset::{Cpuset, CpusetMove};
pub use error::{AllocError, FreeError};
pub use event::{Event, EventKind};
pub use exhaust::{Fragments, Hoard};
pub use explain::{Guarantee, Promise};
pub use fault::attribute_text::AttributeError;
pub use fault::attributes::Attributes;
pub use fault::chains::{ChainKey, Chains, FirstHit, Replay};
pub use fault::combined::{AnyOf, Nth};
pub use fault::knob::Knob;
pub use fault::knobs::Knobs;
pub use fault::report::FaultReport;
pub use fault::source::{CacheSite, Capability, FaultSource, Site, TaskFaults};
pub use fault::stack_filter::{STACK_DEPTH_MAX, StackFilter};
pub use gfp::Gfp;
pub use held::{Held, HeldObjects, Holder, OpenCall, OpenScope};
pub use host::contract::{Host, HostError};
#[cfg(all(feature = "std", target_os = "linux"))]
pub use host::memfd::MemfdHost;
pub use host::plain::PlainHost;
pub use kv_cap::KvCap;
pub use kvmalloc::KvBlock;
pub use latency::{Latency, RequestClass};
pub use ledger::{Ledger, LedgerError, Recovery, Standing};
pub use left_behind::LeftBehind;
pub use lock_order::HeldLock;
pub use machine::Machine;
pub use mbind::Mbind;
pub use memcg::{AccountGuard, Charge, MemCg};
pub use mempool::{Mempool, PoolBlock};
pub use misuse::{MISUSES, Misuse, MisuseRow, Misuses};
pub use movable_pages::{MovablePages, Pinned, PinnedMut};
pub use node_pages::NodePages;
pub use nodes_move::NodesMove;
pub use numa::mem_policy::{Interleave, MemPolicy, Rebind};
pub use numa::mems::{MemsStep, MoveKind};
pub use numa::move_rules::MoveRule;
pub use numa::node_mask::NodeMask;
pub use page::buddy::AuditError;
pub use page::course::WaitFor;
pub use page::notifier::{OomNotifier, OomNotifierId};
pub use page::pages::Pages;
pub use page::reclaim::{ReclaimClass, Shrinker, ShrinkerId};
pub use page::watermark::{Mark, Right, Watermarks};
pub use page::zone::ZoneKind;
pub use page_budget::PageBudget;
#[cfg(all(feature = "std", unix))]
pub use paged::array::{PagedArray, PagedRecords};
#[cfg(all(feature = "std", unix))]
pub use paged::blob::{BlobCookie, PagedBlob};
#[cfg(all(feature = "std", unix))]
pub use paged::blob_error::BlobError;
#[cfg(all(feature = "std", unix))]
pub use paged::file::PagedFile;
#[cfg(all(feature = "std", unix))]
pub use paged::hoard::SwapHoard;
#[cfg(all(feature = "std", unix))]
pub use paged::page_ref::{PageMut, PageRef};
#[cfg(all(feature = "std", unix))]
pub use paged::paged_error::{PagedCause, PagedError};
#[cfg(all(feature = "std", unix))]
pub use paged::record::Record;
#[cfg(all(feature = "std", unix))]
pub use paged::swap::{Slot, Swap};
#[cfg(all(feature = "std", unix))]
pub use paged::swap_error::{SwapError, SwapWay};
#[cfg(all(feature = "std", unix))]
pub use paged::usage::{Accesses, PagedUsage};
#[cfg(all(feature = "std", target_os = "linux"))]
pub use paged::{
    map_error::{MapError, PageIn, PageInFailure},
    map_pages::MapUsage,
    swap_map::{MapValue, SwapMap, SwapMapOptions},
};
pub use policy::{
    AtomicSleep, BadNofail, ContextSource, Discipline, KvFast, LargeNofail, NestedNofail, NofsOom, OnOom, Policy,
    Small, VmallocInner,
};
pub use pool_request::{BulkRequest, PoolRequest, PoolStep};
pub use reclaim_lock::{LockError, ReclaimGuard, ReclaimLock};
pub use request::{Request, Step};
pub use restart::RestartError;
pub use retries::RetryLoop;
pub use scope::ScopeGuard;
pub use sites::{SiteOrders, Sites};
pub use slab::audit::SlabAuditError;
pub use slab::cache::{Cache, CacheInUse, CacheUsage};
pub use slab::kmalloc_box::{KmallocBox, ZERO_SIZE_PTR};
pub use slab::options::{CacheError, CacheOptions, SlabDebug};
pub use slab::prefill::Prefilled;
pub use slab::slab_box::SlabBox;
pub use slab::typed::{TypedBox, TypedCache};
pub use stats::Stats;
pub use task::{TaskId, TaskOptions};
pub use time::Time;
pub use typed_request::{AsUsual, Atomic, Blocking, Decided, TypedRequest, WithFallback};
pub use units::{FrameNumber, NodeId, Order, PAGE_SIZE, array_size};
pub use vma::{Fault, FaultStep, Vma};
pub use vmalloc::mapping::Area;
pub use vmalloc::usage::{VmallocUsage, WindowHoard};
pub use waiting::{Queued, Wait};

impl Machine {
    /// Begins the description of a machine.
    pub fn builder() -> MachineBuilder {
        MachineBuilder::new()
    }
}

/// The examples of README.md.
#[cfg(all(doctest, feature = "std"))]
#[doc = include_str!("../README.md")]
struct Readme;
