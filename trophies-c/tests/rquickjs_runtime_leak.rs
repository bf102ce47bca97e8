//! rquickjs 0.14.0: a runtime whose classes could not be registered is lost, with the wrong error.
#[test]
fn a_runtime_is_given_back_after_an_error() {
    rquickjs::Runtime::new().unwrap();
}
