#[firsthit::test]
fn name<T: Default>() {
    let _ = T::default();
}

fn main() {}
