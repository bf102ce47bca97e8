//! kvmalloc: contiguous pages if they are easy to have, and mapped ones otherwise.

use core::alloc::Layout;
use core::sync::atomic::Ordering::Relaxed;

use crate::error::AllocError;
use crate::fault::source::Capability;
use crate::gfp::Gfp;
use crate::machine::Machine;
use crate::policy::KvFast;
use crate::slab::kmalloc_box::KmallocBox;
use crate::units::{NodeId, PAGE_SIZE, array_size};
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

#[cfg_attr(alloc_core_swept, firsthit::instrument)]
impl KvBlock<'_> {
    /// How large the memory could be without being moved.
    pub fn room(&self) -> usize {
        match self {
            KvBlock::Contiguous(block) => block.ksize(),
            KvBlock::Mapped(area) => area.room(),
        }
    }

    /// Makes the memory larger or smaller (`kvrealloc`), in place if it has room, and otherwise by [`Machine::kvmalloc`]: what
    /// was contiguous may become mapped, and the reverse. With ZERO, the bytes that it gains are zero.
    ///
    /// Whole blocks of pages behind the end of a mapped area are given back. Of no bytes, it is memory that takes nothing.
    ///
    /// ```
    /// use alloc_core::{Gfp, Machine, NodePages};
    /// let machine = Machine::builder().node(NodePages::new(256)).build()?;
    /// let mut table = machine.kvmalloc(5, Gfp::KERNEL)?;
    /// table.bytes_mut().copy_from_slice(b"entry");
    /// table.kvrealloc(50_000, Gfp::KERNEL | Gfp::ZERO)?;
    /// assert!(table.bytes().starts_with(b"entry\0") && table.bytes().len() == 50_000);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// Those of [`Machine::kvmalloc`]. The memory is as it was then.
    pub fn kvrealloc(&mut self, size: usize, flags: Gfp) -> Result<(), AllocError> {
        let machine = match self {
            KvBlock::Contiguous(block) if size <= block.ksize() => return block.krealloc(size, flags),
            KvBlock::Mapped(area) if size > 0 && size <= area.room() => return area.vrealloc(size, flags),
            KvBlock::Contiguous(block) => block.machine,
            KvBlock::Mapped(area) => area.machine,
        };
        let mut moved = machine.kvmalloc(size, flags)?;
        let kept = self.bytes().len().min(size);
        moved.bytes_mut()[..kept].copy_from_slice(&self.bytes()[..kept]);
        *self = moved;
        Ok(())
    }
}

#[cfg_attr(alloc_core_swept, firsthit::instrument)]
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
    /// [`AllocError::TooBig`] above the policy's cap, unless [`Policy::bad_nofail`](crate::Policy::bad_nofail) says otherwise
    /// for NOFAIL; and those of [`Machine::kmalloc`] and [`Machine::vmalloc`].
    pub fn kvmalloc(&self, size: usize, flags: Gfp) -> Result<KvBlock<'_>, AllocError> {
        self.kvmalloc_on(None, size, 1, flags)
    }

    /// As [`Machine::kvmalloc`], from a node's zones first, and aligned as asked for.
    ///
    /// # Errors
    /// Those of [`Machine::kvmalloc`], and [`AllocError::NoSuchNode`].
    pub fn kvmalloc_aligned(
        &self,
        node: Option<NodeId>,
        layout: Layout,
        flags: Gfp,
    ) -> Result<KvBlock<'_>, AllocError> {
        self.kvmalloc_on(node, layout.size(), layout.align(), flags)
    }

    fn kvmalloc_on(
        &self,
        node: Option<NodeId>,
        size: usize,
        align: usize,
        flags: Gfp,
    ) -> Result<KvBlock<'_>, AllocError> {
        if size > PAGE_SIZE {
            self.note_bytes(size);
        }
        if size > self.kv_bytes_max() {
            return Err(self.impossible(AllocError::TooBig, size, flags));
        }
        if size <= PAGE_SIZE {
            return self.kmalloc_on(node, size, align, flags).map(KvBlock::Contiguous);
        }
        let policy = self.rules();
        self.ask(Capability::Kvmalloc, size, flags, None)?;
        let quiet = flags.without(Gfp::NOFAIL) | Gfp::NOWARN | Gfp::FALLBACK;
        let first = match policy.kv_fast {
            _ if flags.contains(Gfp::RETRY_MAYFAIL) => quiet,
            KvFast::NoReclaim => quiet.without(Gfp::DIRECT_RECLAIM),
            KvFast::NoRetry => quiet | Gfp::NORETRY,
            KvFast::Loop => quiet,
        };
        match self.kmalloc_on(node, size, align, first) {
            Ok(block) => Ok(KvBlock::Contiguous(block)),
            Err(AllocError::NoMemory | AllocError::Injected | AllocError::OrderTooBig | AllocError::Impossible) => {
                self.area(node, size, align, flags).map(KvBlock::Mapped)
            }
            Err(error) => Err(error),
        }
    }

    /// Notes how many bytes the current task asks for, if it is inside of a named site.
    pub(crate) fn note_bytes(&self, bytes: usize) {
        if self.has_sites.load(Relaxed) {
            let (task, state) = (self.current(), &mut *self.raw());
            let site = state.site_of(task);
            state.stats.sites.note_bytes(site, bytes);
        }
    }

    /// The cap that the current task's requests follow.
    #[inline]
    fn kv_bytes_max(&self) -> usize {
        let cap = if self.has_other_policies.load(Relaxed) { self.rules().kv_cap } else { self.policy.kv_cap };
        cap.bytes(self.zone_ends.last().map_or(0, |end| *end as usize * PAGE_SIZE))
    }

    /// Memory for an array, as [`Machine::kvmalloc`] gives it.
    ///
    /// # Errors
    /// [`AllocError::Overflow`], before any policy is asked; and those of [`Machine::kvmalloc`].
    pub fn kvmalloc_array(&self, elements: usize, size: usize, flags: Gfp) -> Result<KvBlock<'_>, AllocError> {
        self.kvmalloc(array_size(elements, size).ok_or(AllocError::Overflow)?, flags)
    }
}
