//! What the attributes do not take, refused on the token that is to blame, with the cure.

use proc_macro2::{Span, TokenStream, TokenTree};
use quote::ToTokens;
use syn::{Attribute, Error, FnArg, LitStr, ReturnType, Safety, Signature, Type};

use crate::function::Refusing;
use crate::words::{self, Words};

/// Everything that keeps a function with these attributes and this signature from being a test.
///
/// # Errors
/// All of it at once.
pub(crate) fn check(attrs: &[Attribute], sig: &Signature) -> syn::Result<()> {
    let mut refusals = Refusals::default();
    for attribute in attrs.iter().filter(|attribute| is_test(attribute)) {
        refusals.add(second_test(attribute));
    }
    signature(sig, &mut refusals);
    refusals.none()
}

/// Refusals so far, all of which are reported.
#[derive(Default)]
pub(crate) struct Refusals(Option<Error>);

impl Refusals {
    pub(crate) fn add(&mut self, refusal: Error) {
        match &mut self.0 {
            Some(first) => first.combine(refusal),
            None => self.0 = Some(refusal),
        }
    }

    /// # Errors
    /// If there are any.
    pub(crate) fn none(self) -> syn::Result<()> {
        self.0.map_or(Ok(()), Err)
    }
}

fn signature(sig: &Signature, refusals: &mut Refusals) {
    if let Some(token) = &sig.constness {
        refusals.add(on(token, "a swept test runs code that allocates, which a `const fn` cannot", "remove `const`"));
    }
    if let Some(token) = &sig.asyncness {
        refusals.add(on(
            token,
            "a swept test is run from its beginning to its end, which an `async fn` leaves to others",
            "remove `async` and block on the runtime inside the body: `runtime.block_on(async { .. })`",
        ));
    }
    if let Safety::Unsafe(token) = &sig.safety {
        refusals.add(on(
            token,
            "a test runner calls safe functions only",
            "remove `unsafe` and put the calls that need it into `unsafe { .. }` inside the body",
        ));
    }
    if let Some(abi) = &sig.abi {
        refusals.add(on(abi, "a test runner calls functions of Rust's own ABI only", "remove `extern`"));
    }
    if sig.generics.lt_token.is_some() {
        refusals.add(on(
            &sig.generics,
            "nobody chooses a test's generic arguments",
            "remove them, and write one test for each type, which calls a generic function",
        ));
    }
    if let Some(bounds) = &sig.generics.where_clause {
        refusals.add(on(bounds, "a test without generic arguments has nothing to bound", "remove the `where` clause"));
    }
    if let ReturnType::Type(_, ty) = &sig.output
        && let Type::Never(never) = &**ty
    {
        refusals.add(on(
            never,
            "a swept test returns, so that what it gives can be compared",
            "remove `-> !`; a test that is to panic says so with `#[should_panic]`",
        ));
    }
    match sig.inputs.first() {
        Some(FnArg::Receiver(receiver)) => refusals.add(on(
            receiver,
            "a test is no method: nobody has the value to call it on",
            "make it a function outside of the `impl`, and build the value in its body",
        )),
        Some(FnArg::Typed(_)) => refusals.add(on(
            &sig.inputs,
            "nobody passes arguments to a test",
            "build the values inside the body, or write one test for each case",
        )),
        None => {}
    }
}

/// Whether an attribute makes its function a test, as `test`, `tokio::test` and `firsthit::test` do.
fn is_test(attribute: &Attribute) -> bool {
    attribute.path().segments.last().is_some_and(|last| last.ident == "test")
}

fn second_test(attribute: &Attribute) -> Error {
    let path: String = attribute.path().to_token_stream().into_iter().map(|token| token.to_string()).collect();
    on(
        attribute,
        &format!("`firsthit::test` makes this function a test; `#[{path}]` would make it another of the same name"),
        &format!("remove `#[{path}]`"),
    )
}

/// What cannot be a test.
pub(crate) const NO_TEST: Refusing = Refusing {
    not_a_function: |item| {
        another_item(item, "only a function can be a swept test", "put the attribute on each `fn` that is to be swept")
    },
    no_body: |sig| on(sig, "a test has a body", "write one, or put the attribute on a function that has one"),
};

/// An item of another kind, by what it begins with.
pub(crate) fn another_item(item: &TokenStream, wrong: &str, cure: &str) -> Error {
    let first = item.clone().into_iter().next();
    let span = first.as_ref().map_or_else(Span::call_site, TokenTree::span);
    let what = first.map_or_else(|| "nothing".to_owned(), |first| format!("`{first}`"));
    new(span, &format!("{wrong}, and this begins with {what}"), cure)
}

/// A word that is none of the known ones.
pub(crate) fn unknown(span: Span, noun: &str, word: &str, known: Words) -> Error {
    let meant = words::nearest(word, known).map(|near| format!("did you mean `{near}`? ")).unwrap_or_default();
    let known: Vec<String> = known.iter().map(|(known, _)| format!("`{known}`")).collect();
    new(span, &format!("unknown {noun} `{word}`"), &format!("{meant}known are {}", known.join(", ")))
}

