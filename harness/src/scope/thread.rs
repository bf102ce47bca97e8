//! One thread's part in a scope: its boundary, its walker's state, its balance.
#![expect(unsafe_code, reason = "a thread finds its scope through a raw pointer in thread-local storage")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::{Cell, UnsafeCell};
use std::ptr;
use std::sync::Arc;
use std::sync::atomic::Ordering::{AcqRel, Acquire, Relaxed, Release, SeqCst};
use std::sync::atomic::{AtomicBool, compiler_fence};

use super::armed::{arm, disarm};
use super::balance::{Balance, Balanced};
use super::shared::{Scope, phase};
use super::sites::Sites;
use crate::chain::boundary::{Boundary, within};
use crate::chain::frame_pointers::Context;
use crate::chain::id::Id;
use crate::chain::walker::RuleWalker;
use crate::memory::record::{NONE, Request};

/// How many return addresses one walk can hold.
pub(crate) const FRAMES_MAX: usize = 16 * 1024;

/// The running thread's part in a scope, as the hot path finds it.
///
/// Compiled for a shared object, `thread_local!` may call the dynamic linker, and a function with a call in it saves
/// registers on every path. So the word is the assembler's, read without a call wherever this is linked to.
#[cfg(all(target_os = "linux", target_arch = "x86_64", target_pointer_width = "64"))]
mod current {
    use super::ThreadScope;

    core::arch::global_asm!(
        ".pushsection .tbss.firsthit_current, \"awT\", @nobits",
        ".hidden firsthit_current",
        ".globl firsthit_current",
        ".type firsthit_current, @object",
        ".size firsthit_current, 8",
        ".p2align 3",
        "firsthit_current:",
        ".zero 8",
        ".popsection",
    );

    #[inline(always)]
    pub(super) fn get() -> *const ThreadScope {
        let thread;
        // SAFETY: the block reads a word of this thread's own, which is there as long as the thread is.
        unsafe {
            core::arch::asm!(
                "mov {0}, qword ptr [rip + firsthit_current@GOTTPOFF]",
                "mov {0}, qword ptr fs:[{0}]",
                out(reg) thread,
                options(nostack, preserves_flags, readonly),
            );
        }
        thread
    }

    pub(super) fn replace(thread: *const ThreadScope) -> *const ThreadScope {
        let before = get();
        // SAFETY: the block writes a word of this thread's own, which nothing else refers to.
        unsafe {
            core::arch::asm!(
                "mov {0}, qword ptr [rip + firsthit_current@GOTTPOFF]",
                "mov qword ptr fs:[{0}], {1}",
                out(reg) _,
                in(reg) thread,
                options(nostack, preserves_flags),
            );
        }
        before
    }
}

#[cfg(not(all(target_os = "linux", target_arch = "x86_64", target_pointer_width = "64")))]
mod current {
    use std::cell::Cell;
    use std::ptr;

    use super::ThreadScope;

    thread_local! {
        static CURRENT: Cell<*const ThreadScope> = const { Cell::new(ptr::null()) };
    }

    #[inline(always)]
    pub(super) fn get() -> *const ThreadScope {
        CURRENT.try_with(Cell::get).unwrap_or(ptr::null())
    }

    pub(super) fn replace(thread: *const ThreadScope) -> *const ThreadScope {
        CURRENT.replace(thread)
    }
}

/// One thread in a scope.
///
/// It lives in memory of the system allocator and is never freed: a thread's last deallocations, in the
/// destructors of its thread-local values, come after its own code and still look it up. One whose thread has
/// left the scope serves the next thread that enters; its balance stays part of the scope's sum.
///
/// What every request touches comes first, on one cache line.
#[repr(C, align(64))]
pub(crate) struct ThreadScope {
    pub(crate) scope: Arc<Scope>,
    pub(crate) balance: Balance,
    /// The runtime itself is at work: requests pass.
    pub(crate) busy: Cell<bool>,
    /// The value that a fail point returns is being made, which is no recovery code: nothing fails.
    pub(crate) makes_failure: Cell<bool>,
    pub(crate) context: UnsafeCell<Context>,
    /// The request that is being decided on, for the record of a new chain.
    pub(crate) asked: Cell<Request>,
    pub(crate) walker: UnsafeCell<Option<RuleWalker>>,
    taken: AtomicBool,
    pub(crate) place: Cell<Place>,
    /// Room for one exact walk.
    pub(crate) scratch: *mut [usize; FRAMES_MAX],
    /// The thread's number in the kernel.
    pub(crate) kernel_id: Cell<u32>,
    /// The annotated calls that it is in.
    pub(crate) sites: Sites,
    /// Whether a panic of a std that is not this one was raised on it.
    pub(crate) raised: Cell<bool>,
    /// It is in the C library's `pthread_create`: what that asks for belongs to a stack, which the C library keeps for later
    /// threads when its thread has ended.
    pub(crate) creates: Cell<bool>,
    /// Set from a failure on this thread to the first recovery arm behind it.
    pub(crate) failed: Cell<bool>,
    /// The chain of the last request to an allocator of the code's own.
    pub(crate) told: Cell<u32>,
    next: Cell<*const ThreadScope>,
}

