//! The names of calls whose `None` is an answer, and of those that hand on what they are called on.

/// Calls whose `None` is an answer, in the order of their names: there was nothing there. They are of collections, iterators, text,
/// paths, references and types.
const LOOKUPS: &[&str] = &[
    "as_deref",
    "as_deref_mut",
    "as_mut",
    "as_ref",
    "as_slice",
    "as_str",
    "back",
    "back_mut",
    "downcast_mut",
    "downcast_ref",
    "extension",
    "file_name",
    "file_stem",
    "find",
    "find_map",
    "first",
    "first_key_value",
    "first_mut",
    "from_digit",
    "from_u32",
    "front",
    "front_mut",
    "get",
    "get_index",
    "get_index_mut",
    "get_key_value",
    "get_mut",
    "insert",
    "iter",
    "iter_mut",
    "last",
    "last_key_value",
    "last_mut",
    "lookup",
    "max",
    "max_by",
    "max_by_key",
    "min",
    "min_by",
    "min_by_key",
    "next",
    "next_back",
    "next_if",
    "next_if_eq",
    "nth",
    "nth_back",
    "parent",
    "peek",
    "peek_mut",
    "pop",
    "pop_back",
    "pop_first",
    "pop_front",
    "pop_last",
    "position",
    "reduce",
    "remove",
    "remove_entry",
    "replace",
    "rfind",
    "rposition",
    "rsplit_once",
    "shift_remove",
    "source",
    "split_first",
    "split_first_mut",
    "split_last",
    "split_last_mut",
    "split_once",
    "strip_prefix",
    "strip_suffix",
    "swap_remove",
    "take",
    "then",
    "then_some",
    "to_digit",
    "to_str",
    "upgrade",
];

/// Families of such calls.
const LOOKUP_FAMILIES: &[&str] = &["checked_"];

/// Whether the `None` of a call is an answer.
pub(crate) fn is_lookup(name: &str) -> bool {
    LOOKUPS.binary_search(&name).is_ok() || LOOKUP_FAMILIES.iter().any(|family| name.starts_with(family))
}

/// Methods that hand on the failure of what they are called on, in the same form or another.
const ADAPTORS: &[&str] = &[
    "cloned",
    "copied",
    "expect_err",
    "filter",
    "flatten",
    "inspect",
    "inspect_err",
    "map",
    "map_err",
    "ok",
    "ok_or",
    "ok_or_else",
    "transpose",
];

/// Whether what is called on a value fails when that did.
pub(crate) fn is_adaptor(name: &str) -> bool {
    ADAPTORS.contains(&name)
}

/// Whether only a `Result` has this adaptor.
pub(crate) fn is_of_results(name: &str) -> bool {
    matches!(name, "inspect_err" | "map_err" | "ok")
}

#[cfg(test)]
mod tests {
    use super::{LOOKUPS, is_lookup};

    #[test]
    fn names_are_found_by_their_order() {
        assert!(LOOKUPS.is_sorted());
    }

    #[test]
    fn a_lookup_answers() {
        assert!(is_lookup("get") && is_lookup("checked_add") && !is_lookup("try_get") && !is_lookup("parse"));
    }
}
