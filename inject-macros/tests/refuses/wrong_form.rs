#[firsthit::test(explorer = worker)]
fn unquoted() {}

#[firsthit::test(mode("once"))]
fn parenthesised() {}

#[firsthit::test(depth)]
fn alone() {}

#[firsthit::test(time_limit = 500)]
fn without_a_unit() {}

#[firsthit::test(deny = "aborted")]
fn not_a_list() {}

#[firsthit::test(deny())]
fn nothing_in_it() {}

#[firsthit::test(allow("a", why = "b"))]
fn another_word() {}

#[firsthit::test(expect(one, two))]
fn two_of_them() {}

#[firsthit::test(crate = "firsthit")]
fn a_string() {}

#[firsthit::test(depth = 1 workers = 2)]
fn no_comma() {}

fn main() {}
