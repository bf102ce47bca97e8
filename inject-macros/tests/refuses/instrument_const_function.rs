#[firsthit::instrument]
const fn name() -> Option<u32> {
    None
}

fn main() {}
