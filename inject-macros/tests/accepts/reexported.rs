pub mod testing {
    pub use firsthit::*;
}

#[testing::test(crate = crate::testing, deny(aborted))]
fn name() {}

fn main() {}
