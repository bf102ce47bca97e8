//! Faults as signals: a handler of SIGSEGV that stops the thread until somebody has brought the page in.
//!
//! The handler does next to nothing: it leaves a note on its own stack, rings, and sleeps until the note is answered. So it needs
//! no memory, no lock and hardly any stack, wherever the thread was.
#![expect(unsafe_code, reason = "handles a signal, and reads notes on other threads' stacks while these sleep")]

use alloc::boxed::Box;
use core::ops::Range;
use core::ptr;
use core::sync::atomic::Ordering::{AcqRel, Acquire, Relaxed, Release};
use core::sync::atomic::{AtomicBool, AtomicI32, AtomicPtr, AtomicU32, AtomicUsize, fence};
use std::sync::Once;

use crate::sync::growing::Growing;

/// A thread's note that it has touched an address. It lies on the thread's stack until it is answered.
struct Note {
    address: usize,
    next: *mut Note,
    answer: AtomicU32,
}

/// Nobody has looked yet.
const ASKED: u32 = 0;
/// The page is there.
const RESOLVED: u32 = 1;
/// It cannot be.
const FAILED: u32 = 2;

/// A range of addresses whose faults somebody waits for. Places are never freed; they are used again.
///
/// # Invariants
/// `version` is odd while the place changes hands. `first` leads to notes of threads that sleep until they are answered.
struct Place {
    version: AtomicUsize,
    begin: AtomicUsize,
    end: AtomicUsize,
    /// The process that waits; a forked child has nobody who would answer.
    process: AtomicI32,
    first: AtomicPtr<Note>,
    /// Changes with each note, and when the owner is to look up.
    bell: AtomicU32,
}

static PLACES: Growing<Place> = Growing::new();

/// What handled SIGSEGV before.
static BEFORE: AtomicPtr<libc::sigaction> = AtomicPtr::new(ptr::null_mut());

impl Place {
    /// Whether an address lies in the range, and this process waits for it.
    fn has(&self, address: usize) -> bool {
        let version = self.version.load(Acquire);
        let range = self.begin.load(Relaxed)..self.end.load(Relaxed);
        let process = self.process.load(Relaxed);
        fence(Acquire);
        let stable = version.is_multiple_of(2) && self.version.load(Relaxed) == version;
        // SAFETY: asks for a number.
        stable && range.contains(&address) && process == unsafe { libc::getpid() }
    }

    fn change(&self, range: Range<usize>, process: i32) {
        fence(Release);
        self.begin.store(range.start, Relaxed);
        self.end.store(range.end, Relaxed);
        self.process.store(process, Relaxed);
        self.version.fetch_add(1, Release);
    }

    fn ring(&self) {
        self.bell.fetch_add(1, Release);
        wake(&self.bell);
    }
}

fn wake(word: &AtomicU32) {
    // SAFETY: wakes whoever sleeps on the address, which is not read.
    unsafe { libc::syscall(libc::SYS_futex, word.as_ptr(), libc::FUTEX_WAKE | libc::FUTEX_PRIVATE_FLAG, 1) };
}

/// Sleeps while the word is `value`, or not at all.
fn sleep(word: &AtomicU32, value: u32) {
    let (operation, no_end) = (libc::FUTEX_WAIT | libc::FUTEX_PRIVATE_FLAG, ptr::null::<libc::timespec>());
    // SAFETY: the word lives as long as the call.
    unsafe { libc::syscall(libc::SYS_futex, word.as_ptr(), operation, value, no_end) };
}

/// A range of addresses whose faults are this owner's to answer, until it is dropped: by then nobody touches them any more.
pub(super) struct Trap {
    place: &'static Place,
    is_set: AtomicBool,
}

/// A fault that waits for its answer. Dropped, it failed.
pub(super) struct Fault {
    note: *mut Note,
    pub(super) address: usize,
}

