//! The page allocator: frames, zones, and the request that gets them.

pub(crate) mod backed;
mod begin;
pub(crate) mod buddy;
mod compaction;
pub(crate) mod course;
mod door;
mod engine;
pub(crate) mod frame;
pub(crate) mod locked;
mod migration;
pub(crate) mod movable;
pub(crate) mod notifier;
pub(crate) mod oom;
pub(crate) mod pages;
pub(crate) mod per_cpu;
pub(crate) mod reclaim;
pub(crate) mod state;
pub(crate) mod tickets;
mod view;
pub(crate) mod watermark;
pub(crate) mod zone;
pub(crate) mod zonelist;
