type Answer = u8;

#[firsthit::injectable(null)]
fn option() -> Option<u8> {
    None
}

#[firsthit::injectable(null)]
fn reference() -> &'static str {
    ""
}

#[firsthit::injectable(io = StorageFull)]
fn pointer() -> *mut u8 {
    std::ptr::null_mut()
}

#[firsthit::injectable(errno = [EIO])]
fn plain() -> u8 {
    1
}

#[firsthit::injectable(null)]
fn another_name() -> Answer {
    1
}

fn main() {}
