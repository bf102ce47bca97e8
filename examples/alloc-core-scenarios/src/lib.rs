//! Eight incidents of kernel memory allocation, each as it happened and as it was mended.
//!
//! The code is what a kernel has at these places, written against `alloc-core`; the tests make memory as scarce as it was,
//! and sweep it. `README.md` beside this crate tells the stories.

pub mod cpuset_race;
pub mod cross_check;
pub mod emergency_shutdown;
pub mod file_table;
pub mod journal_replay;
pub mod nofail_scope;
pub mod nofs_write_out;
pub mod staged_repair;
#[cfg(test)]
mod tests;
