//! kvmalloc: contiguous pages if they are easy to have, and mapped ones otherwise.

use crate::error::AllocError;
use crate::fault::source::Capability;
use crate::gfp::Gfp;
use crate::machine::Machine;
use crate::policy::KvFast;
use crate::slab::kmalloc_box::KmallocBox;
use crate::units::{Order, PAGE_SIZE, array_size};
use crate::vmalloc::mapping::Area;

/// What kvmalloc gave: pages that lie side by side in the machine, or only for whoever reads them.
#[derive(Debug)]
pub enum KvBlock<'m> {
    /// Contiguous in the machine: an object, or a whole block.
    Contiguous(KmallocBox<'m>),
    /// Contiguous by mapping.
    Mapped(Area<'m>),
}

impl KvBlock<'_> {
    /// The bytes, as many as were asked for.
    pub fn bytes(&self) -> &[u8] {
        match self {
            KvBlock::Contiguous(block) => block.bytes(),
            KvBlock::Mapped(area) => area.bytes(),
        }
    }

    /// The bytes, to write.
    pub fn bytes_mut(&mut self) -> &mut [u8] {
        match self {
            KvBlock::Contiguous(block) => block.bytes_mut(),
            KvBlock::Mapped(area) => area.bytes_mut(),
        }
    }
}

impl Machine {
    /// Memory of `size` bytes, contiguous in the machine if that is easy, and mapped page by page otherwise.
    ///
    /// Up to a page this is [`Machine::kmalloc`], without a fallback. Above, the first attempt is made as
    /// [`Policy::kv_fast`](crate::Policy::kv_fast) says, without NOFAIL and without a report.
    ///
    /// ```
    /// # #[cfg(all(feature = "std", target_os = "linux"))] {
    /// use alloc_core::{Fragments, Gfp, KvBlock, Machine, NodePages};
    /// let machine = Machine::builder().node(NodePages::new(4096)).build()?;
    /// let _fragments = machine.fragment(Fragments::KeepOneIn(4));
    /// let table = machine.kvmalloc(32 * 1024, Gfp::KERNEL)?;
    /// assert!(matches!(table, KvBlock::Mapped(_)));
    /// # }
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`AllocError::TooBig`] above the policy's cap, and those of [`Machine::kmalloc`] and [`Machine::vmalloc`].
    pub fn kvmalloc(&self, size: usize, flags: Gfp) -> Result<KvBlock<'_>, AllocError> {
        if size > self.policy.kv_bytes_max {
            let (order, quiet) = (Order::for_layout(size, 1), flags.contains(Gfp::NOWARN));
            self.raw().note_failure(AllocError::TooBig, self.current(), order, flags, quiet);
            return Err(AllocError::TooBig);
        }
        if size <= PAGE_SIZE {
            return self.kmalloc(size, flags).map(KvBlock::Contiguous);
        }
        self.ask(Capability::Kvmalloc, size, flags, None)?;
        let quiet = flags.without(Gfp::NOFAIL) | Gfp::NOWARN;
        let first = match self.policy.kv_fast {
            _ if flags.contains(Gfp::RETRY_MAYFAIL) => quiet,
            KvFast::NoReclaim => quiet.without(Gfp::DIRECT_RECLAIM),
            KvFast::NoRetry => quiet | Gfp::NORETRY,
            KvFast::Loop => quiet,
        };
        match self.kmalloc(size, first) {
            Ok(block) => Ok(KvBlock::Contiguous(block)),
            Err(AllocError::NoMemory | AllocError::Injected | AllocError::OrderTooBig | AllocError::Impossible) => {
                self.area(size, flags).map(KvBlock::Mapped)
            }
            Err(error) => Err(error),
        }
    }

    /// Memory for an array, as [`Machine::kvmalloc`] gives it.
    ///
    /// # Errors
    /// [`AllocError::Overflow`], before any policy is asked; and those of [`Machine::kvmalloc`].
    pub fn kvmalloc_array(&self, elements: usize, size: usize, flags: Gfp) -> Result<KvBlock<'_>, AllocError> {
        self.kvmalloc(array_size(elements, size).ok_or(AllocError::Overflow)?, flags)
    }
}
