//! cranelift-bitset 0.135.8: a set that could not be made larger has lost its elements.

use cranelift_bitset::CompoundBitSet;

#[test]
fn a_set_that_cannot_grow_keeps_its_elements() {
    let mut set: CompoundBitSet = CompoundBitSet::new();
    if set.try_ensure_capacity(64).is_err() {
        return;
    }
    set.insert(7);
    let _ = set.try_ensure_capacity(100_000);
    assert!(set.contains(7));
}
