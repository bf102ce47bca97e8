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
        let points = self.points.iter().map(|(point, ordinal)| {
            let kind = Ident::new(point.kind, site);
            let text = &point.text;
            let ordinal = Literal::u32_unsuffixed(*ordinal);
            let start = point.span.start();
            let line = Literal::usize_unsuffixed(start.line);
            let column = Literal::usize_unsuffixed(start.column + 1);
            let behind = point.site.map(|place| {
                let place = Literal::u32_unsuffixed(place);
                quote_spanned!(site=> .behind(#place))
            });
            let excused = excuse(point).map(|excuse| quote_spanned!(site=> .excused(#excuse)));
            quote_spanned!(site=> Point::at(Kind::#kind, #text, #ordinal, #line, #column) #behind #excused,)
        });
        quote_spanned!(site=> #krate::__points!(#here, #name, #count, [#(#points)*]);)
    }
}

/// Why nobody has to test a point; one that is not compiled in keeps its place, so that the others keep theirs.
fn excuse(point: &Point) -> Option<TokenStream> {
    let site = Span::mixed_site();
    let excuse = point.mark.as_ref().map(Mark::excuse);
    if point.conditions.is_empty() {
        return excuse;
    }
    let excuse = excuse.unwrap_or_else(|| quote_spanned!(site=> Excuse::None));
    let conditions = &point.conditions;
    let reason = conditions.iter().map(|condition| crate::text::of(condition.clone())).collect::<Vec<_>>().join(", ");
    let reason = format!("not compiled in: #[cfg({reason})]");
    Some(quote_spanned! {site=>
        if ::core::cfg!(all(#(#conditions),*)) { #excuse } else { Excuse::Untested(#reason) }
    })
}
