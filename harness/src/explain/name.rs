//! Function names as people say them: without generic arguments, and shorter still.

/// Deeper nested types than this are left as they are; a compiler does not emit them.
const DEPTH_MAX: usize = 16;
/// Of a longer name, only this much is looked at.
const BYTES_MAX: usize = 4_096;

/// The whole path of a function without generic arguments: `<demo::Stack<u8> as core::ops::drop::Drop>::drop` is
/// `<demo::Stack as Drop>::drop`.
pub(super) fn plain(function: &str) -> String {
    let end = function.floor_char_boundary(BYTES_MAX.min(function.len()));
    plain_at(&function[..end], 0)
}

/// Whether a function's path contains `pattern`, in full or as reports show it.
pub(crate) fn matches(function: &str, pattern: &str) -> bool {
    function.contains(pattern) || plain(function).contains(pattern)
}

/// The last two parts of a function's path, as in `Vec::push`, closures counted to the function they stand in.
pub(crate) fn short(function: &str) -> String {
    let end = function.floor_char_boundary(BYTES_MAX.min(function.len()));
    let function = &function[..end];
    let implemented = implementor(function).map(|(owner, rest)| (plain_at(owner, 0), plain_at(rest, 0)));
    let (owner, method) = implemented.unwrap_or_else(|| match qualified(function) {
        Some((inner, rest)) => match split_as(inner) {
            Some((owner, of)) if is_placeholder(owner) => (plain_at(of, 0), plain_at(rest, 0)),
            Some((owner, _)) => (plain_at(owner, 0), plain_at(rest, 0)),
            None => (plain_at(inner, 0), plain_at(rest, 0)),
        },
        None => (String::new(), plain_at(function, 0)),
    });
    let path = format!("{owner}{method}");
    let parts: Vec<&str> = path.split("::").filter(|part| !part.is_empty() && !is_closure(part)).collect();
    if parts.is_empty() { path.clone() } else { parts[parts.len().saturating_sub(2)..].join("::") }
}

/// A signal with its name, as Linux numbers them: where there is no fork, no process is known to have died of one.
pub(crate) fn signal(number: i32) -> String {
    let name = match number {
        11 => "SIGSEGV",
        7 => "SIGBUS",
        4 => "SIGILL",
        8 => "SIGFPE",
        6 => "SIGABRT",
        5 => "SIGTRAP",
        9 => "SIGKILL",
        _ => "",
    };
    if name.is_empty() { format!("signal {number}") } else { format!("signal {number} ({name})") }
}

/// The function of a test as its author knows it: `#[firsthit::test]` puts the function `a::name` as `a::name::name`
/// into the test `a::name`, which has the same path without the crate in front.
pub(crate) fn swept(function: &str, test: &str) -> Option<String> {
    let name = test.rsplit("::").next()?;
    let (krate, path) = function.split_once("::")?;
    let inside = path.strip_prefix(test)?.strip_prefix("::")?.strip_prefix(name)?;
    (inside.is_empty() || inside.starts_with("::")).then(|| format!("{krate}::{test}{inside}"))
}

/// Whether a part of a path names a closure or an anonymous block rather than a function.
fn is_closure(part: &str) -> bool {
    part.starts_with("{{closure") || part.starts_with("{closure") || part.starts_with("{impl")
}

/// Whether a type's name tells less than the trait's, as `T`, `&T` and `[T]` do.
fn is_placeholder(owner: &str) -> bool {
    !owner.contains("::") && !owner.starts_with(|first: char| first.is_ascii_lowercase()) && owner.len() < 5
}

fn plain_at(path: &str, depth: usize) -> String {
    if depth == DEPTH_MAX {
        return path.to_owned();
    }
    if let Some((inner, rest)) = qualified(path) {
        let rest = plain_at(rest, depth + 1);
        return match split_as(inner) {
            Some((owner, of)) => {
                let of = plain_at(of, depth + 1);
                format!("<{} as {}>{rest}", plain_at(owner, depth + 1), of.rsplit("::").next().unwrap_or(&of))
            }
            None => format!("{}{rest}", plain_at(inner, depth + 1)),
        };
    }
    let mut out = String::with_capacity(path.len());
    let mut left = path;
    while let Some(open) = left.find('<') {
        let Some(close) = closing(&left[open..]) else { break };
        // `a::<T>::b` and `a<T>::b` are both `a::b`.
        out.push_str(left[..open].strip_suffix("::").unwrap_or(&left[..open]));
        left = &left[open + close + 1..];
    }
    out.push_str(left);
    out
}

/// Splits `<inner>rest`.
fn qualified(path: &str) -> Option<(&str, &str)> {
    let close = path.starts_with('<').then(|| closing(path))??;
    Some((&path[1..close], &path[close + 1..]))
}

/// Splits `a::<impl Trait for Type>rest` and `a::<impl b::Type>rest`, which is how what is implemented outside of the
/// type's module is written, into the type and the rest; not where the module tells more than the type, as in
/// `slice::<impl [T]>::to_vec`.
fn implementor(path: &str) -> Option<(&str, &str)> {
    let open = path.find("<impl ")?;
    let (inner, rest) = qualified(&path[open..])?;
    let owner = match at_the_top(inner, " for ") {
        Some(at) => &inner[at + " for ".len()..],
        None => inner.strip_prefix("impl ").filter(|owner| owner.contains("::"))?,
    };
    Some((owner, rest))
}

