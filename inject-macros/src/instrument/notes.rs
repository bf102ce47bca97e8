//! The calls into the runtime, as tokens: all that the expansion adds to a body.

use proc_macro2::{Ident, Literal, Span, TokenStream};
use quote::{ToTokens as _, quote, quote_spanned};
use syn::{Block, Expr, ExprBlock, Stmt, token};

use super::frame::Frame;

/// Names that are not the user's, shown at the user's code.
pub(crate) fn ours(at: Span) -> Span {
    Span::mixed_site().located_at(at)
}

/// What stands around the user's expressions has their spans in full: were only its place the user's, the compiler would
/// take the attribute for the common origin of both, and report errors there.
impl Frame<'_> {
    fn here(&self, at: Span) -> Ident {
        let mut here = self.here.clone();
        here.set_span(at);
        here
    }

    /// An arm runs.
    pub(crate) fn ran(&self, at: Span, place: u32) -> TokenStream {
        let (here, place) = (&self.here, number(place));
        quote_spanned!(ours(at)=> #here.ran(#place);)
    }

    /// What arms deal with was evaluated.
    pub(crate) fn reached(&self, at: Span, places: &[u32]) -> TokenStream {
        let here = &self.here;
        let places = places.iter().map(|place| number(*place));
        quote_spanned!(ours(at)=> #(#here.reached(#places);)*)
    }

    /// The call of a site, which is known to be inside of it while it lasts.
    pub(crate) fn inside(&self, at: Span, place: u32, call: TokenStream) -> TokenStream {
        let (here, place) = (self.here(at), number(place));
        quote_spanned!(at=> #here.leave(#here.enter(#place), #call))
    }

    /// The call of a site that may leave it unseen.
    pub(crate) fn outside(&self, at: Span, place: u32, call: TokenStream) -> TokenStream {
        let (here, place) = (self.here(at), number(place));
        quote_spanned!(at=> #here.pass(#here.reached(#place), #call))
    }

    /// The future that a site's call has made.
    pub(crate) fn awaited(&self, at: Span, place: u32, future: TokenStream) -> TokenStream {
        let (here, place) = (self.here(at), number(place));
        quote_spanned!(at=> #here.awaited(#place, #future))
    }

    /// The operand of a `?`.
    pub(crate) fn tried(&self, at: Span, place: u32, operand: TokenStream) -> TokenStream {
        let (here, place) = (self.here(at), number(place));
        match self.depth {
            0 => quote_spanned!(at=> #here.tried(#place, #operand)),
            depth => {
                let depth = number(depth);
                quote_spanned!(at=> #here.tried_in(#place, #depth, #operand))
            }
        }
    }

    /// The operand of a `?` that is no arm, but leaves the sites that are entered.
    pub(crate) fn abandoned_if(&self, at: Span, operand: TokenStream) -> TokenStream {
        let (here, depth) = (self.here(at), number(self.depth));
        quote_spanned!(at=> #here.abandon_if(#depth, #operand))
    }

    /// The value with which sites are left.
    pub(crate) fn abandoned(&self, at: Span, depth: u32, value: TokenStream) -> TokenStream {
        let (here, depth) = (self.here(at), number(depth));
        quote_spanned!(at=> #here.abandoned(#depth, #value))
    }

    /// Sites are left by `exit`.
    pub(crate) fn abandoning(&self, at: Span, depth: u32, exit: TokenStream) -> TokenStream {
        let (here, depth) = (&self.here, number(depth));
        quote_spanned!(ours(at)=> { #here.abandon(#depth); #exit })
    }

    /// A condition that is true of a failure.
    pub(crate) fn ran_if(&self, at: Span, place: u32, condition: TokenStream) -> TokenStream {
        let (here, place) = (self.here(at), number(place));
        quote_spanned!(at=> #here.ran_if(#place, #condition))
    }

    /// A value that is looked at on its way.
    pub(crate) fn probed(&self, at: Span, place: u32, mut value: Expr) -> TokenStream {
        let site = ours(at);
        let probe = self.probe(at, place, &quote_spanned!(site=> &value));
        // The printer puts parentheses around what cannot stand in front of a brace.
        let mut probed: syn::ExprMatch = syn::parse_quote_spanned! {site=> match () { value => { #probe value } } };
        std::mem::swap(&mut *probed.expr, &mut value);
        quote_spanned!(at=> (#probed))
    }

    /// A place that is looked at before something is done with it.
    pub(crate) fn probed_before(&self, at: Span, place: u32, value: &Expr, then: TokenStream) -> TokenStream {
        let here = self.here(at);
        let probe = self.probe(at, place, &quote_spanned!(ours(at)=> &#value));
        quote_spanned!(at=> #here.pass({ #probe }, #then))
    }

    fn probe(&self, at: Span, place: u32, reference: &TokenStream) -> TokenStream {
        let (here, place, krate) = (&self.here, number(place), &self.settings.krate);
        quote_spanned! {ours(at)=>
            use #krate::__private::{Failed as _, Unknown as _};
            #here.ran_if(#place, (&#krate::__private::Probe(#reference)).failed());
        }
    }
}

fn number(number: u32) -> Literal {
    Literal::u32_unsuffixed(number)
}

/// Puts statements in front of a block's own, but behind the items that it begins with, where items belong.
pub(crate) fn prepend(block: &mut Block, statements: TokenStream) {
    if statements.is_empty() {
        return;
    }
    let items = block.stmts.iter().take_while(|stmt| matches!(stmt, Stmt::Item(_))).count();
    block.stmts.insert(items, Stmt::Expr(Expr::Verbatim(statements), None));
}

/// A block that begins with statements and ends in `value`.
pub(crate) fn block(at: Span, statements: TokenStream, value: Expr) -> Expr {
    let brace = token::Brace(ours(at));
    let stmts = vec![Stmt::Expr(Expr::Verbatim(statements), None), Stmt::Expr(value, None)];
    Expr::Block(ExprBlock { attrs: Vec::new(), label: None, block: Block { brace_token: brace, stmts } })
}

/// Puts statements in front of an arm's body or an `else`.
pub(crate) fn begin(at: Span, body: &mut Expr, statements: TokenStream) {
    if statements.is_empty() {
        return;
    }
    match body {
        Expr::Block(block) if block.label.is_none() && block.attrs.is_empty() => prepend(&mut block.block, statements),
        _ => {
            let value = std::mem::replace(body, Expr::Verbatim(TokenStream::new()));
            *body = block(at, statements, value);
        }
    }
}

/// Replaces an expression by what `write` makes of it, in front of which its attributes stay.
pub(crate) fn replace(expr: &mut Expr, write: impl FnOnce(TokenStream) -> TokenStream) {
    replace_printed(expr, None, write);
}

/// The same of an expression whose tokens without its attributes may be known.
pub(crate) fn replace_printed(
    expr: &mut Expr,
    printed: Option<TokenStream>,
    write: impl FnOnce(TokenStream) -> TokenStream,
) {
    let attrs = crate::attributes::of_expr(expr).map(std::mem::take).unwrap_or_default();
    let written = write(printed.unwrap_or_else(|| expr.to_token_stream()));
    *expr = Expr::Verbatim(if attrs.is_empty() { written } else { quote!(#(#attrs)* #written) });
}
