//! What a function's signature says of the ways in which it can fail.

use syn::{Error, ReturnType, Signature, Type};

use crate::failures::Failure;
use crate::reject::on;

/// Everything that keeps a function with this signature from failing in these ways.
///
/// # Errors
/// All of it at once.
pub(crate) fn check(sig: &Signature, failures: &[Failure]) -> syn::Result<()> {
    let mut refusals = Vec::new();
    if let Some(token) = &sig.constness {
        refusals.push(on(
            token,
            "a `const fn` gives the same each time, and an injectable function fails once",
            "remove `const`, or put the attribute on the function that calls it",
        ));
    }
    match &sig.output {
        ReturnType::Default => refusals.push(on(
            &sig.ident,
            "a function that returns nothing cannot say that it failed",
            "return a `Result` or an `Option`; a function that gives up in silence has \
             `firsthit::fail_point!(\"name\", ())` where it does",
        )),
        ReturnType::Type(_, ty) if matches!(**ty, Type::Never(_)) => refusals.push(on(
            ty,
            "a function that never returns cannot return a failure",
            "put the attribute on the function that calls it",
        )),
        ReturnType::Type(_, ty) => refusals.extend(failures.iter().filter_map(|failure| mismatch(failure, ty))),
    }
    let together = refusals.into_iter().reduce(|mut first, next| {
        first.combine(next);
        first
    });
    together.map_or(Ok(()), Err)
}

/// What syntax tells of the type that a function returns.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Shape {
    Pointer,
    Option,
    Result,
    /// None of the others.
    Plain,
    /// A name that may stand for any of them.
    Unknown,
}

/// Types that are neither a pointer nor a `Result`, by their last segment.
const PLAIN: [&str; 24] = [
    "bool", "char", "u8", "u16", "u32", "u64", "u128", "usize", "i8", "i16", "i32", "i64", "i128", "isize", "f32",
    "f64", "str", "String", "Vec", "Box", "Rc", "Arc", "NonNull", "Poll",
];

fn shape(ty: &Type) -> Shape {
    match ty {
        Type::Ptr(_) => Shape::Pointer,
        Type::Paren(inner) => shape(&inner.elem),
        Type::Group(inner) => shape(&inner.elem),
        Type::Reference(_) | Type::Tuple(_) | Type::Array(_) | Type::FnPtr(_) => Shape::Plain,
        Type::Path(path) => match path.path.segments.last().map(|last| last.ident.to_string()).as_deref() {
            Some("Option") => Shape::Option,
            Some("Result") => Shape::Result,
            Some(word) if PLAIN.contains(&word) => Shape::Plain,
            _ => Shape::Unknown,
        },
        _ => Shape::Unknown,
    }
}

fn mismatch(failure: &Failure, ty: &Type) -> Option<Error> {
    let shape = shape(ty);
    let instead = match shape {
        Shape::Option => "write `None`",
        Shape::Result => "write `Err(..)`",
        Shape::Pointer => "write `null`",
        Shape::Plain | Shape::Unknown => "write the value that tells its callers that it failed",
    };
    match failure {
        Failure::Null(word) if !matches!(shape, Shape::Pointer | Shape::Unknown) => {
            Some(on(word, "`null` is for functions that return a raw pointer, and this one does not", instead))
        }
        Failure::Errno(name) | Failure::Io(name) if !matches!(shape, Shape::Result | Shape::Unknown) => {
            let wrong = "an `io::Error` is for functions that return a `Result`, and this one does not";
            Some(on(name, wrong, instead))
        }
        _ => None,
    }
}
