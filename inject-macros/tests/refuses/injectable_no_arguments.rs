#[firsthit::injectable]
fn bare() -> Option<u8> {
    None
}

#[firsthit::injectable()]
fn empty() -> Option<u8> {
    None
}

#[firsthit::injectable(crate = firsthit)]
fn only_a_path() -> Option<u8> {
    None
}

fn main() {}