/// Something that was given before.
pub(crate) fn repeated(span: Span, what: &str) -> Error {
    new(span, &format!("`{what}` is given twice"), "keep the one that is meant")
}

/// An argument that is not written as it should be.
pub(crate) fn wrong_form(span: Span, argument: &str) -> Error {
    let form = words::ARGUMENTS
        .iter()
        .chain(words::INSTRUMENT_ARGUMENTS)
        .find(|(name, _)| *name == argument)
        .map_or(argument, |(_, form)| form);
    new(span, &format!("`{argument}` is not written like this"), &format!("write it like `{form}`"))
}

/// An argument behind another, without a comma between them.
pub(crate) fn no_comma(span: Span) -> Error {
    new(span, "this does not belong to the argument before it", "separate arguments by `,`")
}

/// A value that an argument does not take.
pub(crate) fn out_of_range(span: Span, argument: &str, value: &str, takes: &str) -> Error {
    new(span, &format!("`{argument}` cannot be {value}"), &format!("it takes {takes}"))
}

/// A verdict that would not fail the test, whatever is said.
pub(crate) fn good_verdict(span: Span, word: &str) -> Error {
    new(
        span,
        &format!("`{word}` says that the failure ended well"),
        "remove it; a test is failed by the other verdicts",
    )
}

/// A pattern that matches everything, or a reason that says nothing.
pub(crate) fn empty(span: Span, what: &str) -> Error {
    new(span, &format!("the {what} is empty"), "name the function whose findings are accepted, and say why they are")
}

/// An accepted finding of which nobody says why.
pub(crate) fn no_reason(pattern: &LitStr) -> Error {
    let cure = format!("say why it may stay: `allow({}, reason = \"..\")`", pattern.to_token_stream());
    on(pattern, "a finding is accepted for a reason", &cure)
}

/// A call that is no path.
pub(crate) fn no_call(text: &LitStr) -> Error {
    let wrong = format!("{:?} is no call", text.value());
    on(text, &wrong, "name a function or a method, or the end of a function's path: `\"my_alloc\"`, `\"Pool::get\"`")
}

/// An item without a body that could be annotated, by what it begins with.
pub(crate) fn not_annotated(span: Span, what: &str) -> Error {
    new(
        span,
        &format!("there is no code in {what} that `firsthit::instrument` could annotate"),
        "put the attribute on a function, an `impl` block, a trait or an inline module",
    )
}

/// A module in a file of its own.
pub(crate) fn module_elsewhere(span: Span) -> Error {
    new(
        span,
        "the attribute does not see what stands in the module's own file",
        "put it on the functions and `impl` blocks in that file, or on `mod name { .. }`",
    )
}

/// A function that runs while compiling.
pub(crate) fn const_function(span: Span) -> Error {
    new(
        span,
        "a `const fn` cannot note what it reaches, because the compiler may run it",
        "remove the attribute; in an annotated `impl` or module, such functions are left as they are",
    )
}

/// A function without a body.
pub(crate) fn declaration(sig: &Signature) -> Error {
    on(sig, "a function without a body has nothing to annotate", "put the attribute on those that implement it")
}

/// A mark that does not say why.
pub(crate) fn mark_without_reason(span: Span, name: &str) -> Error {
    let wrong = format!("`{name}` takes the reason why nobody has to test this, and nothing else");
    new(span, &wrong, &format!("write it like `#[firsthit::{name}(reason = \"..\")]`"))
}

/// A mark whose reason says nothing.
pub(crate) fn mark_of_no_reason(reason: &LitStr, name: &str) -> Error {
    let cure = if name == "benign" { "say why the failure may be dropped here" } else { "say why no test gets here" };
    on(reason, "the reason is empty", cure)
}

/// A second mark on the same code.
pub(crate) fn two_marks(span: Span, first: &str, second: &str) -> Error {
    new(
        span,
        &format!("this is marked `{first}` already, and cannot be `{second}` too"),
        "keep `benign` where the failure may be dropped, and `untested` where no test gets",
    )
}

/// A mark on code that does not recover from anything.
pub(crate) fn mark_without_arm(span: Span, name: &str) -> Error {
    new(
        span,
        &format!("nothing is marked `{name}` here: no recovery arm stands in this"),
        "move the mark to the `match` arm, the statement or the function whose recovery it speaks of, or remove it",
    )
}

/// A mark on something that is no function, where no `instrument` reads it.
pub(crate) fn mark_without_function(span: Span, name: &str) -> Error {
    new(
        span,
        &format!("`{name}` marks functions, statements, blocks and `match` arms"),
        "move it to one of them, in code that `firsthit::instrument` annotates",
    )
}

/// A refusal of `tokens`: what is wrong, and what to do.
pub(crate) fn on(tokens: &impl ToTokens, wrong: &str, cure: &str) -> Error {
    Error::new_spanned(tokens, help(wrong, cure))
}

/// A refusal at `span`.
pub(crate) fn new(span: Span, wrong: &str, cure: &str) -> Error {
    Error::new(span, help(wrong, cure))
}

fn help(wrong: &str, cure: &str) -> String {
    format!("{wrong}\nhelp: {cure}")
}
