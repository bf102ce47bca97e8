//! A slice larger than the memory: an ordinary `&mut [T]`, whose pages come from swap when they are touched.
#![expect(unsafe_code, reason = "hands out a slice over pages that come and go")]

use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt;
use core::marker::PhantomData;
use core::mem::ManuallyDrop;
use core::ptr::NonNull;

use super::map_error::{MapError, PageIn, PageInFailure};
use super::map_pages::{MapPages, MapUsage, Way};
use super::map_thread::{Faults, MapThread};
use super::swap::Swap;
use super::traps::Trap;
use super::uffd::Uffd;
use crate::machine::Machine;
use crate::page::reclaim::ShrinkerId;
use crate::units::PAGE_SIZE;

/// Values that any bytes are one of, zeroes and poison included.
///
/// # Safety
/// Every pattern of bytes is a value of the type, and it has no destructor that matters.
pub unsafe trait MapValue: Copy + Send + Sync + 'static {}

macro_rules! map_values {
    ($($type:ty)+) => {
        $(
            // SAFETY: every pattern of bytes is a number.
            unsafe impl MapValue for $type {}
        )+
    };
}

map_values!(u8 u16 u32 u64 u128 usize i8 i16 i32 i64 i128 isize f32 f64);

// SAFETY: an array is its elements side by side.
unsafe impl<T: MapValue, const N: usize> MapValue for [T; N] {}

/// What a map is to be like.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct SwapMapOptions {
    page_in: PageIn,
    on_failure: PageInFailure,
    resident_max: usize,
}

impl Default for SwapMapOptions {
    fn default() -> SwapMapOptions {
        SwapMapOptions::new()
    }
}

impl SwapMapOptions {
    /// By whatever means there are, with as much in memory as there is room for, and SIGBUS for what cannot be brought in.
    pub const fn new() -> SwapMapOptions {
        SwapMapOptions { page_in: PageIn::Any, on_failure: PageInFailure::Signal, resident_max: usize::MAX }
    }

    /// How touches are noticed.
    #[must_use]
    pub const fn page_in(mut self, page_in: PageIn) -> SwapMapOptions {
        self.page_in = page_in;
        self
    }

    /// Pages that are in memory at most, at least one. When memory is short there are fewer.
    #[must_use]
    pub const fn resident_max(mut self, pages: usize) -> SwapMapOptions {
        self.resident_max = pages;
        self
    }

    /// What becomes of whoever touches a page that cannot be brought in.
    ///
    /// # Safety
    /// With anything but [`PageInFailure::Signal`] the slice's elements change while they are borrowed, when what was there cannot be
    /// brought in again. Whoever relies on an element to be what it was a moment ago, as to have checked an index, and then does something
    /// unsafe with it, copies it by [`core::ptr::read_volatile`] first.
    #[must_use]
    pub const unsafe fn on_failure(mut self, on_failure: PageInFailure) -> SwapMapOptions {
        self.on_failure = on_failure;
        self
    }
}

