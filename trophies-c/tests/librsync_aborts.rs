//! librsync 0.2.6: where there is no memory the process is aborted, and no `Error::Mem` returned.
use std::io::Read;

#[test]
fn a_signature_is_an_error_without_memory() {
    let mut signature = librsync::Signature::new(&[7u8; 5000][..]).unwrap();
    let mut out = Vec::with_capacity(4096);
    signature.read_to_end(&mut out).unwrap();
}
