#[firsthit::instrument(call("my_alloc"))]
fn name() {}

fn main() {}
