#[firsthit::test(depth = 3)]
fn depth() {}

#[firsthit::test(workers = 0)]
fn workers() {}

#[firsthit::test(chains_max = -1)]
fn chains_max() {}

#[firsthit::test(time_limit = "2min")]
fn unit() {}

#[firsthit::test(time_limit = "0ms")]
fn nothing() {}

fn main() {}
