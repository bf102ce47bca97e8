/// Documented.
#[firsthit::instrument]
#[derive(Debug)]
struct Name;

fn main() {}
