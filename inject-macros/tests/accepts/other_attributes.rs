/// What it does.
#[firsthit::test]
#[ignore = "slow"]
#[should_panic(expected = "no")]
#[cfg(any(unix, windows))]
#[allow(unused_variables)]
#[cfg_attr(unix, doc = "more")]
fn name() {
    #![allow(unused_mut)]
    let mut unused = 1;
}

fn main() {}
