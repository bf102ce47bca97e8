//! A process that runs the body for the sweep: what it changes about itself first, and how it ends.
#![expect(unsafe_code, reason = "stands before the C library's abort, and handles the signal that asks where it hangs")]

use std::ffi::{c_int, c_void};
use std::panic::PanicHookInfo;
use std::ptr;
use std::sync::Arc;
use std::sync::atomic::Ordering::{Acquire, Relaxed, Release};
use std::sync::atomic::{AtomicBool, AtomicPtr};

use super::coverage;
use super::unix;
use crate::chain::registers::Registers;
use crate::chain::{quiet, walker};
use crate::libc_symbol::LibcSymbol;
use crate::memory::record::{End, Retry};
use crate::scope::shared::Scope;
use crate::scope::thread;

/// The scope of a process that exists only for the sweep; null in the user's own process.
static CHILD: AtomicPtr<Scope> = AtomicPtr::new(ptr::null_mut());

static ABORT: LibcSymbol = LibcSymbol::new(c"abort");

/// Whether a child that aborts really does, once it has written down where.
static IN_EARNEST: AtomicBool = AtomicBool::new(false);

/// The status of a child that ended itself after it had written down why.
pub(crate) const TOLD: i32 = 86;

/// Has the panics of children of the sweep noted and not printed: of this process once it is one, and of its forks.
///
/// The hook has a lock, and whoever forks while another thread panics leaves it locked in the fork for ever. So a fork of the
/// user's process calls this before it says that it is attached, and never again; who does not say so is replaced.
pub(crate) fn note_panics(test_file: &'static str) {
    let before = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| match child() {
        Some(scope) => note_panic(scope, info, test_file),
        None => before(info),
    }));
}

/// Makes this process a child of the sweep: its panics are noted, if [`note_panics`] was called, its aborts are
/// told apart, it leaves no core file, and it can be asked where it hangs.
pub(crate) fn become_child(scope: &Arc<Scope>) {
    unix::leave_no_core();
    coverage::begin();
    CHILD.store(Arc::into_raw(Arc::clone(scope)).cast_mut(), Release);
    // SAFETY: a zeroed action is valid; the handler has the signature that SA_SIGINFO asks for.
    unsafe {
        let mut action: libc::sigaction = std::mem::zeroed();
        action.sa_sigaction = on_hang as extern "C" fn(c_int, *mut libc::siginfo_t, *mut c_void) as usize;
        // On the thread's own stack: the alternate one, of some kilobytes, has no room for a walk.
        action.sa_flags = libc::SA_SIGINFO;
        libc::sigaction(hang_signal(), &raw const action, ptr::null_mut());
    }
}

/// The signal that asks a child where it hangs.
pub(crate) fn hang_signal() -> i32 {
    libc::SIGRTMAX() - 3
}

/// Makes this process none of the sweep's: it was forked off one by the code under test.
#[cfg(feature = "preload")]
pub(crate) fn leave() {
    CHILD.store(ptr::null_mut(), Release);
}

/// Has this process abort as it would without a sweep: what is to be known of its end is how it ends.
#[cfg(feature = "preload")]
pub(crate) fn abort_in_earnest() {
    IN_EARNEST.store(true, Relaxed);
}

/// The scope of this process, if it exists only for the sweep.
pub(crate) fn child() -> Option<&'static Scope> {
    // SAFETY: null, or a scope whose count `become_child` raised for the rest of the process.
    unsafe { CHILD.load(Acquire).as_ref() }
}

/// Notes the first panic of a run; the message is cut to what fits, nothing is allocated.
fn note_panic(scope: &Scope, info: &PanicHookInfo<'_>, test_file: &str) {
    // What other threads of the test panic about is not the body's doing.
    if !thread::current().is_some_and(|current| ptr::eq(&raw const *current.scope, scope)) {
        return;
    }
    let campaign = &scope.campaign;
    let known = scope.slot().evidence().panic.count;
    if known == 0 {
        let message = match (info.payload().downcast_ref::<&str>(), info.payload().downcast_ref::<String>()) {
            (Some(text), _) => text,
            (_, Some(text)) => text.as_str(),
            _ => "a payload that is not text",
        };
        let (file, line, column) = info.location().map_or(("", 0, 0), |at| (at.file(), at.line(), at.column()));
        let (message, path) = (campaign.add_text(message.as_bytes()), campaign.add_text(file.as_bytes()));
        let in_test = file == test_file;
        let frames = thread::current().filter(|_| in_test).map(|current| {
            let here = Registers::here();
            current.quietly(|| current.frames_of(here))
        });
        scope.slot().update(|evidence| {
            evidence.panic.frames = frames.unwrap_or_default();
            evidence.panic.message = message;
            evidence.panic.file = path;
            evidence.panic.line = line;
            evidence.panic.column = column;
            evidence.panic.in_test = in_test;
        });
    }
    scope.slot().update(|evidence| evidence.panic.count = known + 1);
}

