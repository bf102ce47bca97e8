//! pic-scale 0.7.12: a plan for eight bits converts its weights in memory that it asks for without a way to fail.

use pic_scale::{ImageSize, PicScaleError, ResamplingFunction, Scaler};

#[test]
fn a_plan_or_an_error() {
    let scaler = Scaler::new(ResamplingFunction::Bilinear);
    match scaler.plan_rgb_resampling(ImageSize::new(8, 8), ImageSize::new(4, 4)) {
        Ok(_) => {}
        Err(error) => assert!(matches!(error, PicScaleError::OutOfMemory(_))),
    }
}
