//! Areas that are contiguous for whoever reads them, and scattered over the machine's frames.

pub(crate) mod area;
pub(crate) mod mapping;
