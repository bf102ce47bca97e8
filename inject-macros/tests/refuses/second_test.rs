use firsthit::test as swept;

mod tokio {
    pub use core::prelude::v1::test;
}

#[swept]
#[test]
fn plain() {}

#[firsthit::test]
#[firsthit::test(depth = 2)]
fn twice() {}

#[firsthit::test]
#[tokio::test]
async fn everything_at_once() {}

fn main() {}
