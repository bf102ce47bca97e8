//! The function that an attribute stands on, its body as the user wrote it.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote_spanned};
use syn::parse::{ParseStream, Parser as _};
use syn::{Attribute, Error, LitStr, Signature, Token, Visibility, braced, token};

/// A function whose body is not looked into.
///
/// Bodies that do not parse yet, because someone is typing, still reach the compiler as they are.
pub(crate) struct Function {
    pub(crate) attrs: Vec<Attribute>,
    pub(crate) vis: Visibility,
    pub(crate) sig: Signature,
    pub(crate) body: Body,
}

/// A block that nobody has parsed.
pub(crate) struct Body {
    brace: token::Brace,
    tokens: TokenStream,
}

/// How an attribute refuses what is no function of its kind.
pub(crate) struct Refusing {
    /// An item of another kind, by its tokens.
    pub(crate) not_a_function: fn(&TokenStream) -> Error,
    /// A declaration without a block.
    pub(crate) no_body: fn(&Signature) -> Error,
}

impl Function {
    /// Reads the item that an attribute stands on.
    ///
    /// # Errors
    /// What `refusing` says of items that are no function with a body.
    pub(crate) fn of(item: TokenStream, refusing: &Refusing) -> syn::Result<Function> {
        let read = |input: ParseStream<'_>| {
            let attrs = input.call(Attribute::parse_outer)?;
            let vis = input.parse()?;
            if !is_function(&input.fork()) {
                return Err((refusing.not_a_function)(&input.parse()?));
            }
            let sig: Signature = input.parse()?;
            if !input.peek(token::Brace) {
                return Err((refusing.no_body)(&sig));
            }
            let content;
            let brace = braced!(content in input);
            Ok(Function { attrs, vis, sig, body: Body { brace, tokens: content.parse()? } })
        };
        read.parse2(item)
    }
}

impl Body {
    /// The block with `statements` in front, but behind the attributes that it begins with. The braces stay the user's:
    /// lints pass over a function that ends in somebody else's.
    ///
    /// # Errors
    /// Attributes at its beginning that cannot be read.
    pub(crate) fn beginning_with(self, statements: &TokenStream) -> syn::Result<TokenStream> {
        let split = |input: ParseStream<'_>| Ok((input.call(Attribute::parse_inner)?, input.parse::<TokenStream>()?));
        let (inner, rest) = split.parse2(self.tokens)?;
        let mut block = TokenStream::new();
        self.brace.surround(&mut block, |inside| {
            inside.extend(quote_spanned!(Span::mixed_site()=> #(#inner)* #statements #rest));
        });
        Ok(block)
    }
}

/// Whether a function stands here, of whatever kind.
fn is_function(input: ParseStream<'_>) -> bool {
    let skipped = || -> syn::Result<()> {
        input.parse::<Option<Token![const]>>()?;
        input.parse::<Option<Token![async]>>()?;
        input.parse::<Option<Token![unsafe]>>()?;
        if input.parse::<Option<Token![extern]>>()?.is_some() {
            input.parse::<Option<LitStr>>()?;
        }
        Ok(())
    };
    skipped().is_ok() && input.peek(Token![fn])
}

impl ToTokens for Body {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        self.brace.surround(tokens, |inside| self.tokens.to_tokens(inside));
    }
}
