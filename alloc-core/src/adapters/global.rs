//! A machine as the allocator of a whole program.
#![expect(unsafe_code, reason = "a global allocator promises what every program relies on")]

use core::fmt;
use core::ptr::{self, NonNull};
use core::sync::atomic::{AtomicBool, AtomicPtr, AtomicU64, Ordering};
use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::OnceLock;

use crate::adapters::handle::FLAGS;
use crate::adapters::kind::MemoryKind;
use crate::build_error::BuildError;
use crate::error::FreeError;
use crate::gfp::Gfp;
use crate::machine::Machine;
use crate::sync::inside;
use crate::units::Order;

/// What is asked: large memory may be mapped from pages that lie anywhere.
const KIND: MemoryKind = MemoryKind::Either;

/// A machine that serves all requests of a program, as its `#[global_allocator]`.
///
/// It is built when the first one comes. Requests are those of [`Machine::kvmalloc`] with `KERNEL | NOWARN` and what the scopes
/// of the thread's task say; where that is an error, the program gets null, so that `try_reserve` fails, and what cannot fail
/// ends the process as `std::alloc::handle_alloc_error` does, by SIGABRT.
///
/// ```
/// use alloc_core::{GlobalMachine, Machine, NodePages, Policy};
/// #[global_allocator]
/// static MEMORY: GlobalMachine = GlobalMachine::new(|| {
///     Machine::builder().node(NodePages::new(4096)).policy(Policy::small_may_fail()).build()
/// });
/// let machine = MEMORY.machine();
/// let mut numbers = vec![1_u64, 2, 3];
/// let full = machine.exhaust(alloc_core::NodeId(0), 0);
/// assert!(numbers.try_reserve(1_000_000).is_err());
/// drop(full);
/// assert!(numbers.try_reserve(1_000_000).is_ok());
/// machine.audit()?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Whose requests they are
/// Those of the task that the thread runs as ([`Machine::run_as`]). All threads that run as none are [`Machine::BOOT`], and have
/// its scopes in common: a scope that one of them opens holds for all. Who wants a thread to have scopes, a memory policy or a
/// budget of its own gives it a task of its own.
///
/// # What comes from the system's allocator instead
/// The machine does not lie in its own memory. From the system's allocator comes
/// - what is asked for while the machine is built, by any thread;
/// - what a thread asks for while it holds one of a machine's locks: tables of tasks, caches and areas;
/// - what a [`FaultSource`](crate::FaultSource) asks for in order to decide;
/// - what is asked for inside of [`GlobalMachine::aside`];
/// - what a thread that panics asks for and the machine does not have at once: it does not reclaim, and the message and the
///   backtrace get out.
///
/// [`GlobalMachine::system_requests`] counts them. Whose memory it is, its address says when it is given back.
///
/// # What may happen meanwhile
/// - A program may fork: see [`MemfdHost`](crate::MemfdHost).
/// - Threads may end; nothing of what they own to the machine has a destructor that a request needs.
/// - A shrinker, an OOM notifier or the building of the machine that panics inside of a request ends the process: nothing unwinds
///   out of a global allocator.
/// - A request of a thread that has the machine's memory, but holds a lock of it, is given back later: with the next request.
pub struct GlobalMachine {
    build: fn() -> Result<Machine, BuildError>,
    machine: OnceLock<Machine>,
    /// Somebody builds the machine, or has.
    building: AtomicBool,
    /// Memory that was given back inside of the machine, each piece with the next one's address in it.
    late: AtomicPtr<Late>,
    from_system: AtomicU64,
}

/// What stands in memory that is given back late.
struct Late {
    next: *mut Late,
}

impl fmt::Debug for GlobalMachine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GlobalMachine").field("machine", &self.machine.get()).finish_non_exhaustive()
    }
}

