//! lasso 0.7.3: a bucket that could not be had stays counted, and the limit is reached with nothing stored.

use std::num::NonZeroUsize;

use lasso::{Capacity, MemoryLimits, Rodeo};

#[test]
fn memory_that_was_not_had_is_not_counted() {
    let bytes = NonZeroUsize::new(16).unwrap();
    let mut interner: Rodeo = Rodeo::with_capacity_and_memory_limits(Capacity::new(4, bytes), MemoryLimits::new(48));
    let words = ["sixteen bytes...", "and again sixteen"];
    let known = |interner: &mut Rodeo| words.iter().filter(|word| interner.try_get_or_intern(word).is_ok()).count();
    if known(&mut interner) < words.len() {
        // There is memory again: one request was refused, no more.
        assert_eq!(known(&mut interner), words.len());
    }
}