/// Splits `Type as Trait`, whatever casts stand deeper inside.
fn split_as(inner: &str) -> Option<(&str, &str)> {
    let at = at_the_top(inner, " as ")?;
    Some((&inner[..at], &inner[at + " as ".len()..]))
}

/// Where a word stands outside of all angle brackets.
fn at_the_top(text: &str, word: &str) -> Option<usize> {
    let mut depth = 0_usize;
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            b'<' => depth += 1,
            b'>' if !is_arrow(text, at) => depth = depth.saturating_sub(1),
            b' ' if depth == 0 && text[at..].starts_with(word) => return Some(at),
            _ => {}
        }
    }
    None
}

/// Where the `<` at the start of `text` is closed.
fn closing(text: &str) -> Option<usize> {
    let mut depth = 0_usize;
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            b'<' => depth += 1,
            b'>' if !is_arrow(text, at) => depth = depth.checked_sub(1)?,
            _ => {}
        }
        if depth == 0 {
            return Some(at);
        }
    }
    None
}

fn is_arrow(text: &str, at: usize) -> bool {
    at != 0 && text.as_bytes()[at - 1] == b'-'
}

#[cfg(test)]
mod tests {
    use super::{matches, plain, short, swept};

    #[test]
    fn generic_arguments_go_and_the_path_stays() {
        for (whole, expected) in [
            ("demo::parse", "demo::parse"),
            ("demo::Stack<T,A>::push", "demo::Stack::push"),
            ("<demo::Stack<u8>>::push::<alloc::vec::Vec<u8>>", "demo::Stack::push"),
            ("<demo::Stack<fn(u8) -> u8> as core::ops::drop::Drop>::drop", "<demo::Stack as Drop>::drop"),
            ("demo::run::{{closure}}", "demo::run::{{closure}}"),
            ("push<u64, alloc::alloc::Global>", "push"),
            ("operator<", "operator<"),
            ("<<<", "<<<"),
            ("a>b", "a>b"),
            ("", ""),
        ] {
            assert_eq!(plain(whole), expected);
        }
    }

    #[test]
    fn a_test_is_shown_by_its_own_path_and_nothing_else_is() {
        let shown = |function| swept(function, "tests::grow");
        assert_eq!(shown("demo::tests::grow::grow").as_deref(), Some("demo::tests::grow"));
        assert_eq!(shown("demo::tests::grow::grow::{{closure}}").as_deref(), Some("demo::tests::grow::{{closure}}"));
        assert_eq!(swept("demo::grow::grow", "grow").as_deref(), Some("demo::grow"));
        for other in ["demo::tests::grow", "demo::tests::grow::grow_more", "demo::grow::grow", "tests::grow::grow", ""]
        {
            assert_eq!(shown(other), None, "{other}");
        }
    }

    #[test]
    fn the_short_form_is_what_one_calls() {
        for (whole, expected) in [
            ("alloc::vec::Vec<T,A>::push", "Vec::push"),
            ("<alloc::vec::Vec<u8>>::push", "Vec::push"),
            ("<alloc::vec::Vec<T> as core::iter::traits::collect::FromIterator<T>>::from_iter", "Vec::from_iter"),
            ("<T as alloc::string::ToString>::to_string", "ToString::to_string"),
            ("<[T] as alloc::borrow::ToOwned>::to_owned", "ToOwned::to_owned"),
            ("<str as alloc::string::ToString>::to_string", "str::to_string"),
            ("alloc::slice::<impl [T]>::to_vec", "slice::to_vec"),
            ("std::io::impls::<impl std::io::Write for alloc::vec::Vec<u8,A>>::write_all", "Vec::write_all"),
            ("pages::request::<impl pages::machine::Machine>::alloc", "Machine::alloc"),
            ("std::collections::hash::map::HashMap<K,V,S>::insert", "HashMap::insert"),
            ("alloc::raw_vec::RawVec<T,A>::grow_one::{{closure}}", "RawVec::grow_one"),
            ("malloc", "malloc"),
            ("{{closure}}", "{{closure}}"),
        ] {
            assert_eq!(short(whole), expected);
        }
    }

    #[test]
    fn a_pattern_may_be_copied_from_a_report() {
        let function = "<demo::Stack<u8> as core::ops::drop::Drop>::drop";
        assert!(matches(function, "<demo::Stack as Drop>::drop") && matches(function, "Stack<u8>"));
        assert!(!matches(function, "Stack::drop"));
    }

    #[test]
    fn hostile_names_end() {
        assert_eq!(plain(&format!("{}x{}", "<".repeat(20), ">".repeat(20))), "<<<<x>>>>");
        let open = "<".repeat(100_000);
        let nested = format!("{}x{}", "<".repeat(50_000), ">".repeat(50_000));
        let casts = "<a as ".repeat(20_000);
        for name in [&open, &nested, &casts, &"é".repeat(9_999)] {
            assert!(plain(name).len() < 5_000 && short(name).len() < 5_000);
        }
    }
}
