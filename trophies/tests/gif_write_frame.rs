//! gif 0.14.2: pixels that compress badly outgrow what the encoder reserved, and then the process ends.

use gif::{Encoder, EncodingError, Frame};

#[test]
fn a_frame_is_written_or_an_error_given() {
    // No two neighbours alike, so that there is nothing to compress.
    let pixels: Vec<u8> = (0..4096_u32).map(|at| (at.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    let mut frame = Frame::from_indexed_pixels(64, 64, pixels, None);
    frame.palette = Some(vec![0; 768]);
    let mut sink = [0; 16_384];
    let Ok(mut encoder) = Encoder::new(&mut sink[..], 64, 64, &[]) else { return };
    match encoder.write_frame(&frame) {
        Ok(()) => {}
        Err(error) => assert!(matches!(error, EncodingError::OutOfMemory)),
    }
}
