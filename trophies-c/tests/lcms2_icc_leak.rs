//! lcms2 6.2.0: a profile forgets what it is read from if it cannot be serialised.
use lcms2::{CIExyY, Profile, ToneCurve};

#[test]
fn a_profile_is_serialised_or_stays_as_it_was() {
    let curve = ToneCurve::new(2.2);
    let made = Profile::new_gray(&CIExyY { x: 0.3127, y: 0.329, Y: 1.0 }, &curve).unwrap();
    let profile = Profile::new_icc(&made.icc().unwrap()).unwrap();
    profile.icc().unwrap();
}
