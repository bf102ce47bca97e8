#[firsthit::injectable(errno = 28)]
fn number() -> std::io::Result<()> {
    Ok(())
}

#[firsthit::injectable(io = std::io::ErrorKind::Other)]
fn path() -> std::io::Result<()> {
    Ok(())
}

#[firsthit::injectable(io = [])]
fn nothing() -> std::io::Result<()> {
    Ok(())
}

#[firsthit::injectable(|_| Err(()))]
fn closure() -> Result<(), ()> {
    Ok(())
}

#[firsthit::injectable(None None)]
fn no_comma() -> Option<u8> {
    None
}

fn main() {}
