//! The memory that arena allocators get: 256 MiB each, written to beforehand, so that nobody pays for page faults.

/// Bytes of an arena.
pub(crate) const ARENA: usize = 256 << 20;

/// A fresh arena, aligned to 4 MiB. It is never given back.
pub(crate) fn arena() -> &'static mut [u8] {
    const ALIGN: usize = 4 << 20;
    let memory: &'static mut [u8] = vec![0; ARENA + ALIGN].leak();
    let before = memory.as_ptr().align_offset(ALIGN);
    let arena = &mut memory[before..before + ARENA];
    // One byte of each page; zeroes alone would be left to the system to provide.
    arena.iter_mut().step_by(4096).for_each(|byte| *byte = 1);
    arena
}
