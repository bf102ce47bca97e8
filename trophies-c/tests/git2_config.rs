//! git2 0.21.0: the head of a configuration's variable is written to without a look whether there is one.
mod scratch;

#[test]
fn a_configuration_is_an_error_without_memory() {
    let file = scratch::Scratch::file("[a]\n\tb = c\n");
    let config = git2::Config::open(file.path()).unwrap();
    assert_eq!(config.get_string("a.b").unwrap(), "c");
}
