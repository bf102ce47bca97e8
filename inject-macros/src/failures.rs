//! The failures of an injectable function, as they are written.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, quote_spanned};
use syn::ext::IdentExt as _;
use syn::parse::{Parse, ParseStream};
use syn::{Expr, Path, Token, bracketed, token};

use crate::words::{self, ERRNOS, FAILURES, IO_KINDS};
use crate::{not_injectable, reject};

/// What the attribute was given.
#[derive(Default)]
pub(crate) struct Failures {
    /// In their order; each is an injection of its own.
    pub(crate) failures: Vec<Failure>,
    /// Where firsthit is, if not at `::firsthit`.
    pub(crate) krate: Option<Path>,
}

/// What the function returns when it is failed.
pub(crate) enum Failure {
    /// A value, written out.
    Value(Expr),
    /// A null pointer, of the type that the function returns.
    Null(Ident),
    /// An `io::Error` with a number of the operating system.
    Errno(Ident),
    /// An `io::Error` of this kind.
    Io(Ident),
}

impl Failure {
    /// The expression that is returned.
    pub(crate) fn value(&self, krate: &TokenStream) -> TokenStream {
        let at = |name: &Ident| Span::mixed_site().located_at(name.span());
        match self {
            Failure::Value(value) => value.to_token_stream(),
            Failure::Null(word) => quote_spanned!(at(word)=> #krate::__private::null()),
            Failure::Errno(name) => quote_spanned! {at(name)=>
                ::core::result::Result::Err(::core::convert::From::from(
                    ::std::io::Error::from_raw_os_error(#krate::__private::errno::#name)
                ))
            },
            Failure::Io(name) => quote_spanned! {at(name)=>
                ::core::result::Result::Err(::core::convert::From::from(
                    ::std::io::Error::from(::std::io::ErrorKind::#name)
                ))
            },
        }
    }

    /// How reports show it: as it is written.
    pub(crate) fn text(&self) -> TokenStream {
        let site = Span::mixed_site();
        match self {
            Failure::Value(value) => quote_spanned!(site=> ::core::stringify!(#value)),
            Failure::Null(_) => quote_spanned!(site=> "null"),
            Failure::Errno(name) => literally("errno", name),
            Failure::Io(name) => literally("io", name),
        }
    }
}

fn literally(word: &str, name: &Ident) -> TokenStream {
    proc_macro2::Literal::string(&format!("{word} = {name}")).into_token_stream()
}

impl Parse for Failures {
    fn parse(input: ParseStream<'_>) -> syn::Result<Failures> {
        let mut given = Failures::default();
        while !input.is_empty() {
            given.argument(input)?;
            if !input.is_empty() {
                input.parse::<Token![,]>().map_err(|_| reject::no_comma(input.span()))?;
            }
        }
        Ok(given)
    }
}

impl Failures {
    fn argument(&mut self, input: ParseStream<'_>) -> syn::Result<()> {
        let named = input.peek(Ident::peek_any) && input.peek2(Token![=]) && !input.peek2(Token![==]);
        if !named {
            let failure = value(input)?;
            return self.add(failure);
        }
        let word = input.call(Ident::parse_any)?;
        let equals: Token![=] = input.parse()?;
        match word.to_string().as_str() {
            "errno" => self.names(&word, &equals, input, Failure::Errno),
            "io" => self.names(&word, &equals, input, Failure::Io),
            "crate" if self.krate.is_some() => Err(reject::repeated(word.span(), "crate")),
            "crate" => {
                let path = input.call(Path::parse_mod_style);
                self.krate = Some(path.map_err(|_| not_injectable::wrong_form(equals.span, "crate"))?);
                Ok(())
            }
            unknown => Err(not_injectable::unknown_argument(word.span(), unknown)),
        }
    }

    /// Reads a name or several in brackets.
    fn names(
        &mut self,
        word: &Ident,
        equals: &Token![=],
        input: ParseStream<'_>,
        of: fn(Ident) -> Failure,
    ) -> syn::Result<()> {
        let form = |at: Span| not_injectable::wrong_form(at, &word.to_string());
        let at = if input.is_empty() { equals.span } else { input.span() };
        let names = if input.peek(token::Bracket) {
            let list;
            bracketed!(list in input);
            let names = list.parse_terminated(Ident::parse_any, Token![,]).map_err(|_| form(at))?;
            if names.is_empty() {
                return Err(form(at));
            }
            names.into_iter().collect()
        } else {
            vec![input.call(Ident::parse_any).map_err(|_| form(at))?]
        };
        if !input.is_empty() && !input.peek(Token![,]) {
            return Err(form(at));
        }
        names.into_iter().try_for_each(|name| {
            let failure = of(name);
            check_name(&failure)?;
            self.add(failure)
        })
    }

    /// Takes a failure that is not there yet.
    fn add(&mut self, failure: Failure) -> syn::Result<()> {
        let written = |failure: &Failure| failure.value(&TokenStream::new()).to_string();
        let text = written(&failure);
        if self.failures.iter().any(|before| written(before) == text) {
            return Err(match &failure {
                Failure::Value(value) => not_injectable::repeated_value(value),
                Failure::Null(word) | Failure::Errno(word) | Failure::Io(word) => {
                    reject::repeated(word.span(), &word.to_string())
                }
            });
        }
        self.failures.push(failure);
        Ok(())
    }
}

/// Reads a value, or the word for a null pointer.
fn value(input: ParseStream<'_>) -> syn::Result<Failure> {
    let value: Expr = input.parse()?;
    let word = match &value {
        Expr::Closure(closure) => return Err(not_injectable::closure(closure)),
        Expr::Path(path) => path.path.get_ident(),
        _ => None,
    };
    let Some(word) = word else { return Ok(Failure::Value(value)) };
    match word.to_string().as_str() {
        "null" => Ok(Failure::Null(word.clone())),
        "None" => Ok(Failure::Value(value)),
        // A constant or a parameter, unless it looks like a slip.
        text => match words::nearest_name(text, FAILURES) {
            Some(near) => Err(not_injectable::unknown_failure(word, near)),
            None => Ok(Failure::Value(value)),
        },
    }
}

/// Whether a failure that goes by its name has one.
fn check_name(failure: &Failure) -> syn::Result<()> {
    match failure {
        Failure::Errno(name) if !ERRNOS.contains(&name.to_string().as_str()) => {
            Err(not_injectable::unknown_errno(name))
        }
        Failure::Io(name) if !IO_KINDS.contains(&name.to_string().as_str()) => {
            Err(not_injectable::unknown_io_kind(name))
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::{Failure, Failures};

    fn shown(arguments: &str) -> Vec<String> {
        let given: Failures = syn::parse_str(arguments).unwrap_or_else(|error| panic!("{arguments}: {error}"));
        given.failures.iter().map(|failure| failure.text().to_string()).collect()
    }

    fn refused(arguments: &str) -> String {
        syn::parse_str::<Failures>(arguments).err().unwrap_or_else(|| panic!("taken: {arguments}")).to_string()
    }

    #[test]
    fn every_form_is_taken_and_lists_are_several() {
        assert!(shown("").is_empty());
        assert_eq!(shown("null"), ["\"null\""]);
        assert_eq!(shown("None,"), [":: core :: stringify ! (None)"]);
        assert_eq!(shown("Err(a), Err(b), Ok(0)").len(), 3);
        assert_eq!(shown("errno = [ENOSPC, EINTR,], io = Interrupted, Err(x)").len(), 4);
        assert_eq!(shown("io = [StorageFull, Interrupted]"), ["\"io = StorageFull\"", "\"io = Interrupted\""]);
        assert_eq!(shown("limit"), [":: core :: stringify ! (limit)"]);
        assert_eq!(shown("a == b").len(), 1);
        let given: Failures = syn::parse_str("None, crate = crate::testing").unwrap();
        assert!(given.krate.is_some() && matches!(given.failures[..], [Failure::Value(_)]));
    }

    #[test]
    fn what_is_refused_comes_with_a_cure() {
        for (arguments, wrong) in [
            ("errno = ENOSPCE", "did you mean `ENOSPC`?"),
            ("errno = enospc", "did you mean `ENOSPC`?"),
            ("errno = Whatever", "unknown errno `Whatever`"),
            ("errno = 28", "`errno` is not written like this"),
            ("errno = []", "`errno` is not written like this"),
            ("errno =", "`errno` is not written like this"),
            ("errno = libc::ENOSPC", "`errno` is not written like this"),
            ("io = StorageFul", "did you mean `StorageFull`?"),
            ("io = storage_full", "did you mean `StorageFull`?"),
            ("io = [Interrupted, Nothing]", "unknown kind of `io::Error` `Nothing`"),
            ("ernno = ENOSPC", "did you mean `errno`?"),
            ("nul", "did you mean `null`?"),
            ("NULL", "did you mean `null`?"),
            ("none", "did you mean `None`?"),
            ("null, null", "`null` is given twice"),
            ("io = [Interrupted, Interrupted]", "`Interrupted` is given twice"),
            ("Err(a), Err(a)", "is given twice"),
            ("|_| Err(a)", "not a closure"),
            ("crate = a<b>", "separate arguments by `,`"),
            ("None None", "separate arguments by `,`"),
        ] {
            let refusal = refused(arguments);
            let (said, cure) = refusal.split_once("\nhelp: ").unwrap_or_else(|| panic!("{arguments}: {refusal}"));
            assert!((said.contains(wrong) || cure.contains(wrong)) && !cure.is_empty(), "{arguments}: {refusal}");
        }
    }
}
