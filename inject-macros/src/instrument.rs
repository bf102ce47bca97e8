//! The expansion of `#[firsthit::instrument]`: the item as the user wrote it, with its points declared and noted.

mod arms;
mod body;
mod calls;
mod frame;
mod item;
mod macros;
mod methods;
mod notes;
mod origin;
mod outline;
mod pattern;
mod settings;
mod statements;
mod triggers;

use proc_macro2::{Span, TokenStream, TokenTree};
use quote::ToTokens as _;
use syn::{ImplItem, Item, TraitItem};

use crate::mark;
use crate::reject::{self, Refusals};
use item::Items;
use settings::Settings;

/// Writes the annotated item.
///
/// # Errors
/// What the attribute does not take, and marks that say nothing.
pub(crate) fn expand(args: TokenStream, item: TokenStream) -> syn::Result<TokenStream> {
    let settings: Settings = syn::parse2(args)?;
    if cfg!(feature = "off") {
        return Ok(mark::stripped(item));
    }
    if triggers::may_be_left(&item) && !triggers::are_in(item.clone(), &settings) {
        return Ok(item);
    }
    let at = item.clone().into_iter().next().map_or_else(Span::call_site, |first| first.span());
    let mut refusals = Refusals::default();
    let mut items = Items::new(&settings, &mut refusals);
    let tokens = item.clone();
    let annotated = match outline::item(item.clone(), &settings) {
        Ok(Item::Verbatim(_)) | Err(_) => method(&mut items, item, at)?.into_token_stream(),
        Ok(mut item) => {
            if let Some(refusal) = item::refusal(&item, || begins_at(&item).unwrap_or(at)) {
                return Err(refusal);
            }
            items.annotate(&mut item);
            item.into_token_stream()
        }
    };
    let changed = items.changed;
    refusals.none()?;
    Ok(if changed { annotated } else { tokens })
}

/// Where an item's own keyword stands, behind its attributes.
fn begins_at(item: &Item) -> Option<Span> {
    let mut bare = item.clone();
    if let Some(attrs) = crate::attributes::of_item(&mut bare) {
        attrs.clear();
    }
    let mut tokens = bare.into_token_stream().into_iter();
    tokens.find(|token| !matches!(token, TokenTree::Punct(_) | TokenTree::Group(_))).map(|token| token.span())
}

/// A function as only an `impl` or a trait can hold it.
fn method(items: &mut Items<'_>, tokens: TokenStream, at: Span) -> syn::Result<ImplItem> {
    if let Ok(TraitItem::Fn(function)) = syn::parse2(tokens.clone())
        && function.default.is_none()
    {
        return Err(reject::declaration(&function.sig));
    }
    match outline::method(tokens, items.settings) {
        Ok(ImplItem::Fn(function)) => {
            let mut method = ImplItem::Fn(function);
            items.annotate_method(&mut method);
            Ok(method)
        }
        _ => Err(reject::not_annotated(at, "this")),
    }
}

#[cfg(test)]
mod tests {
    use super::item::Items;
    use super::settings::Settings;
    use super::{Refusals, expand};
    use proc_macro2::TokenStream;
    use quote::quote;
    use std::str::FromStr as _;