/// A slice that may be larger than the memory: pages of it that are not in memory come from a [`Swap`] when they are touched, and those
/// that came first go out to make room. The processor's own tables say which is where, so a touch of what is in memory
/// costs nothing.
///
/// Every page in memory is one that the machine gave, for a request with NOWAIT in the name of the task that made the map. The map
/// is a shrinker of class IO: when others need memory, its pages go. It begins as zeroes, and what was never touched takes nothing. The limit of
/// all maps and files on one swap is memory and swap together: see [`PageInFailure`] for what lies beyond.
///
/// A thread of the map's own does the work while whoever touched the page sleeps. So it waits without the machine's knowledge: stepped time stands still
/// meanwhile, and a touch is not a place where a fault can be injected into the code that touches; `fail_swap_io` fails the transfer.
///
/// # What it cannot do
/// - System calls do not wait for pages: given an address that is out, they fail with `EFAULT`, or transfer less. Touch it first, or copy.
/// - A forked child must not touch the slice: what is out ends it with SIGSEGV, and with [`PageIn::Userfaultfd`] all of it does.
/// - With [`PageIn::Signals`], whoever sets a handler of SIGSEGV behind the first map of the process, and does not hand on what it does not know, or blocks
///   the signal, ends the process at the next touch.
/// - It is dear where a page is out: the thread that touched it sleeps and the map's wakes, twice a change of threads, so on a busy
///   computer a touch took five times as long as a read by [`PagedFile`](crate::PagedFile) that finds its page out (`benches/RESULTS.md`).
/// - It does not know which pages are used: those that came first go first, and every page that goes is written, changed or not.
///
/// ```
/// use alloc_core::{Machine, MapError, MemfdHost, NodePages, Swap, SwapMap};
/// use std::sync::Arc;
/// let host = MemfdHost::with_window(64, 2048)?;
/// let machine = Machine::builder().node(NodePages::new(64)).host(Box::new(host)).build()?;
/// // Eight times as much as there is memory.
/// let mut map = SwapMap::<u64>::new(&machine, &Arc::new(Swap::temporary(512)?), 8 * 64 * 512)?;
/// map.as_mut_slice().iter_mut().zip(0..).for_each(|(element, number)| *element = number);
/// assert_eq!(map.as_slice().iter().sum::<u64>(), 262_143 * 262_144 / 2);
/// assert!(map.usage().resident <= 64 && map.usage().pages_out > 448);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct SwapMap<T: MapValue> {
    begin: NonNull<T>,
    len: usize,
    machine: Machine,
    /// The range of the window that it lies in.
    window: Option<usize>,
    page_in: PageIn,
    shrinker: ShrinkerId,
    thread: ManuallyDrop<MapThread>,
    process: u32,
    holds: PhantomData<T>,
}

// SAFETY: the slice is the map's alone, and is handed out as a slice is: shared to readers, or exclusively.
unsafe impl<T: MapValue> Send for SwapMap<T> {}
// SAFETY: as above.
unsafe impl<T: MapValue> Sync for SwapMap<T> {}

#[cfg_attr(alloc_core_swept, firsthit::instrument)]
impl<T: MapValue> SwapMap<T> {
    /// A slice of so many elements, all of them zero.
    ///
    /// # Errors
    /// As [`SwapMap::with_options`].
    pub fn new(machine: &Machine, swap: &Arc<Swap>, len: usize) -> Result<SwapMap<T>, MapError> {
        SwapMap::with_options(machine, swap, len, SwapMapOptions::new())
    }

    /// The same, with options.
    ///
    /// # Errors
    /// [`MapError::Size`]; [`MapError::NoAddresses`] if the window is too small for signals; [`MapError::System`] where userfaultfd is asked for and
    /// not allowed; [`MapError::NoMemory`] if the process has none for the table (24 bytes for each page) or for a thread.
    pub fn with_options(
        machine: &Machine,
        swap: &Arc<Swap>,
        len: usize,
        options: SwapMapOptions,
    ) -> Result<SwapMap<T>, MapError> {
        const { assert!(align_of::<T>() <= PAGE_SIZE, "pages are not aligned to more") };
        let bytes = len.checked_mul(size_of::<T>()).filter(|bytes| (1..=isize::MAX as usize / 2).contains(bytes));
        let pages = bytes.ok_or(MapError::Size)?.div_ceil(PAGE_SIZE);
        if u32::try_from(pages).is_err() {
            return Err(MapError::Size);
        }
        let uffd = match options.page_in {
            PageIn::Signals => None,
            PageIn::Userfaultfd => Some(Uffd::new(pages).map_err(MapError::System)?),
            PageIn::Any => Uffd::new(pages).ok(),
        };
        let table = |way| MapPages::new(machine, swap, pages, way, options.on_failure, options.resident_max);
        let (begin, window, page_in, thread) = match uffd.map(Arc::new) {
            Some(uffd) => {
                let begin = uffd.base();
                let thread = MapThread::new(table(Way::Uffd(Arc::clone(&uffd)))?, Faults::Uffd(uffd))?;
                (begin, None, PageIn::Userfaultfd, thread)
            }
            None => {
                let mut addresses = machine.addresses.lock();
                let room = addresses.room(true);
                let at = addresses.take(pages, room).ok_or(MapError::NoAddresses)?;
                drop(addresses);
                let made = || {
                    let range = machine.arena.window_bytes(at, pages).ok_or(MapError::NoAddresses)?;
                    let begin = range.cast::<u8>().as_ptr();
                    let trap = Trap::new(begin.addr()..begin.addr() + pages * PAGE_SIZE).map_err(MapError::System)?;
                    let faults = Faults::Signals { trap, begin: begin.addr() };
                    Ok((begin, MapThread::new(table(Way::Window(at))?, faults)?))
                };
                let (begin, thread) = made().inspect_err(|_| machine.addresses.lock().give(at))?;
                (begin, Some(at), PageIn::Signals, thread)
            }
        };
        let begin = NonNull::new(begin.cast()).ok_or(MapError::NoMemory)?;
        let shrinker = machine.register_shrinker(thread.shared.clone());
        Ok(SwapMap {
            begin,
            len,
            machine: machine.share(),
            window,
            page_in,
            shrinker,
            thread: ManuallyDrop::new(thread),
            process: std::process::id(),
            holds: PhantomData,
        })
    }

