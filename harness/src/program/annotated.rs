//! Annotated code in a program that is swept from outside: its own runtime says which recovery arms ran.
#![expect(unsafe_code, reason = "calls functions that the program's own runtime has given")]

use std::ffi::c_void;
use std::ptr;
use std::sync::Mutex;
use std::sync::atomic::AtomicPtr;
use std::sync::atomic::Ordering::{Acquire, Release};

/// Hands a text to a function: the identities of the arms that have run, with a space between them; `*` if they
/// are too many.
pub type Told = extern "C" fn(hear: extern "C" fn(text: *const u8, length: usize));

static TOLD: AtomicPtr<c_void> = AtomicPtr::new(ptr::null_mut());
static HEARD: Mutex<Vec<u8>> = Mutex::new(Vec::new());

/// The program's runtime makes itself known; called when annotated code runs for the first time in a process.
pub fn known(told: Told) {
    TOLD.store(told as *mut c_void, Release);
}

/// The identities of the arms that have run in this process; empty where nothing is annotated.
pub(crate) fn arms() -> Vec<u8> {
    extern "C" fn hear(text: *const u8, length: usize) {
        // SAFETY: the runtime's text, which is there as long as this call.
        let text = unsafe { std::slice::from_raw_parts(text, length) };
        if let Ok(mut heard) = HEARD.lock() {
            *heard = text.to_vec();
        }
    }
    let function = TOLD.load(Acquire);
    if function.is_null() {
        return Vec::new();
    }
    // SAFETY: stored by `known`, from a function of this type that lives as long as the process.
    let function = unsafe { std::mem::transmute::<*mut c_void, Told>(function) };
    function(hear);
    HEARD.lock().map(|mut heard| std::mem::take(&mut *heard)).unwrap_or_default()
}
