//! A program that keeps so many megabytes, its argument, and asks for memory by 380 chains, without any of which it goes on.

use std::hint::black_box;

#[inline(never)]
fn room() -> usize {
    let mut room: Vec<u8> = Vec::new();
    let got = room.try_reserve_exact(black_box(64)).is_ok();
    black_box(&room);
    usize::from(got)
}

macro_rules! nineteen_times {
    ($call:expr) => {
        [
            $call, $call, $call, $call, $call, $call, $call, $call, $call, $call, $call, $call, $call, $call, $call, $call,
            $call, $call, $call,
        ]
    };
}

#[inline(never)]
fn row() -> usize {
    nineteen_times!(room()).iter().sum()
}

fn main() {
    let megabytes: usize = std::env::args().nth(1).and_then(|word| word.parse().ok()).expect("a number of megabytes");
    let mut resident: Vec<u8> = Vec::with_capacity(megabytes << 20);
    resident.resize(megabytes << 20, 1);
    let rows = nineteen_times!(row()).iter().sum::<usize>() + row();
    assert!(rows + 1 >= 380, "no more than one fails");
    black_box(&resident);
}
