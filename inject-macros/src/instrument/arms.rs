//! The branches that deal with failures: `match`, `if let` and conditions.

use proc_macro2::TokenStream;
use quote::ToTokens as _;
use syn::spanned::Spanned as _;
use syn::visit_mut::VisitMut as _;
use syn::{Block, Expr, ExprIf, ExprMatch, Pat};

use super::body::{Body, Let, Lets};
use super::pattern::{self, Names};
use super::{methods, notes};
use crate::{attributes, text};

impl Body<'_> {
    /// Walks a condition, in which `is_err()` and its like are arms.
    pub(super) fn condition(&mut self, condition: &mut Expr) {
        match condition {
            Expr::Paren(inner) => self.condition(&mut inner.expr),
            Expr::Group(inner) => self.condition(&mut inner.expr),
            Expr::Unary(unary) if matches!(unary.op, syn::UnOp::Not(_)) => self.condition(&mut unary.expr),
            Expr::Binary(binary) if matches!(binary.op, syn::BinOp::And(_) | syn::BinOp::Or(_)) => {
                self.condition(&mut binary.left);
                self.condition(&mut binary.right);
            }
            Expr::Let(_) => self.let_condition(condition),
            Expr::MethodCall(call) => {
                let kind = methods::tested(&call.method.to_string()).filter(|_| call.args.is_empty());
                let kind = kind.filter(|kind| {
                    let data = *kind == "IsNone" && self.frame.origin(&call.receiver).is_data();
                    self.counts(kind) && !data
                });
                let Some(kind) = kind else { return self.visit_expr_mut(condition) };
                let (at, text) = (call.method.span(), text::of(call.to_token_stream()));
                self.visit_expr_mut(&mut call.receiver);
                let source = self.frame.source.take();
                let place = self.frame.point(kind, text, at, source);
                notes::replace(condition, |condition| self.frame.ran_if(at, place, condition));
            }
            other => self.visit_expr_mut(other),
        }
    }

    fn let_condition(&mut self, condition: &mut Expr) {
        let Expr::Let(inner) = condition else { return };
        let data = self.frame.origin(&inner.expr).is_data();
        let names = Names::of(&inner.pat);
        let has_else = self.lets.has_else;
        let kind = match () {
            () if names.fails(data) => Some("IfLet"),
            () if names.succeeds(data) && has_else.is_some() => Some("IfLetElse"),
            () if names.succeeds(data) => Some("NoElse"),
            () => None,
        };
        let kind = kind.filter(|kind| self.lets.count && self.counts(kind));
        let text = kind.map(|_| text::of(inner.to_token_stream()));
        // A condition of its own may stand in the value.
        let lets = std::mem::take(&mut self.lets);
        self.visit_expr_mut(&mut inner.expr);
        self.lets = lets;
        let source = self.frame.source.take();
        self.visit_pat_mut(&mut inner.pat);
        let Some((kind, text)) = kind.zip(text) else { return };
        let at = has_else.filter(|_| kind == "IfLetElse").unwrap_or_else(|| inner.let_token.span());
        let arm = Let { kind, text, at, source };
        if kind == "IfLet" { self.lets.then.push(arm) } else { self.lets.otherwise.push(arm) }
    }

    /// The arm that some `let`s of a chain share, which stands at the first of them.
    fn arm_of(&mut self, lets: Vec<Let>) -> Option<u32> {
        let texts: Vec<&str> = lets.iter().map(|arm| arm.text.as_str()).collect();
        let text = text::chained(&texts);
        let mut sources: Vec<u32> = lets.iter().filter_map(|arm| arm.source).collect();
        sources.dedup();
        let source = if sources.len() == 1 { sources.pop() } else { None };
        let Let { kind, at, .. } = lets.into_iter().next()?;
        Some(self.frame.point(kind, text, at, source))
    }

    pub(super) fn if_else(&mut self, inner: &mut ExprIf) {
        let has_else = inner.else_branch.as_ref().map(|(token, _)| token.span());
        let outer = std::mem::replace(&mut self.lets, Lets { count: true, has_else, ..Lets::default() });
        let bound = self.frame.bound();
        self.condition(&mut inner.cond);
        let Lets { then, otherwise, .. } = std::mem::replace(&mut self.lets, outer);
        let [then, otherwise] = [then, otherwise].map(|lets| self.arm_of(lets));
        self.visit_block_mut(&mut inner.then_branch);
        self.frame.forget(bound);
        let at = inner.if_token.span();
        let notes = |ran: Option<u32>, reached: Option<u32>| -> TokenStream {
            let ran = ran.map(|place| self.frame.ran(at, place));
            ran.into_iter().chain(reached.map(|place| self.frame.reached(at, &[place]))).collect()
        };
        let (first, second) = (notes(then, otherwise), notes(otherwise, then));
        notes::prepend(&mut inner.then_branch, first);
        if let Some((_, body)) = &mut inner.else_branch {
            self.visit_expr_mut(body);
            notes::begin(at, body, second);
        } else if !second.is_empty() {
            let body = Block { brace_token: syn::token::Brace(notes::ours(at)), stmts: Vec::new() };
            let mut body = Expr::Block(syn::ExprBlock { attrs: Vec::new(), label: None, block: body });
            notes::begin(at, &mut body, second);
            inner.else_branch = Some((syn::Token![else](notes::ours(at)), Box::new(body)));
        }
        self.frame.source = None;
    }

    pub(super) fn match_arms(&mut self, inner: &mut ExprMatch) {
        let data = self.frame.origin(&inner.expr).is_data();
        self.visit_expr_mut(&mut inner.expr);
        let source = self.frame.source.take();
        let names: Vec<Names> = inner.arms.iter().map(|arm| Names::of(&arm.pat)).collect();
        // What is left for a failure, if nothing else is.
        let left = names.iter().any(|names| names.succeeds(data)) && !names.iter().any(|names| names.fails(data));
        let mut arms = Vec::new();
        for (arm, names) in inner.arms.iter_mut().zip(names) {
            let mark = self.frame.take_mark(&mut arm.attrs);
            let conditions = attributes::conditions(&arm.attrs);
            let recovers = names.fails(data) || (left && pattern::takes_all(&arm.pat));
            let place = (recovers && self.counts("MatchArm")).then(|| {
                let opened = self.frame.open(None, conditions.clone());
                let text = text::of(arm.pat.to_token_stream());
                let place = self.frame.marked_point("MatchArm", text, arm.pat.span(), source, mark.clone());
                self.frame.close(opened, true);
                place
            });
            arms.push((mark, conditions, place));
        }
        let places: Vec<u32> = arms.iter().filter_map(|(.., place)| *place).collect();
        for (arm, (mark, conditions, place)) in inner.arms.iter_mut().zip(arms) {
            let opened = self.frame.open(mark, conditions);
            let bound = self.frame.bound();
            if let Pat::Guard(guarded) = &mut arm.pat {
                self.visit_pat_mut(&mut guarded.pat);
                let outer = std::mem::take(&mut self.lets);
                self.condition(&mut guarded.guard);
                self.lets = outer;
            } else {
                self.visit_pat_mut(&mut arm.pat);
            }
            let at = arm.body.span();
            self.visit_expr_mut(&mut arm.body);
            self.frame.forget(bound);
            let others: Vec<u32> = places.iter().copied().filter(|other| Some(*other) != place).collect();
            let mut notes: TokenStream = place.map(|place| self.frame.ran(at, place)).unwrap_or_default();
            notes.extend(self.frame.reached(at, &others));
            notes::begin(at, &mut arm.body, notes);
            self.frame.close(opened, place.is_some());
        }
        self.frame.source = None;
    }
}
