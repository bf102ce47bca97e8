#[firsthit::untested(reason = "no code")]
struct Name;

fn main() {}
