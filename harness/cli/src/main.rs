//! `cargo firsthit`: sweeps the tests of any crate, unchanged, and any other program.
#![allow(dead_code, reason = "the vocabulary stands before what uses it")]

mod chain_id;
mod expectations;
mod file_error;
mod frame;
mod in_diff;
mod ledger;
mod merge;
mod outcome;
mod outputs;
mod plan;
mod replace_file;
mod resume;
mod run_result;
#[cfg(test)]
mod sample;
mod shard;
mod stable_hash;
mod summary;
mod swept;
mod test_id;

fn main() {}
