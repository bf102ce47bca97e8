//! fallible_collections 0.5.2: a map that has no memory says that its capacity was too large.

use fallible_collections::{TryHashMap, TryReserveError};

#[test]
fn no_memory_is_not_told_as_too_large_a_capacity() {
    let mut map = TryHashMap::default();
    let told = match map.insert(1, 2) {
        Ok(_) => String::new(),
        Err(error) => TryReserveError::to_string(&error),
    };
    let too_large = told.contains("exceeded the collection's maximum");
    assert!(!too_large);
}
