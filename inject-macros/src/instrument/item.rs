//! The walk through items: finds the functions in them, whatever they are nested in, and gives each its name.

use proc_macro2::Span;
use quote::ToTokens as _;
use syn::visit_mut::{self, VisitMut};
use syn::{Attribute, Block, Expr, FnArg, ImplItem, Item, Signature, Stmt, TraitItem};

use super::body::Body;
use super::frame::Frame;
use super::settings::Settings;
use crate::mark::{self, Mark};
use crate::reject::{self, Refusals};
use crate::{attributes, text};

/// Items that are being walked.
pub(crate) struct Items<'a> {
    pub(crate) settings: &'a Settings,
    refusals: &'a mut Refusals,
    /// What the next function's name begins with.
    path: Vec<String>,
    mark: Option<Mark>,
    /// Whether anything was written or taken away.
    pub(crate) changed: bool,
    /// The identity of each point: function, kind, text, ordinal.
    #[cfg(test)]
    pub(crate) identities: Vec<(String, &'static str, String, u32)>,
}

impl<'a> Items<'a> {
    /// Items in a module.
    pub(crate) fn new(settings: &'a Settings, refusals: &'a mut Refusals) -> Items<'a> {
        Items {
            settings,
            refusals,
            path: Vec::new(),
            mark: None,
            changed: false,
            #[cfg(test)]
            identities: Vec::new(),
        }
    }

    /// Annotates the item that the attribute stands on.
    pub(crate) fn annotate(&mut self, item: &mut Item) {
        match item {
            Item::Fn(function) => self.function(&mut function.attrs, &function.sig, &mut function.block),
            other => self.inside(other),
        }
    }

    /// Annotates the function of an `impl` or a trait that the attribute stands on.
    pub(crate) fn annotate_method(&mut self, method: &mut ImplItem) {
        if let ImplItem::Fn(function) = method {
            self.function(&mut function.attrs, &function.sig, &mut function.block);
        }
    }

    fn named(&mut self, name: String, walk: impl FnOnce(&mut Self)) {
        self.path.push(name);
        walk(self);
        self.path.pop();
    }

    fn inside(&mut self, item: &mut Item) {
        match item {
            Item::Fn(function) => self.function(&mut function.attrs, &function.sig, &mut function.block),
            Item::Impl(block) => {
                let own = text::whole(block.self_ty.to_token_stream());
                let name = match &block.trait_ {
                    Some((implemented, _)) => format!("<{own} as {}>", text::whole(implemented.to_token_stream())),
                    None => own,
                };
                self.named(name, |items| visit_mut::visit_item_impl_mut(items, block));
            }
            Item::Trait(block) => {
                self.named(block.ident.to_string(), |items| visit_mut::visit_item_trait_mut(items, block));
            }
            Item::Mod(module) => visit_mut::visit_item_mod_mut(self, module),
            _ => {}
        }
    }

    fn function(&mut self, attrs: &mut Vec<Attribute>, sig: &Signature, block: &mut Block) {
        let mark = mark::take(attrs).unwrap_or_else(|refusal| {
            self.refusals.add(refusal);
            None
        });
        self.changed |= mark.is_some();
        if sig.constness.is_some() || attributes::any(attrs, &["naked"]) {
            return;
        }
        let outer = self.mark.clone();
        self.mark = mark.clone().or(self.mark.take());
        self.named(sig.ident.to_string(), |items| {
            visit_mut::visit_block_mut(items, block);
            items.body(mark.as_ref(), sig, block);
        });
        self.mark = outer;
    }

    fn body(&mut self, own_mark: Option<&Mark>, sig: &Signature, block: &mut Block) {
        let mut body = Body::new(Frame::new(self.settings, self.refusals, self.mark.clone()));
        for input in &sig.inputs {
            if let FnArg::Typed(input) = input {
                body.parameter(&input.pat, &input.ty);
            }
        }
        body.visit_block_mut(block);
        let frame = body.frame;
        let name = self.path.join("::");
        let declaration = frame.points.declaration(&frame.here, &name, &self.settings.krate);
        if let Some(mark) = own_mark
            && frame.points.arms() == 0
        {
            frame.refusals.add(reject::mark_without_arm(mark.span, mark.name));
        }
        #[cfg(test)]
        self.identities.extend(
            frame.points.identities().into_iter().map(|(kind, text, ordinal)| (name.clone(), kind, text, ordinal)),
        );
        self.changed |= frame.changed;
        if !frame.points.is_empty() {
            self.changed = true;
            block.stmts.insert(0, Stmt::Expr(Expr::Verbatim(declaration), None));
        }
    }
}

/// Whether what these stand on is left as it is: it has the attribute itself, or is code of tests.
fn is_left(attrs: &[Attribute]) -> bool {
    attributes::any(attrs, &["instrument"]) || attributes::is_test(attrs)
}

impl VisitMut for Items<'_> {
    fn visit_item_mut(&mut self, item: &mut Item) {
        if !attributes::of_item(item).is_some_and(|attrs| is_left(attrs)) {
            self.inside(item);
        }
    }

    fn visit_impl_item_mut(&mut self, item: &mut ImplItem) {
        if let ImplItem::Fn(function) = item
            && !is_left(&function.attrs)
        {
            self.function(&mut function.attrs, &function.sig, &mut function.block);
        }
    }

    fn visit_trait_item_mut(&mut self, item: &mut TraitItem) {
        if let TraitItem::Fn(function) = item
            && let Some(block) = &mut function.default
            && !is_left(&function.attrs)
        {
            self.function(&mut function.attrs, &function.sig, block);
        }
    }

    // Run by the compiler, or no code.
    fn visit_attribute_mut(&mut self, _: &mut Attribute) {}
    fn visit_expr_const_mut(&mut self, _: &mut syn::ExprConst) {}
    fn visit_generics_mut(&mut self, _: &mut syn::Generics) {}
    fn visit_path_mut(&mut self, _: &mut syn::Path) {}
    fn visit_type_mut(&mut self, _: &mut syn::Type) {}
}

/// Why the attribute cannot stand on an item.
pub(crate) fn refusal(item: &Item, at: impl FnOnce() -> Span) -> Option<syn::Error> {
    let what = match item {
        Item::Fn(function) => {
            return function.sig.constness.map(|token| reject::const_function(token.span));
        }
        Item::Mod(module) if module.content.is_none() => return Some(reject::module_elsewhere(at())),
        Item::Impl(_) | Item::Trait(_) | Item::Mod(_) => return None,
        Item::Const(_) => "a constant",
        Item::Enum(_) => "an `enum`",
        Item::ExternCrate(_) => "an `extern crate`",
        Item::ForeignMod(_) => "an `extern` block",
        Item::Macro(_) => "a macro",
        Item::Static(_) => "a `static`",
        Item::Struct(_) => "a `struct`",
        Item::TraitAlias(_) => "a trait alias",
        Item::Type(_) => "a type alias",
        Item::Union(_) => "a `union`",
        Item::Use(_) => "a `use`",
        _ => "this",
    };
    Some(reject::not_annotated(at(), what))
}