/// Where a thread's chains end, and what their identities begin with.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place {
    pub(crate) boundary: Boundary,
    pub(crate) stable_seed: Id,
    /// The number of the chain that spawned the thread.
    pub(crate) spawned_by: u32,
}

/// Where a thread comes from.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Origin {
    pub(crate) seed: Id,
    pub(crate) spawned_by: u32,
}

impl Origin {
    /// The thread that the sweep was called on.
    pub(crate) const SWEEP: Origin = Origin { seed: Id::EMPTY, spawned_by: NONE };
}

/// The running thread's part in a scope, if it has one.
#[inline(always)]
pub(crate) fn current() -> Option<&'static ThreadScope> {
    let current = current::get();
    // SAFETY: null, or a `ThreadScope` that is never freed.
    unsafe { current.as_ref() }
}

/// The running thread's part in a scope, and the scope's phase, if its requests mean anything at the moment.
#[inline(always)]
pub(crate) fn observed() -> Option<(&'static ThreadScope, u32)> {
    let thread = current()?;
    let phase = thread.scope.phase();
    (phase != phase::OFF && !thread.busy.get()).then_some((thread, phase))
}

/// Puts back what was current before, also when the body unwinds.
struct Entered {
    before: *const ThreadScope,
    thread: *const ThreadScope,
}

impl Drop for Entered {
    fn drop(&mut self) {
        current::replace(self.before);
        disarm();
        // SAFETY: null, or a `ThreadScope` that is never freed.
        if let Some(thread) = unsafe { self.thread.as_ref() } {
            thread.taken.store(false, Release);
        }
    }
}

impl Scope {
    /// Runs `body` as a part of this scope.
    pub(crate) fn enter<R>(self: &Arc<Self>, origin: Origin, body: impl FnOnce() -> R) -> R {
        within(|boundary| {
            let thread = ThreadScope::at(self, boundary, origin);
            let _entered = Entered { before: current::replace(thread), thread };
            arm();
            body()
        })
    }

    /// Makes the running thread, which is about to end, a part of the scope to its end.
    pub(crate) fn enter_to_the_end<R>(self: &Arc<Self>, origin: Origin, body: impl FnOnce() -> R) -> R {
        within(|boundary| {
            current::replace(ThreadScope::at(self, boundary, origin));
            arm();
            body()
        })
    }

    /// The sum over all threads that belong, or belonged, to the scope.
    pub(crate) fn balance(&self) -> Balanced {
        self.threads().fold(Balanced::default(), |sum, thread| sum.plus(thread.balance.now()))
    }

    /// Starts the sums anew.
    pub(crate) fn reset_balance(&self) {
        self.threads().for_each(|thread| thread.balance.reset());
    }

    pub(crate) fn threads(&self) -> impl Iterator<Item = &ThreadScope> {
        let mut next: *const ThreadScope = self.threads.load(Acquire).cast();
        std::iter::from_fn(move || {
            // SAFETY: null, or a `ThreadScope` of this scope's list, never freed.
            let thread = unsafe { next.as_ref() }?;
            next = thread.next.get();
            Some(thread)
        })
    }
}

fn aim(walker: &mut Option<RuleWalker>, boundary: Boundary, seed: Id) {
    if let Some(walker) = walker {
        walker.aim(&boundary, seed);
    }
}

