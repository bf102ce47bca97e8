//! Code that is awkward to fail in: C that jumps, handlers of signals, what runs when a thread or the process ends.

use std::cell::RefCell;
use std::collections::TryReserveError;
use std::ffi::{c_int, c_void};
use std::fmt;
use std::io;

extern "C" {
    fn visit(keeps: c_int, bytes: usize) -> c_int;
    fn table(bytes: usize) -> *mut c_void;
    fn doors() -> c_int;
    fn at_the_end() -> c_int;
    fn free(block: *mut c_void);
    fn unchecked(bytes: usize) -> c_int;
    fn signal(number: c_int, handler: usize) -> usize;
    fn _exit(status: c_int) -> !;
    fn setrlimit(resource: c_int, limit: *const [u64; 2]) -> c_int;
    fn umask(mask: u32) -> u32;
}

/// Room for so many bytes, or none: whatever was wanted goes on without.
#[inline(never)]
pub fn room_or_none(bytes: usize) -> Vec<u8> {
    let mut room = Vec::new();
    let _ = room.try_reserve_exact(bytes); //~ room-or-none
    room
}

/// Room for so many bytes.
#[inline(never)]
pub fn room(bytes: usize) -> Result<Vec<u8>, TryReserveError> {
    let mut room = Vec::new();
    room.try_reserve_exact(bytes)?; //~ room
    Ok(room)
}

/// Visits what a function jumps out of where it has no memory. Only one that `keeps` account of its own memory gives it back.
pub fn visited(keeps: bool) -> bool {
    // SAFETY: C of this package's, which jumps over its own frames only.
    unsafe { visit(keeps.into(), 100) == 0 }
}

/// A table of C's, whose error stands in `errno`.
pub fn opened(bytes: usize) -> io::Result<()> {
    // SAFETY: what is no null pointer came from malloc.
    unsafe {
        let table = table(bytes);
        if table.is_null() {
            return Err(io::Error::last_os_error());
        }
        free(table);
    }
    Ok(())
}

/// Every door of the C library that asks for memory, once, with a look at what it gave. How many gave nothing.
pub fn through_all_doors() -> i32 {
    // SAFETY: C of this package's.
    unsafe { doors() }
}

/// Has C ask for memory when the process ends.
pub fn asks_at_the_end() -> bool {
    // SAFETY: C of this package's.
    unsafe { at_the_end() == 0 }
}

extern "C" fn ends_well(_: c_int) {
    // SAFETY: ends the process.
    unsafe { _exit(0) }
}

/// Has SIGSEGV and SIGABRT end the process as if all were well.
pub fn hides_its_end() {
    for number in [11, 6] {
        // SAFETY: the handler only ends the process.
        unsafe { signal(number, ends_well as *const () as usize) };
    }
}

/// Writes through what malloc gave, whatever that was.
pub fn c_unchecked(bytes: usize) -> i32 {
    // SAFETY: none: the null pointer is the bug.
    unsafe { unchecked(bytes) }
}

/// Asks for memory on the heap, without a way to say no.
#[inline(never)]
pub fn pushed(number: u32) -> Vec<u32> {
    let mut numbers = Vec::new();
    numbers.push(std::hint::black_box(number)); //~ push
    numbers
}

/// Takes open files, processor time and the mask of new files as narrow as they go.
pub fn narrows() {
    // RLIMIT_NOFILE, RLIMIT_CORE and RLIMIT_STACK.
    for (resource, limit) in [(7, 12), (4, 0), (3, 1 << 20)] {
        // SAFETY: the limit is two words.
        assert_eq!(unsafe { setrlimit(resource, &[limit, limit]) }, 0);
    }
    // SAFETY: no memory is concerned.
    unsafe { umask(0o777) };
}

/// Asks for memory when its thread ends.
pub struct Last;

impl Drop for Last {
    fn drop(&mut self) {
        room_or_none(40);
    }
}

thread_local! {
    /// Dropped when the thread ends.
    pub static LAST: RefCell<Option<Last>> = const { RefCell::new(None) };
}

/// An error whose text takes memory to make.
#[derive(Debug)]
pub struct Wordy;

impl fmt::Display for Wordy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&"no room ".repeat(std::hint::black_box(20)))
    }
}

/// Panics with a text that takes memory to make, where there is none.
#[inline(never)]
pub fn complains(bytes: usize) -> Vec<u8> {
    let mut room = Vec::new();
    if room.try_reserve_exact(bytes).is_err() { //~ complains
        panic!("{}, of {bytes} bytes", Wordy.to_string().trim());
    }
    room
}

/// Goes down so many steps before it asks.
#[inline(never)]
pub fn descends(steps: u32) -> usize {
    let below = if steps == 0 { room_or_none(30).len() } else { descends(steps - 1) };
    std::hint::black_box(below)
}

/// A dependency's own call that cannot say no.
pub fn deep(text: &str) -> usize {
    deep::copied(text) //~ deep
}
