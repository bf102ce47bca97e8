//! A mapped range whose pages come when they are touched, from the nodes that the range's policies say.

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::fmt;
use core::ops::Range;

use crate::error::AllocError;
use crate::gfp::Gfp;
use crate::machine::Machine;
use crate::movable_pages::{Pinned, PinnedMut};
use crate::numa::mem_policy::{MemPolicy, TaskPolicy};
use crate::numa::node_mask::NodeMask;
use crate::numa::vma_policy::VmaPolicies;
use crate::page::movable::PlaceId;
use crate::request::{Request, Step};
use crate::sync::lock::Lock;
use crate::sync::read_write::{ReadWrite, Reading};
use crate::units::{FrameNumber, NodeId, Order};

/// A range of pages, none of which is there before it is touched (the kernel's `vm_area_struct` of anonymous memory). Its pages are given
/// back on drop.
///
/// A page is brought by a **fault**: a request for one zeroed page with [`Gfp::USER_MOVABLE`], in the current task's name, from the
/// nodes that the policy of the page says ([`Vma::mbind`]), or else that of the task. A fault holds the lock of the range for reading
/// from its beginning to its end, reclaim and killer included, and `mbind` holds it for writing (`mmap_lock`): so whatever a fault
/// asks by one policy is there, or has failed, before the next policy holds.
///
/// Pages are movable, so each has its address only while it is pinned, and the range is no slice.
///
/// ```
/// use alloc_core::{Machine, MemPolicy, NodeId, NodeMask, NodePages, Rebind};
/// let machine = Machine::builder().node(NodePages::new(1024)).node(NodePages::new(1024)).build()?;
/// let mut range = machine.vma(100)?;
/// range.pin_mut(3)?[0] = 7;
/// assert_eq!((range.present(), range.node_of(3)), (1, Some(NodeId(0))));
/// let there = MemPolicy::Bind(NodeMask::of(&[NodeId(1)]));
/// let bound = range.mbind(0..50, there, Rebind::Remap, true)?;
/// assert_eq!((bound.moved, range.node_of(3), range.pin(3)?[0]), (1, Some(NodeId(1)), 7));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Vma<'m> {
    pub(crate) machine: &'m Machine,
    /// By page.
    pages: Lock<Box<[Option<PlaceId>]>>,
    len: usize,
    pub(crate) policies: ReadWrite<VmaPolicies>,
}

#[cfg_attr(alloc_core_swept, firsthit::instrument)]
impl Machine {
    /// A range of so many pages, none of which is there. The surrounding process is asked for memory to note them.
    ///
    /// # Errors
    /// [`AllocError::ZeroSize`], and [`AllocError::NoMemory`] if the process has none.
    pub fn vma(&self, pages: usize) -> Result<Vma<'_>, AllocError> {
        if pages == 0 {
            return Err(AllocError::ZeroSize);
        }
        let mut places = Vec::new();
        places.try_reserve_exact(pages).map_err(|_| AllocError::NoMemory)?;
        places.resize(pages, None);
        let (len, places) = (pages, Lock::new(places.into_boxed_slice()));
        Ok(Vma { machine: self, pages: places, len, policies: ReadWrite::new(VmaPolicies::default()) })
    }
}

/// What a step of a fault came to.
#[derive(Debug)]
pub enum FaultStep {
    /// It goes on, or sleeps; whatever happens before the next step, happens in the middle of it.
    Next,
    /// It is over.
    Done(Result<(), AllocError>),
}

/// A fault under way: the lock of its range is held for reading until it is dropped. Dropped before its end, it is given up.
#[derive(Debug)]
#[must_use = "a fault does nothing until it is stepped"]
pub struct Fault<'v> {
    range: &'v Vma<'v>,
    page: usize,
    /// `None` once the page is there.
    request: Option<Request<'v>>,
    _reading: Reading<'v, VmaPolicies>,
}

#[cfg_attr(alloc_core_swept, firsthit::instrument)]
impl Fault<'_> {
    /// Makes the next step.
    pub fn step(&mut self) -> FaultStep {
        let Some(request) = &mut self.request else { return FaultStep::Done(Ok(())) };
        match request.step() {
            Step::Next | Step::Wait(_) => FaultStep::Next,
            Step::Done(result) => {
                let brought = result.and_then(|block| self.range.bring(self.page, block.into_pages().frame()));
                self.request = self.request.take().filter(|_| brought.is_err());
                FaultStep::Done(brought)
            }
        }
    }

    /// Drives it to its end, as [`Request::finish`] does.
    ///
    /// # Errors
    /// Those of the request for the page.
    pub fn finish(mut self) -> Result<(), AllocError> {
        let Some(request) = self.request.take() else { return Ok(()) };
        self.range.bring(self.page, request.finish()?.into_pages().frame())
    }
}

#[cfg_attr(alloc_core_swept, firsthit::instrument)]
impl<'m> Vma<'m> {
    /// Pages of the range.
    #[expect(clippy::len_without_is_empty, reason = "a range has a page at least")]
    pub fn len(&self) -> usize {
        self.len
    }

