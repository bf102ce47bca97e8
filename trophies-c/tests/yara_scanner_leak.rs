//! yara 0.32.0: the state of a scanner of rules is lost where the jump out of it passes by its end.
#[test]
fn a_scanner_is_given_back_after_an_error() {
    yara::Compiler::new().unwrap().add_rules_str("rule always { condition: true }").unwrap();
}
