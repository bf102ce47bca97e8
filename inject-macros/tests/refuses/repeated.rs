#[firsthit::test(depth = 1, depth = 2)]
fn argument() {}

#[firsthit::test(deny(aborted, aborted))]
fn verdict() {}

#[firsthit::test(allow("grow", reason = "one"), allow("grow", reason = "another"))]
fn pattern() {}

fn main() {}
