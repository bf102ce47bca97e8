//! The names of calls whose `None` is an answer, and of those that hand on what they are called on.

/// Calls whose `None` is an answer: there was nothing there.
const LOOKUPS: &[&str] = &[
    // Collections.
    "back",
    "back_mut",
    "first",
    "first_key_value",
    "first_mut",
    "front",
    "front_mut",
    "get",
    "get_index",
    "get_index_mut",
    "get_key_value",
    "get_mut",
    "insert",
    "last",
    "last_key_value",
    "last_mut",
    "lookup",
    "peek",
    "peek_mut",
    "pop",
    "pop_back",
    "pop_first",
    "pop_front",
    "pop_last",
    "remove",
    "remove_entry",
    "replace",
    "shift_remove",
    "split_first",
    "split_first_mut",
    "split_last",
    "split_last_mut",
    "swap_remove",
    "take",
    // Iterators.
    "find",
    "find_map",
    "iter",
    "iter_mut",
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
    "position",
    "reduce",
    "rfind",
    "rposition",
    // Text and paths.
    "extension",
    "file_name",
    "file_stem",
    "from_digit",
    "from_u32",
    "parent",
    "rsplit_once",
    "split_once",
    "strip_prefix",
    "strip_suffix",
    "to_digit",
    "to_str",
    // References and types.
    "as_deref",
    "as_deref_mut",
    "as_mut",
    "as_ref",
    "as_slice",
    "as_str",
    "downcast_mut",
    "downcast_ref",
    "source",
    "then",
    "then_some",
    "upgrade",
];

/// Families of such calls.
const LOOKUP_FAMILIES: &[&str] = &["checked_"];

/// Whether the `None` of a call is an answer.
pub(crate) fn is_lookup(name: &str) -> bool {
    LOOKUPS.contains(&name) || LOOKUP_FAMILIES.iter().any(|family| name.starts_with(family))
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
    use super::is_lookup;

    #[test]
    fn a_lookup_answers() {
        assert!(is_lookup("get") && is_lookup("checked_add") && !is_lookup("try_get") && !is_lookup("parse"));
    }
}
