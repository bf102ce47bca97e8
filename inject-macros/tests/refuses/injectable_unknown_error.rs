#[firsthit::injectable(errno = ENOSPACE)]
fn number() -> std::io::Result<()> {
    Ok(())
}

#[firsthit::injectable(errno = [EIO, enospc])]
fn case() -> std::io::Result<()> {
    Ok(())
}

#[firsthit::injectable(io = DiskFull)]
fn kind() -> std::io::Result<()> {
    Ok(())
}

#[firsthit::injectable(io = [Interrupted, Storagefull])]
fn near() -> std::io::Result<()> {
    Ok(())
}

fn main() {}