impl Trap {
    /// Catches the faults of a range from now on.
    ///
    /// # Errors
    /// The operating system's number, if it takes no handler.
    pub(super) fn new(range: Range<usize>) -> Result<Trap, i32> {
        install()?;
        let vacant = PLACES.iter().find(|place| {
            let version = place.version.load(Acquire);
            let is_free = version.is_multiple_of(2) && place.end.load(Relaxed) == 0;
            is_free && place.version.compare_exchange(version, version + 1, AcqRel, Relaxed).is_ok()
        });
        let place = vacant.unwrap_or_else(|| {
            PLACES.add(Place {
                version: AtomicUsize::new(1),
                begin: AtomicUsize::new(0),
                end: AtomicUsize::new(0),
                process: AtomicI32::new(0),
                first: AtomicPtr::default(),
                bell: AtomicU32::new(0),
            })
        });
        // SAFETY: asks for a number.
        place.change(range, unsafe { libc::getpid() });
        Ok(Trap { place, is_set: AtomicBool::new(true) })
    }

    /// Wakes who sleeps in [`Trap::wait`].
    pub(super) fn ring(&self) {
        self.place.ring();
    }

    /// Sleeps until there are faults or the bell rings, and hands the faults over, the first one first.
    pub(super) fn wait(&self, mut each: impl FnMut(Fault)) {
        let bell = self.place.bell.load(Acquire);
        let mut note = self.place.first.swap(ptr::null_mut(), Acquire);
        if note.is_null() {
            sleep(&self.place.bell, bell);
            return;
        }
        // Whoever came first lies last.
        let mut first = ptr::null_mut();
        while !note.is_null() {
            // SAFETY: its thread sleeps until it is answered, so the note lives; it is this owner's alone since the swap.
            let next = unsafe { core::mem::replace(&mut (*note).next, first) };
            (first, note) = (note, next);
        }
        while !first.is_null() {
            // SAFETY: as above.
            let (address, next) = unsafe { ((*first).address, (*first).next) };
            each(Fault { note: first, address });
            first = next;
        }
    }
}

impl Trap {
    /// Catches nothing from now on: the addresses may be another one's.
    pub(super) fn disarm(&self) {
        if self.is_set.swap(false, AcqRel) {
            // INVARIANT: the place was this owner's until now, so nobody else makes its version odd.
            self.place.version.fetch_add(1, Relaxed);
            self.place.change(0..0, 0);
        }
    }
}

impl Drop for Trap {
    fn drop(&mut self) {
        self.disarm();
    }
}

impl Fault {
    /// The page is there: the thread goes on.
    pub(super) fn resolve(self) {
        self.answer(RESOLVED);
        core::mem::forget(self);
    }

    fn answer(&self, answer: u32) {
        // SAFETY: the thread sleeps until the word changes, and only this owner of the note changes it, once.
        let word = unsafe { &raw const (*self.note).answer };
        // SAFETY: as above. When the thread has seen the answer the note is gone; a wake of whatever lies there then does no harm.
        unsafe {
            (*word).store(answer, Release);
            libc::syscall(libc::SYS_futex, word, libc::FUTEX_WAKE | libc::FUTEX_PRIVATE_FLAG, 1);
        }
    }
}

impl Drop for Fault {
    fn drop(&mut self) {
        self.answer(FAILED);
    }
}

/// Takes SIGSEGV over, once for the process.
fn install() -> Result<(), i32> {
    static INSTALLED: Once = Once::new();
    static ERROR: AtomicI32 = AtomicI32::new(0);
    INSTALLED.call_once(|| {
        // SAFETY: zeroes are an action. The handler has the signature that SA_SIGINFO asks for, and calls nothing that a handler may
        // not. What was there before is kept before the handler can be called.
        let done = unsafe {
            let mut before: libc::sigaction = core::mem::zeroed();
            libc::sigaction(libc::SIGSEGV, ptr::null(), &raw mut before);
            BEFORE.store(Box::into_raw(Box::new(before)), Release);
            let mut action: libc::sigaction = core::mem::zeroed();
            action.sa_sigaction = on_fault as *const () as usize;
            // On the signal's stack if there is one: the fault may be an overflow, which is another handler's.
            action.sa_flags = libc::SA_SIGINFO | libc::SA_ONSTACK;
            libc::sigaction(libc::SIGSEGV, &raw const action, ptr::null_mut())
        };
        if done != 0 {
            ERROR.store(std::io::Error::last_os_error().raw_os_error().unwrap_or(-1), Relaxed);
        }
    });
    match ERROR.load(Relaxed) {
        0 => Ok(()),
        number => Err(number),
    }
}

