#[firsthit::test(explorer = "wroker")]
fn explorer() {}

#[firsthit::test(mode = "sometimes")]
fn mode() {}

#[firsthit::test(deny(aborted, leeked))]
fn verdict() {}

fn main() {}
