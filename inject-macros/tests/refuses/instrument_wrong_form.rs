#[firsthit::instrument(calls = "my_alloc")]
fn name() {}

fn main() {}
