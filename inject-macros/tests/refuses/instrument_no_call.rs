#[firsthit::instrument(calls("my alloc"))]
fn name() {}

fn main() {}
