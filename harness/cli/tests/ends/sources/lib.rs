//! Behaviour of every kind behind a failed allocation. What nobody looked at would be optimized away, allocation included.

mod many;

use std::collections::TryReserveError;
use std::ffi::c_int;
use std::fs::File;
use std::os::fd::IntoRawFd;

pub use many::many;

extern "C" {
    fn sum_checked(bytes: usize) -> c_int;
    fn sum_unchecked(bytes: usize) -> c_int;
    fn sum_twice(bytes: usize) -> c_int;
    fn sum_after(bytes: usize) -> c_int;
}

/// Room, or the error.
pub fn room(bytes: usize) -> Result<Vec<u8>, TryReserveError> {
    let mut room = Vec::new();
    room.try_reserve_exact(bytes)?; //~ room
    Ok(std::hint::black_box(room))
}

/// Goes on with nothing.
pub fn room_or_none(bytes: usize) -> Vec<u8> {
    let mut room = Vec::new();
    let _ = room.try_reserve_exact(bytes); //~ room-or-none
    std::hint::black_box(room)
}

/// Says nothing of the failure, and gives another result.
pub fn sum(numbers: &[u64]) -> u64 {
    let mut copy = Vec::new();
    if copy.try_reserve_exact(numbers.len()).is_err() { //~ sum
        return 0;
    }
    copy.extend_from_slice(numbers);
    std::hint::black_box(&copy).iter().sum()
}

/// Cannot report a failure.
pub fn pushed(number: u32) -> Vec<u32> {
    let mut numbers = Vec::new();
    numbers.push(std::hint::black_box(number)); //~ push
    std::hint::black_box(numbers)
}

/// Cannot either.
pub fn text(number: u32) -> String {
    format!("number {number}") //~ format
}

/// Insists.
pub fn demanded(bytes: usize) -> Vec<u8> {
    let mut room = Vec::new();
    room.try_reserve_exact(bytes).expect("there is room"); //~ demanded
    std::hint::black_box(room)
}

/// Waits for what never comes, when there is no room.
pub fn waiting(bytes: usize) -> Vec<u8> {
    let mut room = Vec::new();
    if room.try_reserve_exact(bytes).is_err() { //~ waiting
        loop {
            std::thread::sleep(std::time::Duration::from_millis(50));
        }
    }
    std::hint::black_box(room)
}

/// Asks until it is given.
pub fn patient(bytes: usize) -> Vec<u8> {
    let mut room = Vec::new();
    while room.try_reserve_exact(bytes).is_err() {} //~ patient
    std::hint::black_box(room)
}

/// Forgets the first block when there is no second one.
pub fn pair(bytes: usize) -> Option<(Vec<u8>, Vec<u8>)> {
    let mut one = Vec::new();
    one.try_reserve_exact(bytes).ok()?; //~ pair-first
    let mut other = Vec::new();
    if other.try_reserve_exact(bytes).is_err() { //~ pair-second
        std::mem::forget(std::hint::black_box(one));
        return None;
    }
    std::hint::black_box(Some((one, other)))
}

/// Leaves the file open when there is no room to read it.
pub fn read(path: &std::ffi::CStr) -> Option<Vec<u8>> {
    extern "C" {
        fn open(path: *const std::ffi::c_char, flags: c_int) -> c_int;
    }
    // SAFETY: a path that ends with a zero, and a descriptor that is this function's own.
    let file: File = unsafe { std::os::fd::FromRawFd::from_raw_fd(open(path.as_ptr(), 0)) };
    let mut room: Vec<u8> = Vec::new();
    if room.try_reserve_exact(100).is_err() { //~ read
        let _ = file.into_raw_fd();
        return None;
    }
    Some(std::hint::black_box(room))
}

/// C that checks what it is given.
pub fn c_checked(bytes: usize) -> i32 {
    // SAFETY: takes any number.
    unsafe { sum_checked(bytes) }
}

/// C that does not.
pub fn c_unchecked(bytes: usize) -> i32 {
    // SAFETY: takes any number.
    unsafe { sum_unchecked(bytes) }
}

/// C that gives back twice.
pub fn c_twice(bytes: usize) -> i32 {
    // SAFETY: takes any number.
    unsafe { sum_twice(bytes) }
}

/// C that writes to what it gave back.
pub fn c_after(bytes: usize) -> i32 {
    // SAFETY: takes any number above 1.
    unsafe { sum_after(bytes) }
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_unit_test_stands_beside_the_code() {
        super::room(10).unwrap();
    }
}
