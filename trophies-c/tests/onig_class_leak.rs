//! onig 6.5.3: the ranges of a class of characters are lost if there is no memory for more of them.
#[test]
fn ranges_are_given_back() {
    onig::Regex::new("[[:alpha:]]").unwrap();
}
