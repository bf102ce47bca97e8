//! A procedural macro whose own tests ask for memory.
extern crate proc_macro;

use proc_macro::TokenStream;

/// Gives back what it gets.
#[proc_macro]
pub fn same(tokens: TokenStream) -> TokenStream {
    tokens
}

#[cfg_attr(not(test), allow(dead_code))]
fn names() -> Vec<String> {
    let mut names = Vec::new();
    let _ = names.try_reserve_exact(std::hint::black_box(3)); //~ names
    names
}

#[test]
fn a_macros_own_test_asks() {
    assert!(std::hint::black_box(names()).is_empty());
}
