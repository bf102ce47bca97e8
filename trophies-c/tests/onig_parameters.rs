//! onig 6.5.3: the parameters of a match are written to without a look whether there are any.
#[test]
fn parameters_are_not_null() {
    let pattern = onig::Regex::new("a").unwrap();
    assert!(pattern.find("a").is_some());
}
