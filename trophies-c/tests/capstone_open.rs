//! capstone 0.14.0: `cs_open` writes through the null pointer that `cs_mem_malloc` gave it.
use capstone::prelude::*;

#[test]
fn a_disassembler_is_an_error_without_memory() {
    Capstone::new().x86().mode(arch::x86::ArchMode::Mode64).build().unwrap();
}