    /// The slice.
    pub fn as_slice(&self) -> &[T] {
        // SAFETY: 1. The range is this map's, of so many bytes at least, aligned to a page. 2. Whoever touches a page of it finds the
        // bytes that were last written there, or zeroes, which are values of the type; what can be otherwise the caller
        // of `on_failure` has taken upon itself. 3. It is written through an exclusive borrow only.
        unsafe { core::slice::from_raw_parts(self.begin.as_ptr(), self.len) }
    }

    /// The slice, to write.
    pub fn as_mut_slice(&mut self) -> &mut [T] {
        // SAFETY: as in `as_slice`, and the map is borrowed exclusively.
        unsafe { core::slice::from_raw_parts_mut(self.begin.as_ptr(), self.len) }
    }

    /// Runs `body` with the slice, and says if any page could not be brought in meanwhile: under
    /// [`PageInFailure::ErrOnGuard`] it found poison there, and what it made of that is dropped. Afterwards that page is as it was before `body`.
    ///
    /// # Errors
    /// The first page-in that failed, of any thread's.
    pub fn with<R>(&mut self, body: impl FnOnce(&mut [T]) -> R) -> Result<R, MapError> {
        let shared = Arc::clone(&self.thread.shared);
        let guard = Guard(&shared);
        {
            let mut pages = shared.pages();
            pages.guarded = true;
            pages.error = None;
        }
        let result = body(self.as_mut_slice());
        let error = shared.pages().error.take();
        drop(guard);
        error.map_or(Ok(result), Err)
    }

    /// What the map has done so far.
    pub fn usage(&self) -> MapUsage {
        self.thread.shared.pages().usage()
    }

    /// The numbers of the pages that could not be brought in when they were last touched, and where poison is instead, or a signal.
    pub fn failed_pages(&self) -> Vec<usize> {
        self.thread.shared.pages().failed()
    }

    /// Compares the map's tables with each other. [`Machine::audit`] looks at the pages themselves.
    ///
    /// # Errors
    /// The first thing that is not as it must be.
    pub fn audit(&self) -> Result<(), &'static str> {
        self.thread.shared.pages().audit()
    }

    /// By which means touches are noticed.
    pub fn page_in(&self) -> PageIn {
        self.page_in
    }
}

/// That a guard is at work.
struct Guard<'s>(&'s super::map_thread::Shared);

impl Drop for Guard<'_> {
    fn drop(&mut self) {
        let mut pages = self.0.pages();
        pages.guarded = false;
        pages.end_guard();
    }
}

impl<T: MapValue> fmt::Debug for SwapMap<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let usage = self.usage();
        write!(f, "SwapMap({} elements, {} of {} pages in memory)", self.len, usage.resident, usage.pages)
    }
}

impl<T: MapValue> Drop for SwapMap<T> {
    fn drop(&mut self) {
        if self.process != std::process::id() {
            // The thread is in the parent, and may have been in the middle of anything.
            return;
        }
        // Who reclaims at this moment may still have it, and finds nothing any more.
        drop(self.machine.unregister_shrinker(self.shrinker));
        self.thread.shared.pages().clear();
        // SAFETY: it is used no more.
        unsafe { ManuallyDrop::drop(&mut self.thread) };
        if let Some(at) = self.window {
            self.machine.addresses.lock().give(at);
        }
    }
}
