//! mp3lame-encoder 0.2.5: an encoder with another rate than its input's uses buffers that it got no memory for.
use std::num::NonZeroU32;

use mp3lame_encoder::{Builder, MonoPcm};

#[test]
fn encoding_is_an_error_without_memory() {
    let mut builder = Builder::new().expect("there is no builder");
    builder.set_num_channels(1).unwrap();
    builder.set_sample_rate(48_000).unwrap();
    builder.set_output_sample_rate(NonZeroU32::new(22_050)).unwrap();
    let mut encoder = builder.build().unwrap();
    let mut out = Vec::with_capacity(100_000);
    encoder.encode_to_vec(MonoPcm(&[100i16; 4000]), &mut out).unwrap();
}