/// Ends the process instead of unwinding.
struct NoUnwinding(&'static str);

impl Drop for NoUnwinding {
    fn drop(&mut self) {
        stop(format_args!("{}", self.0));
    }
}

/// Runs `body`, which must not unwind.
#[inline(always)]
fn without_unwinding<R>(what: &'static str, body: impl FnOnce() -> R) -> R {
    let guard = NoUnwinding(what);
    let result = body();
    core::mem::forget(guard);
    result
}

#[cold]
fn stop(why: fmt::Arguments<'_>) -> ! {
    let _aside = inside::stands_aside();
    std::eprintln!("alloc-core: {why}");
    std::process::abort()
}

impl GlobalMachine {
    /// The machine that `build` makes when the first request comes. It is called once; what it asks for comes from the system's
    /// allocator.
    ///
    /// Where it cannot be built the process ends, with the reason.
    pub const fn new(build: fn() -> Result<Machine, BuildError>) -> GlobalMachine {
        GlobalMachine {
            build,
            machine: OnceLock::new(),
            building: AtomicBool::new(false),
            late: AtomicPtr::new(ptr::null_mut()),
            from_system: AtomicU64::new(0),
        }
    }

    /// The machine, for its statistics, its audit, its scopes, its fault sources, and to exhaust it.
    ///
    /// An audit wants nobody else to use the machine meanwhile. Where other threads do, a process that is forked for it sees the
    /// machine still: it audits its copy, and says by its exit code what it found.
    ///
    /// # Panics
    /// Called by the function that builds it.
    pub fn machine(&self) -> &Machine {
        loop {
            if let Some(machine) = self.machine.get().or_else(|| self.built()) {
                return machine;
            }
            assert!(!inside::is_aside(), "the machine of a global allocator is asked for where it is not built yet");
            std::thread::yield_now();
        }
    }

    /// Runs `body`; what this thread asks for meanwhile comes from the system's allocator, not from the machine. What belongs to
    /// an experiment and not to the code that is tried stays out of the way so: reports, lists of results, the test harness.
    ///
    /// Other threads are not concerned, nor is what they do for this one.
    pub fn aside<R>(body: impl FnOnce() -> R) -> R {
        let _aside = inside::stands_aside();
        body()
    }

    /// Whether an address lies in the machine's memory.
    pub fn owns(&self, pointer: *const u8) -> bool {
        self.machine.get().is_some_and(|machine| machine.has(pointer))
    }

    /// How many requests the system's allocator served instead of the machine.
    pub fn system_requests(&self) -> u64 {
        self.from_system.load(Ordering::Relaxed)
    }

    /// The machine, if this call is the first and builds it.
    #[cold]
    fn built(&self) -> Option<&Machine> {
        if self.building.swap(true, Ordering::AcqRel) {
            return None;
        }
        let _aside = inside::stands_aside();
        match without_unwinding("the machine of the global allocator panicked while it was built", self.build) {
            Ok(machine) => self.machine.set(machine).ok(),
            Err(error) => stop(format_args!("the machine of the global allocator could not be built: {error}")),
        };
        self.machine.get()
    }

    /// The machine, if it is to serve this thread now.
    #[inline(always)]
    fn serving(&self) -> Option<&Machine> {
        if inside::is_aside() {
            return None;
        }
        let machine = self.machine.get().or_else(|| self.built())?;
        if !self.late.load(Ordering::Relaxed).is_null() {
            self.free_late(machine);
        }
        Some(machine)
    }

    #[inline(always)]
    fn ask(&self, layout: Layout, more: Gfp) -> *mut u8 {
        if let Some(machine) = self.serving() {
            let asked = || KIND.alloc(machine, None, layout, flags().with(more));
            if let Ok(memory) = without_unwinding(PANICKED, asked) {
                return memory.as_ptr();
            }
            if !std::thread::panicking() {
                return ptr::null_mut();
            }
        }
        self.ask_system(layout, more)
    }

    #[cold]
    #[inline(never)]
    fn ask_system(&self, layout: Layout, more: Gfp) -> *mut u8 {
        self.from_system.fetch_add(1, Ordering::Relaxed);
        // SAFETY: the layouts of this allocator's requests have bytes, by its callers' promise.
        unsafe { if more.contains(Gfp::ZERO) { System.alloc_zeroed(layout) } else { System.alloc(layout) } }
    }

    /// Keeps memory that is given back while the thread is inside of the machine.
    #[cold]
    fn keep_late(&self, memory: *mut u8) {
        let late = memory.cast::<Late>();
        let mut next = self.late.load(Ordering::Relaxed);
        loop {
            // SAFETY: the memory is nobody's any more. It has room, and is aligned: the smallest objects have eight bytes, and
            // as much alignment.
            unsafe { late.write(Late { next }) };
            match self.late.compare_exchange_weak(next, late, Ordering::Release, Ordering::Relaxed) {
                Ok(_) => return,
                Err(now) => next = now,
            }
        }
    }

    #[cold]
    fn free_late(&self, machine: &Machine) {
        let mut late = self.late.swap(ptr::null_mut(), Ordering::Acquire);
        while let Some(memory) = NonNull::new(late) {
            // SAFETY: written by `keep_late`; the list was taken as a whole, so this thread alone has it.
            late = unsafe { memory.read() }.next;
            free(machine, memory.cast());
        }
    }
}

/// What a request of this thread says. One that panics does not reclaim: it may have locks of the standard library that another
/// panic, of a shrinker, would wait for.
#[inline(always)]
fn flags() -> Gfp {
    if std::thread::panicking() { FLAGS.without(Gfp::RECLAIM) } else { FLAGS }
}

const PANICKED: &str = "something panicked inside of a request to the global allocator";

/// Gives memory back to the machine. What is no memory in use changes nothing, and the machine notes it among its events.
#[inline(always)]
fn free(machine: &Machine, memory: NonNull<u8>) {
    // SAFETY: the callers' promise: nobody uses the memory any more.
    let freed = without_unwinding(PANICKED, || unsafe { KIND.free(machine, memory) });
    match freed {
        Ok(()) => {}
        // What was found beside an object is noted where it was found.
        Err(FreeError::RedZone) => {}
        Err(error) => machine.note_bad_free(machine.frame_at(memory.as_ptr()), Order::ZERO, error),
    }
}

// SAFETY: 1. Memory of a machine stays where it is, has the layout's size and alignment, and is nobody else's until it is given
// back; so does the system's. 2. Whose it is, its address says, and it goes back there. 3. Nothing unwinds: what could is ended.
unsafe impl GlobalAlloc for GlobalMachine {
    #[inline]
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        self.ask(layout, Gfp::NONE)
    }

    #[inline]
    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        self.ask(layout, Gfp::ZERO)
    }

    #[inline]
    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        match (self.machine.get().filter(|machine| machine.has(pointer)), NonNull::new(pointer)) {
            (Some(_), _) if inside::is_inside() => self.keep_late(pointer),
            (Some(machine), Some(memory)) => free(machine, memory),
            // SAFETY: it is no memory of the machine, so it was the system's answer to a request with this layout.
            _ => unsafe { System.dealloc(pointer, layout) },
        }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        // SAFETY: the caller's promise: the size does not overflow with this alignment.
        let to = unsafe { Layout::from_size_align_unchecked(size, layout.align()) };
        let Some(machine) = self.machine.get().filter(|machine| machine.has(pointer)) else {
            // SAFETY: as in `dealloc`. What is the system's stays there.
            return unsafe { System.realloc(pointer, layout, size) };
        };
        if let (false, Some(memory)) = (inside::is_aside(), NonNull::new(pointer)) {
            // SAFETY: the caller's promise, and that the memory is the machine's.
            let moved = without_unwinding(PANICKED, || unsafe { KIND.realloc(machine, memory, layout, to, flags()) });
            if let Ok(moved) = moved {
                return moved.as_ptr();
            }
            if !std::thread::panicking() {
                return ptr::null_mut();
            }
        }
        let moved = self.ask_system(to, Gfp::NONE);
        if !moved.is_null() {
            // SAFETY: both have so many bytes, and are different memory; the caller gives the old one up.
            unsafe {
                moved.copy_from_nonoverlapping(pointer, layout.size().min(size));
                self.dealloc(pointer, layout);
            }
        }
        moved
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::node_pages::NodePages;
    use crate::units::PAGE_SIZE;

    /// A machine of its own for each test, which is no program's allocator.
    fn memory() -> GlobalMachine {
        GlobalMachine::new(|| Machine::builder().node(NodePages::new(256)).build())
    }

    fn layout(size: usize) -> Layout {
        Layout::from_size_align(size, 8).unwrap()
    }

    #[test]
    fn what_is_given_back_inside_of_the_machine_comes_back_with_the_next_request() {
        let memory = memory();
        let free = || memory.machine().free_pages(None);
        let before = free();
        // SAFETY: the layouts have bytes; the memory is used by this test alone, and given back once.
        unsafe {
            let block = memory.alloc(layout(5 * PAGE_SIZE));
            let object = memory.alloc(layout(8));
            assert!(free() <= before - 8 && memory.owns(block) && memory.owns(object));
            let held = free();
            inside::enter();
            memory.dealloc(block, layout(5 * PAGE_SIZE));
            let moved = memory.realloc(object, layout(8), 5000);
            memory.dealloc(moved, layout(5000));
            inside::leave();
            assert!(!memory.owns(moved) && free() == held);
            memory.dealloc(memory.alloc(layout(8)), layout(8));
        }
        memory.machine().shrink_slabs();
        assert_eq!(free(), before);
        memory.machine().audit().unwrap();
    }

    #[test]
    fn memory_is_kept_and_cleared_as_it_moves() {
        let memory = memory();
        let mut size = 1;
        // SAFETY: as above, with the layout of the time.
        unsafe {
            let mut block = memory.alloc_zeroed(layout(size));
            block.write(7);
            while size < 40_000 {
                block = memory.realloc(block, layout(size), 2 * size + 1);
                block.add(size).write_bytes(7, size + 1);
                size = 2 * size + 1;
            }
            assert!(core::slice::from_raw_parts(block, size).iter().all(|byte| *byte == 7));
            memory.dealloc(block, layout(size));
            let zeroed = memory.alloc_zeroed(layout(100));
            assert!(core::slice::from_raw_parts(zeroed, 100).iter().all(|byte| *byte == 0));
            memory.dealloc(zeroed, layout(100));
        }
        assert_eq!(memory.system_requests(), 0);
        memory.machine().audit().unwrap();
    }

    #[test]
    fn while_the_machine_is_built_the_system_serves_and_what_it_gave_stays_its_own() {
        static MEMORY: GlobalMachine = GlobalMachine::new(|| {
            // SAFETY: the layout has bytes.
            let early = unsafe { MEMORY.alloc(Layout::new::<u64>()) };
            EARLY.store(early, Ordering::Relaxed);
            Machine::builder().node(NodePages::new(256)).build()
        });
        static EARLY: AtomicPtr<u8> = AtomicPtr::new(ptr::null_mut());
        let machine = MEMORY.machine();
        let early = EARLY.load(Ordering::Relaxed);
        assert!(!MEMORY.owns(early) && MEMORY.system_requests() == 1);
        // SAFETY: the memory was given above, for this layout, and is given back once.
        unsafe {
            let grown = MEMORY.realloc(early, Layout::new::<u64>(), 64);
            assert!(!MEMORY.owns(grown));
            MEMORY.dealloc(grown, layout(64));
        }
        machine.audit().unwrap();
    }
}
