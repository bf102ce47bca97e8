//! The engine and the second reading of the policy agree about any request in any situation.
#![no_main]

#[path = "../../tests/reference.rs"]
mod reference;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| reference::check(bytes));
