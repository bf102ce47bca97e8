//! gif 0.14.2: `FrameDecoder` asks for the memory for its pixels so that the process ends where there is none.

use std::borrow::Cow;

use gif::streaming_decoder::FrameDecoder;
use gif::{DecodeOptions, DecodingError, Frame};

/// The pixel of `gif_read_next_frame`, with the size of its codes before it.
const COMPRESSED: &[u8] = &[2, 0x44, 1];

#[test]
fn a_frame_or_an_error() {
    let mut frame = Frame { width: 1, height: 1, buffer: Cow::Borrowed(COMPRESSED), ..Frame::default() };
    let mut decoder = FrameDecoder::new(DecodeOptions::new());
    match decoder.decode_lzw_encoded_frame(&mut frame) {
        Ok(()) => assert_eq!(*frame.buffer, [0]),
        Err(error) => assert!(matches!(error, DecodingError::OutOfMemory)),
    }
}
