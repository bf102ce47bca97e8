//! freetype-rs 0.38.0: a size whose interpreter there is no memory for is prepared with it all the same.
use freetype::Library;
use freetype::face::LoadFlag;

#[test]
fn a_glyph_is_an_error_without_memory() {
    let library = Library::init().unwrap();
    // A triangle, and a font program of two instructions.
    let font = include_bytes!("fonts/hinted.ttf").to_vec();
    let face = library.new_memory_face(font, 0).unwrap();
    face.set_pixel_sizes(0, 20).unwrap();
    face.load_glyph(0, LoadFlag::DEFAULT).unwrap();
    assert!(face.glyph().outline().is_some());
}
