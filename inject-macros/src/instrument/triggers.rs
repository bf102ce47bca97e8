//! Whether an item can hold any point at all, told from its tokens: most of a crate is never parsed.

use proc_macro2::{Delimiter, TokenStream, TokenTree};

use super::methods;
use super::settings::Settings;
use crate::mark;

/// Whether nothing can be refused of an item but its marks: an `impl` block, a trait, a module, or a function, with a body.
pub(crate) fn may_be_left(item: &TokenStream) -> bool {
    let (mut taken, mut body) = (false, false);
    for token in item.clone() {
        body = matches!(&token, TokenTree::Group(group) if group.delimiter() == Delimiter::Brace);
        if let TokenTree::Ident(ident) = token {
            match ident.to_string().as_str() {
                "fn" | "impl" | "mod" | "trait" => taken = true,
                "const" | "enum" | "extern" | "macro_rules" | "static" | "struct" | "union" => return false,
                _ => {}
            }
        }
    }
    taken && body
}

/// Whether something in these tokens may be a point or a mark.
pub(crate) fn are_in(tokens: TokenStream, settings: &Settings) -> bool {
    tokens.into_iter().any(|token| match token {
        TokenTree::Group(group) => are_in(group.stream(), settings),
        TokenTree::Punct(punct) => punct.as_char() == '?',
        TokenTree::Ident(ident) => {
            let name = ident.to_string();
            ["Break", "Continue", "Err", "None", "Ok", "Some"].contains(&name.as_str())
                || mark::NAMES.contains(&name.as_str())
                || methods::is_known(&name)
                || settings.may_be_site(&name)
        }
        TokenTree::Literal(_) => false,
    })
}

#[cfg(test)]
mod tests {
    use super::are_in;

    #[test]
    fn whatever_can_be_a_point_is_seen() {
        let settings = syn::parse_str(r#"calls("Pool::obtain")"#).unwrap();
        let seen = |text: &str| are_in(text.parse().unwrap(), &settings);
        for text in
            ["{ a? }", "Err", "[(x.ok())]", "p.is_null()", "let _ = alloc::alloc(l);", "Pool::obtain()", "#[benign]"]
        {
            assert!(seen(text), "{text}");
        }
        assert!(!seen("impl A { fn f(&self) -> u8 { self.len() + 1 } }"));
    }
}
