//! The names by which calls that can fail are known.

/// Calls that can fail for want of memory, by their last name, as a function or a method, in the order of these names: of the
/// standard library, `allocator_api`, the crates that have it on stable, C and kernels.
const CALLS: &[&str] = &[
    "__get_free_page",
    "__get_free_pages",
    "aligned_alloc",
    "alloc_page",
    "alloc_pages",
    "allocate",
    "allocate_zeroed",
    "calloc",
    "dma_alloc_coherent",
    "get_zeroed_page",
    "kcalloc",
    "kmalloc",
    "kmalloc_array",
    "kmalloc_node",
    "kmem_cache_alloc",
    "kmem_cache_zalloc",
    "kmemdup",
    "krealloc",
    "kstrdup",
    "kvcalloc",
    "kvmalloc",
    "kvmalloc_array",
    "kvzalloc",
    "kzalloc",
    "malloc",
    "mempool_alloc",
    "posix_memalign",
    "try_alloc",
    "try_allocate",
    "try_append",
    "try_arc",
    "try_box",
    "try_boxed",
    "try_clone",
    "try_collect",
    "try_format",
    "try_from_elem",
    "try_from_iter",
    "try_from_slice",
    "try_from_str",
    "try_grow",
    "try_pin",
    "try_rc",
    "try_repeat",
    "try_shrink_to",
    "try_shrink_to_fit",
    "try_vec",
    "vmalloc",
    "vzalloc",
];

/// Families of such calls, by what their last names begin with behind `try_`.
const FAMILIES: &[&str] = &["extend", "insert", "new", "push", "reserve", "resize", "to_", "with_capacity", "zeroed"];

fn is_of_a_family(name: &str) -> bool {
    name.strip_prefix("try_").is_some_and(|rest| FAMILIES.iter().any(|family| rest.starts_with(family)))
}

/// Calls whose last name says too little: by the two last names of their path.
const PATHS: &[[&str; 2]] = &[
    ["Allocator", "grow"],
    ["Allocator", "grow_zeroed"],
    ["Allocator", "shrink"],
    ["alloc", "alloc"],
    ["alloc", "alloc_zeroed"],
    ["alloc", "realloc"],
    ["libc", "realloc"],
    ["System", "alloc"],
    ["System", "alloc_zeroed"],
    ["System", "realloc"],
];

/// Whether a call whose last name this is can fail, with one path or another.
pub(crate) fn may_be_call(name: &str) -> bool {
    CALLS.binary_search(&name).is_ok() || is_of_a_family(name) || PATHS.iter().any(|[_, last]| *last == name)
}

/// Whether a call of this path, or a method of the one name in it, can fail.
pub(crate) fn is_call(path: &[String]) -> bool {
    let Some((name, before)) = path.split_last() else { return false };
    let name = name.as_str();
    CALLS.binary_search(&name).is_ok()
        || is_of_a_family(name)
        || before.last().is_some_and(|before| PATHS.contains(&[before, name]))
}

#[cfg(test)]
mod tests {
    use super::{CALLS, is_call};

    #[test]
    fn names_are_found_by_their_order() {
        assert!(CALLS.is_sorted());
    }

    fn called(path: &str) -> bool {
        is_call(&path.split("::").map(str::to_owned).collect::<Vec<_>>())
    }

    #[test]
    fn allocations_are_known_by_their_names() {
        for path in [
            "try_reserve",
            "try_reserve_exact",
            "Box::try_new",
            "try_new_uninit_in",
            "try_push_str",
            "kmem_cache_alloc",
            "std::alloc::alloc",
            "alloc::alloc_zeroed",
            "Allocator::grow",
            "libc::realloc",
        ] {
            assert!(called(path), "{path}");
        }
    }

    #[test]
    fn what_fails_for_other_reasons_is_no_allocation() {
        for path in [
            "try_into",
            "try_from",
            "try_lock",
            "try_read",
            "try_recv",
            "try_send",
            "try_borrow",
            "try_borrow_mut",
            "try_wait",
            "try_fold",
            "try_for_each",
            "try_unwrap",
            "try_exists",
            "alloc",
            "grow",
            "shrink",
            "Pool::grow",
            "realloc",
        ] {
            assert!(!called(path), "{path}");
        }
    }
}
