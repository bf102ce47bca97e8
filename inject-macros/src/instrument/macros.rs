//! Macros whose arguments are plain expressions, which the compiler evaluates once and where they stand.

use proc_macro2::{TokenStream, TokenTree};
use quote::ToTokens as _;
use syn::parse::{Parse as _, ParseStream, Parser as _};
use syn::{Expr, Macro, Token, punctuated::Punctuated};

/// Macros that take expressions, all of which are looked into.
const EXPRESSIONS: &[&str] = &[
    "assert_eq",
    "assert_ne",
    "debug_assert_eq",
    "debug_assert_ne",
    "eprint",
    "eprintln",
    "format",
    "format_args",
    "panic",
    "print",
    "println",
    "todo",
    "unimplemented",
    "unreachable",
    "vec",
    "write",
    "writeln",
];

/// Macros that print the text of their first argument, unless they have a message.
const CONDITIONS: &[&str] = &["assert", "debug_assert"];

/// Macros whose arguments are no code, or code that cannot leave the place.
const HARMLESS: &[&str] = &[
    "addr_of",
    "addr_of_mut",
    "cfg",
    "column",
    "concat",
    "env",
    "file",
    "include_bytes",
    "include_str",
    "line",
    "module_path",
    "offset_of",
    "option_env",
    "stringify",
];

/// The arguments of a macro, as they stand in it.
pub(crate) enum Arguments {
    /// Separated by commas.
    List(Punctuated<Expr, Token![,]>),
    /// `vec![value; count]`.
    Repeated(Box<(Expr, Token![;], Expr)>),
    /// `matches!(value, pattern)`.
    First(Box<Expr>, TokenStream),
}

impl Arguments {
    /// Reads the arguments of a macro that is known to evaluate them.
    pub(crate) fn of(mac: &Macro) -> Option<Arguments> {
        let name = mac.path.segments.last()?.ident.to_string();
        let tokens = || mac.tokens.clone();
        if name == "matches" {
            let first = |input: ParseStream<'_>| Ok((Expr::parse(input)?, TokenStream::parse(input)?));
            let (first, rest) = first.parse2(tokens()).ok()?;
            return Some(Arguments::First(Box::new(first), rest));
        }
        let list = || Punctuated::parse_terminated.parse2(tokens()).ok();
        if CONDITIONS.contains(&name.as_str()) {
            return list().filter(|list| list.len() > 1).map(Arguments::List);
        }
        if !EXPRESSIONS.contains(&name.as_str()) {
            return None;
        }
        let repeated = |input: ParseStream<'_>| Ok((input.parse()?, input.parse()?, input.parse()?));
        list().map(Arguments::List).or_else(|| {
            let repeated = repeated.parse2(tokens()).ok().filter(|_| name == "vec")?;
            Some(Arguments::Repeated(Box::new(repeated)))
        })
    }

    /// The expressions among them.
    pub(crate) fn expressions(&mut self) -> Vec<&mut Expr> {
        match self {
            Arguments::List(list) => list.iter_mut().collect(),
            Arguments::Repeated(repeated) => vec![&mut repeated.0, &mut repeated.2],
            Arguments::First(first, _) => vec![first],
        }
    }

    /// The arguments as they are written.
    pub(crate) fn tokens(self) -> TokenStream {
        match self {
            Arguments::List(list) => list.into_token_stream(),
            Arguments::Repeated(repeated) => {
                let (value, semi, count) = *repeated;
                quote::quote!(#value #semi #count)
            }
            Arguments::First(first, rest) => quote::quote!(#first #rest),
        }
    }
}

/// The conditions under which the arguments of a macro are evaluated.
pub(crate) fn conditions(mac: &Macro) -> Vec<TokenStream> {
    let last = mac.path.segments.last();
    let is_for_debugging = last.is_some_and(|last| last.ident.to_string().starts_with("debug_assert"));
    is_for_debugging.then(|| quote::quote!(debug_assertions)).into_iter().collect()
}

/// Whether these tokens may leave the place in a way that nobody sees: by `.await`, or inside of an unknown macro.
pub(crate) fn are_opaque(tokens: TokenStream) -> bool {
    let mut name: Option<String> = None;
    let mut called: Option<String> = None;
    for token in tokens {
        match token {
            TokenTree::Group(group) => {
                let known = |name: &String| {
                    [EXPRESSIONS, HARMLESS].iter().any(|known| known.contains(&name.as_str())) || name == "matches"
                };
                if called.take().is_some_and(|name| !known(&name)) || are_opaque(group.stream()) {
                    return true;
                }
                name = None;
            }
            TokenTree::Ident(ident) if ident == "await" => return true,
            TokenTree::Ident(ident) => {
                (name, called) = (Some(ident.to_string()), None);
            }
            TokenTree::Punct(punct) => called = name.take().filter(|_| punct.as_char() == '!'),
            TokenTree::Literal(_) => (name, called) = (None, None),
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::{Arguments, are_opaque};

    fn expressions(text: &str) -> Option<usize> {
        Arguments::of(&syn::parse_str(text).unwrap()).map(|mut arguments| arguments.expressions().len())
    }

    #[test]
    fn arguments_that_are_evaluated_where_they_stand_are_read() {
        for (text, count) in [
            ("format!(\"{a} {}\", b, c = d)", Some(3)),
            ("std::write!(f, \"\")", Some(2)),
            ("vec![a; b]", Some(2)),
            ("vec![a, b]", Some(2)),
            ("matches!(a, Some(b) if c)", Some(1)),
            ("assert!(a)", None),
            ("assert!(a, \"b\")", Some(2)),
            ("dbg!(a)", None),
            ("stringify!(a)", None),
            ("my_own!(a)", None),
            ("format!(a b)", None),
        ] {
            assert_eq!(expressions(text), count, "{text}");
        }
    }

    #[test]
    fn what_may_leave_unseen_is_opaque() {
        for text in ["a.await", "[f(a.await)]", "my_own!(a)", "x, assert!(a)", "{ m! {} }"] {
            assert!(are_opaque(text.parse().unwrap()), "{text}");
        }
        for text in ["a?", "a != b", "!(a)", "format!(\"\")", "f(|a| a!= (b))", "return (a)", "matches!(a, b)"] {
            assert!(!are_opaque(text.parse().unwrap()), "{text}");
        }
    }
}
