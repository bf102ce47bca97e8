//! A machine as an allocator of one kind of memory: what boxes, vectors and tables take along.

use crate::adapters::kind::MemoryKind;
use crate::gfp::Gfp;
use crate::machine::Machine;

/// What is asked for, where nobody can say more: to wait is allowed, and whoever gets an error tells of it himself.
pub(crate) const FLAGS: Gfp = Gfp::KERNEL.with(Gfp::NOWARN);

/// Memory of a machine that is contiguous in it ([`Machine::kmalloc`]), as is that of `&Machine`.
#[derive(Clone, Copy, Debug)]
pub struct Kmalloc<'m>(pub &'m Machine);

/// Memory of a machine that is contiguous by mapping, page by page ([`Machine::vmalloc`]): at least a page for each allocation.
#[derive(Clone, Copy, Debug)]
pub struct Vmalloc<'m>(pub &'m Machine);

/// Memory of a machine that is contiguous in it if that is easy, and mapped if not ([`Machine::kvmalloc`]).
#[derive(Clone, Copy, Debug)]
pub struct KVmalloc<'m>(pub &'m Machine);

/// An allocator whose requests all have more flags: those with the number `FLAGS` ([`Gfp::bits`]).
///
/// ```
/// # #[cfg(feature = "allocator-api2")] {
/// use alloc_core::{Gfp, KVmalloc, Machine, NodePages, WithFlags};
/// use allocator_api2::vec::Vec;
/// /// Tables give up when one pass of reclaim did not help.
/// type ForTables<'m> = WithFlags<KVmalloc<'m>, { Gfp::NORETRY.bits() }>;
/// let machine = Machine::builder().node(NodePages::new(256)).build()?;
/// let mut table = Vec::new_in(ForTables::new(KVmalloc(&machine)));
/// table.extend([1, 2, 3]);
/// let _full = machine.exhaust(alloc_core::NodeId(0), 0);
/// assert!(table.try_reserve(100_000).is_err());
/// # }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct WithFlags<A, const FLAGS: u32>(A);

impl<A, const FLAGS: u32> WithFlags<A, FLAGS> {
    /// The same allocator, with more flags.
    pub const fn new(allocator: A) -> WithFlags<A, FLAGS> {
        WithFlags(allocator)
    }
}

mod sealed {
    pub trait Sealed {}
}

/// What the allocators of a machine have in common: whose memory it is, of which kind, and with which flags it is asked for.
///
/// All implement `Allocator` of the crate `allocator-api2`, in versions 0.2 and 0.4, and that of the standard library, each by
/// a feature of this crate.
pub trait Handle: sealed::Sealed {
    /// The kind of memory.
    const KIND: MemoryKind;
    /// What every request says; the task's scopes say the rest.
    const FLAGS: Gfp;
    /// Whose memory it is.
    fn machine(&self) -> &Machine;
}

macro_rules! handles {
    ($($name:ty: $kind:ident, $of:expr;)+) => {$(
        impl sealed::Sealed for $name {}

        impl Handle for $name {
            const KIND: MemoryKind = MemoryKind::$kind;
            const FLAGS: Gfp = FLAGS;

            #[inline]
            fn machine(&self) -> &Machine {
                let of: fn(&Self) -> &Machine = $of;
                of(self)
            }
        }
    )+};
}

handles! {
    &Machine: Contiguous, |handle| handle;
    Kmalloc<'_>: Contiguous, |handle| handle.0;
    Vmalloc<'_>: Mapped, |handle| handle.0;
    KVmalloc<'_>: Either, |handle| handle.0;
}

impl<A: Handle, const FLAGS: u32> sealed::Sealed for WithFlags<A, FLAGS> {}

impl<A: Handle, const FLAGS: u32> Handle for WithFlags<A, FLAGS> {
    const KIND: MemoryKind = A::KIND;
    const FLAGS: Gfp = A::FLAGS.with(Gfp::of_bits(FLAGS));

    #[inline]
    fn machine(&self) -> &Machine {
        self.0.machine()
    }
}
