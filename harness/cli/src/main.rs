//! `cargo firsthit`: sweeps the tests of any crate, unchanged, and any other program.
#![allow(dead_code, reason = "the vocabulary stands before what uses it")]

mod chain_id;
mod frame;
mod outcome;
mod swept;
mod test_id;

fn main() {}
