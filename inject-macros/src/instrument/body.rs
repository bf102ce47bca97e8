//! The walk through a function's body: finds its points, and writes the calls that note them.

use proc_macro2::{Span, TokenStream};
use quote::ToTokens as _;
use syn::visit_mut::{self, VisitMut};
use syn::{Block, Expr, Lifetime, Macro, Pat, Type};

use super::frame::Frame;
use crate::attributes;

/// A body that is being walked.
pub(crate) struct Body<'a> {
    pub(crate) frame: Frame<'a>,
    /// The arms of the `if` whose condition is being walked.
    pub(super) lets: Lets,
}

/// The `let`s of a condition that lead to an arm.
#[derive(Default)]
pub(super) struct Lets {
    /// They are no arms in a `while`.
    pub(super) count: bool,
    pub(super) has_else: Option<Span>,
    /// Those of a failure: the body is the arm.
    pub(super) then: Vec<Let>,
    /// Those of a success: what is done otherwise is the arm.
    pub(super) otherwise: Vec<Let>,
}

/// One of them.
pub(super) struct Let {
    pub(super) kind: &'static str,
    pub(super) text: String,
    pub(super) at: Span,
    pub(super) source: Option<u32>,
}

impl<'a> Body<'a> {
    /// A body of which nothing is known yet.
    pub(crate) fn new(frame: Frame<'a>) -> Body<'a> {
        Body { frame, lets: Lets::default() }
    }

    /// Notes the parameters: what a `Result` holds may be a failure.
    pub(crate) fn parameter(&mut self, pattern: &Pat, ty: &Type) {
        if let Pat::Ident(name) = pattern {
            self.frame.bind(name.ident.to_string(), None, is_result(ty));
        }
    }

    pub(super) fn counts(&self, kind: &'static str) -> bool {
        self.frame.settings.counts(kind)
    }

    pub(super) fn expression(&mut self, expr: &mut Expr) {
        match expr {
            Expr::Try(_) => self.question(expr),
            Expr::MethodCall(_) => self.method_call(expr),
            Expr::Call(_) => self.call(expr),
            Expr::Match(inner) => self.match_arms(inner),
            Expr::If(inner) => self.if_else(inner),
            Expr::While(inner) => {
                let outer = std::mem::take(&mut self.lets);
                self.frame.enter_loop(inner.label.as_ref().map(|label| &label.name), true);
                let bound = self.frame.bound();
                self.condition(&mut inner.cond);
                self.visit_block_mut(&mut inner.body);
                self.frame.forget(bound);
                self.frame.leave_loop();
                self.lets = outer;
                self.frame.source = None;
            }
            Expr::ForLoop(inner) => {
                self.visit_expr_mut(&mut inner.expr);
                let bound = self.frame.bound();
                self.visit_pat_mut(&mut inner.pat);
                self.in_loop(inner.label.as_ref().map(|label| &label.name), true, &mut inner.body);
                self.frame.forget(bound);
            }
            Expr::Loop(inner) => self.in_loop(inner.label.as_ref().map(|label| &label.name), true, &mut inner.body),
            Expr::Block(inner) => match &inner.label {
                Some(label) => self.in_loop(Some(&label.name), false, &mut inner.block),
                None => self.visit_block_mut(&mut inner.block),
            },
            Expr::Unsafe(inner) => self.visit_block_mut(&mut inner.block),
            Expr::Paren(inner) => self.visit_expr_mut(&mut inner.expr),
            Expr::Group(inner) => self.visit_expr_mut(&mut inner.expr),
            Expr::Await(inner) => self.awaited(inner),
            Expr::Path(path) => {
                let name = path.path.get_ident().map(ToString::to_string);
                self.frame.source = name.and_then(|name| self.frame.site_of(&name));
            }
            Expr::Closure(closure) => {
                let outside = self.frame.go_inside();
                closure.inputs.iter_mut().for_each(|input| self.visit_pat_mut(input));
                self.visit_expr_mut(&mut closure.body);
                self.frame.go_outside(outside);
                self.frame.source = None;
            }
            Expr::Async(inner) => {
                let outside = self.frame.go_inside();
                self.visit_block_mut(&mut inner.block);
                self.frame.go_outside(outside);
                self.frame.source = None;
            }
            Expr::Return(_) | Expr::Break(_) | Expr::Continue(_) => self.exit(expr),
            Expr::Macro(inner) => self.arguments(&mut inner.mac),
            Expr::Repeat(inner) => {
                self.visit_expr_mut(&mut inner.expr);
                self.frame.source = None;
            }
            // Run by the compiler, or not stable.
            Expr::Const(_) | Expr::TryBlock(_) | Expr::Verbatim(_) => self.frame.source = None,
            other => {
                visit_mut::visit_expr_mut(self, other);
                self.frame.source = None;
            }
        }
    }

    pub(super) fn in_loop(&mut self, label: Option<&Lifetime>, is_loop: bool, block: &mut Block) {
        self.frame.enter_loop(label, is_loop);
        self.visit_block_mut(block);
        self.frame.leave_loop();
        self.frame.source = None;
    }
}

impl VisitMut for Body<'_> {
    fn visit_expr_mut(&mut self, expr: &mut Expr) {
        let Some(attrs) = attributes::of_expr(expr).filter(|attrs| !attrs.is_empty()) else {
            return self.expression(expr);
        };
        let mark = self.frame.take_mark(attrs);
        let conditions = attributes::conditions(attrs);
        let opened = self.frame.open(mark, conditions);
        self.expression(expr);
        self.frame.close(opened, false);
    }

    fn visit_block_mut(&mut self, block: &mut Block) {
        let bound = self.frame.bound();
        self.frame.source = None;
        let mut statements = Vec::with_capacity(block.stmts.len());
        for stmt in std::mem::take(&mut block.stmts) {
            self.statement(stmt, &mut statements);
        }
        block.stmts = statements;
        self.frame.forget(bound);
    }

    fn visit_pat_ident_mut(&mut self, pattern: &mut syn::PatIdent) {
        self.frame.bind(pattern.ident.to_string(), None, false);
        if let Some((_, pattern)) = &mut pattern.subpat {
            self.visit_pat_mut(pattern);
        }
    }

    // What the compiler runs, what is no code, and what is walked on its own.
    fn visit_attribute_mut(&mut self, _: &mut syn::Attribute) {}
    fn visit_expr_const_mut(&mut self, _: &mut syn::ExprConst) {}
    fn visit_item_mut(&mut self, _: &mut syn::Item) {}
    fn visit_macro_mut(&mut self, _: &mut Macro) {}
    fn visit_path_mut(&mut self, _: &mut syn::Path) {}
    fn visit_type_mut(&mut self, _: &mut Type) {}
}

/// An expression without the attributes in front of it.
pub(super) fn tokens_of(expr: &mut Expr) -> TokenStream {
    let attrs = attributes::of_expr(expr).map(std::mem::take);
    let tokens = expr.to_token_stream();
    if let Some((place, attrs)) = attributes::of_expr(expr).zip(attrs) {
        *place = attrs;
    }
    tokens
}

/// Whether a type is a `Result`, by its name.
pub(super) fn is_result(ty: &Type) -> bool {
    let Type::Path(path) = ty else { return false };
    path.path.segments.last().is_some_and(|last| last.ident.to_string().ends_with("Result"))
}
