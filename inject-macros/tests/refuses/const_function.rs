#[firsthit::test]
const fn name() {}

fn main() {}
