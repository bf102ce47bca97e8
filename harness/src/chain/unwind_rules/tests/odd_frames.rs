//! Starts and frames that no walk can follow exactly, and those only an exact program counter can.
#![expect(unsafe_code, reason = "hands the walkers made-up registers and a signal's context")]

use core::ffi::{c_int, c_void};
use core::hint::black_box;
use core::mem;
use core::ptr;
use core::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use super::assembly::firsthit_test_framed;
use super::oracle::{SEED, libgcc};
use crate::chain::boundary::{Boundary, within};
use crate::chain::registers::Registers;
use crate::chain::unwind_rules::refresh::refresh;
use crate::chain::unwind_rules::walk::{frames, frames_at};
use crate::chain::unwind_rules::walk_error::WalkError;
use crate::chain::unwind_rules::walker::Walker;

/// Its own frame lies below every start the tests make, so that both walks see one and the same stack;
/// by reference, since a callee may write to what it is handed by value.
#[inline(never)]
fn walk(start: &Registers, boundary: &Boundary, room: usize) -> Result<usize, WalkError> {
    // SAFETY: the tests start at or above their own frame, or out of the boundary's reach.
    let raw = unsafe { Walker::try_new().unwrap().raw(*start, boundary, SEED) };
    // SAFETY: as above.
    let plain = unsafe { frames(*start, boundary, &mut vec![0; room]) };
    if plain != Err(WalkError::OutOfSpace) {
        assert_eq!(plain.err(), raw.err());
    }
    plain
}

#[inline(never)]
fn refusals(boundary: &Boundary) {
    let here = Registers::here();
    let count = walk(&here, boundary, 100).unwrap();
    assert!(count > 0);
    assert_eq!(walk(&here, boundary, count), Ok(count));
    assert_eq!(walk(&here, boundary, count - 1), Err(WalkError::OutOfSpace));
    let left = Err(WalkError::LeftStack { ip: here.ip });
    assert_eq!(walk(&Registers { sp: boundary.fp, ..here }, boundary, 100), left);
    assert_eq!(walk(&Registers { sp: boundary.fp + 64, ..here }, boundary, 100), left);
    assert_eq!(walk(&Registers { sp: here.sp + 4, ..here }, boundary, 100), left);
    let data = ptr::from_ref(&here).addr();
    assert_eq!(walk(&Registers { ip: data, ..here }, boundary, 100), Err(WalkError::NoRule { ip: data }));
    assert_eq!(walk(&Registers { ip: 0, ..here }, boundary, 100), Err(WalkError::NoRule { ip: 0 }));
    let elsewhere = Boundary { ip: boundary.ip + 1, ..*boundary };
    assert_eq!(walk(&here, &elsewhere, 100), Err(WalkError::LeftStack { ip: boundary.ip }));
}

#[test]
fn a_walk_that_cannot_be_exact_says_why() {
    refresh();
    within(|boundary| black_box(refusals as fn(&Boundary))(&boundary));
}

#[test]
fn random_registers_never_read_outside_the_stack() {
    refresh();
    within(|boundary| {
        let here = Registers::here();
        let text = walk as fn(&Registers, &Boundary, usize) -> Result<usize, WalkError> as usize;
        let mut random = 1_usize;
        let mut next = || {
            random = random.wrapping_mul(0x5851_f42d_4c95_7f2d).wrapping_add(0x1405_7b7e_f767_814f);
            random >> 11
        };
        for _ in 0..20_000 {
            let fp = [here.fp, 0, next(), usize::MAX - next() % 64, here.sp + next() % 4096][next() % 5];
            let start = Registers {
                ip: text.wrapping_add(next() % 0x8000).wrapping_sub(0x4000),
                sp: here.sp + next() % boundary.fp.wrapping_sub(here.sp) / 8 * 8,
                fp,
            };
            // Most of these fail, a few come home; none may crash.
            let _ = black_box(walk(&start, &boundary, 100));
        }
    });
}

static STEPPING: AtomicBool = AtomicBool::new(false);
static FP: AtomicUsize = AtomicUsize::new(0);
static IP: AtomicUsize = AtomicUsize::new(0);
static EXACT: AtomicUsize = AtomicUsize::new(0);
static WRONG: AtomicUsize = AtomicUsize::new(0);
static UNDESCRIBED: AtomicUsize = AtomicUsize::new(0);
static THROUGH_SIGNAL: AtomicUsize = AtomicUsize::new(0);

