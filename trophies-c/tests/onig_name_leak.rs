//! onig 6.5.3: the name of a group is lost if it cannot be put into the table of names.
#[test]
fn names_are_given_back() {
    onig::Regex::new("(?<name>a)").unwrap();
}
