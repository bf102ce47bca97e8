//! curl 0.4.51: cookies that there is no memory for are said not to be there.
#[test]
fn cookies_are_an_error_without_memory() {
    let mut easy = curl::easy::Easy::new();
    easy.cookie_list("Set-Cookie: a=b; domain=example.org").unwrap();
    assert_eq!(easy.cookies().unwrap().iter().count(), 1);
}
