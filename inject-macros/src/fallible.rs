//! The names by which calls that can fail are known.

/// Calls that can fail for want of memory, by their last name, as a function or a method.
const CALLS: &[&str] = &[
    // The standard library, `allocator_api`, and the crates that have it on stable.
    "allocate",
    "allocate_zeroed",
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
    // C.
    "aligned_alloc",
    "calloc",
    "malloc",
    "posix_memalign",
    // Kernels.
    "__get_free_page",
    "__get_free_pages",
    "alloc_page",
    "alloc_pages",
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
    "mempool_alloc",
    "vmalloc",
    "vzalloc",
];

/// Families of such calls, by what their last names begin with.
const FAMILIES: &[&str] = &[
    "try_extend",
    "try_insert",
    "try_new",
    "try_push",
    "try_reserve",
    "try_resize",
    "try_to_",
    "try_with_capacity",
    "try_zeroed",
];

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
    CALLS.contains(&name)
        || FAMILIES.iter().any(|family| name.starts_with(family))
        || PATHS.iter().any(|[_, last]| *last == name)
}

/// Whether a call of this path, or a method of the one name in it, can fail.
pub(crate) fn is_call(path: &[String]) -> bool {
    let Some((name, before)) = path.split_last() else { return false };
    let name = name.as_str();
    CALLS.contains(&name)
        || FAMILIES.iter().any(|family| name.starts_with(family))
        || before.last().is_some_and(|before| PATHS.contains(&[before, name]))
}

#[cfg(test)]
mod tests {
    use super::is_call;

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
