//! The function that the attribute stands on, its body as the user wrote it.

use proc_macro2::TokenStream;
use quote::ToTokens;
use syn::parse::{Parse, ParseStream};
use syn::{Attribute, LitStr, Signature, Token, Visibility, braced, token};

use crate::reject;

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

impl Parse for Function {
    fn parse(input: ParseStream<'_>) -> syn::Result<Function> {
        let attrs = input.call(Attribute::parse_outer)?;
        let vis = input.parse()?;
        if !is_function(&input.fork()) {
            return Err(reject::not_a_function(&input.parse()?));
        }
        let sig: Signature = input.parse()?;
        if !input.peek(token::Brace) {
            return Err(reject::no_body(&sig));
        }
        let content;
        let brace = braced!(content in input);
        Ok(Function { attrs, vis, sig, body: Body { brace, tokens: content.parse()? } })
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
