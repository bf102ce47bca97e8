//! The outermost frame of a chain: an assembly trampoline whose frame every walker can recognise.
#![expect(unsafe_code, reason = "enters the body through an assembly trampoline")]

/// The frame a chain ends at.
///
/// The trampoline keeps a frame pointer whatever the build's flags are, so `fp` names one frame
/// of one thread exactly, and a walk that arrives there has left nothing out behind it.
#[repr(C)]
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Boundary {
    /// The frame pointer inside the trampoline: `[fp]` is its caller's, `[fp + 8]` its return address.
    pub(crate) fp: usize,
    /// The return address of the call that the trampoline makes.
    pub(crate) ip: usize,
}

#[cfg(target_arch = "x86_64")]
core::arch::global_asm!(
    ".globl firsthit_boundary",
    ".hidden firsthit_boundary",
    ".type firsthit_boundary, @function",
    "firsthit_boundary:",
    ".cfi_startproc",
    "push rbp",
    ".cfi_def_cfa_offset 16",
    ".cfi_offset rbp, -16",
    "mov rbp, rsp",
    ".cfi_def_cfa_register rbp",
    "mov rax, rdi",
    "mov rdi, rsi",
    "mov rsi, rbp",
    "call rax",
    ".globl firsthit_boundary_return",
    ".hidden firsthit_boundary_return",
    "firsthit_boundary_return:",
    "pop rbp",
    ".cfi_def_cfa rsp, 8",
    "ret",
    ".cfi_endproc",
    ".size firsthit_boundary, . - firsthit_boundary",
);

#[cfg(target_arch = "aarch64")]
core::arch::global_asm!(
    ".globl firsthit_boundary",
    ".hidden firsthit_boundary",
    ".type firsthit_boundary, %function",
    "firsthit_boundary:",
    ".cfi_startproc",
    "stp x29, x30, [sp, #-16]!",
    ".cfi_def_cfa_offset 16",
    ".cfi_offset x29, -16",
    ".cfi_offset x30, -8",
    "mov x29, sp",
    ".cfi_def_cfa x29, 16",
    "mov x9, x0",
    "mov x0, x1",
    "mov x1, x29",
    "blr x9",
    ".globl firsthit_boundary_return",
    ".hidden firsthit_boundary_return",
    "firsthit_boundary_return:",
    "ldp x29, x30, [sp], #16",
    ".cfi_def_cfa sp, 0",
    "ret",
    ".cfi_endproc",
    ".size firsthit_boundary, . - firsthit_boundary",
);

unsafe extern "C-unwind" {
    fn firsthit_boundary(call: unsafe extern "C-unwind" fn(*mut u8, usize), data: *mut u8);
    static firsthit_boundary_return: u8;
}

/// Calls `body` inside a boundary frame and hands it that frame.
pub(crate) fn within<F: FnOnce(Boundary) -> R, R>(body: F) -> R {
    struct Call<F, R> {
        body: Option<F>,
        result: Option<R>,
    }
    unsafe extern "C-unwind" fn enter<F: FnOnce(Boundary) -> R, R>(data: *mut u8, fp: usize) {
        // SAFETY: `data` is the `Call<F, R>` of the `within` below, which waits for this function.
        let call = unsafe { &mut *data.cast::<Call<F, R>>() };
        let ip = (&raw const firsthit_boundary_return).addr();
        if let Some(body) = call.body.take() {
            call.result = Some(body(Boundary { fp, ip }));
        }
    }
    let mut call = Call { body: Some(body), result: None };
    // SAFETY: 1. `enter::<F, R>` has the signature that the trampoline calls. 2. `call` outlives the call.
    // 3. The trampoline has unwind information, and a panic may pass through "C-unwind".
    unsafe { firsthit_boundary(enter::<F, R>, (&raw mut call).cast()) };
    call.result.expect("the trampoline has called the body")
}

#[cfg(test)]
mod tests {
    use super::within;

    #[test]
    fn the_body_runs_once_and_its_value_comes_back() {
        let mut runs = 0;
        let value = within(|boundary| {
            runs += 1;
            assert_ne!(boundary.fp, 0);
            "value"
        });
        assert_eq!((runs, value), (1, "value"));
    }

    #[test]
    fn a_panic_passes_through_the_trampoline() {
        let caught = std::panic::catch_unwind(|| within(|_| std::panic::resume_unwind(Box::new(7_u8))));
        assert_eq!(caught.unwrap_err().downcast_ref::<u8>(), Some(&7));
    }
}
