//! Where a value comes from: a call that can fail, a lookup whose `None` is an answer, or a place that holds it.

use proc_macro2::Span;
use syn::spanned::Spanned as _;
use syn::{Expr, Path};

use super::frame::Frame;
use crate::lookup;

/// Where a value comes from.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(crate) enum Origin {
    /// Code that may have failed.
    Code,
    /// A lookup, or the value inside of a success.
    Lookup,
    /// A variable, by its name the walk knows whether it holds what code returned.
    Variable { fallible: bool },
    /// A field, an element, or what a pointer leads to.
    Place,
    /// `Err(..)`, `None` or `Some(..)` as such: this raises a failure, or knows that there is none.
    Made,
}

impl Origin {
    /// Whether `None` is an answer here.
    pub(crate) fn is_data(self) -> bool {
        self != Origin::Code
    }

    /// Whether this may be the `Err` or the `None` of something that failed, where the form does not say which.
    pub(crate) fn may_fail(self) -> bool {
        matches!(self, Origin::Code | Origin::Variable { fallible: true })
    }
}

impl Frame<'_> {
    /// Where the value of `expr` comes from.
    pub(crate) fn origin(&self, expr: &Expr) -> Origin {
        match expr {
            Expr::Paren(inner) => self.origin(&inner.expr),
            Expr::Group(inner) => self.origin(&inner.expr),
            Expr::Reference(inner) => self.origin(&inner.expr),
            Expr::Await(inner) => self.origin(&inner.base),
            Expr::Tuple(tuple) if tuple.elems.iter().all(|element| self.origin(element).is_data()) => Origin::Lookup,
            // What is inside of a success is its answer.
            Expr::Try(_) => Origin::Lookup,
            Expr::Path(path) => match path.path.get_ident() {
                Some(name) if name == "None" => Origin::Made,
                Some(name) => Origin::Variable { fallible: self.is_fallible(&name.to_string()) },
                None => Origin::Place,
            },
            Expr::Field(_) | Expr::Index(_) | Expr::Unary(_) => Origin::Place,
            Expr::MethodCall(call) => {
                let name = call.method.to_string();
                if self.settings.is_site(std::slice::from_ref(&name)) {
                    Origin::Code
                } else if lookup::is_lookup(&name) {
                    Origin::Lookup
                } else if lookup::is_adaptor(&name) {
                    match self.origin(&call.receiver) {
                        // Only a `Result` has these.
                        Origin::Place | Origin::Variable { .. } if lookup::is_of_results(&name) => Origin::Code,
                        Origin::Place => Origin::Lookup,
                        origin => origin,
                    }
                } else {
                    Origin::Code
                }
            }
            Expr::Call(_) => match called(expr) {
                Some(path) if path.last().is_some_and(|name| ["Err", "Ok", "Some"].contains(&&**name)) => Origin::Made,
                Some(path) if self.settings.is_site(&path) => Origin::Code,
                Some(path) if path.last().is_some_and(|name| lookup::is_lookup(name)) => Origin::Lookup,
                _ => Origin::Code,
            },
            _ => Origin::Code,
        }
    }
}

/// Where an expression begins. `Spanned` would print all of it to know that.
pub(crate) fn begins_at(expr: &Expr) -> Span {
    match expr {
        Expr::Await(inner) => begins_at(&inner.base),
        Expr::Call(inner) => begins_at(&inner.func),
        Expr::Field(inner) => begins_at(&inner.base),
        Expr::If(inner) => inner.if_token.span(),
        Expr::Index(inner) => begins_at(&inner.expr),
        Expr::Lit(inner) => inner.lit.span(),
        Expr::Macro(inner) => path_begins_at(&inner.mac.path),
        Expr::Match(inner) => inner.match_token.span(),
        Expr::MethodCall(inner) => begins_at(&inner.receiver),
        Expr::Paren(inner) => inner.paren_token.span.open(),
        Expr::Path(inner) if inner.qself.is_none() => path_begins_at(&inner.path),
        Expr::Reference(inner) => inner.and_token.span(),
        Expr::Try(inner) => begins_at(&inner.expr),
        other => other.span(),
    }
}

fn path_begins_at(path: &Path) -> Span {
    match (&path.leading_colon, path.segments.first()) {
        (None, Some(first)) => first.ident.span(),
        _ => path.span(),
    }
}

/// The path of the function that is called, if it is called by its path.
pub(crate) fn called(call: &Expr) -> Option<Vec<String>> {
    let Expr::Call(call) = call else { return None };
    let function = match &*call.func {
        Expr::Path(path) => &path.path,
        _ => return None,
    };
    Some(names(function))
}

/// The names of a path.
pub(crate) fn names(path: &Path) -> Vec<String> {
    path.segments.iter().map(|segment| segment.ident.to_string()).collect()
}

/// Whether an expression is a variable or a field of one: what can be looked at twice.
pub(crate) fn is_plain_place(expr: &Expr) -> bool {
    match expr {
        Expr::Path(_) => true,
        Expr::Field(field) => is_plain_place(&field.base),
        Expr::Paren(inner) => is_plain_place(&inner.expr),
        Expr::Group(inner) => is_plain_place(&inner.expr),
        _ => false,
    }
}

/// Whether an expression is a place, which a look at it must not move.
pub(crate) fn is_place(expr: &Expr) -> bool {
    match expr {
        Expr::Path(_) | Expr::Field(_) | Expr::Index(_) => true,
        Expr::Unary(unary) => matches!(unary.op, syn::UnOp::Deref(_)),
        Expr::Paren(inner) => is_place(&inner.expr),
        Expr::Group(inner) => is_place(&inner.expr),
        _ => false,
    }
}
