//! Tests that leave damage behind, each named for it, and one that does not.

#[cfg(test)]
mod tests {
    use std::alloc::{Layout, alloc, dealloc};

    const LAYOUT: Layout = Layout::new::<[u64; 4]>();

    #[test]
    fn healthy() {
        assert_eq!((0..100).map(|number| number.to_string()).collect::<Vec<_>>().len(), 100);
    }

    #[test]
    fn frees_twice() {
        // SAFETY: none: this is the damage.
        unsafe {
            let block = std::hint::black_box(alloc(LAYOUT));
            dealloc(block, LAYOUT);
            dealloc(block, LAYOUT);
        }
    }

    #[test]
    fn writes_behind() {
        // SAFETY: none: this is the damage.
        unsafe {
            let block = std::hint::black_box(alloc(LAYOUT));
            block.add(LAYOUT.size()).write(1);
            dealloc(block, LAYOUT);
        }
    }
}
