//! mp4parse 0.17.0: that there is no memory is told as a failure to read.

use mp4parse::{Error, ParseStrictness, read_avif};

/// A file type that says AVIF, and four bytes of data; what would describe the picture is missing.
const FILE: &[u8] = b"\0\0\0\x18ftypavif\0\0\0\0mif1avif\0\0\0\x0cmdat\x01\x02\x03\x04";

#[test]
fn no_memory_is_not_told_as_a_failure_to_read() {
    let read = read_avif(&mut &FILE[..], ParseStrictness::Normal);
    let failed_to_read = matches!(read, Err(Error::Io(_)));
    assert!(!failed_to_read);
}
