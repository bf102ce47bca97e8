//! A dependency that cannot say no.

/// The length of a copy.
#[inline(never)]
pub fn copied(text: &str) -> usize {
    std::hint::black_box(text.to_owned()).len() //~ to-owned
}
