#[firsthit::test]
unsafe fn name() {}

fn main() {}
