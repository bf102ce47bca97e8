//! A function's path in parts, without generic arguments, casts and closures, so that people can write it down.

/// Of a longer name, only this much is looked at.
const BYTES_MAX: usize = 4_096;
/// Types that are nested deeper are left as they are; a compiler does not emit them.
const DEPTH_MAX: usize = 16;

/// The parts of a path: of `<demo::Store<T> as core::ops::Drop>::drop::{{closure}}`, `demo`, `Store` and `drop`.
pub(crate) fn parts(path: &str) -> Vec<String> {
    let end = path.floor_char_boundary(BYTES_MAX.min(path.len()));
    let mut parts = Vec::new();
    take_apart(path[..end].trim(), 0, &mut parts);
    parts
}

fn take_apart(path: &str, depth: usize, parts: &mut Vec<String>) {
    for part in split(path) {
        let closure = part.starts_with("{{closure") || part.starts_with("{closure") || part.starts_with("{{vtable");
        if part.is_empty() || closure {
            continue;
        }
        let Some(open) = part.find('<') else {
            parts.push(part.trim_end_matches('\u{20}').to_owned());
            continue;
        };
        if open > 0 {
            // `Vec<T>`: arguments tell nothing that the path does not.
            parts.push(part[..open].to_owned());
            continue;
        }
        let inner = part.strip_prefix('<').and_then(|rest| rest.strip_suffix('>')).unwrap_or("");
        let implementation = inner.strip_prefix("impl ");
        let own = match implementation {
            // `demo::<impl Trait for demo::Store>::f`: the type's own path says where it is.
            Some(rest) => Some(at_top(rest, " for ").map_or(rest, |at| &rest[at + " for ".len()..])),
            // `<demo::Store as Trait>::f`; behind a name it is `name::<T>`, which are arguments.
            None if parts.is_empty() => Some(at_top(inner, " as ").map_or(inner, |at| &inner[..at])),
            None => None,
        };
        if let Some(own) = own {
            let own = own.trim_start_matches(['&', '*']).trim_start_matches("mut ").trim_start_matches("const ");
            if implementation.is_some() && own.contains("::") {
                parts.clear();
            }
            if depth < DEPTH_MAX && own.contains("::") {
                take_apart(own, depth + 1, parts);
            } else {
                parts.push(own[..own.find('<').filter(|at| *at > 0).unwrap_or(own.len())].to_owned());
            }
        }
    }
}

/// The parts between `::` outside of all brackets.
fn split(path: &str) -> Vec<&str> {
    let (mut parts, mut depth, mut begin, mut at) = (Vec::new(), 0_usize, 0, 0);
    let bytes = path.as_bytes();
    while at < bytes.len() {
        match bytes[at] {
            b'<' | b'(' | b'[' | b'{' => depth += 1,
            b'>' if at > 0 && bytes[at - 1] == b'-' => {}
            b'>' | b')' | b']' | b'}' => depth = depth.saturating_sub(1),
            b':' if depth == 0 && bytes.get(at + 1) == Some(&b':') => {
                parts.push(&path[begin..at]);
                begin = at + 2;
                at += 1;
            }
            _ => {}
        }
        at += 1;
    }
    parts.push(&path[begin..]);
    parts
}

/// Where a word stands outside of all brackets.
fn at_top(text: &str, word: &str) -> Option<usize> {
    let mut depth = 0_usize;
    let bytes = text.as_bytes();
    for (at, byte) in bytes.iter().enumerate() {
        match byte {
            b'<' | b'(' | b'[' => depth += 1,
            b'>' if at > 0 && bytes[at - 1] == b'-' => {}
            b'>' | b')' | b']' => depth = depth.saturating_sub(1),
            b' ' if depth == 0 && text.as_bytes()[at..].starts_with(word.as_bytes()) => return Some(at),
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::parts;

    #[test]
    fn a_path_is_what_people_write() {
        for (path, plain) in [
            ("demo::store::insert", "demo/store/insert"),
            ("demo::store::insert::{{closure}}::{{closure}}", "demo/store/insert"),
            ("demo::store::insert::{closure#0}", "demo/store/insert"),
            ("alloc::vec::Vec<T,A>::push", "alloc/vec/Vec/push"),
            ("alloc::vec::Vec<alloc::vec::Vec<u8>, A>::push", "alloc/vec/Vec/push"),
            ("demo::parse::<demo::Json>", "demo/parse"),
            ("<demo::Store<T> as core::ops::drop::Drop>::drop", "demo/Store/drop"),
            ("<demo::Store<u8>>::get::{closure#1}", "demo/Store/get"),
            ("<alloc::vec::Vec<T> as alloc::vec::spec::SpecFrom<T, I>>::from_iter", "alloc/vec/Vec/from_iter"),
            ("demo::store::<impl core::clone::Clone for demo::Store<T>>::clone", "demo/Store/clone"),
            ("alloc::slice::<impl [T]>::to_vec", "alloc/slice/[T]/to_vec"),
            ("<&demo::Store as core::fmt::Debug>::fmt", "demo/Store/fmt"),
            ("<F as demo::Run<fn(&str) -> bool>>::run", "F/run"),
            ("zmalloc", "zmalloc"),
            ("libz.so.1+0x1234", "libz.so.1+0x1234"),
            ("demo::*::ins*", "demo/*/ins*"),
            ("", ""),
        ] {
            assert_eq!(parts(path).join("/"), plain, "{path}");
        }
    }

    #[test]
    fn what_is_no_path_is_taken_apart_without_harm() {
        for path in ["<", ">", "<<<>", "::", "a::<", "<a as b", ":::", "<impl ", "é::<ü as ö>::ß", &"<".repeat(9_000)]
        {
            parts(path);
        }
        let deep = format!("{}a::b{}::c", "<".repeat(100), " as d>".repeat(100));
        parts(&deep);
    }
}
