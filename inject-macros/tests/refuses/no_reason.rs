#[firsthit::test(allow("grow"))]
fn none() {}

#[firsthit::test(allow("grow", reason = " "))]
fn empty() {}

#[firsthit::test(allow("", reason = "everything"))]
fn everything() {}

fn main() {}
