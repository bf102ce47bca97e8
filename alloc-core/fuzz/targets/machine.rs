//! Any sequence of calls leaves a machine whole; the sequence and its model are those of `tests/any_sequence.rs`.
#![no_main]

#[path = "../../tests/sequence/mod.rs"]
mod sequence;

libfuzzer_sys::fuzz_target!(|sequence: sequence::Sequence| sequence.run());
