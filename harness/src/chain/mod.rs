//! Call chains: where they end, how they are walked, and what names them.

#[cfg_attr(firsthit_portable, path = "../portable/boundary.rs")]
pub(crate) mod boundary;
pub(crate) mod cycles;
#[cfg_attr(firsthit_portable, path = "../portable/frame_pointers.rs")]
pub(crate) mod frame_pointers;
pub(crate) mod id;
#[cfg_attr(firsthit_portable, path = "../portable/module.rs")]
pub(crate) mod module;
#[cfg_attr(firsthit_portable, path = "../portable/walker.rs")]
pub(crate) mod portable;
pub(crate) mod quiet;
#[cfg_attr(firsthit_portable, path = "../portable/registers.rs")]
pub(crate) mod registers;
// Rules are there for one processor only.
#[cfg_attr(any(firsthit_portable, not(target_arch = "x86_64")), path = "../portable/unwind_rules.rs")]
pub(crate) mod unwind_rules;
pub(crate) mod walker;
