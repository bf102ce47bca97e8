use firsthit::fail_point;

fn other_error() -> Result<u8, String> {
    fail_point!("other", Err(1));
    Ok(1)
}

fn one_of_several() -> Option<u8> {
    fail_point!("several", [None, Some(""), Some(1)]);
    None
}

fn main() {}
