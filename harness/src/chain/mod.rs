//! Call chains: where they end, how they are walked, and what names them.

pub(crate) mod boundary;
pub(crate) mod cycles;
pub(crate) mod frame_pointers;
pub(crate) mod id;
pub(crate) mod module;
pub(crate) mod portable;
pub(crate) mod quiet;
pub(crate) mod registers;
pub(crate) mod walker;
