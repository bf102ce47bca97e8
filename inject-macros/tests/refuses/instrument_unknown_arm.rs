#[firsthit::instrument(skip("map_er"))]
fn name() {}

fn main() {}
