//! Items, parsed no further than they may hold points: the rest of a crate stays tokens, as the parser of an unoptimised
//! build takes longer than the compiler.

use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};
use syn::parse::Parser as _;
use syn::{Block, Expr, ImplItem, Item, Stmt, TraitItem};

use super::settings::Settings;
use super::triggers;

/// Keywords of items that end at a semicolon, whatever braces stand in front of it.
const UNBRACED: [&str; 4] = ["const", "static", "type", "use"];
/// Keywords of items that end with their braces. A `const fn` is one.
const BRACED: [&str; 8] = ["enum", "extern", "fn", "impl", "mod", "struct", "trait", "union"];

/// Reads an item. What is no function, `impl` block, trait or module is only told apart: the body of its braces is missing.
///
/// # Errors
/// Those of syn.
pub(crate) fn item(tokens: TokenStream, settings: &Settings) -> syn::Result<Item> {
    lazily(&tokens, settings).or_else(|_| syn::parse2(tokens))
}

/// Reads a function as only an `impl` block can hold it, or another part of one.
///
/// # Errors
/// Those of syn.
pub(crate) fn method(tokens: TokenStream, settings: &Settings) -> syn::Result<ImplItem> {
    let lazily = opened(&tokens).and_then(|(bare, body)| {
        let mut method = syn::parse2(bare).ok()?;
        let ImplItem::Fn(function) = &mut method else { return None };
        function.block.stmts = statements(body, settings).ok()?;
        Some(method)
    });
    lazily.map_or_else(|| syn::parse2(tokens), Ok)
}

fn lazily(tokens: &TokenStream, settings: &Settings) -> syn::Result<Item> {
    let Some((bare, body)) = opened(tokens) else { return syn::parse2(tokens.clone()) };
    let mut item = syn::parse2(bare)?;
    match &mut item {
        Item::Fn(function) => function.block.stmts = statements(body, settings)?,
        Item::Impl(block) => {
            block.items = members(body, settings, ImplItem::Verbatim, |member| method(member, settings))?;
        }
        Item::Trait(block) => {
            block.items = members(body, settings, TraitItem::Verbatim, |member| provided(member, settings))?;
        }
        Item::Mod(module) => {
            if let Some((_, items)) = &mut module.content {
                *items = members(body, settings, Item::Verbatim, |member| inner(member, settings))?;
            }
        }
        _ => {}
    }
    Ok(item)
}

/// An item of a module: what holds no functions stays as it is.
fn inner(tokens: TokenStream, settings: &Settings) -> syn::Result<Item> {
    match item(tokens.clone(), settings)? {
        item @ (Item::Fn(_) | Item::Impl(_) | Item::Trait(_) | Item::Mod(_)) => Ok(item),
        _ => Ok(Item::Verbatim(tokens)),
    }
}

/// A part of a trait.
fn provided(tokens: TokenStream, settings: &Settings) -> syn::Result<TraitItem> {
    let lazily = opened(&tokens).and_then(|(bare, body)| {
        let mut method = syn::parse2(bare).ok()?;
        let TraitItem::Fn(function) = &mut method else { return None };
        function.default.as_mut()?.stmts = statements(body, settings).ok()?;
        Some(method)
    });
    lazily.map_or_else(|| syn::parse2(tokens), Ok)
}

/// What ends in braces, with nothing but its inner attributes in them; and the rest of what stands in them.
fn opened(tokens: &TokenStream) -> Option<(TokenStream, TokenStream)> {
    let mut tokens: Vec<TokenTree> = tokens.clone().into_iter().collect();
    let Some(TokenTree::Group(body)) = tokens.pop() else { return None };
    if body.delimiter() != Delimiter::Brace {
        return None;
    }
    let mut inside: Vec<TokenTree> = body.stream().into_iter().collect();
    let is_inner = |at: &[TokenTree]| {
        let is_punct = |token: &TokenTree, sign| matches!(token, TokenTree::Punct(punct) if punct.as_char() == sign);
        matches!(at, [first, second, TokenTree::Group(_)] if is_punct(first, '#') && is_punct(second, '!'))
    };
    let inner = inside.chunks(3).take_while(|at| is_inner(at)).count() * 3;
    let rest = inside.split_off(inner);
    let mut braces = Group::new(Delimiter::Brace, inside.into_iter().collect());
    braces.set_span(body.span());
    tokens.push(braces.into());
    Some((tokens.into_iter().collect(), rest.into_iter().collect()))
}