    /// The body of the function that `body` is made, without the declaration in front.
    fn body(body: TokenStream) -> String {
        let text = expand(quote!(), quote!(fn f() { #body })).unwrap().to_string();
        let (_, rest) = text.split_once("]) ;").unwrap_or(("", &text));
        rest.trim().trim_end_matches('}').trim().to_owned()
    }

    #[test]
    fn the_tricky_forms_are_written_like_this() {
        let here = quote!(__FIRSTHIT_HERE);
        let probe = |reference: TokenStream| {
            quote! {
                use ::firsthit::__private::{Failed as _, Unknown as _};
                #here.ran_if(0, (&::firsthit::__private::Probe(#reference)).failed());
            }
        };
        let (by_value, by_reference) = (probe(quote!(&value)), probe(quote!(&a.b)));
        let forms = [
            (quote!(v.try_reserve(n)?;), quote!(#here.tried(1, #here.leave(#here.enter(0), v.try_reserve(n)))?;)),
            (quote!(v.try_push(f()?);), quote!(#here.leave(#here.enter(0), v.try_push(#here.tried_in(1, 1, f())?));)),
            (
                quote!(v.try_push(a.get(0)?);),
                quote!(#here.leave(#here.enter(0), v.try_push(#here.abandon_if(1, a.get(0))?));),
            ),
            (quote!(v.try_push(1).await;), quote!(#here.awaited(0, #here.leave(#here.enter(0), v.try_push(1))).await;)),
            (quote!(v.try_push(f().await);), quote!(#here.pass(#here.reached(0), v.try_push(f().await));)),
            (
                quote!(v.try_push(if a { return } else { 1 });),
                quote!(#here.leave(#here.enter(0), v.try_push(if a { { #here.abandon(1); return } } else { 1 }));),
            ),
            (
                quote!('a: loop {
                    loop {
                        v.try_push(if a {
                            break 'a 5;
                        } else if b {
                            continue;
                        } else {
                            loop {
                                break;
                            }
                        });
                    }
                }),
                quote!('a: loop { loop { #here.leave(#here.enter(0), v.try_push(if a { break 'a #here.abandoned(1, 5); }
                    else if b { { #here.abandon(1); continue }; } else { loop { break; } })); } }),
            ),
            (
                quote!(match f() {
                    Ok(a) => a,
                    Err(e) => g(e),
                }),
                quote!(match f() { Ok(a) => { #here.reached(0); a } Err(e) => { #here.ran(0); g(e) } }),
            ),
            (
                quote!(match f() {
                    Err(e) => {
                        const N: u8 = 1;
                        g(N)
                    }
                    Ok(a) => {
                        use h;
                        h(a)
                    }
                }),
                quote!(match f() { Err(e) => { const N: u8 = 1; #here.ran(0); g(N) } Ok(a) => { use h; #here.reached(0); h(a) } }),
            ),
            (
                quote!(if let Ok(a) = f() {
                    g(a)
                }),
                quote!(if let Ok(a) = f() { #here.reached(0); g(a) } else { #here.ran(0); }),
            ),
            (
                quote!(let Ok(a) = f() else { return };),
                quote!(let Ok(a) = f() else { #here.ran(0); return }; #here.reached(0);),
            ),
            (quote!(f().map_err(g)), quote!((match f() { value => { #by_value value } }).map_err(g))),
            (quote!(a.b.map_err(g)), quote!(#here.pass({ #by_reference }, a.b.map_err(g)))),
            (quote!(if !p.is_null() {}), quote!(if !#here.ran_if(0, p.is_null()) {})),
        ];
        for (plain, expected) in forms {
            let found = body(plain.clone()).replace(" ,}", " }").replace("} ,", "}");
            assert_eq!(found, expected.to_string().replace("} ,", "}"), "{plain}");
        }
    }

    #[test]
    fn what_has_the_attribute_itself_is_left_to_it() {
        let left = quote!(
            #[firsthit::instrument]
            fn f() {
                g()?;
            }
        );
        let text = expand(quote!(), quote!(mod m { #left fn h() { i()?; } })).unwrap().to_string();
        assert!(text.contains(&left.to_string()) && text.contains("tried (0 , i ())"), "{text}");
    }

    #[test]
    fn points_know_the_conditions_they_are_compiled_under() {
        for (plain, conditions) in [
            (quote!(debug_assert!(a, "{}", g()?);), quote!(cfg!(all(debug_assertions)))),
            (quote!(debug_assert_eq!(g()?, 1);), quote!(cfg!(all(debug_assertions)))),
            (
                quote!(
                    #[cfg(unix)]
                    {
                        #[cfg(windows)]
                        g()?;
                    }
                ),
                quote!(cfg!(all(unix, windows))),
            ),
        ] {
            let text = expand(quote!(), quote!(fn f() { #plain })).unwrap().to_string();
            assert!(text.contains(&conditions.to_string()), "{text}");
        }
        assert!(
            !expand(
                quote!(),
                quote!(
                    fn f() {
                        assert_eq!(g()?, 1);
                    }
                )
            )
            .unwrap()
            .to_string()
            .contains("all")
        );
    }

    #[test]
    fn what_holds_no_point_is_given_back_as_it_is() {
        let item = quote! {
            impl<T> Name<T> {
                const A: Option<u8> = { match f() { Ok(n) => Some(n), Err(_) => None } };
                const fn f(a: Option<u8>) -> u8 { match a { Some(n) => n, None => 0 } }
                fn g(&self) -> Option<&u8> { self.map.get(0)?.first() }
            }
        };
        assert_eq!(expand(quote!(), item.clone()).unwrap().to_string(), item.to_string());
    }

    /// Function, kind, text and ordinal of every point.
    fn identities(source: &str) -> Vec<(String, &'static str, String, u32)> {
        let settings: Settings = syn::parse_str("").unwrap();
        let mut refusals = Refusals::default();
        let mut items = Items::new(&settings, &mut refusals);
        items.annotate(&mut syn::parse2(TokenStream::from_str(source).unwrap()).unwrap());
        items.identities
    }

    #[test]
    fn edits_elsewhere_leave_every_identity() {
        let before = "impl<T> Cache<T> {
            fn insert(&mut self, t: T) -> Result<(), Full> {
                self.entries.try_reserve(1)?;
                let slot = self.slots.try_push(t).map_err(|error| { self.undo(); Full::from(error) })?;
                match self.index.try_insert(slot) { Ok(_) => Ok(()), Err(_) => { self.undo(); Err(Full) } }
            }
        }";
        let after = "
        // A comment.
        impl < T > Cache<T> {

            /// Another function, of the same text.
            fn other(&mut self) -> Result<(), Full> { self.entries.try_reserve(1)?; Ok(()) }
            fn insert(&mut self, t: T) -> Result<(), Full> {
                log::debug!(\"insert\");
                self
                    .entries
                    .try_reserve(1)?; // Why.
                let unrelated = 5;
                let slot = self.slots.try_push(t).map_err(|error| {
                    count(unrelated);
                    self.undo();
                    Full::from(error)
                })?;
                match self.index.try_insert(slot,) {
                    Ok(_) => Ok(()),
                    Err(_) => { Err(Full) }
                }
            }
        }";
        let (before, mut after) = (identities(before), identities(after));
        after.retain(|(function, ..)| function == "Cache<T>::insert");
        assert_eq!(before.len(), 7);
        assert_eq!(before, after);
    }

    #[test]
    fn a_module_in_another_file_is_refused() {
        let refusal = expand(
            quote!(),
            quote!(
                mod elsewhere;
            ),
        )
        .unwrap_err()
        .to_string();
        assert!(refusal.contains("own file") && refusal.contains("help: put it on the functions"), "{refusal}");
    }
}