/// Compares at every single instruction: the processor traps before each while its trap flag is set.
extern "C" fn on_trap(_: c_int, _: *mut libc::siginfo_t, context: *mut c_void) {
    let boundary = Boundary { fp: FP.load(Ordering::Relaxed), ip: IP.load(Ordering::Relaxed) };
    // SAFETY: the kernel hands a signal handler the context it has interrupted.
    let registers = unsafe { &(*context.cast::<libc::ucontext_t>()).uc_mcontext.gregs };
    let [ip, sp, fp] = [libc::REG_RIP, libc::REG_RSP, libc::REG_RBP].map(|name| registers[name as usize] as usize);
    let start = Registers { ip, sp, fp };
    // The instructions that set and clear the flag move the stack pointer, which no unwind information says.
    if !STEPPING.load(Ordering::Relaxed) {
        return;
    }
    let mut list = [0; 64];
    // SAFETY: the interrupted function runs within the boundary, on this stack.
    let walked = unsafe { frames_at(start, &boundary, &mut list) };
    let mut expected = Vec::with_capacity(64);
    let arrived = libgcc(start, &boundary, &mut expected);
    match walked {
        Ok(count) if arrived && list[..count] == expected[..] => EXACT.fetch_add(1, Ordering::Relaxed),
        // A jump through the linkage table, in code that nobody has described.
        Err(WalkError::NoRule { .. }) if !arrived => UNDESCRIBED.fetch_add(1, Ordering::Relaxed),
        _ => WRONG.fetch_add(1, Ordering::Relaxed),
    };
    let here = Registers::here();
    // SAFETY: as above.
    if let Err(WalkError::Unsupported { .. }) = unsafe { frames(here, &boundary, &mut list) } {
        THROUGH_SIGNAL.fetch_add(1, Ordering::Relaxed);
    }
}

#[inline(never)]
fn stepped(depth: u32) -> u64 {
    extern "C-unwind" fn nothing() {}
    let mut frame = black_box([u64::from(depth); 9]);
    // SAFETY: the routine calls its argument and comes back.
    unsafe { firsthit_test_framed(nothing) };
    if depth > 0 {
        frame[3] = stepped(depth - 1);
        frame[4] = black_box(frame[3]).max(frame[5]);
    }
    black_box(&frame).iter().fold(0, |sum: u64, &number| sum.wrapping_add(number))
}

#[test]
fn an_interrupted_function_is_exact_at_every_instruction() {
    refresh();
    let mut action: libc::sigaction = {
        // SAFETY: zeroes are a valid `sigaction`.
        unsafe { mem::zeroed() }
    };
    action.sa_sigaction = on_trap as extern "C" fn(c_int, *mut libc::siginfo_t, *mut c_void) as usize;
    action.sa_flags = libc::SA_SIGINFO;
    // SAFETY: the handler has the type that `SA_SIGINFO` asks for.
    assert_eq!(unsafe { libc::sigaction(libc::SIGTRAP, &raw const action, ptr::null_mut()) }, 0);
    within(|boundary| {
        FP.store(boundary.fp, Ordering::Relaxed);
        IP.store(boundary.ip, Ordering::Relaxed);
        // SAFETY: the trap flag changes nothing but that SIGTRAP follows each instruction, and it is handled.
        unsafe { core::arch::asm!("pushfq", "or qword ptr [rsp], 0x100", "popfq") };
        STEPPING.store(true, Ordering::SeqCst);
        black_box(stepped(black_box(5)));
        STEPPING.store(false, Ordering::SeqCst);
        // SAFETY: as above; the flag is off again.
        unsafe { core::arch::asm!("pushfq", "and qword ptr [rsp], -0x101", "popfq") };
    });
    let counts = [&EXACT, &UNDESCRIBED, &WRONG, &THROUGH_SIGNAL].map(|count| count.load(Ordering::Relaxed));
    eprintln!("exact, undescribed, wrong, through the signal's frame: {counts:?}");
    assert!(counts[0] > 100 && counts[1] < 10, "{counts:?}");
    assert_eq!(counts[2], 0, "{counts:?}");
    // A walk that would pass a signal's frame is refused; every trap's own handler stands on one.
    assert!(counts[3] >= counts[0], "{counts:?}");
}
