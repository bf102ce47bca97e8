//! The typed door: requests whose contradictions do not compile.

use core::fmt;
use core::marker::PhantomData;

use crate::block::PageBlock;
use crate::error::AllocError;
use crate::explain::Guarantee;
use crate::gfp::Gfp;
use crate::kvmalloc::KvBlock;
use crate::machine::Machine;
use crate::units::Order;

/// The caller may wait.
#[derive(Clone, Copy, Debug)]
pub struct Blocking;

/// The caller cannot wait: it holds a spin lock, or handles an interrupt.
#[derive(Clone, Copy, Debug)]
pub struct Atomic;

/// Nothing was said about how hard the request tries.
#[derive(Clone, Copy, Debug)]
pub struct AsUsual;

/// It was said how hard the request tries, and cannot be said again.
#[derive(Clone, Copy, Debug)]
pub struct Decided;

/// A request for a block of order `ORDER`, made of types: what would contradict itself has no method.
///
/// ```
/// use alloc_core::{Machine, NodePages};
/// let machine = Machine::builder().node(NodePages::new(256)).build()?;
/// let journal = machine.blocking::<1>().no_fs().zeroed().nofail().alloc()?;
/// let packet = machine.atomic::<0>().without_reserves().alloc()?;
/// # drop((journal, packet));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// NOFAIL is for callers that can wait, and for one page or two:
/// ```compile_fail
/// # let machine = alloc_core::Machine::builder().node(alloc_core::NodePages::new(256)).build().unwrap();
/// let _ = machine.atomic::<0>().nofail();
/// ```
/// ```compile_fail
/// # let machine = alloc_core::Machine::builder().node(alloc_core::NodePages::new(256)).build().unwrap();
/// let _ = machine.blocking::<2>().nofail();
/// ```
/// How hard a request tries is said once:
/// ```compile_fail
/// # let machine = alloc_core::Machine::builder().node(alloc_core::NodePages::new(256)).build().unwrap();
/// let _ = machine.blocking::<0>().no_retry().nofail();
/// ```
///
/// The context is not in the types: a request that may wait can still be made under a spin lock, and NOFAIL inside of a
/// scope without reclaim. Those are found when they happen, as for any request.
#[must_use = "a request is made by `alloc`"]
pub struct TypedRequest<'m, W, E, const ORDER: u32> {
    machine: &'m Machine,
    flags: Gfp,
    types: PhantomData<(W, E)>,
}

impl Machine {
    /// Begins a request of a caller that may wait: KERNEL, unless something is taken away or added.
    pub fn blocking<const ORDER: u32>(&self) -> TypedRequest<'_, Blocking, AsUsual, ORDER> {
        TypedRequest::with(self, Gfp::KERNEL)
    }

    /// Begins a request of a caller that cannot wait: ATOMIC, unless something is taken away or added.
    pub fn atomic<const ORDER: u32>(&self) -> TypedRequest<'_, Atomic, AsUsual, ORDER> {
        TypedRequest::with(self, Gfp::ATOMIC)
    }
}

impl<'m, W, E, const ORDER: u32> TypedRequest<'m, W, E, ORDER> {
    fn with(machine: &'m Machine, flags: Gfp) -> Self {
        const { assert!(ORDER <= Order::LIMIT.get(), "no machine has blocks of that order") };
        TypedRequest { machine, flags, types: PhantomData }
    }

    /// The block is zeroed.
    pub fn zeroed(self) -> Self {
        Self::with(self.machine, self.flags | Gfp::ZERO)
    }

    /// Failures are not reported.
    pub fn no_warn(self) -> Self {
        Self::with(self.machine, self.flags | Gfp::NOWARN)
    }

    /// The block is charged to the task's budget.
    pub fn accounted(self) -> Self {
        Self::with(self.machine, self.flags | Gfp::ACCOUNT)
    }

    /// The flags that the request is made with.
    pub fn flags(&self) -> Gfp {
        self.flags
    }

    /// What the request is promised at the moment.
    pub fn explain(&self) -> Guarantee {
        self.machine.explain(self.flags, Order::new(ORDER))
    }

    /// The caller goes on with single pages, mapped side by side, if it gets no block of them: kvmalloc's way, and what a
    /// [`Discipline`](crate::Discipline) of a page or less asks of whoever wants more.
    pub fn with_fallback(self) -> WithFallback<'m> {
        WithFallback { machine: self.machine, bytes: Order::new(ORDER).bytes(), flags: self.flags.with_fallback() }
    }

    /// Makes the request.
    ///
    /// # Errors
    /// Those of [`Machine::alloc_pages`]. NOFAIL, too, is an error to handle: a machine may stop, and what would wait for
    /// ever is told.
    pub fn alloc(self) -> Result<PageBlock<'m>, AllocError> {
        self.machine.alloc_pages(Order::new(ORDER), self.flags)
    }
}

impl<'m, E, const ORDER: u32> TypedRequest<'m, Blocking, E, ORDER> {
    /// Reclaim keeps out of the file system.
    pub fn no_fs(self) -> Self {
        Self::with(self.machine, self.flags.without(Gfp::FS))
    }

    /// Reclaim starts no input or output, and so keeps out of the file system.
    pub fn no_io(self) -> Self {
        Self::with(self.machine, self.flags.without(Gfp::IO | Gfp::FS))
    }
}

impl<'m, const ORDER: u32> TypedRequest<'m, Blocking, AsUsual, ORDER> {
    /// One pass of reclaim, and no more.
    pub fn no_retry(self) -> TypedRequest<'m, Blocking, Decided, ORDER> {
        TypedRequest::with(self.machine, self.flags | Gfp::NORETRY)
    }

    /// As hard as reclaim gets anything, and then a failure; nobody is killed.
    pub fn retry_may_fail(self) -> TypedRequest<'m, Blocking, Decided, ORDER> {
        TypedRequest::with(self.machine, self.flags | Gfp::RETRY_MAYFAIL)
    }

    /// No failure for want of memory. For one page or two: what is more is not promised, and does not compile.
    pub fn nofail(self) -> TypedRequest<'m, Blocking, Decided, ORDER> {
        const { assert!(ORDER <= 1, "NOFAIL reaches to two pages: order 0 or 1") };
        TypedRequest::with(self.machine, self.flags | Gfp::NOFAIL)
    }
}

impl<'m, const ORDER: u32> TypedRequest<'m, Atomic, AsUsual, ORDER> {
    /// Nothing of the reserves: failure is cheap to handle (NOWAIT).
    pub fn without_reserves(self) -> TypedRequest<'m, Atomic, Decided, ORDER> {
        TypedRequest::with(self.machine, self.flags.without(Gfp::HIGH) | Gfp::NOWAIT)
    }
}

/// A request that goes on with single pages: see [`TypedRequest::with_fallback`].
#[derive(Debug)]
#[must_use = "a request is made by `alloc`"]
pub struct WithFallback<'m> {
    machine: &'m Machine,
    bytes: usize,
    flags: Gfp,
}

impl<'m> WithFallback<'m> {
    /// Makes the request: a block if that is easy to have, and otherwise as many single pages.
    ///
    /// # Errors
    /// Those of [`Machine::kvmalloc`].
    pub fn alloc(self) -> Result<KvBlock<'m>, AllocError> {
        self.machine.kvmalloc(self.bytes, self.flags)
    }
}

impl<W, E, const ORDER: u32> fmt::Debug for TypedRequest<'_, W, E, ORDER> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TypedRequest(order {ORDER}, {})", self.flags)
    }
}
