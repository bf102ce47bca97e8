//! A test without Rust's test runner.

fn main() {
    if seeded::room(10).is_err() {
        std::process::exit(4);
    }
    drop(seeded::room_or_none(10));
}
