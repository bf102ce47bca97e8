//! object 0.40.0: the buffer that may refuse to `reserve` ends the process instead, if it is a vector.

use object::write::WritableBuffer;

#[test]
fn a_vector_reserves_or_says_that_it_cannot() {
    let mut buffer = Vec::new();
    let reserved = WritableBuffer::reserve(&mut buffer, 4096);
    assert_eq!(reserved.is_ok(), buffer.capacity() >= 4096);
}
