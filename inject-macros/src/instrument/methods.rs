//! The methods by which failures are dealt with.

use syn::Expr;

use super::origin::{self, Origin};
use super::settings::Settings;
use crate::lookup;

/// The methods whose receiver may be a failure: name, number of arguments, kind, and what has them.
const ARMS: &[(&str, usize, &str, Of)] = &[
    ("map_err", 1, "MapErr", Of::Result),
    ("ok_or", 1, "OkOr", Of::Option),
    ("ok_or_else", 1, "OkOrElse", Of::Option),
    ("or_else", 1, "OrElse", Of::Both),
    ("unwrap_or", 1, "UnwrapOr", Of::Both),
    ("unwrap_or_else", 1, "UnwrapOrElse", Of::Both),
    ("unwrap_or_default", 0, "UnwrapOrDefault", Of::Both),
    ("ok", 0, "Ok", Of::Result),
];

#[derive(Clone, Copy, PartialEq)]
enum Of {
    Result,
    Option,
    Both,
}

/// The kind of arm that a method is.
pub(crate) fn kind(name: &str, arguments: usize) -> Option<&'static str> {
    ARMS.iter().find(|(known, count, ..)| *known == name && *count == arguments).map(|(_, _, kind, _)| *kind)
}

/// Whether a method of this name may be an arm.
pub(crate) fn is_known(name: &str) -> bool {
    ARMS.iter().any(|(known, ..)| *known == name) || tested(name).is_some()
}

/// Whether a method of this kind deals with a failure, called on what comes from there.
pub(crate) fn is_arm(kind: &str, origin: Origin, receiver: &Expr) -> bool {
    let of = ARMS.iter().find(|(.., known, _)| *known == kind).map(|(.., of)| *of);
    // What cannot be looked at without being evaluated twice.
    if origin == Origin::Made || (origin::is_place(receiver) && !origin::is_plain_place(receiver)) {
        return false;
    }
    match of {
        Some(Of::Result) => true,
        Some(Of::Option) => !origin.is_data(),
        Some(Of::Both) => origin.may_fail(),
        None => false,
    }
}

/// The kind of arm that a condition is.
pub(crate) fn tested(name: &str) -> Option<&'static str> {
    match name {
        "is_err" => Some("IsErr"),
        "is_none" => Some("IsNone"),
        "is_null" => Some("IsNull"),
        _ => None,
    }
}

/// Whether what a method gives fails when its receiver did.
pub(crate) fn hands_on(name: &str) -> bool {
    lookup::is_adaptor(name) || matches!(name, "and_then" | "cast" | "or_else")
}

/// Whether a value is what a call that can fail returned, whatever its error was made.
pub(crate) fn ends_in_a_call(expr: &Expr, settings: &Settings) -> bool {
    match expr {
        Expr::Paren(inner) => ends_in_a_call(&inner.expr, settings),
        Expr::Group(inner) => ends_in_a_call(&inner.expr, settings),
        Expr::Await(inner) => ends_in_a_call(&inner.base, settings),
        Expr::Unsafe(inner) => match inner.block.stmts.last() {
            Some(syn::Stmt::Expr(last, None)) => ends_in_a_call(last, settings),
            _ => false,
        },
        Expr::MethodCall(call) => {
            let name = call.method.to_string();
            settings.is_site(std::slice::from_ref(&name))
                || (name == "map_err" && ends_in_a_call(&call.receiver, settings))
        }
        Expr::Call(_) => origin::called(expr).is_some_and(|path| settings.is_site(&path)),
        _ => false,
    }
}
