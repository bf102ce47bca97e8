#[firsthit::test]
extern "C" fn name() {}

fn main() {}
