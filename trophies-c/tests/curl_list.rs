//! curl 0.4.51: `List::append` asserts what it promises to return as an error.
#[test]
fn a_header_is_an_error_without_memory() {
    let mut list = curl::easy::List::new();
    list.append("Accept: text/html").unwrap();
}
