#[firsthit::test]
async fn name() -> Result<(), String> {
    Ok(())
}

fn main() {}
