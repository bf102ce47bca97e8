//! Chains through libc, whose frames have no frame pointers in any build.
#![expect(unsafe_code, reason = "calls libc functions that call back")]

use core::ffi::{c_int, c_void};
use core::hint::black_box;

use super::oracle::{capture_here, probing};
use crate::chain::boundary::within;

unsafe extern "C" fn compare(left: *const c_void, right: *const c_void) -> c_int {
    capture_here();
    // SAFETY: `qsort` hands out elements of the array, which are bytes.
    unsafe { c_int::from(*left.cast::<u8>()) - c_int::from(*right.cast::<u8>()) }
}

#[inline(never)]
fn sort(bytes: &mut [u8]) {
    // SAFETY: the array is as long as that, and `compare` reads bytes.
    unsafe { libc::qsort(bytes.as_mut_ptr().cast(), bytes.len(), 1, Some(compare)) };
    black_box(bytes);
}

extern "C" fn initialise() {
    capture_here();
}

unsafe extern "C" {
    fn pthread_once(once: *mut c_int, routine: extern "C" fn()) -> c_int;
}

#[inline(never)]
fn once() {
    let mut once = 0;
    // SAFETY: zero is `PTHREAD_ONCE_INIT` of glibc and musl.
    black_box(unsafe { pthread_once(&raw mut once, initialise) });
}

#[test]
fn a_comparator_of_qsort_has_as_many_chains_as_call_sites() {
    within(|boundary| {
        let (probe, ids) = probing(boundary, || {
            sort(&mut [2, 1]);
            sort(&mut [2, 1]);
        });
        assert_eq!((probe.captures, probe.chains()), (2, 2));
        assert_ne!(ids[0], ids[1]);
        let (probe, _) = probing(boundary, || {
            for _ in 0..black_box(2) {
                sort(&mut (0..200).map(|number| (number * 37 % 101) as u8).collect::<Vec<_>>());
            }
        });
        assert!(probe.captures > 1_000);
    });
}

#[test]
fn a_routine_of_pthread_once_has_as_many_chains_as_call_sites() {
    within(|boundary| {
        let (_, ids) = probing(boundary, || {
            once();
            once();
            for _ in 0..black_box(2) {
                once();
            }
        });
        assert_eq!(ids.len(), 4);
        assert_ne!(ids[0], ids[1]);
        assert_eq!(ids[2], ids[3]);
    });
}
