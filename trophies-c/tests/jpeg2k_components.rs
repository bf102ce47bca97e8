//! jpeg2k 0.10.1: an image without memory for its components is said to have been read, and has a null pointer for them.
#[test]
fn a_header_is_an_error_without_memory() {
    let image = jpeg2k::Image::from_bytes(include_bytes!("images/small.j2k")).unwrap();
    assert_eq!(image.components().len(), 3);
}
