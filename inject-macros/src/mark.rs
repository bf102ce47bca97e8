//! What an author says of the arms of a function, a statement or an arm: `untested`, or `benign`.

use proc_macro2::{Delimiter, Span, TokenStream, TokenTree};
use quote::quote_spanned;
use syn::spanned::Spanned as _;
use syn::{Attribute, Expr, Lit, LitStr, Meta, MetaNameValue, Token, punctuated::Punctuated};

use crate::function::Function;
use crate::{attributes, reject};

/// The names of the marks.
pub(crate) const NAMES: [&str; 2] = ["untested", "benign"];

/// Why nobody has to test the arms it stands on.
#[derive(Clone)]
pub(crate) struct Mark {
    pub(crate) name: &'static str,
    pub(crate) reason: LitStr,
    pub(crate) span: Span,
}

impl Mark {
    /// The excuse that a point gets, and the reason.
    pub(crate) fn excuse(&self) -> (&'static str, String) {
        (if self.name == "benign" { "Benign" } else { "Untested" }, self.reason.value())
    }
}

/// Takes the marks out of `attrs`, also those behind a condition.
///
/// # Errors
/// A mark without a reason, and more than one.
pub(crate) fn take(attrs: &mut Vec<Attribute>) -> syn::Result<Option<Mark>> {
    let mut found = Vec::new();
    attrs.retain_mut(|attribute| match attributes::conditional(attribute) {
        None => !taken(&attribute.meta, &mut found),
        Some(metas) => {
            let kept: Vec<_> = metas.iter().filter(|meta| !taken(meta, &mut found)).collect();
            if kept.len() < metas.len() && !kept.is_empty() {
                let condition = attribute.parse_args_with(|input: syn::parse::ParseStream<'_>| {
                    let condition: Meta = input.parse()?;
                    input.parse::<TokenStream>()?;
                    Ok(condition)
                });
                if let (Ok(condition), Meta::List(list)) = (condition, &mut attribute.meta) {
                    list.tokens = quote_spanned!(Span::mixed_site()=> #condition #(, #kept)*);
                }
            }
            kept.len() == metas.len() || !kept.is_empty()
        }
    });
    let mut marks = Vec::new();
    for mark in found {
        marks.push(mark?);
    }
    let mut marks = marks.into_iter();
    match (marks.next(), marks.next()) {
        (Some(first), Some(second)) => Err(reject::two_marks(second.span, first.name, second.name)),
        (first, _) => Ok(first),
    }
}

fn taken(meta: &Meta, found: &mut Vec<syn::Result<Mark>>) -> bool {
    let name = attributes::name(meta.path());
    let Some(name) = NAMES.into_iter().find(|known| *known == name) else { return false };
    let arguments = match meta {
        Meta::List(list) => list.tokens.clone(),
        Meta::Path(_) | Meta::NameValue(_) => TokenStream::new(),
    };
    found.push(read(name, meta.span(), arguments));
    true
}

/// Reads the arguments of a mark.
///
/// # Errors
/// Anything but one reason.
pub(crate) fn read(name: &'static str, span: Span, arguments: TokenStream) -> syn::Result<Mark> {
    let parser = Punctuated::<MetaNameValue, Token![,]>::parse_terminated;
    let values = syn::parse::Parser::parse2(parser, arguments).map_err(|_| reject::mark_without_reason(span, name))?;
    let mut values = values.into_iter();
    match (values.next(), values.next()) {
        (Some(MetaNameValue { path, value: Expr::Lit(literal), .. }), None) if path.is_ident("reason") => {
            match literal.lit {
                Lit::Str(reason) if reason.value().trim().is_empty() => Err(reject::mark_of_no_reason(&reason, name)),
                Lit::Str(reason) => Ok(Mark { name, reason, span }),
                _ => Err(reject::mark_without_reason(span, name)),
            }
        }
        _ => Err(reject::mark_without_reason(span, name)),
    }
}

/// A mark that stands on an item as an attribute of its own: it says nothing there, unless `instrument` is still to come.
///
/// # Errors
/// A mark without a reason, or on something that is no function.
pub(crate) fn on_an_item(name: &'static str, arguments: TokenStream, item: TokenStream) -> syn::Result<TokenStream> {
    read(name, Span::call_site(), arguments.clone())?;
    let Ok(function) = Function::of(item.clone(), &reject::NO_TEST) else {
        return Err(reject::mark_without_function(Span::call_site(), name));
    };
    if !attributes::any(&function.attrs, &["instrument"]) {
        return Ok(item);
    }
    let Function { attrs, vis, sig, body } = function;
    let mark = syn::Ident::new(name, Span::call_site());
    // `instrument` reads it whatever its condition; where that is not there in the end, nothing is.
    Ok(quote::quote!(#(#attrs)* #[cfg_attr(any(), #mark(#arguments))] #vis #sig #body))
}

/// The tokens without any mark, so that the compiler meets none: for items that are given back as they are.
pub(crate) fn stripped(tokens: TokenStream) -> TokenStream {
    let mut kept: Vec<TokenTree> = Vec::new();
    for token in tokens {
        let TokenTree::Group(group) = token else {
            kept.push(token);
            continue;
        };
        let behind_a_hash = matches!(kept.last(), Some(TokenTree::Punct(punct)) if punct.as_char() == '#');
        if behind_a_hash && group.delimiter() == Delimiter::Bracket {
            let written: TokenStream = [kept.pop(), Some(TokenTree::Group(group))].into_iter().flatten().collect();
            match syn::parse::Parser::parse2(Attribute::parse_outer, written.clone()) {
                Ok(mut attrs) if attributes::any(&attrs, &NAMES) => {
                    // What is wrong with a mark is said where marks count.
                    let _ = take(&mut attrs);
                    kept.extend(attrs.iter().flat_map(|attribute| quote::quote!(#attribute)));
                }
                _ => kept.extend(written),
            }
            continue;
        }
        let mut inner = proc_macro2::Group::new(group.delimiter(), stripped(group.stream()));
        inner.set_span(group.span());
        kept.push(TokenTree::Group(inner));
    }
    kept.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::{stripped, take};
    use quote::quote;
    use syn::parse_quote;

    #[test]
    fn marks_are_taken_and_all_else_stays() {
        let item: syn::ItemFn = parse_quote! {
            #[inline]
            #[cfg_attr(test, firsthit::untested(reason = "a"), cold)]
            #[cfg_attr(test, allow(unused))]
            fn f() {}
        };
        let mut attrs = item.attrs;
        let mark = take(&mut attrs).ok().flatten().unwrap();
        assert_eq!((mark.name, mark.reason.value()), ("untested", "a".to_owned()));
        let expected = quote!(#[inline] #[cfg_attr(test, cold)] #[cfg_attr(test, allow(unused))]);
        assert_eq!(quote!(#(#attrs)*).to_string(), expected.to_string());
    }

    #[test]
    fn tokens_lose_their_marks_at_any_depth() {
        let marked = quote! {
            #[firsthit::benign(reason = "x")]
            fn f() {
                #[inline] fn g() {}
                match x { #[cfg_attr(test, firsthit::untested(reason = "y"))] Err(_) => [#[benign] 1], }
            }
        };
        let plain = quote! { fn f() { #[inline] fn g() {} match x { Err(_) => [1], } } };
        assert_eq!(stripped(marked).to_string(), plain.to_string());
    }
}
