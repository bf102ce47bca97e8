//! capstone 0.14.0: BPF code that could not be decoded for want of memory is said to hold no instructions.
use capstone::prelude::*;

#[test]
fn instructions_are_an_error_without_memory() {
    let disassembler = Capstone::new().bpf().mode(arch::bpf::ArchMode::Ebpf).build().unwrap();
    let code = b"\x97\x09\x00\x00\x37\x13\x03\x00\xdc\x02\x00\x00\x20\x00\x00\x00";
    assert_eq!(disassembler.disasm_all(code, 0x1000).unwrap().len(), 2);
}
