//! Threads that the scope's threads spawn belong to it too: `pthread_create` is asked on the way.
#![expect(unsafe_code, reason = "stands before the C library's pthread_create")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::ffi::{c_int, c_void};
use std::mem;
use std::sync::Arc;

use super::shared::Scope;
use super::thread::{self, Origin};
use crate::libc_symbol::LibcSymbol;

/// What a thread runs.
pub(crate) type Start = extern "C-unwind" fn(*mut c_void) -> *mut c_void;
type Create = unsafe extern "C" fn(*mut libc::pthread_t, *const libc::pthread_attr_t, Start, *mut c_void) -> c_int;

static CREATE: LibcSymbol = LibcSymbol::new(c"pthread_create");

// A weak definition in the program stands before the C library's, and yields to one of the program's own.
#[cfg(target_arch = "x86_64")]
core::arch::global_asm!(
    ".weak pthread_create",
    ".type pthread_create, @function",
    "pthread_create:",
    "jmp {}",
    ".size pthread_create, . - pthread_create",
    sym firsthit_pthread_create
);
#[cfg(target_arch = "aarch64")]
core::arch::global_asm!(
    ".weak pthread_create",
    ".type pthread_create, %function",
    "pthread_create:",
    "b {}",
    ".size pthread_create, . - pthread_create",
    sym firsthit_pthread_create
);

/// What a new thread of a scope starts with; in memory of the system allocator, outside of the balance.
struct Birth {
    start: Start,
    argument: *mut c_void,
    scope: Arc<Scope>,
    origin: Origin,
}

/// Creates a thread as the C library does; inside a scope, one that belongs to the scope.
///
/// # Safety
/// As `pthread_create`.
pub(crate) unsafe extern "C" fn firsthit_pthread_create(
    thread: *mut libc::pthread_t,
    attributes: *const libc::pthread_attr_t,
    start: Start,
    argument: *mut c_void,
) -> c_int {
    let Some(create) = CREATE.address() else { return libc::ENOSYS };
    // SAFETY: the C library's `pthread_create` has this signature.
    let create = unsafe { mem::transmute::<*const c_void, Create>(create) };
    let birth = thread::current().filter(|current| !current.busy.get()).and_then(|current| {
        let origin = current.spawning();
        // Preloaded, the system's allocator is asked through this very library: what it makes is nothing of the program's.
        // SAFETY: the layout is not of size 0.
        let birth = current.quietly(|| unsafe { System.alloc(Layout::new::<Birth>()) }).cast::<Birth>();
        (!birth.is_null()).then(|| {
            // SAFETY: new memory of the value's layout.
            unsafe { birth.write(Birth { start, argument, scope: Arc::clone(&current.scope), origin }) };
            birth
        })
    });
    let Some(birth) = birth else {
        // SAFETY: the caller's own arguments.
        return unsafe { create(thread, attributes, start, argument) };
    };
    let creates = |creates| thread::current().map(|current| current.creates.set(creates));
    creates(true);
    // SAFETY: the caller's own arguments, and a start routine that gets the value it expects.
    let result = unsafe { create(thread, attributes, live, birth.cast()) };
    creates(false);
    if result != 0 {
        // SAFETY: no thread was created, so the value is still this function's alone.
        drop(unsafe { take(birth) });
    }
    result
}

/// Moves the value out and gives its memory back.
///
/// # Safety
/// `birth` must come from `firsthit_pthread_create`, and nobody else may use it.
unsafe fn take(birth: *mut Birth) -> Birth {
    // SAFETY: the caller's promise: a written value of this layout, allocated there.
    unsafe {
        let value = birth.read();
        System.dealloc(birth.cast(), Layout::new::<Birth>());
        value
    }
}

extern "C-unwind" fn live(birth: *mut c_void) -> *mut c_void {
    // SAFETY: the argument that `firsthit_pthread_create` handed over to this thread alone.
    let birth = unsafe { take(birth.cast()) };
    let (start, argument) = (birth.start, birth.argument);
    birth.scope.enter_to_the_end(birth.origin, || start(argument))
}

/// Names the definition above, so that a linker that takes only what is named takes it.
pub(crate) fn is_linked() -> bool {
    unsafe extern "C" {
        fn pthread_create();
    }
    std::hint::black_box(pthread_create as *const c_void).addr() != 0
}
