#[firsthit::instrument]
fn name(number: u32) -> u32 {
    #[firsthit::untested(reason = "nothing fails here")]
    let number = number + 1;
    number
}

fn main() {}
