//! What cannot be injectable, refused on the token that is to blame, with the cure.

use proc_macro2::{Ident, Span};
use quote::ToTokens;
use syn::{Error, Expr, ExprClosure};

use crate::function::Refusing;
use crate::reject::{self, new, on, unknown};
use crate::words::{self, ERRNOS, INJECTABLE, IO_KINDS};

/// An attribute that does not say how the function fails.
pub(crate) fn no_failure() -> Error {
    new(
        Span::call_site(),
        "nobody knows what this function returns when it fails",
        "say it: `#[injectable(Err(error))]`, `None`, `null`, `io = StorageFull` or `errno = ENOSPC`",
    )
}

/// What has no body that could be kept from running.
pub(crate) const NO_FUNCTION: Refusing = Refusing {
    not_a_function: |item| {
        reject::another_item(
            item,
            "only a function or a method is injectable",
            "put the attribute on each `fn` that can fail",
        )
    },
    no_body: |sig| {
        on(
            sig,
            "a function without a body has no place to fail at",
            "put the attribute on the functions that implement it, or on the one that calls it",
        )
    },
};

pub(crate) fn unknown_argument(span: Span, word: &str) -> Error {
    unknown(span, "argument", word, INJECTABLE)
}

/// An argument that is not written as it should be.
pub(crate) fn wrong_form(span: Span, argument: &str) -> Error {
    let form = INJECTABLE.iter().find(|(name, _)| *name == argument).map_or(argument, |(_, form)| form);
    new(span, &format!("`{argument}` is not written like this"), &format!("write it like `{form}`"))
}

/// A word that looks like one that is known.
pub(crate) fn unknown_failure(word: &Ident, near: &str) -> Error {
    let cure = format!("did you mean `{near}`? a constant of this name is written with its path: `self::{word}`");
    on(word, &format!("unknown failure `{word}`"), &cure)
}

pub(crate) fn unknown_errno(name: &Ident) -> Error {
    let meant = meant(name, ERRNOS);
    let cure = format!(
        "{meant}it takes a name of errno.h, such as `ENOSPC` or `[EIO, EINTR]`; what has none is written out: \
         `Err(std::io::Error::from_raw_os_error(..))`"
    );
    on(name, &format!("unknown errno `{name}`"), &cure)
}

pub(crate) fn unknown_io_kind(name: &Ident) -> Error {
    let meant = meant(name, IO_KINDS);
    let cure = format!(
        "{meant}it takes a variant of `std::io::ErrorKind`, such as `StorageFull` or `[Interrupted, BrokenPipe]`; \
         another error is written out: `Err(std::io::Error::other(..))`"
    );
    on(name, &format!("unknown kind of `io::Error` `{name}`"), &cure)
}

fn meant(name: &Ident, known: &[&'static str]) -> String {
    let near = words::nearest_name(&name.to_string(), known);
    near.map(|near| format!("did you mean `{near}`? ")).unwrap_or_default()
}

/// A value that was given before.
pub(crate) fn repeated_value(value: &Expr) -> Error {
    on(value, "this failure is given twice", "keep one of them: each is injected once")
}

/// What other libraries' fail points take.
pub(crate) fn closure(closure: &ExprClosure) -> Error {
    let body = closure.body.to_token_stream();
    on(
        closure,
        "this takes what is returned, not a closure that makes it",
        &format!("leave the `|..|` out: `#[injectable({body})]`; it is evaluated only where the failure is injected"),
    )
}
