//! The allocator's functions behind the preloaded library's own, and room for what is asked before they are known.
#![expect(unsafe_code, reason = "calls the C library's allocator by the addresses that the loader gives")]

use std::ffi::{c_int, c_void};
use std::mem::transmute;
use std::ptr;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering::{Acquire, Relaxed, Release};

use crate::libc_symbol::LibcSymbol;

static MALLOC: LibcSymbol = LibcSymbol::new(c"malloc");
static CALLOC: LibcSymbol = LibcSymbol::new(c"calloc");
static REALLOC: LibcSymbol = LibcSymbol::new(c"realloc");
static ALIGNED: LibcSymbol = LibcSymbol::new(c"aligned_alloc");
static MEMALIGN: LibcSymbol = LibcSymbol::new(c"posix_memalign");
static FREE: LibcSymbol = LibcSymbol::new(c"free");

/// What the loader itself asks for while it looks the others up: served from here, and never given back.
static EARLY: Early = Early { taken: AtomicUsize::new(0), room: Room(std::cell::UnsafeCell::new([0; EARLY_ROOM])) };
const EARLY_ROOM: usize = 64 << 10;
/// The alignment of everything that the C library's `malloc` gives.
const GRAIN: usize = 16;

#[repr(align(16))]
struct Room(std::cell::UnsafeCell<[u8; EARLY_ROOM]>);

struct Early {
    taken: AtomicUsize,
    room: Room,
}

// SAFETY: every byte is given to one caller only, and this file never reads or writes it.
unsafe impl Sync for Early {}

/// Whether the functions are being looked up, by this thread or another: before that nothing is served by them.
static KNOWN: AtomicUsize = AtomicUsize::new(0);
const LOOKING: usize = 1;
const FOUND: usize = 2;

impl Early {
    fn take(&self, size: usize) -> *mut c_void {
        let size = size.max(1).next_multiple_of(GRAIN);
        let begin = self.taken.fetch_add(size, Relaxed);
        if begin + size > EARLY_ROOM {
            return ptr::null_mut();
        }
        // SAFETY: inside of the room.
        unsafe { self.room.0.get().cast::<u8>().add(begin) }.cast()
    }

    fn holds(&self, address: *mut c_void) -> bool {
        let begin = self.room.0.get().addr();
        (begin..begin + EARLY_ROOM).contains(&address.addr())
    }
}

/// Whether the loader has been asked for the functions and has answered; asks it if nobody has.
#[inline]
fn known() -> bool {
    KNOWN.load(Acquire) == FOUND || look_up()
}

#[cold]
fn look_up() -> bool {
    // Whoever comes while they are looked up is the loader, or a thread that it starts: served early.
    if KNOWN.compare_exchange(0, LOOKING, Acquire, Relaxed).is_err() {
        return false;
    }
    let all = [&MALLOC, &CALLOC, &REALLOC, &ALIGNED, &MEMALIGN, &FREE].map(|symbol| symbol.address().is_some());
    assert!(all == [true; 6], "a C library has an allocator");
    KNOWN.store(FOUND, Release);
    true
}

/// The address of a function that has been looked up.
fn address(symbol: &LibcSymbol) -> *const c_void {
    symbol.address().unwrap_or(ptr::null())
}

/// `malloc`.
#[inline]
pub(super) fn malloc(size: usize) -> *mut c_void {
    if !known() {
        return EARLY.take(size);
    }
    // SAFETY: the function's signature.
    unsafe { transmute::<*const c_void, extern "C" fn(usize) -> *mut c_void>(address(&MALLOC))(size) }
}

/// `calloc`.
#[inline]
pub(super) fn calloc(count: usize, size: usize) -> *mut c_void {
    if !known() {
        // The room is zeroed, and no byte of it is given twice.
        return count.checked_mul(size).map_or(ptr::null_mut(), |size| EARLY.take(size));
    }
    // SAFETY: the function's signature.
    unsafe { transmute::<*const c_void, extern "C" fn(usize, usize) -> *mut c_void>(address(&CALLOC))(count, size) }
}

/// `realloc`.
///
/// # Safety
/// As the C library's.
#[inline]
pub(super) unsafe fn realloc(old: *mut c_void, size: usize) -> *mut c_void {
    if !known() || EARLY.holds(old) {
        let new = malloc(size);
        if !new.is_null() && !old.is_null() {
            let begin = EARLY.room.0.get().addr();
            let readable = (begin + EARLY_ROOM - old.addr()).min(size);
            // SAFETY: the old block lies in the room, of which so much follows, and the new one is of this size.
            unsafe { ptr::copy(old.cast::<u8>(), new.cast::<u8>(), readable) };
        }
        return new;
    }
    // SAFETY: the function's signature, and the caller's promise.
    unsafe {
        transmute::<*const c_void, unsafe extern "C" fn(*mut c_void, usize) -> *mut c_void>(address(&REALLOC))(
            old, size,
        )
    }
}

/// `aligned_alloc`, as glibc has it: of any size.
#[inline]
pub(super) fn aligned_alloc(align: usize, size: usize) -> *mut c_void {
    if !known() {
        return if align <= GRAIN { EARLY.take(size) } else { ptr::null_mut() };
    }
    // SAFETY: the function's signature.
    unsafe { transmute::<*const c_void, extern "C" fn(usize, usize) -> *mut c_void>(address(&ALIGNED))(align, size) }
}

/// `posix_memalign`.
///
/// # Safety
/// As the C library's.
#[inline]
pub(super) unsafe fn posix_memalign(out: *mut *mut c_void, align: usize, size: usize) -> c_int {
    if !known() {
        return libc::ENOMEM;
    }
    // SAFETY: the function's signature, and the caller's promise.
    unsafe {
        transmute::<*const c_void, unsafe extern "C" fn(*mut *mut c_void, usize, usize) -> c_int>(address(&MEMALIGN))(
            out, align, size,
        )
    }
}

/// `free`.
///
/// # Safety
/// As the C library's.
#[inline]
pub(super) unsafe fn free(block: *mut c_void) {
    if !known() || EARLY.holds(block) {
        return;
    }
    // SAFETY: the function's signature, and the caller's promise.
    unsafe { transmute::<*const c_void, unsafe extern "C" fn(*mut c_void)>(address(&FREE))(block) };
}

/// How many bytes of a block its owner may use; 0 if it cannot be told.
///
/// # Safety
/// `block` is a live block of the allocator's.
pub(super) unsafe fn usable_size(block: *mut c_void) -> usize {
    if !known() || EARLY.holds(block) {
        return 0;
    }
    // SAFETY: the caller's promise.
    unsafe { libc::malloc_usable_size(block) }
}