/// The parts of an `impl` block, a trait or a module: those that may hold a point are read.
fn members<T>(
    body: TokenStream,
    settings: &Settings,
    as_it_is: impl Fn(TokenStream) -> T,
    read: impl Fn(TokenStream) -> syn::Result<T>,
) -> syn::Result<Vec<T>> {
    let (mut members, mut member) = (Vec::new(), Vec::new());
    let mut keyword = None;
    let mut body = body.into_iter().peekable();
    while let Some(token) = body.next() {
        let ends = match &token {
            TokenTree::Ident(ident) if keyword.is_none_or(|keyword| keyword == "const") => {
                let name = ident.to_string();
                keyword = UNBRACED.into_iter().chain(BRACED).find(|known| name == *known).or(keyword);
                false
            }
            TokenTree::Punct(punct) => punct.as_char() == ';',
            // Behind braces that are part of something, it goes on; or with the attributes of the next.
            TokenTree::Group(group) if group.delimiter() == Delimiter::Brace => {
                let goes_on = matches!(body.peek(), Some(TokenTree::Punct(next)) if next.as_char() != '#');
                !goes_on && !keyword.is_some_and(|keyword| UNBRACED.contains(&keyword))
            }
            _ => false,
        };
        member.push(token);
        if ends || body.peek().is_none() {
            let tokens: TokenStream = member.drain(..).collect();
            let holds = triggers::are_in(tokens.clone(), settings);
            members.push(if holds { read(tokens)? } else { as_it_is(tokens) });
            keyword = None;
        }
    }
    Ok(members)
}

/// The statements of a function: those that may hold a point, or that name something, are read.
fn statements(body: TokenStream, settings: &Settings) -> syn::Result<Vec<Stmt>> {
    let (mut statements, mut statement) = (Vec::new(), Vec::new());
    let mut names = false;
    let mut body = body.into_iter().peekable();
    while let Some(token) = body.next() {
        names |= matches!(&token, TokenTree::Ident(ident) if ident == "let");
        let ends = matches!(&token, TokenTree::Punct(punct) if punct.as_char() == ';');
        statement.push(token);
        if ends || body.peek().is_none() {
            let tokens: TokenStream = statement.drain(..).collect();
            if std::mem::take(&mut names) || triggers::are_in(tokens.clone(), settings) {
                statements.extend(Block::parse_within.parse2(tokens)?);
            } else {
                statements.push(Stmt::Expr(Expr::Verbatim(tokens), None));
            }
        }
    }
    Ok(statements)
}

#[cfg(test)]
mod tests {
    use super::{Settings, TokenStream, item};
    use crate::instrument::item::Items;
    use crate::reject::Refusals;
    use quote::ToTokens as _;
    use syn::Item;

    /// What becomes of an item, its points, and how many parts of it were not read.
    fn annotated(mut item: Item, settings: &Settings) -> Option<(String, usize, usize)> {
        let left = match &item {
            Item::Fn(function) => {
                let is_left = |stmt: &&syn::Stmt| matches!(stmt, syn::Stmt::Expr(syn::Expr::Verbatim(_), _));
                function.block.stmts.iter().filter(is_left).count()
            }
            Item::Impl(block) => block.items.iter().filter(|item| matches!(item, syn::ImplItem::Verbatim(_))).count(),
            Item::Trait(block) => block.items.iter().filter(|item| matches!(item, syn::TraitItem::Verbatim(_))).count(),
            Item::Mod(module) => {
                let items = module.content.iter().flat_map(|(_, items)| items);
                items.filter(|item| matches!(item, Item::Verbatim(_))).count()
            }
            _ => 0,
        };
        let mut refusals = Refusals::default();
        let mut items = Items::new(settings, &mut refusals);
        items.annotate(&mut item);
        let points = items.identities.len();
        refusals.none().ok()?;
        Some((item.into_token_stream().to_string(), points, left))
    }

