//! Traps: surroundings in which a sweep must come to the right verdicts all the same.
#![cfg(target_os = "linux")]
#![expect(unsafe_code, reason = "calls the operating system to set the traps up")]

mod again;
mod backtraces;
mod bad_input;
mod coverage;
mod directories;
mod files;
mod forest;
mod held_locks;
mod killed;
mod many_chains;
mod output;
mod owned_threads;
mod shared_name;
mod side_by_side;
mod spawned;
mod stolen_statuses;

#[global_allocator]
static ALLOC: firsthit::Alloc = firsthit::Alloc::system();
