#[firsthit::test]
fn name(count: usize, _: &str) {
    let _ = count;
}

fn main() {}
