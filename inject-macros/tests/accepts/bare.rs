#[firsthit::test]
fn unit() {}

#[firsthit::test()]
pub(crate) fn parentheses() -> Result<(), String> {
    Ok(())
}

fn main() {}
