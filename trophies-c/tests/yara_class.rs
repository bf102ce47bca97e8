//! yara 0.32.0: a class of characters is copied to where there is no memory for it.
#[test]
fn a_class_is_an_error_without_memory() {
    let rule = "rule letters { strings: $letters = /[ab]+c/ condition: $letters }";
    let rules = yara::Compiler::new().unwrap().add_rules_str(rule).unwrap().compile_rules().unwrap();
    assert_eq!(rules.get_rules().len(), 1);
}
