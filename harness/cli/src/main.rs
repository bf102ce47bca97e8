//! `cargo firsthit`: sweeps the tests of any crate, unchanged, and any other program.
#![allow(dead_code, reason = "the vocabulary stands before what uses it")]

mod asked;
mod chain_id;
mod crowd;
mod frame;
mod judge;
mod library;
mod named;
mod outcome;
mod owner;
mod subject;
mod sweep;
mod swept;
mod symbols;
mod test_code;
mod test_id;

fn main() {}
