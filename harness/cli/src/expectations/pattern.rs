//! Patterns of function paths and of tests' names, part by part between `::`.

use std::fmt;

use super::function_path;
use crate::test_id::TestId;

/// A path with wildcards: `*` stands for any characters of one part, `**` for any number of parts.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Pattern {
    word: String,
    parts: Vec<String>,
}

impl Pattern {
    /// # Errors
    ///
    /// There is nothing in it, or nothing but wildcards.
    pub(crate) fn of(word: &str) -> Result<Pattern, String> {
        let parts = function_path::parts(word);
        if parts.iter().all(|part| part.bytes().all(|byte| byte == b'*')) {
            return Err(format!("{word:?} would match everything: write a path such as `my_crate::module::*`"));
        }
        Ok(Pattern { word: word.to_owned(), parts })
    }

    /// Whether it is the whole path of a function, by the parts that [`function_path::parts`] makes of it.
    pub(super) fn matches_parts(&self, parts: &[String]) -> bool {
        matches(&self.parts, parts, |pattern| pattern == "**", |pattern, part| glob(pattern, part))
    }

    fn matches_name(&self, name: &str) -> bool {
        self.matches_parts(&name.split("::").map(str::to_owned).collect::<Vec<_>>())
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.word)
    }
}

/// A pattern of a test: of its name, or `binary name` of both, as tests are shown.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct TestPattern {
    binary: Option<Pattern>,
    name: Pattern,
}

impl TestPattern {
    /// # Errors
    ///
    /// As for [`Pattern::of`].
    pub(crate) fn of(word: &str) -> Result<TestPattern, String> {
        match word.trim().split_once(' ') {
            None => Ok(TestPattern { binary: None, name: Pattern::of(word.trim())? }),
            Some((binary, name)) => {
                Ok(TestPattern { binary: Some(Pattern::of(binary)?), name: Pattern::of(name.trim())? })
            }
        }
    }

    pub(crate) fn matches(&self, test: &TestId) -> bool {
        // A whole program is known by its binary alone.
        let name = if test.name.is_empty() { &test.binary } else { &test.name };
        self.binary.as_ref().is_none_or(|binary| binary.matches_name(&test.binary)) && self.name.matches_name(name)
    }
}

/// Whether one part is as its pattern says.
fn glob(pattern: &str, part: &str) -> bool {
    let (pattern, part): (Vec<char>, Vec<char>) = (pattern.chars().collect(), part.chars().collect());
    matches(&pattern, &part, |c| *c == '*', |c, other| c == other)
}

/// Whether items are as a pattern with wildcards says. A wildcard takes as little as it can, and more when what is behind
/// it does not fit; only the last one has to be gone back to.
fn matches<P, T>(pattern: &[P], items: &[T], is_wild: impl Fn(&P) -> bool, fits: impl Fn(&P, &T) -> bool) -> bool {
    let (mut p, mut i, mut back) = (0, 0, None);
    while i < items.len() {
        if pattern.get(p).is_some_and(&is_wild) {
            back = Some((p, i));
            p += 1;
        } else if pattern.get(p).is_some_and(|pattern| fits(pattern, &items[i])) {
            p += 1;
            i += 1;
        } else if let Some((wild, from)) = back {
            back = Some((wild, from + 1));
            p = wild + 1;
            i = from + 1;
        } else {
            return false;
        }
    }
    pattern[p..].iter().all(is_wild)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_is_of_whole_parts_from_the_first_to_the_last() {
        for (pattern, path, expected) in [
            ("demo::store::insert", "demo::store::insert", true),
            ("demo::store::insert", "demo::store::insert::{{closure}}", true),
            ("demo::store::insert", "demo::store::insert_all", false),
            ("demo::store::insert", "my_demo::store::insert", false),
            ("store::insert", "demo::store::insert", false),
            ("demo::store", "demo::store::insert", false),
            ("demo::*::insert", "demo::store::insert", true),
            ("demo::*::insert", "demo::a::b::insert", false),
            ("demo::*::insert", "demo::insert", false),
            ("demo::store::in*t", "demo::store::insert", true),
            ("demo::**::insert", "demo::insert", true),
            ("demo::**::insert", "demo::a::b::insert", true),
            ("demo::**", "demo::a::b", true),
            ("**::insert", "other::a::insert", true),
            ("**::a::**::b", "x::a::y::a::b", true),
            ("**::a::**::b", "x::y::b", false),
            ("alloc::vec::Vec::push", "alloc::vec::Vec<T,A>::push", true),
            ("alloc::vec::Vec<T>::push", "alloc::vec::Vec<u8>::push", true),
            ("demo::Store::drop", "<demo::Store<T> as core::ops::Drop>::drop", true),
        ] {
            assert_eq!(
                Pattern::of(pattern).unwrap().matches_parts(&function_path::parts(path)),
                expected,
                "{pattern} {path}"
            );
        }
    }

    #[test]
    fn a_pattern_of_nothing_or_of_everything_is_refused() {
        for word in ["", "  ", "*", "**", "*::**", "::"] {
            let error = Pattern::of(word).unwrap_err();
            assert!(error.contains(&format!("{word:?}")) && error.contains("my_crate::module::*"), "{error}");
        }
    }

    #[test]
    fn a_test_is_known_by_its_name_or_with_its_binary() {
        let id = |binary: &str, name: &str| TestId { binary: binary.to_owned(), name: name.to_owned() };
        for (pattern, test, expected) in [
            ("store::tests::*", id("demo", "store::tests::fills"), true),
            ("store::tests::*", id("demo", "store::fills"), false),
            ("demo::it store::*", id("demo::it", "store::fills"), true),
            ("demo store::*", id("demo::it", "store::fills"), false),
            ("demo::** store::*", id("demo::it", "store::fills"), true),
            ("demo::bin/tool", id("demo::bin/tool", ""), true),
            ("tool", id("demo::bin/tool", ""), false),
        ] {
            assert_eq!(TestPattern::of(pattern).unwrap().matches(&test), expected, "{pattern} {test}");
        }
    }

    #[test]
    fn many_wildcards_do_not_take_long() {
        let pattern = Pattern::of(&format!("{}b", "**::a*a*a*a*a*::".repeat(50))).unwrap();
        let parts = vec!["a".repeat(29); 100];
        assert!(!pattern.matches_parts(&parts));
    }
}
