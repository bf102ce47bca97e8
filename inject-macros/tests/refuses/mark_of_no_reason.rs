#[firsthit::instrument]
#[firsthit::benign(reason = " ")]
fn name(text: &str) -> u32 {
    text.parse().unwrap_or(0)
}

fn main() {}
