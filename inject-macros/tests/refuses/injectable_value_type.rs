struct Full;

#[firsthit::injectable(Err(Full))]
fn other_error() -> Result<u8, String> {
    Ok(1)
}

#[firsthit::injectable(io = StorageFull)]
fn not_from_io() -> Result<u8, Full> {
    Ok(1)
}

fn main() {}
