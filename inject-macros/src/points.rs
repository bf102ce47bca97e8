//! The points of one function: what each is, where it stands, and how they are declared.

use std::collections::HashMap;

use proc_macro2::{Ident, Literal, Span, TokenStream};
use quote::quote_spanned;

use crate::mark::Mark;

/// Declares a place that can fail, or code that runs because something failed.
pub(crate) struct Point {
    /// A variant of `firsthit::__private::Kind`.
    pub(crate) kind: &'static str,
    pub(crate) text: String,
    pub(crate) span: Span,
    /// The site whose failure leads straight here.
    pub(crate) site: Option<u32>,
    pub(crate) mark: Option<Mark>,
    /// The conditions under which it is compiled.
    pub(crate) conditions: Vec<TokenStream>,
}

/// What stands between the fields of a declared point.
const BETWEEN: char = '\u{1f}';
/// What stands behind each.
const BEHIND: char = '\u{1e}';

/// The kind of a site.
pub(crate) const SITE: &str = "Site";

/// The points of a function, in the order of the source.
#[derive(Default)]
pub(crate) struct Points {
    points: Vec<(Point, u32)>,
    earlier: HashMap<(&'static str, String), u32>,
}

impl Points {
    /// Adds a point, and gives its place.
    pub(crate) fn add(&mut self, point: Point) -> u32 {
        let earlier = self.earlier.entry((point.kind, point.text.clone())).or_default();
        let place = self.points.len() as u32;
        self.points.push((point, *earlier));
        *earlier += 1;
        place
    }

    /// How many arms there are.
    pub(crate) fn arms(&self) -> usize {
        self.points.iter().filter(|(point, _)| point.kind != SITE).count()
    }

    /// How many points there are.
    pub(crate) fn len(&self) -> usize {
        self.points.len()
    }

    /// Whether there is nothing to declare.
    pub(crate) fn is_empty(&self) -> bool {
        self.points.is_empty()
    }

    /// The kind, the text and the ordinal of each.
    #[cfg(test)]
    pub(crate) fn identities(&self) -> Vec<(&'static str, String, u32)> {
        self.points.iter().map(|(point, ordinal)| (point.kind, point.text.clone(), *ordinal)).collect()
    }

    /// The declaration of the function `name`, known to its body as `here`.
    pub(crate) fn declaration(&self, here: &Ident, name: &str, krate: &TokenStream) -> TokenStream {
        let site = Span::mixed_site();
        let count = Literal::usize_unsuffixed(self.points.len());
        let (mut table, mut conditions) = (String::new(), Vec::new());
        for (point, ordinal) in &self.points {
            point.write(*ordinal, &mut table, &mut conditions);
        }
        quote_spanned!(site=> #krate::__points!(#here, #name, #count, #table, [#(::core::cfg!(all(#conditions))),*]);)
    }
}

impl Point {
    /// Writes it as `Point::read` of firsthit reads it. One that is not compiled in keeps its place, so that the others
    /// keep theirs: it says so itself.
    fn write(&self, ordinal: u32, table: &mut String, conditions: &mut Vec<TokenStream>) {
        let start = self.span.start();
        let site = self.site.map(|place| place.to_string()).unwrap_or_default();
        let (mark, reason) = self.mark.as_ref().map_or(("", String::new()), Mark::excuse);
        let [mut condition, mut missing] = [const { String::new() }; 2];
        if !self.conditions.is_empty() {
            let texts: Vec<String> =
                self.conditions.iter().map(|condition| crate::text::of(condition.clone())).collect();
            condition = conditions.len().to_string();
            missing = format!("not compiled in: #[cfg({})]", texts.join(", "));
            let all = &self.conditions;
            conditions.push(quote_spanned!(Span::mixed_site()=> #(#all),*));
        }
        let numbers = [ordinal as usize, start.line, start.column + 1].map(|number| number.to_string());
        let [ordinal, line, column] = &numbers;
        let fields = [self.kind, ordinal, line, column, &site, mark, &reason, &condition, &missing, &self.text];
        for (number, field) in fields.into_iter().enumerate() {
            if number > 0 {
                table.push(BETWEEN);
            }
            // Neither stands in a text but by malice.
            match field.contains(BETWEEN) || field.contains(BEHIND) {
                true => table.extend(field.chars().filter(|character| ![BETWEEN, BEHIND].contains(character))),
                false => table.push_str(field),
            }
        }
        table.push(BEHIND);
    }
}
