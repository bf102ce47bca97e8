//! The function of std through which memory was asked for, as people call it, and whether it can report a failure.

use crate::chains::frame::{Frame, Owner};
use crate::results::outcome::Asked;

/// Crates that allocate on behalf of whoever called them, as `alloc` does, with the dash before their versions.
const CONTAINERS: [&str; 2] = ["allocator-api2-", "hashbrown-"];

/// What is told of who asked: the outermost function of std before the first one that is not std's.
///
/// Whether it can report a failure is what its name promises; `ended` overrules that with what was seen: `Some(true)` if
/// the failure came to `handle_alloc_error`, `Some(false)` if the run went on behind it.
pub(crate) fn asked(chain: &[Frame], ended: Option<bool>) -> Option<Asked> {
    let of_std = chain.iter().take_while(|frame| asks_for_others(&frame.owner)).last()?;
    let by = chain.iter().find(|frame| frame.owner == Owner::Workspace).cloned();
    let function = short(&of_std.function);
    let promised = function.rsplit("::").next().is_some_and(|name| name.starts_with("try_"));
    Some(Asked { fallible: ended.map_or(promised, |infallible| !infallible), function, by })
}

/// Whether code of this owner asks on behalf of whoever called it, as std's collections do.
fn asks_for_others(owner: &Owner) -> bool {
    match owner {
        Owner::Std => true,
        Owner::Dependency(name) => CONTAINERS.iter().any(|container| name.starts_with(container)),
        _ => false,
    }
}

/// `Vec::push` of `alloc::vec::Vec<T,A>::push`, `Vec::clone` of `<alloc::vec::Vec<T,A> as core::clone::Clone>::clone`.
pub(crate) fn short(function: &str) -> String {
    // A trait's implementation in a module of its own: the type says more than the module.
    if let Some((_, rest)) = function.split_once("::<impl ")
        && let Some(at) = closing(rest)
        && let Some(bound) = top_level(&rest[..at], " for ")
        && let subject = &rest[bound.len() + " for ".len()..at]
        && without_arguments(subject).contains("::")
    {
        return short(&format!("<{subject}>{}", &rest[at + 1..]));
    }
    let (subject, method) = match function.strip_prefix('<') {
        Some(inside) => match closing(inside) {
            Some(at) => {
                let subject = &inside[..at];
                (
                    top_level(subject, " as ").unwrap_or(subject).to_owned(),
                    inside[at + 1..].trim_start_matches("::").to_owned(),
                )
            }
            None => (String::new(), function.to_owned()),
        },
        None => (String::new(), function.to_owned()),
    };
    let (subject, method) = (without_arguments(&subject), without_arguments(&method));
    let own: Vec<_> = [subject, method].into_iter().filter(|part| !part.is_empty()).collect();
    let path = own.join("::");
    let parts: Vec<_> = path.split("::").filter(|part| !part.is_empty() && !part.starts_with("{{")).collect();
    // A type or a module, and the function.
    let said = parts[parts.len().saturating_sub(2)..].join("::");
    if said.is_empty() { function.to_owned() } else { said }
}

/// The place of the bracket that closes the one before `text`.
fn closing(text: &str) -> Option<usize> {
    let mut depth = 1_u32;
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            b'<' => depth += 1,
            b'>' if at > 0 && text.as_bytes()[at - 1] == b'-' => {}
            b'>' => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return Some(at);
        }
    }
    None
}

/// What stands before the first `word` that is not inside of brackets.
fn top_level<'a>(text: &'a str, word: &str) -> Option<&'a str> {
    let mut depth = 0_u32;
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            b'<' => depth += 1,
            b'>' => depth = depth.saturating_sub(1),
            _ if depth == 0 && text.is_char_boundary(at) && text[at..].starts_with(word) => return Some(&text[..at]),
            _ => {}
        }
    }
    None
}

/// Without what stands inside of brackets.
fn without_arguments(text: &str) -> String {
    let mut depth = 0_u32;
    let mut before = ' ';
    let kept = text.chars().filter(|character| match (std::mem::replace(&mut before, *character), character) {
        (_, '<') => {
            depth += 1;
            false
        }
        ('-', '>') => depth == 0,
        (_, '>') => {
            depth = depth.saturating_sub(1);
            false
        }
        _ => depth == 0,
    });
    kept.collect::<String>().replace("::::", "::").trim_end_matches("::").to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn functions_are_called_as_people_call_them() {
        for (whole, said) in [
            ("alloc::vec::Vec<T,A>::push", "Vec::push"),
            ("alloc::vec::Vec<T,A>::try_reserve_exact", "Vec::try_reserve_exact"),
            ("<alloc::vec::Vec<T,A> as core::clone::Clone>::clone", "Vec::clone"),
            ("<alloc::vec::Vec<T> as alloc::vec::spec_from_iter::SpecFromIter<T,I>>::from_iter", "Vec::from_iter"),
            ("alloc::fmt::format::{{closure}}", "fmt::format"),
            ("std::io::impls::<impl std::io::Write for alloc::vec::Vec<u8,A>>::write_all", "Vec::write_all"),
            ("std::io::impls::<impl std::io::Write for &mut W>::write", "impls::write"),
            ("alloc::slice::<impl alloc::borrow::ToOwned for [T]>::to_owned", "slice::to_owned"),
            ("alloc::str::<impl str>::to_ascii_lowercase", "str::to_ascii_lowercase"),
            ("a::<impl ", "a"),
            ("<T as alloc::string::ToString>::to_string", "T::to_string"),
            ("std::collections::hash::map::HashMap<K,V,S>::insert", "HashMap::insert"),
            ("alloc::boxed::Box<dyn Fn() -> u8>::new", "Box::new"),
            ("<", "<"),
            ("", ""),
        ] {
            assert_eq!(short(whole), said, "{whole}");
        }
    }

    #[test]
    fn the_outermost_function_of_std_asks_for_the_nearest_caller() {
        let frame = |function: &str, owner| Frame {
            function: function.to_owned(),
            file: None,
            line: Some(7),
            column: None,
            owner,
        };
        let dependency = Owner::Dependency("tar-1".to_owned());
        let chain = [
            frame("alloc::raw_vec::RawVec<T,A>::grow", Owner::Std),
            frame("alloc::vec::Vec<T,A>::push", Owner::Std),
            frame("tar::Builder::add", dependency),
            frame("core::iter::map", Owner::Std),
            frame("demo::pack", Owner::Workspace),
        ];
        let seen = asked(&chain, None).unwrap();
        assert_eq!(
            (seen.function.as_str(), seen.fallible, seen.by.unwrap().function.as_str()),
            ("Vec::push", false, "demo::pack")
        );
        assert!(asked(&chain, Some(false)).unwrap().fallible);
        assert!(asked(&chain[2..], None).is_none());
        let hashbrown = Owner::Dependency("hashbrown-0.16.1".to_owned());
        let table = [
            frame("alloc::alloc::alloc", Owner::Std),
            frame("hashbrown::table::HashTable<T,A>::insert_unique", hashbrown),
        ];
        assert_eq!(asked(&table, None).unwrap().function, "HashTable::insert_unique");
    }
}
