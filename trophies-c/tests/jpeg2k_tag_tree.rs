//! jpeg2k 0.10.1: a tile whose tag tree there is no memory for is decoded all the same.
#[test]
fn a_tile_is_an_error_without_memory() {
    let image = jpeg2k::Image::from_bytes(include_bytes!("images/small.j2k")).unwrap();
    assert_eq!(image.width(), 16);
}
