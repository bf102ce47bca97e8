//! gif 0.14.2: the memory for a frame's pixels is asked for so that the process ends where there is none.

use gif::{ColorOutput, DecodeOptions, DecodingError};

/// One pixel high, one wide, of one colour.
const PIXEL: &[u8] = &[
    b'G', b'I', b'F', b'8', b'9', b'a', 1, 0, 1, 0, 0x80, 0, 0, 0, 0, 0, 255, 255, 255, 0x2c, 0, 0, 0, 0, 1, 0, 1, 0,
    0, 2, 2, 0x44, 1, 0, 0x3b,
];

/// In RGBA, for which a line of the file's own pixels is needed as well.
#[test]
fn a_frame_or_an_error() {
    let mut options = DecodeOptions::new();
    options.set_color_output(ColorOutput::RGBA);
    let Ok(mut decoder) = options.read_info(PIXEL) else { return };
    match decoder.read_next_frame() {
        Ok(frame) => assert_eq!(frame.map(|frame| frame.buffer.len()), Some(4)),
        Err(error) => assert!(matches!(error, DecodingError::OutOfMemory)),
    }
}