/// Room for a thread's part, placed so that what it holds does not lie where the stack below `frame` does, as far as the
/// last twelve bits of an address tell: a processor that compares no more of them takes a word that was just pushed for
/// the one it is to load, and waits.
fn apart_from(frame: usize) -> *mut u8 {
    const PAGE: usize = 4096;
    let Ok(layout) = Layout::from_size_align(size_of::<ThreadScope>() + PAGE, PAGE) else { return ptr::null_mut() };
    // SAFETY: the layout is not of size 0.
    let room = unsafe { System.alloc(layout) };
    let place = (frame & (PAGE - 1)).next_multiple_of(align_of::<ThreadScope>()) % PAGE;
    // SAFETY: a thread's part at this place ends inside of the room.
    if room.is_null() { room } else { unsafe { room.add(place) } }
}

/// The running thread's number in the kernel.
#[cfg(not(firsthit_portable))]
pub(crate) fn kernel_id() -> u32 {
    // SAFETY: reads a number.
    unsafe { libc::gettid() as u32 }
}

/// Numbers of threads are for other processes, of which there are none.
#[cfg(firsthit_portable)]
pub(crate) fn kernel_id() -> u32 {
    0
}

impl ThreadScope {
    /// A thread's part in `scope`, with its chains ending at `boundary`.
    fn at(scope: &Arc<Scope>, boundary: Boundary, origin: Origin) -> *const ThreadScope {
        let epoch = Id::EMPTY.with(u64::from(scope.epoch));
        let raw_seed = epoch.with(origin.seed.lo).with(origin.seed.hi);
        let place = Place { boundary, stable_seed: origin.seed, spawned_by: origin.spawned_by };
        let context = Context::new(boundary, raw_seed, &scope.campaign.raw());
        let free = scope.threads().find(|thread| thread.taken.compare_exchange(false, true, Acquire, Relaxed).is_ok());
        if let Some(free) = free {
            free.place.set(place);
            free.kernel_id.set(kernel_id());
            free.sites.leave_all();
            free.raised.set(false);
            free.failed.set(false);
            free.told.set(NONE);
            // SAFETY: the claim of `taken` makes this thread the only one that uses the context.
            unsafe {
                *free.context.get() = context;
                aim(&mut *free.walker.get(), boundary, raw_seed);
            }
            return free;
        }
        // SAFETY: neither layout is of size 0. Untouched pages of the scratch room cost nothing.
        let (thread, scratch) = unsafe {
            (
                apart_from(boundary.fp).cast::<ThreadScope>(),
                System.alloc(Layout::new::<[usize; FRAMES_MAX]>()).cast::<[usize; FRAMES_MAX]>(),
            )
        };
        if thread.is_null() || scratch.is_null() {
            return ptr::null();
        }
        let mut walker = RuleWalker::try_new();
        aim(&mut walker, boundary, raw_seed);
        let value = ThreadScope {
            scope: Arc::clone(scope),
            taken: AtomicBool::new(true),
            place: Cell::new(place),
            context: UnsafeCell::new(context),
            walker: UnsafeCell::new(walker),
            asked: Cell::new(Request::default()),
            balance: Balance::default(),
            busy: Cell::new(false),
            makes_failure: Cell::new(false),
            scratch,
            kernel_id: Cell::new(kernel_id()),
            sites: Sites::default(),
            raised: Cell::new(false),
            creates: Cell::new(false),
            failed: Cell::new(false),
            told: Cell::new(NONE),
            next: Cell::new(ptr::null()),
        };
        // SAFETY: the memory is new and has the layout of the value.
        unsafe { thread.write(value) };
        // SAFETY: just written; never freed.
        let linked = unsafe { &*thread };
        let _ = scope.threads.fetch_update(AcqRel, Acquire, |first| {
            linked.next.set(first.cast());
            Some(thread.cast())
        });
        thread
    }

    /// Whether a panic is under way here, or was: of a std that is not this one only the beginning is seen.
    pub(crate) fn is_panicking(&self) -> bool {
        self.raised.get() || std::thread::panicking()
    }

    /// Runs `work` with requests passing unseen.
    pub(crate) fn quietly<R>(&self, work: impl FnOnce() -> R) -> R {
        let before = self.busy.replace(true);
        // Of `malloc` the compiler knows that the C library's reads nothing of ours; what stands before it does.
        compiler_fence(SeqCst);
        let result = work();
        compiler_fence(SeqCst);
        self.busy.set(before);
        result
    }
}
