//! lasso 0.7.3: `try_get_or_intern` ends the process where its own vectors or its map need memory.

use std::num::NonZeroUsize;

use lasso::{Capacity, LassoErrorKind, Rodeo};

#[test]
fn a_word_has_a_key_or_there_is_an_error() {
    let bytes = NonZeroUsize::new(16).unwrap();
    let mut interner: Rodeo = Rodeo::with_capacity(Capacity::new(1, bytes));
    let words: [String; 64] = std::array::from_fn(|at| format!("word {at}"));
    for word in &words {
        if let Err(error) = interner.try_get_or_intern(word) {
            assert_eq!(error.kind(), LassoErrorKind::FailedAllocation);
        }
    }
}
