//! lcms2 6.2.0: a profile's mutex is initialised without a look whether there is one.
use lcms2::{CIExyY, Profile, ToneCurve};

#[test]
fn a_profile_is_an_error_without_memory() {
    let curve = ToneCurve::new(2.2);
    Profile::new_gray(&CIExyY { x: 0.3127, y: 0.329, Y: 1.0 }, &curve).unwrap();
}