/// Writes down how the run ended and ends the process; in the user's own process it does nothing.
pub(crate) fn end_now(scope: &Scope, end: End) {
    if child().is_none() {
        return;
    }
    scope.slot().update(|evidence| {
        // In the retry, how the attempt ended is known; that the retry did not end well is enough.
        if evidence.retry != Retry::Begun {
            evidence.end = end;
        }
    });
    coverage::hand_over(&scope.campaign);
    unix::exit_now(TOLD);
}

// A weak definition in the program stands before the C library's, and yields to one of the program's own.
#[cfg(target_arch = "x86_64")]
core::arch::global_asm!(
    ".weak abort",
    ".type abort, @function",
    "abort:",
    "jmp {}",
    ".size abort, . - abort",
    sym firsthit_abort
);
#[cfg(target_arch = "aarch64")]
core::arch::global_asm!(
    ".weak abort",
    ".type abort, %function",
    "abort:",
    "b {}",
    ".size abort, . - abort",
    sym firsthit_abort
);

pub(crate) extern "C" fn firsthit_abort() -> ! {
    if let Some(scope) = child() {
        let here = Registers::here();
        let mut frames = [0; 256];
        let current = thread::current();
        let walked = current.and_then(|current| {
            current.busy.set(true);
            walker::exact(here, &current.place.get().boundary, &mut frames)
        });
        let walked = walked.map(|(count, _)| &frames[..count]);
        if scope.shares_std && walked.is_some_and(quiet::reports_alloc_error) {
            end_now(scope, End::Infallible);
        }
        if let (Some(current), Some(frames)) = (current, walked) {
            let stood_in = current.kept(frames);
            scope.slot().update(|evidence| evidence.stood_in = stood_in);
        }
        if IN_EARNEST.load(Relaxed) {
            scope.slot().update(|evidence| evidence.end = End::Aborted);
        } else {
            end_now(scope, End::Aborted);
        }
    }
    if let Some(abort) = ABORT.address() {
        // SAFETY: the C library's `abort` has this signature.
        let abort = unsafe { std::mem::transmute::<*const c_void, extern "C" fn() -> !>(abort) };
        abort();
    }
    // SAFETY: what `abort` does where there is no loader to ask for it.
    unsafe {
        libc::signal(libc::SIGABRT, libc::SIG_DFL);
        libc::raise(libc::SIGABRT);
    }
    unix::exit_now(127)
}

/// Keeps the frames that the main thread stands in, and ends the process.
extern "C" fn on_hang(_: c_int, _: *mut libc::siginfo_t, context: *mut c_void) {
    if let (Some(scope), Some(current)) = (child(), thread::current()) {
        // SAFETY: the kernel passes the interrupted context.
        let registers = unsafe { interrupted(context) };
        let span = current.interrupted_frames(registers);
        scope.slot().update(|evidence| evidence.stood_in = span);
    }
    if let Some(scope) = child() {
        end_now(scope, End::Hung);
    }
}

/// # Safety
/// `context` must be what the kernel passes to a signal handler.
unsafe fn interrupted(context: *mut c_void) -> Registers {
    // SAFETY: the caller's promise.
    let machine = unsafe { &(*context.cast::<libc::ucontext_t>()).uc_mcontext };
    #[cfg(target_arch = "x86_64")]
    let registers = |register: i32| machine.gregs[register as usize] as usize;
    #[cfg(target_arch = "x86_64")]
    return Registers { ip: registers(libc::REG_RIP), sp: registers(libc::REG_RSP), fp: registers(libc::REG_RBP) };
    #[cfg(target_arch = "aarch64")]
    return Registers { ip: machine.pc as usize, sp: machine.sp as usize, fp: machine.regs[29] as usize };
}

/// Names the definitions above, so that a linker that takes only what is named takes them.
pub(crate) fn is_linked() -> bool {
    unsafe extern "C" {
        fn abort() -> !;
    }
    std::hint::black_box(abort as *const c_void).addr() != 0
}