    /// Pages that are there.
    pub fn present(&self) -> usize {
        self.pages.lock().iter().flatten().count()
    }

    pub(crate) fn place(&self, page: usize) -> Option<PlaceId> {
        self.pages.lock().get(page).copied().flatten()
    }

    /// The node that a page is on at the moment; `None` if it is not there.
    pub fn node_of(&self, page: usize) -> Option<NodeId> {
        let place = self.place(page)?;
        let mut state = self.machine.raw();
        let frame = state.movable_at(place);
        Some(state.node_of(frame))
    }

    /// The policy that a page has of its own, as `mbind` said it.
    pub fn policy_of(&self, page: usize) -> Option<MemPolicy> {
        self.policies.read().at(page).map(|policy| policy.bound())
    }

    /// Begins the fault of a page, to be made step by step. As long as it lives, a thread that calls [`Vma::mbind`] waits, and must
    /// therefore be another one; [`Vma::try_mbind`] does not wait.
    ///
    /// # Errors
    /// [`AllocError::BeyondRange`] beyond the end of the range, and those of a request that is refused before any memory is looked at.
    pub fn begin_fault(&self, page: usize) -> Result<Fault<'_>, AllocError> {
        if page >= self.len {
            return Err(AllocError::BeyondRange);
        }
        let reading = self.policies.read();
        let request = match self.place(page) {
            Some(_) => None,
            None => Some(self.request(page, reading.at(page), Gfp::USER_MOVABLE | Gfp::ZERO)?),
        };
        Ok(Fault { range: self, page, request, _reading: reading })
    }

    /// Brings a page, if it is not there.
    ///
    /// # Errors
    /// Those of [`Vma::begin_fault`], and of the request for the page.
    pub fn fault(&self, page: usize) -> Result<(), AllocError> {
        // Whoever finds it there needs no lock: it stays.
        if self.place(page).is_some() { Ok(()) } else { self.begin_fault(page)?.finish() }
    }

    /// A page's bytes, to read, brought if it is not there; it is not moved as long as the pin lives.
    ///
    /// # Errors
    /// Those of [`Vma::fault`].
    pub fn pin(&self, page: usize) -> Result<Pinned<'_>, AllocError> {
        self.fault(page)?;
        let place = self.place(page).ok_or(AllocError::BeyondRange)?;
        Ok(self.machine.pin(place, Order::ZERO))
    }

    /// A page's bytes, to write; otherwise as [`Vma::pin`].
    ///
    /// # Errors
    /// Those of [`Vma::fault`].
    #[expect(unsafe_code, reason = "a pin to write")]
    pub fn pin_mut(&mut self, page: usize) -> Result<PinnedMut<'_>, AllocError> {
        self.fault(page)?;
        let place = self.place(page).ok_or(AllocError::BeyondRange)?;
        // SAFETY: the page is this range's alone, which is borrowed exclusively.
        Ok(unsafe { self.machine.pin_mut(place, Order::ZERO) })
    }

    /// Gives pages back that are there, as far as they lie in the range. Touched again, they are zero (`MADV_DONTNEED`).
    pub fn discard(&mut self, pages: Range<usize>) {
        for page in pages.start..pages.end.min(self.len) {
            let gone = self.pages.lock().get_mut(page).and_then(Option::take);
            if let Some(place) = gone {
                self.machine.raw().give_movable(place);
            }
        }
    }

    /// The nodes that the current task may use.
    pub(crate) fn mems(&self) -> Result<NodeMask, AllocError> {
        let state = self.machine.raw();
        let task = state.task(self.machine.current()).ok_or(AllocError::NoSuchTask)?;
        Ok(task.mems.allowed.intersection(state.online()))
    }

    /// The request for a page of the range, by its own policy or the task's.
    pub(crate) fn request(
        &self,
        page: usize,
        policy: Option<TaskPolicy>,
        flags: Gfp,
    ) -> Result<Request<'_>, AllocError> {
        let machine = self.machine;
        let task = machine.current();
        let Some(mut policy) = policy else { return Ok(machine.request(task, None, Order::ZERO, flags)?.once()) };
        policy.rebind(self.mems()?);
        let home = machine.raw().task(task).map(|task| task.options.node);
        let node = policy.node_of(page).or(home);
        machine.request_bound(task, node, policy.mask(), flags)
    }

    /// A block that was brought for a page becomes that page, unless somebody else brought one meanwhile.
    fn bring(&self, page: usize, frame: FrameNumber) -> Result<(), AllocError> {
        let place = self.machine.movable(frame)?;
        let mut pages = self.pages.lock();
        match pages.get_mut(page) {
            Some(there @ None) => *there = Some(place),
            _ => {
                drop(pages);
                self.machine.raw().give_movable(place);
            }
        }
        Ok(())
    }
}

impl Drop for Vma<'_> {
    fn drop(&mut self) {
        self.discard(0..self.len);
    }
}

impl fmt::Debug for Vma<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Vma({} of {} pages are there)", self.present(), self.len)
    }
}
