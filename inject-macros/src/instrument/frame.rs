//! What is known while a function's body is walked: its points so far, and what surrounds the place.

use proc_macro2::{Ident, Span, TokenStream};
use syn::{Attribute, Lifetime};

use super::settings::Settings;
use crate::mark::{self, Mark};
use crate::points::{Point, Points};
use crate::reject::{self, Refusals};

/// The state of the walk.
pub(crate) struct Frame<'a> {
    pub(crate) settings: &'a Settings,
    pub(crate) refusals: &'a mut Refusals,
    pub(crate) points: Points,
    /// What the body knows its function as.
    pub(crate) here: Ident,
    /// The site that the value of the expression that was walked last comes from.
    pub(crate) source: Option<u32>,
    /// How many sites are entered here, in this function or closure.
    pub(crate) depth: u32,
    /// Whether a mark was taken away.
    pub(crate) changed: bool,
    loops: Vec<Loop>,
    bindings: Vec<Binding>,
    mark: Option<Mark>,
    conditions: Vec<TokenStream>,
}

/// What `break` and `continue` can lead to.
struct Loop {
    label: Option<String>,
    /// Whether it can be left without its label.
    is_loop: bool,
    depth: u32,
}

/// A variable, by what it was bound to.
struct Binding {
    name: String,
    site: Option<u32>,
    fallible: bool,
}

/// What has to be undone behind a marked or conditional part of the body.
pub(crate) struct Opened {
    outer: Option<Mark>,
    mark: Option<(&'static str, Span)>,
    conditions: usize,
    arms: usize,
}

/// What has to be undone behind a closure.
pub(crate) struct Outside {
    depth: u32,
    loops: Vec<Loop>,
    bindings: usize,
}

impl<'a> Frame<'a> {
    /// Nothing is known yet.
    pub(crate) fn new(settings: &'a Settings, refusals: &'a mut Refusals, mark: Option<Mark>) -> Frame<'a> {
        Frame {
            settings,
            refusals,
            points: Points::default(),
            here: Ident::new("__FIRSTHIT_HERE", Span::mixed_site()),
            source: None,
            depth: 0,
            changed: false,
            loops: Vec::new(),
            bindings: Vec::new(),
            mark,
            conditions: Vec::new(),
        }
    }

    /// Adds a point that the value walked last leads to.
    pub(crate) fn point(&mut self, kind: &'static str, text: String, span: Span, site: Option<u32>) -> u32 {
        self.marked_point(kind, text, span, site, self.mark.clone())
    }

    /// Adds a point with a mark of its own.
    pub(crate) fn marked_point(
        &mut self,
        kind: &'static str,
        text: String,
        span: Span,
        site: Option<u32>,
        mark: Option<Mark>,
    ) -> u32 {
        let mark = mark.or_else(|| self.mark.clone()).filter(|_| kind != crate::points::SITE);
        let conditions = self.conditions.clone();
        self.points.add(Point { kind, text, span, site, mark, conditions })
    }

    /// Takes the mark out of attributes.
    pub(crate) fn take_mark(&mut self, attrs: &mut Vec<Attribute>) -> Option<Mark> {
        let mark = mark::take(attrs).unwrap_or_else(|refusal| {
            self.refusals.add(refusal);
            None
        });
        self.changed |= mark.is_some();
        mark
    }

    /// Everything up to the end of this is marked, and compiled under these conditions.
    pub(crate) fn open(&mut self, mark: Option<Mark>, conditions: Vec<TokenStream>) -> Opened {
        let opened = Opened {
            outer: self.mark.clone(),
            mark: mark.as_ref().map(|mark| (mark.name, mark.span)),
            conditions: self.conditions.len(),
            arms: self.points.arms(),
        };
        self.mark = mark.or(self.mark.take());
        self.conditions.extend(conditions);
        opened
    }

    /// The end of that; a mark needs an arm inside, if it does not stand on one.
    pub(crate) fn close(&mut self, opened: Opened, on_an_arm: bool) {
        if let Some((name, span)) = opened.mark
            && !on_an_arm
            && self.points.arms() == opened.arms
        {
            self.refusals.add(reject::mark_without_arm(span, name));
        }
        self.mark = opened.outer;
        self.conditions.truncate(opened.conditions);
    }

    /// A closure or an `async` block begins, which `?` and `return` leave alone.
    pub(crate) fn go_inside(&mut self) -> Outside {
        let depth = std::mem::take(&mut self.depth);
        Outside { depth, loops: std::mem::take(&mut self.loops), bindings: self.bindings.len() }
    }

    /// The end of that.
    pub(crate) fn go_outside(&mut self, outside: Outside) {
        self.depth = outside.depth;
        self.loops = outside.loops;
        self.forget(outside.bindings);
    }

    /// A loop or a labelled block begins.
    pub(crate) fn enter_loop(&mut self, label: Option<&Lifetime>, is_loop: bool) {
        let label = label.map(|label| label.ident.to_string());
        self.loops.push(Loop { label, is_loop, depth: self.depth });
    }

    /// The end of that.
    pub(crate) fn leave_loop(&mut self) {
        self.loops.pop();
    }

    /// How many entered sites are left by a `break` or `continue`.
    pub(crate) fn left_by(&self, label: Option<&Lifetime>) -> u32 {
        let label = label.map(|label| label.ident.to_string());
        let target = self.loops.iter().rev().find(|target| match &label {
            Some(label) => target.label.as_ref() == Some(label),
            None => target.is_loop,
        });
        target.map_or(0, |target| self.depth - target.depth)
    }

    /// A variable comes to be.
    pub(crate) fn bind(&mut self, name: String, site: Option<u32>, fallible: bool) {
        self.bindings.push(Binding { name, site, fallible });
    }

    /// How many variables there are.
    pub(crate) fn bound(&self) -> usize {
        self.bindings.len()
    }

    /// The variables behind these are gone.
    pub(crate) fn forget(&mut self, bound: usize) {
        self.bindings.truncate(bound);
    }

    /// The site that a variable's value comes from.
    pub(crate) fn site_of(&self, name: &str) -> Option<u32> {
        self.bindings.iter().rev().find(|binding| binding.name == name)?.site
    }

    /// Whether a variable was bound to what a call returned that is no lookup.
    pub(crate) fn is_fallible(&self, name: &str) -> bool {
        self.bindings.iter().rev().find(|binding| binding.name == name).is_some_and(|binding| binding.fallible)
    }
}
