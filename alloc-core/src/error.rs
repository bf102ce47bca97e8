//! Why a request failed, and why a block was not taken back.

use core::fmt;

/// Why a request failed.
///
/// Equal kinds are equal causes; what a caller can do about one stands at the kind.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub enum AllocError {
    /// No memory within what the request was allowed to do. Do without, or ask again with more rights.
    NoMemory,
    /// A fault source failed the request; memory was not looked at.
    Injected,
    /// The task was chosen by the OOM killer, and what it may use of the reserves is gone. Unwind: the task is to end.
    VictimReservesGone,
    /// The order is larger than the machine's largest.
    OrderTooBig,
    /// The allowed nodes have not as many pages, even when all of them are free.
    Impossible,
    /// More bytes than the policy's cap on kvmalloc.
    TooBig,
    /// The number of bytes does not fit into a `usize`: it was not asked for at all.
    Overflow,
    /// An area of no bytes.
    ZeroSize,
    /// No range of addresses is free that is long enough.
    NoAddresses,
    /// A page that is not the range's: see [`Vma`](crate::Vma).
    BeyondRange,
    /// More mappings than the machine may have, or than the operating system grants.
    NoMappings,
    /// The budget that the request is charged to has no room for it, although there are pages. See [`MemCg`](crate::MemCg).
    OverLimit,
    /// The flags contradict each other or the context, and the policy refuses that. See [`Misuse`](crate::Misuse).
    InvalidFlags,
    /// More than a page at once, by a caller without a fallback, where the policy's discipline forbids that: ask for single
    /// pages, or say that there is a fallback. See [`Discipline`](crate::Discipline).
    Discipline,
    /// A request that waits without bound was made where it must not: in reclaim, on the write-out path, in atomic
    /// context, or by a task that waits already.
    ForbiddenContext,
    /// Every task that could make progress waits, or this request went round too often: it would never return.
    Hang,
    /// The task is being killed: because the policy kills tasks that ask so, or because it grew until it was chosen.
    TaskKilled,
    /// The machine has stopped: out of memory with nobody to kill, or a `Bug` by policy. Every request fails from then on,
    /// but for objects that a cache has free.
    Dead,
    /// The task is unknown to the machine, has ended, or has no user memory that could grow.
    NoSuchTask,
    /// The node is unknown to the machine.
    NoSuchNode,
    /// The pointer to memory that was to be moved is none that kmalloc gave.
    NotAnObject,
}

impl fmt::Display for AllocError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            AllocError::NoMemory => "out of memory, within what the request's flags allow",
            AllocError::Injected => "failed by the fault source",
            AllocError::VictimReservesGone => "out of memory: the task is being killed, and its reserves are used up",
            AllocError::OrderTooBig => "the order is above the machine's largest",
            AllocError::Impossible => "the allowed nodes have fewer pages than that in all",
            AllocError::TooBig => "more bytes than the cap on kvmalloc",
            AllocError::Overflow => "the number of bytes overflows",
            AllocError::ZeroSize => "an area of no bytes",
            AllocError::NoAddresses => "no free range of addresses is long enough",
            AllocError::BeyondRange => "the pages are not all of the range's",
            AllocError::NoMappings => "no more mappings can be made",
            AllocError::OverLimit => "over the budget that the request is charged to",
            AllocError::InvalidFlags => "the flags contradict each other or the context",
            AllocError::Discipline => {
                "more than a page at once without a fallback, which the policy's discipline forbids"
            }
            AllocError::ForbiddenContext => "a request without bound where waiting is forbidden",
            AllocError::Hang => "the request would never return: nobody is left to make progress",
            AllocError::TaskKilled => "the task is being killed",
            AllocError::Dead => "the machine has stopped",
            AllocError::NoSuchTask => "no such task, or it has ended, or it has no user memory",
            AllocError::NoSuchNode => "no such node",
            AllocError::NotAnObject => "the pointer is none that kmalloc gave",
        })
    }
}

impl core::error::Error for AllocError {}

/// Why a block or an object was not taken back: it is as it was before.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub enum FreeError {
    /// The block or object is already free: it was freed twice.
    AlreadyFree,
    /// The frame or pointer is not the machine's.
    Foreign,
    /// It lies inside of an allocated block or of a slab, and does not begin the block or an object.
    NotTheBeginning,
    /// The block has another order.
    OtherOrder,
    /// The block or object is held by a safe owner, or by the machine, which alone may free it.
    Owned,
    /// The object is another cache's.
    OtherCache,
    /// The pointer lies in the machine's memory, where neither slabs nor blocks of kmalloc are.
    NotAnObject,
    /// A byte right before or behind the object was written: it is withheld.
    RedZone,
}

impl fmt::Display for FreeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            FreeError::AlreadyFree => "the block or object is free already",
            FreeError::Foreign => "the frame or pointer belongs to no zone of this machine",
            FreeError::NotTheBeginning => "the frame or pointer does not begin an allocated block or object",
            FreeError::OtherOrder => "the block was allocated with another order",
            FreeError::Owned => "the block or object still has an owner",
            FreeError::OtherCache => "the object belongs to another cache",
            FreeError::NotAnObject => "the pointer is none that kmalloc or a cache gave",
            FreeError::RedZone => "a byte right before or behind the object was written",
        })
    }
}

impl core::error::Error for FreeError {}
