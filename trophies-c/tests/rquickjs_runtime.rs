//! rquickjs 0.14.0: a runtime is written to before it is looked whether there is one.
#[test]
fn a_runtime_is_an_error_without_memory() {
    rquickjs::Runtime::new().unwrap();
}
