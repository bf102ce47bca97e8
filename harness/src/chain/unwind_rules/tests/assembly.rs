//! Frames that a compiler makes seldom and a walker must get right, written out by hand.
#![expect(unsafe_code, reason = "calls assembly")]

use core::arch::global_asm;
use core::hint::black_box;
use std::panic::{catch_unwind, resume_unwind};

use super::oracle::{capture_here, probing};
use crate::chain::boundary::within;
use crate::chain::unwind_rules::frame_info::rule_of;
use crate::chain::unwind_rules::refresh::refresh;
use crate::chain::unwind_rules::walk_error::WalkError;

/// A routine that calls its argument.
pub(super) type Calls = unsafe extern "C-unwind" fn(extern "C-unwind" fn());

macro_rules! routine {
    ($name:ident: $($line:literal)*) => {
        global_asm!(
            concat!(".hidden ", stringify!($name)),
            concat!(".globl ", stringify!($name)),
            concat!(stringify!($name), ":"),
            ".cfi_startproc",
            $($line,)*
            ".cfi_endproc",
        );
    };
}

// Keeps a frame pointer; after `leave` its rule still names a slot, which is below the stack pointer by then.
routine! { firsthit_test_framed:
    "push rbp" ".cfi_def_cfa_offset 16" ".cfi_offset rbp, -16"
    "mov rbp, rsp" ".cfi_def_cfa_register rbp"
    "call rdi"
    "leave" ".cfi_def_cfa rsp, 8"
    "ret"
}

// Puts its callee at the same address wherever it is called from nearby.
routine! { firsthit_test_realigned:
    "push rbp" ".cfi_def_cfa_offset 16" ".cfi_offset rbp, -16"
    "mov rbp, rsp" ".cfi_def_cfa_register rbp"
    "and rsp, -4096"
    "call rdi"
    "leave" ".cfi_def_cfa rsp, 8"
    "ret"
}
routine! { firsthit_test_realigned_and_framed:
    "push rbp" ".cfi_def_cfa_offset 16" ".cfi_offset rbp, -16"
    "mov rbp, rsp" ".cfi_def_cfa_register rbp"
    "and rsp, -4096"
    "call firsthit_test_framed"
    "leave" ".cfi_def_cfa rsp, 8"
    "ret"
}

// Call the two above from stack pointers that differ a little.
routine! { firsthit_test_low:
    "sub rsp, 40" ".cfi_def_cfa_offset 48"
    "call firsthit_test_realigned"
    "add rsp, 40" ".cfi_def_cfa_offset 8"
    "ret"
}
routine! { firsthit_test_high:
    "sub rsp, 8" ".cfi_def_cfa_offset 16"
    "call firsthit_test_realigned"
    "add rsp, 8" ".cfi_def_cfa_offset 8"
    "ret"
}
routine! { firsthit_test_low_and_framed:
    "sub rsp, 40" ".cfi_def_cfa_offset 48"
    "call firsthit_test_realigned_and_framed"
    "add rsp, 40" ".cfi_def_cfa_offset 8"
    "ret"
}
routine! { firsthit_test_high_and_framed:
    "sub rsp, 8" ".cfi_def_cfa_offset 16"
    "call firsthit_test_realigned_and_framed"
    "add rsp, 8" ".cfi_def_cfa_offset 8"
    "ret"
}

// Ends with a call that does not return: its return address is the next routine's first.
routine! { firsthit_test_diverges:
    "sub rsp, 40" ".cfi_def_cfa_offset 48"
    "call rdi"
}
routine! { firsthit_test_follows: "ud2" }

global_asm!(".hidden firsthit_test_undescribed", "firsthit_test_undescribed:", "nop", "nop", "ud2");
unsafe extern "C-unwind" {
    pub(super) fn firsthit_test_framed(call: extern "C-unwind" fn());
    fn firsthit_test_low(call: extern "C-unwind" fn());
    fn firsthit_test_high(call: extern "C-unwind" fn());
    fn firsthit_test_low_and_framed(call: extern "C-unwind" fn());
    fn firsthit_test_high_and_framed(call: extern "C-unwind" fn());
    fn firsthit_test_diverges(call: extern "C-unwind" fn());
    fn firsthit_test_follows(call: extern "C-unwind" fn());
    static firsthit_test_undescribed: u8;
}

extern "C-unwind" fn capture() {
    capture_here();
}

extern "C-unwind" fn capture_and_unwind() {
    capture_here();
    resume_unwind(Box::new(()));
}

#[test]
fn stale_words_of_a_popped_frame_do_not_pass_for_its_callers() {
    // The second routine of a pair leaves the first one's return addresses in place, above its own callee and
    // between its own words: all of the old chain is still to be read, and only a frame pointer gives it away.
    let pairs: [[Calls; 2]; 2] =
        [[firsthit_test_low, firsthit_test_high], [firsthit_test_low_and_framed, firsthit_test_high_and_framed]];
    within(|boundary| {
        for pair in black_box(&pairs) {
            let (probe, ids) = probing(boundary, || {
                for routine in black_box(&pair[..]) {
                    // SAFETY: the routine calls its argument and comes back.
                    unsafe { routine(capture) };
                }
            });
            assert_eq!((probe.captures, probe.chains()), (2, 2));
            assert_ne!(ids[0], ids[1]);
        }
    });
}

#[test]
fn a_call_that_ends_a_function_is_still_that_functions() {
    within(|boundary| {
        let (probe, _) = probing(boundary, || {
            // SAFETY: the routine calls its argument, which does not come back.
            let caught = catch_unwind(|| unsafe { firsthit_test_diverges(capture_and_unwind) });
            assert!(caught.is_err());
        });
        assert_eq!(probe.captures, 1);
    });
}

#[test]
fn code_without_unwind_information_has_no_rule() {
    refresh();
    let pc = (&raw const firsthit_test_undescribed).addr();
    assert!(
        [pc, pc + 1].iter().all(|&pc| rule_of(pc).is_refused() && rule_of(pc).error(7) == WalkError::NoRule { ip: 7 })
    );
    let described = firsthit_test_follows as Calls as usize;
    assert!(!rule_of(described).is_refused());
}
