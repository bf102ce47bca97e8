//! The page allocator: frames, zones, and the request that gets them.

pub(crate) mod buddy;
pub(crate) mod frame;
pub(crate) mod watermark;
