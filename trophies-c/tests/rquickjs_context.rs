//! rquickjs 0.14.0: a context that could not be made leaves the runtime so that its end aborts the process.
#[test]
fn a_runtime_survives_a_context_that_failed() {
    let runtime = rquickjs::Runtime::new().unwrap();
    let context = rquickjs::Context::full(&runtime);
    drop(context);
    drop(runtime);
}
