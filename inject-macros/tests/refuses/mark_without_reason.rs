#[firsthit::instrument]
fn name(result: Result<u32, ()>) -> u32 {
    match result {
        Ok(number) => number,
        #[firsthit::untested]
        Err(()) => 0,
    }
}

fn main() {}
