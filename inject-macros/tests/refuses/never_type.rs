#[firsthit::test]
fn name() -> ! {
    panic!()
}

fn main() {}
