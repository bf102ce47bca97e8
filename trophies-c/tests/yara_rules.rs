//! yara 0.32.0: rules that there is no memory to read are left out, and said to have been added.
#[test]
fn rules_are_an_error_without_memory() {
    let compiler = yara::Compiler::new().unwrap().add_rules_str("rule always { condition: true }").unwrap();
    let rules = compiler.compile_rules().unwrap();
    assert_eq!(rules.scan_mem(b"", 5).unwrap().len(), 1);
}
