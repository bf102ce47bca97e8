//! The expansion of `#[firsthit::injectable]`: the function as the user wrote it, with a fail point before its body.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote_spanned};
use syn::Signature;

use crate::failures::{Failure, Failures};
use crate::function::Function;
use crate::{not_injectable, returns};

/// Writes the function.
///
/// Its body keeps its place in it: `?`, borrows, `self` and lints are what they were.
///
/// # Errors
/// What the attribute does not take.
pub(crate) fn expand(args: TokenStream, item: TokenStream) -> syn::Result<TokenStream> {
    let Failures { failures, krate } = syn::parse2(args)?;
    let Function { attrs, vis, sig, body } = Function::of(item, &not_injectable::NO_FUNCTION)?;
    if failures.is_empty() {
        return Err(not_injectable::no_failure());
    }
    returns::check(&sig, &failures)?;
    let site = Span::mixed_site();
    let krate = krate.map_or_else(|| quote_spanned!(site=> ::firsthit), ToTokens::into_token_stream);
    let name = shown(&sig);
    let texts = failures.iter().map(Failure::text);
    let values = failures.iter().map(|failure| failure.value(&krate));
    let point = quote_spanned!(site=> #krate::__fail!(#name, [#(#texts => #values),*]););
    let body = body.beginning_with(&point)?;
    Ok(quote_spanned!(site=> #(#attrs)* #vis #sig #body))
}

/// The function's name as people write it: `r#` is no part of it.
fn shown(sig: &Signature) -> String {
    let name = sig.ident.to_string();
    name.strip_prefix("r#").map(str::to_owned).unwrap_or(name)
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
    fn the_point_stands_before_the_body_and_behind_inner_attributes() {
        let item =
            quote! { #[inline] pub async fn r#try(&self) -> Result<u8, E> { #![allow(unused)] some invalid { code } } };
        let function = quote! {
            #[inline]
            pub async fn r#try(&self) -> Result<u8, E> {
                #![allow(unused)]
                ::firsthit::__fail!("try", [::core::stringify!(Err(x)) => Err(x)]);
                some invalid { code }
            }
        };
        assert_eq!(expanded(quote!(Err(x)), item), function.to_string());
    }

    #[test]
    fn names_are_errors_of_std() {
        let item = quote! { fn write() -> io::Result<()> { Ok(()) } };
        let text = expanded(quote!(errno = ENOSPC, io = [Interrupted], crate = a::b), item);
        let errno = quote!("errno = ENOSPC" => ::core::result::Result::Err(::core::convert::From::from(
            ::std::io::Error::from_raw_os_error(a::b::__private::errno::ENOSPC)
        )));
        let kind = quote!("io = Interrupted" => ::core::result::Result::Err(::core::convert::From::from(
            ::std::io::Error::from(::std::io::ErrorKind::Interrupted)
        )));
        assert!(text.contains(&quote!(a::b::__fail!("write", [#errno, #kind]);).to_string()), "{text}");
    }

    #[test]
    fn what_a_type_cannot_be_is_refused_and_what_it_may_be_is_not() {
        let refused = |args: TokenStream, ty: TokenStream| expand(args, quote! { fn f() -> #ty { body } }).is_err();
        for (args, ty, wrong) in [
            (quote!(null), quote!(*mut u8), false),
            (quote!(null), quote!((*const u8)), false),
            (quote!(null), quote!(c_pointer), false),
            (quote!(null), quote!(Option<Box<u8>>), true),
            (quote!(null), quote!(std::io::Result<*mut u8>), true),
            (quote!(null), quote!(&'static u8), true),
            (quote!(null), quote!(usize), true),
            (quote!(io = Other), quote!(io::Result<u8>), false),
            (quote!(io = Other), quote!(Answer), false),
            (quote!(io = Other), quote!(Option<u8>), true),
            (quote!(errno = EIO), quote!(*mut u8), true),
            (quote!(errno = EIO), quote!(i32), true),
            (quote!(None), quote!(impl Trait), false),
            (quote!(None), quote!(!), true),
        ] {
            assert_eq!(refused(args.clone(), ty.clone()), wrong, "{args} {ty}");
        }
    }

    #[test]
    fn all_that_is_wrong_with_a_function_is_said_at_once() {
        let refusals = expand(quote!(null), quote! { const fn name() -> u8 { 1 } }).unwrap_err();
        let texts: Vec<String> = refusals.into_iter().map(|refusal| refusal.to_string()).collect();
        assert!(texts.len() == 2 && texts.iter().all(|text| text.contains("\nhelp: ")), "{texts:?}");
    }
}
