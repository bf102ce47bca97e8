//! `cargo firsthit`: sweeps the tests of any crate, unchanged, and any other program.
#![allow(dead_code, reason = "the vocabulary stands before what uses it")]

mod asked;
mod chain_id;
mod crowd;
mod expectations;
mod file_error;
mod frame;
mod in_diff;
mod judge;
mod ledger;
mod library;
mod merge;
mod named;
mod outcome;
mod outputs;
mod owner;
mod plan;
mod replace_file;
mod resume;
mod run_result;
#[cfg(test)]
mod sample;
mod shard;
mod stable_hash;
mod subject;
mod summary;
mod sweep;
mod swept;
mod symbols;
mod test_code;
mod test_id;

fn main() {}