    #[test]
    fn what_is_not_read_changes_nothing() {
        let settings: Settings = syn::parse_str("").unwrap();
        for (source, left) in [
            ("fn f() { #![allow(unused)] g(); let a = [0; 2]; h(a)?; if a { b() } else { c() } d(); e() }", 3),
            ("fn f() -> A<{ N }> { use a::{b, c}; struct S { a: u8 } loop { g()?; } }", 1),
            ("fn f(r: Result<u8, u8>) -> u8 { let x = r; { let y = 5; } x? }", 0),
            (
                "impl<const N: usize> A<{ N }> where B<{ N }>: C {
                    #![allow(unused)]
                    const A: Option<S> = S { a: None };
                    const B: fn() -> u8 = { c };
                    type T = u8;
                    const unsafe fn a() {}
                    pub(crate) fn b() -> A<{ 3 }> { c()? }
                    #[inline] fn c<const M: usize>() where [u8; { 4 }]: Sized { d() }
                    m! { f()? } n!(g()?);
                    extern \"C\" fn e() { f().ok(); }
                }",
                4,
            ),
            ("unsafe trait T: A { type B; const C: u8 = { 5 }; fn d(); fn e() -> Option<u8> { f()? } fn g() {} }", 4),
            (
                "mod m {
                    use a::{b, c}; extern crate d; static E: Option<u8> = None; struct S { a: u8 } struct T(u8);
                    macro_rules! m { (None) => { Some(f()?) } }
                    enum E { None, A { b: u8 } }
                    impl S { fn f() { g()?; } }
                    mod n { fn f() { g()?; } mod o { fn f() {} } }
                    #[cfg(test)] mod tests { fn f() { g()?; } }
                    m! { a } extern \"C\" { fn h(); } union U { a: u8 }
                    fn last() { g().unwrap_or_default(); }
                }",
                10,
            ),
        ] {
            let tokens: TokenStream = source.parse().unwrap();
            let whole = annotated(syn::parse2(tokens.clone()).unwrap(), &settings).unwrap();
            let lazily = annotated(item(tokens, &settings).unwrap(), &settings).unwrap();
            assert_eq!((&lazily.0, lazily.1), (&whole.0, whole.1), "{source}");
            assert!(whole.1 > 0 && lazily.0.len() > source.len() / 2);
            assert_eq!(lazily.2 - whole.2, left, "{source}");
        }
    }

    #[test]
    fn what_cannot_be_read_is_told_as_ever() {
        let settings: Settings = syn::parse_str("").unwrap();
        let refused = |item: syn::Result<Item>| item.err().map(|error| error.to_string());
        let tokens: TokenStream = "fn f() { g(); a +; h()? }".parse().unwrap();
        assert!(refused(syn::parse2(tokens.clone())).is_some());
        // A statement without a point is the compiler's to refuse.
        assert!(item(tokens, &settings).unwrap().into_token_stream().to_string().contains("a +;"));
        let tokens: TokenStream = "fn f() { g(); h()? +; }".parse().unwrap();
        let whole = refused(syn::parse2(tokens.clone()));
        assert!(whole.is_some());
        assert_eq!(refused(item(tokens, &settings)), whole);
    }

    /// All functions of published crates, of a folder of sources that FIRSTHIT_SOURCES names: read here and by the parser alone,
    /// they come to the same.
    #[test]
    #[ignore = "it reads the sources of others: FIRSTHIT_SOURCES names their folder"]
    fn the_sources_of_others_are_read_as_by_the_parser() {
        let settings: Settings = syn::parse_str("").unwrap();
        let mut folders = vec![std::path::PathBuf::from(std::env::var_os("FIRSTHIT_SOURCES").unwrap())];
        let (mut read, mut points, mut wrong) = (0, 0, Vec::new());
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                    continue;
                }
                let source =
                    std::fs::read_to_string(&path).ok().filter(|_| path.extension().is_some_and(|it| it == "rs"));
                let Some(file) = source.and_then(|source| syn::parse_file(&source).ok()) else { continue };
                for whole in file.items {
                    let tokens = match &whole {
                        Item::Fn(item) if item.sig.constness.is_none() => item.to_token_stream(),
                        Item::Impl(_) | Item::Trait(_) | Item::Mod(syn::ItemMod { content: Some(_), .. }) => {
                            whole.to_token_stream()
                        }
                        _ => continue,
                    };
                    let name = tokens.to_string().chars().take(200).collect::<String>();
                    let lazily = item(tokens, &settings).unwrap();
                    let (Some(lazily), Some(whole)) = (annotated(lazily, &settings), annotated(whole, &settings))
                    else {
                        continue;
                    };
                    read += 1;
                    points += whole.1;
                    if (&lazily.0, lazily.1) != (&whole.0, whole.1) {
                        wrong.push(format!(
                            "{}: {name}\n{}\n{}",
                            path.display(),
                            difference(&lazily.0, &whole.0),
                            difference(&whole.0, &lazily.0)
                        ));
                    }
                }
            }
        }
        println!("{read} items with {points} points were read");
        assert!(
            wrong.is_empty(),
            "{} differ:\n{}",
            wrong.len(),
            wrong.iter().take(20).cloned().collect::<Vec<_>>().join("\n")
        );
        assert!(points > 1_000);
    }

    /// Where one text begins to differ from another.
    fn difference(one: &str, other: &str) -> String {
        let at = one.chars().zip(other.chars()).take_while(|(one, other)| one == other).count();
        one.chars().skip(at.saturating_sub(80)).take(200).collect()
    }
}