extern "C" fn on_fault(signal: libc::c_int, info: *mut libc::siginfo_t, context: *mut libc::c_void) {
    // SAFETY: the thread's own number of its last error; the kernel's description of the fault lives as long as the handler runs.
    let (errno, code, address) = unsafe { (*libc::__errno_location(), (*info).si_code, (*info).si_addr().addr()) };
    // A signal that somebody sent has no address.
    let place = if code > 0 { PLACES.iter().find(|place| place.has(address)) } else { None };
    let Some(place) = place else {
        // SAFETY: what this handler was given.
        return unsafe { hand_on(signal, info, context) };
    };
    let mut note = Note { address, next: place.first.load(Relaxed), answer: AtomicU32::new(ASKED) };
    let this = &raw mut note;
    loop {
        // SAFETY: nobody else has the note yet.
        let next = unsafe { (*this).next };
        match place.first.compare_exchange(next, this, Release, Relaxed) {
            Ok(_) => break,
            // SAFETY: as above.
            Err(now) => unsafe { (*this).next = now },
        }
    }
    place.ring();
    // SAFETY: the word is read and waited for as an atomic, as its other user writes it.
    let answer = unsafe { &(*this).answer };
    while answer.load(Acquire) == ASKED {
        sleep(answer, ASKED);
    }
    if answer.load(Relaxed) == FAILED {
        bus_error(address);
    }
    // SAFETY: as above.
    unsafe { *libc::__errno_location() = errno };
}

/// What a fault that cannot be resolved comes to: SIGBUS for this thread, as from a file that cannot be read.
fn bus_error(address: usize) {
    /// What the kernel calls a bad physical address.
    const BUS_ADRERR: i32 = 2;
    // SAFETY: zeroes are a description; the address lies where the kernel's own lies, behind three numbers and, on 64 bits, four bytes. The call sends a
    // signal to the calling thread and to nobody else.
    unsafe {
        let mut info: libc::siginfo_t = core::mem::zeroed();
        info.si_signo = libc::SIGBUS;
        info.si_code = BUS_ADRERR;
        let at = (&raw mut info).cast::<usize>().byte_add(if cfg!(target_pointer_width = "64") { 16 } else { 12 });
        at.write(address);
        let (process, thread) = (libc::getpid(), libc::syscall(libc::SYS_gettid));
        libc::syscall(libc::SYS_rt_tgsigqueueinfo, process, thread, libc::SIGBUS, &raw const info);
    }
}

/// Leaves a fault to whoever handled SIGSEGV before.
///
/// # Safety
/// The arguments are those of a handler that runs.
unsafe fn hand_on(signal: libc::c_int, info: *mut libc::siginfo_t, context: *mut libc::c_void) {
    // SAFETY: null, or what was kept, which is never freed.
    let before = unsafe { BEFORE.load(Acquire).as_ref() };
    match before {
        Some(action) if action.sa_sigaction != libc::SIG_DFL && action.sa_sigaction != libc::SIG_IGN => {
            if action.sa_flags & libc::SA_SIGINFO != 0 {
                type Handler = extern "C" fn(libc::c_int, *mut libc::siginfo_t, *mut libc::c_void);
                // SAFETY: whoever set the action vouched that it is a handler of this kind.
                unsafe { core::mem::transmute::<usize, Handler>(action.sa_sigaction)(signal, info, context) }
            } else {
                // SAFETY: as above.
                unsafe { core::mem::transmute::<usize, extern "C" fn(libc::c_int)>(action.sa_sigaction)(signal) }
            }
        }
        _ => {
            // SAFETY: the same instruction faults again when this handler returns, and then it ends the process, as it would have. A signal
            // that was sent is sent again.
            unsafe {
                libc::signal(signal, libc::SIG_DFL);
                if (*info).si_code <= 0 {
                    libc::raise(signal);
                }
            }
        }
    }
}
