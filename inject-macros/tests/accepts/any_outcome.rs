#[firsthit::test]
fn option() -> Option<Vec<u8>> {
    let value = Some(1_u8)?;
    Some(vec![value])
}

#[firsthit::test]
fn hidden() -> impl firsthit::Outcome {
    1_u8
}

#[firsthit::test(expect(is_empty))]
fn boxed() -> Result<(), Box<dyn std::error::Error>> {
    "1".parse::<u8>()?;
    Ok(())
}

#[allow(dead_code)]
fn is_empty(result: &Result<(), Box<dyn std::error::Error>>) -> bool {
    result.is_ok()
}

#[firsthit::test]
fn r#try() {}

fn main() {}
