#[firsthit::injectable(nul)]
fn pointer() -> *const u8 {
    std::ptr::dangling()
}

#[firsthit::injectable(none)]
fn option() -> Option<u8> {
    None
}

#[firsthit::injectable(ernno = ENOSPC)]
fn argument() -> std::io::Result<()> {
    Ok(())
}

#[firsthit::injectable(kind = Other)]
fn other_argument() -> std::io::Result<()> {
    Ok(())
}

fn main() {}
