//! capstone 0.14.0: `cs_disasm` does not look whether it got memory for the details.
use capstone::prelude::*;

#[test]
fn details_are_an_error_without_memory() {
    let disassembler = Capstone::new().x86().mode(arch::x86::ArchMode::Mode64).detail(true).build().unwrap();
    assert_eq!(disassembler.disasm_all(b"\x55\x90", 0x1000).unwrap().len(), 2);
}
