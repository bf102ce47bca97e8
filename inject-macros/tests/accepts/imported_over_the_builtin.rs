use firsthit::test;

#[test]
fn name() {}

#[test(mode = "forbid")]
fn another() {}

fn main() {}
