//! capstone 0.14.0: the table from identities to instructions is filled before it is looked whether there is one.
use capstone::prelude::*;

#[test]
fn operands_are_an_error_without_memory() {
    let disassembler = Capstone::new().arm().mode(arch::arm::ArchMode::Arm).detail(true).build().unwrap();
    assert_eq!(disassembler.disasm_all(b"\x04\xe0\x2d\xe5", 0x1000).unwrap().len(), 1);
}
