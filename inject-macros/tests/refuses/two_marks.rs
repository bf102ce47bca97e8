#[firsthit::instrument]
fn name(text: &str) -> u32 {
    #[firsthit::untested(reason = "one")]
    #[cfg_attr(test, firsthit::benign(reason = "two"))]
    let number = text.parse().unwrap_or(0);
    number
}

fn main() {}
