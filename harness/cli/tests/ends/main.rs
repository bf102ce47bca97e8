//! `cargo firsthit` from end to end: a workspace of known behaviour is swept by the real command, killed, stopped, and asked again.
#![cfg(all(target_os = "linux", target_env = "gnu"))]

#[path = "../demo/mod.rs"]
mod demo;
mod full_disk;
mod killed;
mod known;
mod processes;
mod programs;
mod seeded;
mod shards;
mod stopping;
mod swept;
mod verdicts;
