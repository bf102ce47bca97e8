//! What the compiler says of annotated code stands at the user's.
#[firsthit::instrument]
fn name(number: u32) -> Result<u32, String> {
    let held: u64 = number.checked_add(1).ok_or("full")?;
    let text = String::from_utf8(vec![1])?;
    match text.parse::<u8>() {
        Ok(number) => number,
        Err(_) => "error",
    }
}

fn main() {}
