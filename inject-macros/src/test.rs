//! The expansion of `#[firsthit::test]`: a plain test that sweeps the function as the user wrote it.

use proc_macro2::{Span, TokenStream, TokenTree};
use quote::{ToTokens, quote, quote_spanned};
use syn::spanned::Spanned as _;
use syn::{Ident, ReturnType, Signature};

use crate::args::{Allowed, Args};
use crate::function::Function;
use crate::reject;

/// Writes the test.
///
/// The user's function stands inside it, with its own name and without a token changed: `?`, borrows, lints and the
/// locations of panics are those of a function, and its symbol is `module::name::name`, which reports show as
/// `module::name`.
///
/// # Errors
/// What the attribute does not take.
pub(crate) fn expand(args: TokenStream, item: TokenStream) -> syn::Result<TokenStream> {
    let args: Args = syn::parse2(args)?;
    let Function { attrs, vis, sig, body } = Function::of(item, &reject::NO_TEST)?;
    reject::check(&attrs, &sig)?;
    let name = &sig.ident;
    let mut runner = name.clone();
    runner.set_span(Span::mixed_site().located_at(name.span()));
    let sweep = sweep(&args, name, &sig.output);
    // What cannot be compared is reported where the user says what the function returns.
    let check = Ident::new("check", Span::mixed_site().located_at(returns_at(&sig)));
    // By its full path, because `test` may be firsthit's own where people import it.
    Ok(quote_spanned! {Span::mixed_site()=>
        #(#attrs)*
        #[::core::prelude::v1::test]
        #vis fn #runner() {
            #sig #body
            #sweep.#check(#name);
        }
    })
}

/// Where the function says what it returns, or its name.
fn returns_at(sig: &Signature) -> Span {
    match &sig.output {
        ReturnType::Default => sig.ident.span(),
        ReturnType::Type(_, ty) => ty.span(),
    }
}

/// The sweep, with everything that was asked for.
fn sweep(args: &Args, name: &Ident, output: &ReturnType) -> TokenStream {
    let site = Span::mixed_site();
    let Args { explorer, mode, depth, workers, time_limit_ms, chains_max, denied, allowed, expected, krate } = args;
    let krate = match krate {
        Some(path) => path.to_token_stream(),
        None => quote_spanned!(site=> ::firsthit),
    };
    let returned = returned(output);
    let shown = shown(name);
    let mut calls = quote_spanned! {site=>
        #krate::Sweep::<#returned>::new().name(
            ::core::concat!(::core::module_path!(), "::", #shown).split_once("::").map_or(#shown, |(_, name)| name),
        )
    };
    if let Some(variant) = explorer {
        calls.extend(quote_spanned!(site=> .explorer(#krate::Explorer::#variant)));
    }
    if let Some(variant) = mode {
        calls.extend(quote_spanned!(site=> .mode(#krate::Mode::#variant)));
    }
    for (method, number) in [("depth", depth), ("workers", workers), ("chains_max", chains_max)] {
        let method = Ident::new(method, site);
        calls.extend(number.iter().map(|number| quote_spanned!(site=> .#method(#number))));
    }
    if let Some(milliseconds) = time_limit_ms {
        calls.extend(quote_spanned! {site=>
            .time_limit(::core::time::Duration::from_millis(#milliseconds))
        });
    }
    for variant in denied {
        calls.extend(quote_spanned!(site=> .deny(#krate::Verdict::#variant)));
    }
    for Allowed { pattern, reason } in allowed {
        calls.extend(quote_spanned!(site=> .allow(#pattern, #reason)));
    }
    if let Some(expected) = expected {
        calls.extend(quote_spanned!(site=> .expect(#expected)));
    }
    calls
}

/// The type that the function returns, so that a closure for `expect` need not name it.
fn returned(output: &ReturnType) -> TokenStream {
    match output {
        ReturnType::Default => quote!(()),
        // An `impl Trait` can only be inferred.
        ReturnType::Type(_, ty) if has_impl(ty.to_token_stream()) => quote!(_),
        ReturnType::Type(_, ty) => ty.to_token_stream(),
    }
}

fn has_impl(tokens: TokenStream) -> bool {
    tokens.into_iter().any(|token| match token {
        TokenTree::Ident(ident) => ident == "impl",
        TokenTree::Group(group) => has_impl(group.stream()),
        TokenTree::Punct(_) | TokenTree::Literal(_) => false,
    })
}

/// The name as test runners show it: `r#` stands before keywords only.
fn shown(name: &Ident) -> String {
    let name = name.to_string();
    match name.strip_prefix("r#") {
        Some(bare) if syn::parse_str::<Ident>(bare).is_ok() => bare.to_owned(),
        _ => name,
    }
}

#[cfg(test)]
mod tests {
    use super::expand;
    use proc_macro2::TokenStream;
    use quote::quote;

    fn expanded(args: TokenStream, item: TokenStream) -> String {
        expand(args, item).unwrap().to_string()
    }

    #[test]
    fn the_function_stands_unchanged_in_a_test_of_its_name() {
        let item = quote! { #[ignore] pub fn name() -> Result<u8, E> { #![allow(unused)] some invalid { code } } };
        let test = quote! {
            #[ignore]
            #[::core::prelude::v1::test]
            pub fn name() {
                fn name() -> Result<u8, E> { #![allow(unused)] some invalid { code } }
                ::firsthit::Sweep::<Result<u8, E> >::new().name(
                    ::core::concat!(::core::module_path!(), "::", "name").split_once("::").map_or("name", |(_, name)| name),
                ).check(name);
            }
        };
        assert_eq!(expanded(quote!(), item), test.to_string());
    }

    #[test]
    fn every_argument_is_a_call() {
        let args = quote! {
            crate = a::b, expect(f), allow("p", reason = "r"), deny(aborted, hung), time_limit = "2s",
            chains_max = 1_000, workers = 3, depth = 2, mode = "sticky", explorer = "inline"
        };
        let calls = quote! {
            .explorer(a::b::Explorer::Inline).mode(a::b::Mode::Sticky).depth(2).workers(3).chains_max(1000)
            .time_limit(::core::time::Duration::from_millis(2000))
            .deny(a::b::Verdict::Aborted).deny(a::b::Verdict::Hung).allow("p", "r").expect(f).check(name)
        };
        let test = expanded(
            args,
            quote!(
                fn name() {}
            ),
        );
        assert!(test.contains(&calls.to_string()), "{test}");
        assert!(test.contains("a :: b :: Sweep :: < () > :: new"), "{test}");
    }

    #[test]
    fn the_result_is_inferred_where_it_has_no_name() {
        let opaque = quote!(
            fn name() -> Option<(u8, impl Outcome)> {}
        );
        assert!(expanded(quote!(), opaque).contains("Sweep :: < _ > :: new"));
    }

    #[test]
    fn all_that_is_wrong_with_a_function_is_said_at_once() {
        let item = quote!(
            #[test]
            const async unsafe extern "C" fn name<T>(t: T) -> !
            where
                T: Copy,
            {
            }
        );
        let refusals = expand(quote!(), item).unwrap_err().into_iter();
        let (said, cures): (Vec<String>, Vec<String>) = refusals
            .map(|refusal| refusal.to_string())
            .map(|text| text.split_once("\nhelp: ").map(|(said, cure)| (said.to_owned(), cure.to_owned())).unwrap())
            .unzip();
        assert_eq!(said.len(), 9, "{said:?}");
        assert!(cures.iter().all(|cure| !cure.is_empty()));
    }
}
