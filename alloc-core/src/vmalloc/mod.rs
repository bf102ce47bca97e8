//! Areas that are contiguous for whoever reads them, and scattered over the machine's frames.

pub(crate) mod area;
pub(crate) mod inner;
pub(crate) mod mapping;
mod raw;
mod resize;
pub(crate) mod tables;
pub(crate) mod usage;
