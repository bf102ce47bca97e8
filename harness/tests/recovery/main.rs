//! Which recovery paths of annotated code count as tested, and how that is kept and told.
#![cfg(all(target_os = "linux", not(firsthit_portable)))]

#[expect(dead_code, reason = "the traps need more of it")]
#[path = "../traps/again.rs"]
mod again;
mod explorers;
mod leaving;
mod left;
mod second;
mod sites;
mod states;
mod subjects;
mod swallowed;

#[global_allocator]
static ALLOC: firsthit::Alloc = firsthit::Alloc::system();
