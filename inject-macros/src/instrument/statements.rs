//! Statements: `let … else`, `let _`, and what marks and conditions stand in front of one.

use proc_macro2::TokenStream;
use syn::spanned::Spanned as _;
use syn::visit_mut::VisitMut as _;
use syn::{Expr, Local, Pat, Stmt};

use super::body::{Body, is_result};
use super::pattern::Names;
use super::{methods, notes};
use crate::{attributes, text};

impl Body<'_> {
    fn local(&mut self, local: &mut Local) -> Option<u32> {
        let mut otherwise = None;
        let (mut site, mut fallible) = (None, false);
        if let Some(init) = &mut local.init {
            let origin = self.frame.origin(&init.expr);
            let names = Names::of(&local.pat);
            let arm = init.diverge.is_some() && names.succeeds(origin.is_data()) && self.counts("LetElse");
            let dropped = matches!(local.pat, Pat::Wild(_)) && self.counts("LetUnderscore");
            let (pattern, value, let_token, eq) = (&local.pat, &init.expr, &local.let_token, &init.eq_token);
            let text = (arm || dropped).then(|| text::of(quote::quote!(#let_token #pattern #eq #value)));
            let ends_in_a_call = dropped && methods::ends_in_a_call(&init.expr, self.frame.settings);
            self.visit_expr_mut(&mut init.expr);
            site = self.frame.source.take();
            fallible = origin.may_fail();
            if ends_in_a_call && let Some(text) = &text {
                let at = local.let_token.span();
                let place = self.frame.point("LetUnderscore", text.clone(), at, site);
                let value = std::mem::replace(&mut *init.expr, Expr::Verbatim(TokenStream::new()));
                *init.expr = Expr::Verbatim(self.frame.probed(at, place, value));
            }
            if let Some((token, body)) = &mut init.diverge {
                let at = token.span();
                let place = text.filter(|_| arm).map(|text| self.frame.point("LetElse", text, at, site));
                self.visit_expr_mut(body);
                if let Some(place) = place {
                    notes::begin(at, body, self.frame.ran(at, place));
                    otherwise = Some(place);
                }
            }
        }
        match &mut local.pat {
            Pat::Ident(name) => self.frame.bind(name.ident.to_string(), site, fallible),
            Pat::Type(typed) => match &*typed.pat {
                Pat::Ident(name) => {
                    self.frame.bind(name.ident.to_string(), site, fallible || is_result(&typed.ty));
                }
                _ => self.visit_pat_mut(&mut typed.pat),
            },
            pattern => self.visit_pat_mut(pattern),
        }
        otherwise
    }

    pub(super) fn statement(&mut self, mut stmt: Stmt, statements: &mut Vec<Stmt>) {
        self.frame.source = None;
        let attrs = match &mut stmt {
            Stmt::Local(local) => Some(&mut local.attrs),
            Stmt::Expr(expr, _) => attributes::of_statement(expr),
            Stmt::Macro(mac) => Some(&mut mac.attrs),
            Stmt::Item(_) => None,
        };
        let (mark, conditions, cfgs) = match attrs {
            Some(attrs) => {
                let mark = self.frame.take_mark(attrs);
                let cfgs: Vec<_> = attrs.iter().filter(|attribute| attribute.path().is_ident("cfg")).cloned().collect();
                (mark, attributes::conditions(attrs), cfgs)
            }
            None => (None, Vec::new(), Vec::new()),
        };
        let opened = self.frame.open(mark, conditions);
        let mut behind = None;
        match &mut stmt {
            Stmt::Local(local) => {
                let at = local.let_token.span();
                behind = self.local(local).map(|place| self.frame.reached(at, &[place]));
            }
            // Its conditions are those of the statement.
            Stmt::Expr(expr, _) => self.expression(expr),
            Stmt::Macro(mac) => self.arguments(&mut mac.mac),
            Stmt::Item(_) => {}
        }
        self.frame.close(opened, false);
        let returns = matches!(stmt, Stmt::Expr(_, None));
        statements.push(stmt);
        if let Some(behind) = behind {
            statements.push(Stmt::Expr(Expr::Verbatim(quote::quote!(#(#cfgs)* #behind)), None));
        }
        if !returns {
            self.frame.source = None;
        }
    }
}
