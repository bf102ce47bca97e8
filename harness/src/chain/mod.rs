//! Call chains: where they end, how they are walked, and what names them.

pub(crate) mod boundary;
pub(crate) mod cycles;
pub(crate) mod frame_pointers;
pub(crate) mod id;
pub(crate) mod module;
pub(crate) mod portable;
pub(crate) mod quiet;
pub(crate) mod registers;
#[cfg(all(target_os = "linux", target_arch = "x86_64", target_pointer_width = "64"))]
pub(crate) mod unwind_rules;
pub(crate) mod walker;
