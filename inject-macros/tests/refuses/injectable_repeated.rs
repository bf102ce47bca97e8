#[firsthit::injectable(Err(()), Err(()))]
fn value() -> Result<(), ()> {
    Ok(())
}

#[firsthit::injectable(io = [Other, Interrupted], io = Other)]
fn kind() -> std::io::Result<()> {
    Ok(())
}

#[firsthit::injectable(null, null)]
fn pointer() -> *const u8 {
    std::ptr::dangling()
}

fn main() {}
