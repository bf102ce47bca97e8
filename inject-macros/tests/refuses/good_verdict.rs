#[firsthit::test(deny(absorbed))]
fn name() {}

fn main() {}
