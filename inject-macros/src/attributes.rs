//! The attributes that stand on an expression, a statement or an item.

use syn::{Attribute, Expr, Item, Meta, Token, punctuated::Punctuated};

/// The attributes of an expression; none of tokens that nobody has read.
pub(crate) fn of_expr(expr: &mut Expr) -> Option<&mut Vec<Attribute>> {
    macro_rules! each {
        ($($variant:ident)*) => {
            match expr {
                $(Expr::$variant(expr) => Some(&mut expr.attrs),)*
                _ => None,
            }
        };
    }
    each! {
        Array Assign Async Await Binary Block Break Call Cast Closure Const Continue Field ForLoop Group If Index Infer
        Let Lit Loop Macro Match MethodCall Paren Path Range RawAddr Reference Repeat Return Struct Try TryBlock Tuple
        Unary Unsafe While
    }
}

/// The attributes that a statement begins with, which the parser hands to its first operand.
pub(crate) fn of_statement(expr: &mut Expr) -> Option<&mut Vec<Attribute>> {
    match expr {
        Expr::Assign(assign) => of_statement(&mut assign.left),
        Expr::Binary(binary) => of_statement(&mut binary.left),
        other => of_expr(other),
    }
}

/// The attributes of an item.
pub(crate) fn of_item(item: &mut Item) -> Option<&mut Vec<Attribute>> {
    match item {
        Item::Fn(item) => Some(&mut item.attrs),
        Item::Impl(item) => Some(&mut item.attrs),
        Item::Mod(item) => Some(&mut item.attrs),
        Item::Trait(item) => Some(&mut item.attrs),
        _ => None,
    }
}

/// The last name of an attribute's path.
pub(crate) fn name(path: &syn::Path) -> String {
    path.segments.last().map(|last| last.ident.to_string()).unwrap_or_default()
}

/// What a `#[cfg_attr(condition, ..)]` would put in its place, without the condition.
pub(crate) fn conditional(attribute: &Attribute) -> Option<Vec<Meta>> {
    if !attribute.path().is_ident("cfg_attr") {
        return None;
    }
    let metas = attribute.parse_args_with(Punctuated::<Meta, Token![,]>::parse_terminated).ok()?;
    Some(metas.into_iter().skip(1).collect())
}

/// Whether an attribute of one of these names stands here, whatever its condition.
pub(crate) fn any(attrs: &[Attribute], names: &[&str]) -> bool {
    attrs.iter().any(|attribute| {
        names.contains(&name(attribute.path()).as_str())
            || conditional(attribute).is_some_and(|metas| metas.iter().any(|meta| names.contains(&&*name(meta.path()))))
    })
}

/// Whether what these stand on is code of tests: a test, or what is there for tests alone.
pub(crate) fn is_test(attrs: &[Attribute]) -> bool {
    let test_alone = |attribute: &Attribute| {
        attribute.path().is_ident("cfg") && attribute.parse_args::<syn::Path>().is_ok_and(|path| path.is_ident("test"))
    };
    any(attrs, &["test", "bench", "test_case", "rstest"]) || attrs.iter().any(test_alone)
}

/// The conditions under which what these stand on is compiled.
pub(crate) fn conditions(attrs: &[Attribute]) -> Vec<proc_macro2::TokenStream> {
    let lists = attrs.iter().filter(|attribute| attribute.path().is_ident("cfg"));
    lists.filter_map(|attribute| attribute.meta.require_list().ok().map(|list| list.tokens.clone())).collect()
}
