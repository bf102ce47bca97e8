//! Calls that can fail, `?`, the methods that deal with failures, and whatever leaves the arguments of a call.

use proc_macro2::TokenStream;
use syn::spanned::Spanned as _;
use syn::visit_mut::{self, VisitMut as _};
use syn::{Expr, ExprMethodCall, Macro};

use super::body::{Body, tokens_of};
use super::macros::{self, Arguments};
use super::origin::{self, Origin};
use super::{methods, notes};
use crate::points::SITE;
use crate::text;

/// The text of a site's call, and whether it is known to be inside of it while it lasts.
fn site_of(call: TokenStream) -> (String, bool) {
    (text::of(call.clone()), !macros::are_opaque(call))
}

impl Body<'_> {
    pub(super) fn question(&mut self, expr: &mut Expr) {
        let origin = match &*expr {
            Expr::Try(inner) => self.frame.origin(&inner.expr),
            _ => return,
        };
        // A `?` in front of this one has let its answer through, which may be a failure again: `f().await??`.
        let twice = matches!(&*expr, Expr::Try(inner) if matches!(*inner.expr, Expr::Try(_)));
        let counts = (origin.may_fail() || twice) && self.counts("Question");
        let Expr::Try(inner) = expr else { return };
        let at = origin::begins_at(&inner.expr);
        let before = self.frame.points.len();
        let operand = counts.then(|| tokens_of(&mut inner.expr));
        self.visit_expr_mut(&mut inner.expr);
        let source = self.frame.source.take();
        if let Some(operand) = operand {
            let text = text::of_question(operand.clone());
            // Printed once, if nothing was written into it.
            let printed = (self.frame.points.len() == before && self.frame.depth == 0).then_some(operand);
            let place = self.frame.point("Question", text, inner.question_token.span(), source);
            notes::replace_printed(&mut inner.expr, printed, |operand| self.frame.tried(at, place, operand));
        } else if self.frame.depth > 0 && origin != Origin::Made {
            notes::replace(&mut inner.expr, |operand| self.frame.abandoned_if(at, operand));
        } else if self.frame.depth > 0 {
            let depth = self.frame.depth;
            notes::replace(&mut inner.expr, |operand| self.frame.abandoned(at, depth, operand));
        }
    }

    /// Walks what is part of a site's call; the site is entered while this is evaluated.
    fn in_site(&mut self, tracked: bool, walk: impl FnOnce(&mut Self)) {
        self.frame.depth += u32::from(tracked);
        walk(self);
        self.frame.depth -= u32::from(tracked);
    }

    fn site(&mut self, expr: &mut Expr, tracked: bool, place: u32) {
        let at = origin::begins_at(expr);
        notes::replace(expr, |call| match tracked {
            true => self.frame.inside(at, place, call),
            false => self.frame.outside(at, place, call),
        });
        self.frame.source = Some(place);
    }

    pub(super) fn call(&mut self, expr: &mut Expr) {
        let path = origin::called(expr).filter(|path| self.frame.settings.is_site(path));
        let site = path.map(|_| site_of(tokens_of(expr)));
        let Expr::Call(call) = expr else { return };
        let Some((text, tracked)) = site else {
            visit_mut::visit_expr_call_mut(self, call);
            let path = origin::called(expr).unwrap_or_default();
            if !path.ends_with(&["NonNull".to_owned(), "new".to_owned()]) {
                self.frame.source = None;
            }
            return;
        };
        let at = match &*call.func {
            Expr::Path(path) => path.path.segments.last().map_or_else(|| call.func.span(), |last| last.ident.span()),
            function => function.span(),
        };
        let place = self.frame.point(SITE, text, at, None);
        self.in_site(tracked, |body| call.args.iter_mut().for_each(|argument| body.visit_expr_mut(argument)));
        self.site(expr, tracked, place);
    }

    /// An `.await`: the future of a site's call is looked at while it is polled.
    pub(super) fn awaited(&mut self, inner: &mut syn::ExprAwait) {
        let is_site = match &*inner.base {
            Expr::MethodCall(call) => self.frame.settings.is_site(&[call.method.to_string()]),
            call => origin::called(call).is_some_and(|path| self.frame.settings.is_site(&path)),
        };
        let at = origin::begins_at(&inner.base);
        self.visit_expr_mut(&mut inner.base);
        if let Some(place) = self.frame.source.filter(|_| is_site) {
            notes::replace(&mut inner.base, |future| self.frame.awaited(at, place, future));
        }
    }

    pub(super) fn method_call(&mut self, expr: &mut Expr) {
        let Expr::MethodCall(call) = &*expr else { return };
        let name = call.method.to_string();
        if self.frame.settings.is_site(std::slice::from_ref(&name)) {
            return self.method_site(expr);
        }
        let kind = methods::kind(&name, call.args.len()).filter(|kind| self.counts(kind));
        let kind = kind.filter(|kind| methods::is_arm(kind, self.frame.origin(&call.receiver), &call.receiver));
        let text = kind.map(|_| text::of(tokens_of(expr)));
        let Expr::MethodCall(call) = expr else { return };
        self.visit_expr_mut(&mut call.receiver);
        let source = self.frame.source;
        let place = kind.zip(text).map(|(kind, text)| self.frame.point(kind, text, call.method.span(), source));
        call.args.iter_mut().for_each(|argument| self.visit_expr_mut(argument));
        if let Some(place) = place {
            self.probe(expr, place);
        }
        self.frame.source = source.filter(|_| methods::hands_on(&name));
    }

    fn method_site(&mut self, expr: &mut Expr) {
        let (text, tracked) = site_of(tokens_of(expr));
        let Expr::MethodCall(call) = expr else { return };
        self.in_site(tracked, |body| body.visit_expr_mut(&mut call.receiver));
        let place = self.frame.point(SITE, text, call.method.span(), None);
        self.in_site(tracked, |body| call.args.iter_mut().for_each(|argument| body.visit_expr_mut(argument)));
        self.site(expr, tracked, place);
    }

    /// Looks at the value that a method deals with.
    fn probe(&mut self, expr: &mut Expr, place: u32) {
        let Expr::MethodCall(ExprMethodCall { receiver, method, .. }) = &mut *expr else { return };
        let at = method.span();
        if origin::is_place(receiver) {
            let receiver = receiver.clone();
            notes::replace(expr, |then| self.frame.probed_before(at, place, &receiver, then));
        } else {
            let value = std::mem::replace(&mut **receiver, Expr::Verbatim(TokenStream::new()));
            **receiver = Expr::Verbatim(self.frame.probed(at, place, value));
        }
    }

    pub(super) fn exit(&mut self, expr: &mut Expr) {
        let at = match &*expr {
            Expr::Return(inner) => inner.return_token.span(),
            Expr::Break(inner) => inner.break_token.span(),
            other => other.span(),
        };
        let (value, depth) = match expr {
            Expr::Return(inner) => (inner.expr.as_mut(), self.frame.depth),
            Expr::Break(inner) => (inner.expr.as_mut(), self.frame.left_by(inner.label.as_ref())),
            Expr::Continue(inner) => (None, self.frame.left_by(inner.label.as_ref())),
            _ => return,
        };
        match value {
            Some(value) => {
                self.visit_expr_mut(value);
                if depth > 0 {
                    notes::replace(value, |value| self.frame.abandoned(at, depth, value));
                }
            }
            None if depth > 0 => notes::replace(expr, |exit| self.frame.abandoning(at, depth, exit)),
            None => {}
        }
        self.frame.source = None;
    }

    /// Walks the arguments of a macro, if that evaluates them as they are.
    pub(super) fn arguments(&mut self, mac: &mut Macro) {
        if let Some(mut arguments) = Arguments::of(mac) {
            let before = self.frame.points.len();
            let opened = self.frame.open(None, macros::conditions(mac));
            arguments.expressions().into_iter().for_each(|argument| self.visit_expr_mut(argument));
            self.frame.close(opened, false);
            if self.frame.depth > 0 || self.frame.points.len() > before {
                mac.tokens = arguments.tokens();
            }
        }
        self.frame.source = None;
    }
}
