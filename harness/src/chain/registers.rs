//! Where a walk starts: program counter, stack pointer and frame pointer of a live function.
#![expect(unsafe_code, reason = "reads the machine's registers through an assembly routine")]

/// The registers an unwinder needs at the start of a walk.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Registers {
    /// An address inside the function that the walk starts in.
    pub(crate) ip: usize,
    /// That function's stack pointer at `ip`.
    pub(crate) sp: usize,
    /// Its frame pointer register (`rbp`, `x29`), whatever it holds.
    pub(crate) fp: usize,
}

#[cfg(target_arch = "x86_64")]
core::arch::global_asm!(
    ".globl firsthit_registers",
    ".hidden firsthit_registers",
    ".type firsthit_registers, @function",
    "firsthit_registers:",
    ".cfi_startproc",
    "mov rax, [rsp]",
    "mov [rdi], rax",
    "lea rax, [rsp + 8]",
    "mov [rdi + 8], rax",
    "mov [rdi + 16], rbp",
    "ret",
    ".cfi_endproc",
    ".size firsthit_registers, . - firsthit_registers",
);

#[cfg(target_arch = "aarch64")]
core::arch::global_asm!(
    ".globl firsthit_registers",
    ".hidden firsthit_registers",
    ".type firsthit_registers, %function",
    "firsthit_registers:",
    ".cfi_startproc",
    "mov x9, sp",
    "stp x30, x9, [x0]",
    "str x29, [x0, #16]",
    "ret",
    ".cfi_endproc",
    ".size firsthit_registers, . - firsthit_registers",
);

unsafe extern "C" {
    fn firsthit_registers(out: *mut Registers);
}

impl Registers {
    /// The registers of the calling function, which must still be running when they are used.
    #[inline(always)]
    pub(crate) fn here() -> Registers {
        let mut registers = Registers::default();
        // SAFETY: the routine writes the three words of `registers`, which is `repr(C)`, and nothing else.
        unsafe { firsthit_registers(&raw mut registers) };
        registers
    }

    /// [`here`](Registers::here) without a call.
    #[cfg(target_arch = "x86_64")]
    #[inline(always)]
    pub(crate) fn inline() -> Registers {
        let (ip, sp, fp): (usize, usize, usize);
        // SAFETY: the block only copies registers; `ip` is the end of its first instruction, as a return address.
        unsafe {
            core::arch::asm!(
                "lea {ip}, [rip]",
                "mov {sp}, rsp",
                "mov {fp}, rbp",
                ip = out(reg) ip,
                sp = out(reg) sp,
                fp = out(reg) fp,
                options(nomem, nostack, preserves_flags),
            );
        }
        Registers { ip, sp, fp }
    }

    /// [`here`](Registers::here).
    #[cfg(not(target_arch = "x86_64"))]
    #[inline(always)]
    pub(crate) fn inline() -> Registers {
        Registers::here()
    }
}
