#[firsthit::test(timelimit = "2s")]
fn near() {}

#[firsthit::test(ignore)]
fn far() {}

fn main() {}
