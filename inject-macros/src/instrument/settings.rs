//! The arguments of `#[firsthit::instrument]`: which calls and arms count.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens as _, quote_spanned};
use syn::ext::IdentExt as _;
use syn::parse::{Parse, ParseStream};
use syn::{LitStr, Path, Token, parenthesized, punctuated::Punctuated};

use crate::{fallible, reject, words};

/// What the attribute was given.
pub(crate) struct Settings {
    /// Where firsthit is.
    pub(crate) krate: TokenStream,
    calls: Vec<Vec<String>>,
    skipped: Vec<Vec<String>>,
    /// Variants of `firsthit::__private::Kind`.
    skipped_kinds: Vec<&'static str>,
}

impl Settings {
    /// Whether a call of this path is a site: its last names are known, or were given.
    pub(crate) fn is_site(&self, path: &[String]) -> bool {
        let listed = |list: &[Vec<String>]| list.iter().any(|names| path.ends_with(names));
        (fallible::is_call(path) || listed(&self.calls)) && !listed(&self.skipped)
    }

    /// Whether a call whose last name this is may be a site.
    pub(crate) fn may_be_site(&self, name: &str) -> bool {
        fallible::may_be_call(name) || self.calls.iter().any(|names| names.last().is_some_and(|last| last == name))
    }

    /// Whether arms of this kind count.
    pub(crate) fn counts(&self, kind: &'static str) -> bool {
        !self.skipped_kinds.contains(&kind)
    }
}

impl Parse for Settings {
    fn parse(input: ParseStream<'_>) -> syn::Result<Settings> {
        let mut settings = Settings {
            krate: quote_spanned!(Span::mixed_site()=> ::firsthit),
            calls: Vec::new(),
            skipped: Vec::new(),
            skipped_kinds: Vec::new(),
        };
        let mut given: Vec<String> = Vec::new();
        while !input.is_empty() {
            let name = input.call(Ident::parse_any)?;
            let word = name.to_string();
            if given.contains(&word) {
                return Err(reject::repeated(name.span(), &word));
            }
            match word.as_str() {
                "calls" => {
                    for call in list(input, name.span(), &word)? {
                        settings.calls.push(path(&call).ok_or_else(|| reject::no_call(&call))?);
                    }
                }
                "skip" => {
                    for skipped in list(input, name.span(), &word)? {
                        settings.skip(&skipped)?;
                    }
                }
                "crate" => settings.krate = krate(input, name.span())?,
                unknown => {
                    return Err(reject::unknown(name.span(), "argument", unknown, words::INSTRUMENT_ARGUMENTS));
                }
            }
            given.push(word);
            if !input.is_empty() {
                input.parse::<Token![,]>().map_err(|_| reject::no_comma(input.span()))?;
            }
        }
        Ok(settings)
    }
}

impl Settings {
    fn skip(&mut self, skipped: &LitStr) -> syn::Result<()> {
        let word = skipped.value();
        if let Some((_, kind)) = words::ARMS.iter().find(|(known, _)| *known == word) {
            self.skipped_kinds.push(kind);
            return Ok(());
        }
        let path = path(skipped).filter(|_| words::nearest(&word, words::ARMS).is_none() || fallible_name(&word));
        self.skipped.push(path.ok_or_else(|| reject::unknown(skipped.span(), "arm or call", &word, words::ARMS))?);
        Ok(())
    }
}

/// Whether a word that is near to one for an arm is a call all the same.
fn fallible_name(word: &str) -> bool {
    fallible::is_call(&[word.to_owned()])
}

/// Reads `("a", "b")`.
fn list(input: ParseStream<'_>, span: Span, argument: &str) -> syn::Result<Vec<LitStr>> {
    let at = if input.is_empty() { span } else { input.span() };
    let read = || -> syn::Result<Punctuated<LitStr, Token![,]>> {
        let content;
        parenthesized!(content in input);
        Punctuated::parse_terminated(&content)
    };
    match read() {
        Ok(list) if !list.is_empty() => Ok(list.into_iter().collect()),
        _ => Err(reject::wrong_form(at, argument)),
    }
}

fn krate(input: ParseStream<'_>, span: Span) -> syn::Result<TokenStream> {
    let at = if input.is_empty() { span } else { input.span() };
    let read = || -> syn::Result<Path> {
        input.parse::<Token![=]>()?;
        input.call(Path::parse_mod_style)
    };
    read().map(Path::into_token_stream).map_err(|_| reject::wrong_form(at, "crate"))
}

/// The names of `Pool::get`.
fn path(text: &LitStr) -> Option<Vec<String>> {
    let path = text.parse_with(Path::parse_mod_style).ok()?;
    Some(path.segments.iter().map(|segment| segment.ident.to_string()).collect())
}

#[cfg(test)]
mod tests {
    use super::Settings;

    fn parsed(arguments: &str) -> Settings {
        syn::parse_str(arguments).unwrap_or_else(|error| panic!("{arguments}: {error}"))
    }

    fn is_site(settings: &Settings, path: &str) -> bool {
        settings.is_site(&path.split("::").map(str::to_owned).collect::<Vec<_>>())
    }

    #[test]
    fn calls_are_added_and_taken_away_by_their_last_names() {
        let settings = parsed(r#"calls("my_alloc", "Pool::get"), skip("try_push", "map_err", "?"), crate = a::b"#);
        for (path, expected) in [
            ("my_alloc", true),
            ("x::my_alloc", true),
            ("Pool::get", true),
            ("x::Pool::get", true),
            ("get", false),
            ("try_reserve", true),
            ("try_push", false),
            ("Vec::try_push", false),
        ] {
            assert_eq!(is_site(&settings, path), expected, "{path}");
        }
        assert!(!settings.counts("MapErr") && !settings.counts("Question") && settings.counts("MatchArm"));
        assert_eq!(settings.krate.to_string(), "a :: b");
    }

    #[test]
    fn what_is_refused_comes_with_a_cure() {
        for (arguments, wrong) in [
            ("calls", "`calls` is not written like this"),
            ("calls()", "`calls` is not written like this"),
            ("calls(a)", "`calls` is not written like this"),
            (r#"calls("a b")"#, "is no call"),
            (r#"calls("a"), calls("b")"#, "is given twice"),
            (r#"skip("map_er")"#, "did you mean `map_err`?"),
            (r#"skip("if lett")"#, "did you mean `if let`?"),
            (r#"call("a")"#, "did you mean `calls`?"),
            ("crate = a<b>", "separate arguments by `,`"),
        ] {
            let refusal = syn::parse_str::<Settings>(arguments).err().unwrap_or_else(|| panic!("taken: {arguments}"));
            let refusal = refusal.to_string();
            assert!(refusal.contains(wrong) && refusal.contains("\nhelp: "), "{arguments}: {refusal}");
        }
    }
}
