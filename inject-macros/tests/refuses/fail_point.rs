use firsthit::fail_point;

fn no_value() -> Option<u8> {
    fail_point!("no value");
    None
}

fn no_name() -> Option<u8> {
    fail_point!(None);
    None
}

fn nothing() -> Option<u8> {
    fail_point!();
    None
}

fn name_that_is_no_text() -> Option<u8> {
    let name = "name";
    fail_point!(name, None);
    None
}

fn empty_list() -> Option<u8> {
    fail_point!("empty", []);
    None
}

fn closure() -> Option<u8> {
    fail_point!("closure", |_| None);
    None
}

fn moving_closure() -> Option<u8> {
    fail_point!("closure", move || None);
    None
}

fn two_values() -> Option<u8> {
    fail_point!("two", None, Some(1));
    None
}

fn main() {}
