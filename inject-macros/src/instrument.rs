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
mod pattern;
mod settings;
mod statements;

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
    let at = item.clone().into_iter().next().map_or_else(Span::call_site, |first| first.span());
    let mut refusals = Refusals::default();
    let mut items = Items::new(&settings, &mut refusals);
    let annotated = match syn::parse2::<Item>(item.clone()) {
        Ok(Item::Verbatim(_)) | Err(_) => method(&mut items, item, at)?.into_token_stream(),
        Ok(mut item) => {
            if let Some(refusal) = item::refusal(&item, begins_at(&item).unwrap_or(at)) {
                return Err(refusal);
            }
            items.annotate(&mut item);
            item.into_token_stream()
        }
    };
    refusals.none()?;
    Ok(annotated)
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
    match syn::parse2(tokens) {
        Ok(ImplItem::Fn(function)) => {
            let mut method = ImplItem::Fn(function);
            items.annotate_method(&mut method);
            Ok(method)
        }
        _ => Err(reject::not_annotated(at, "this")),
    }
}
