//! Work of any size: the variable SCALE says how much of it.

use std::collections::TryReserveError;
use std::hint::black_box;

/// Asks, and goes on with nothing if there is nothing.
#[inline(never)]
pub fn asks(bytes: usize) -> usize {
    let mut room: Vec<u8> = Vec::new();
    let _ = room.try_reserve_exact(black_box(bytes));
    black_box(&room).capacity()
}

/// Asks in turn from three places, so many times.
pub fn allocates(times: usize) {
    for turn in 0..times {
        match turn % 3 {
            0 => asks(8),
            1 => asks(64),
            _ => asks(512),
        };
    }
}

#[inline(never)]
fn left(way: usize, steps: u32) -> usize {
    black_box(goes(way >> 1, steps - 1)) + 1
}

#[inline(never)]
fn right(way: usize, steps: u32) -> usize {
    black_box(goes(way >> 1, steps - 1)) + 2
}

/// Each way through the tree is a chain of its own.
#[inline(never)]
fn goes(way: usize, steps: u32) -> usize {
    match (steps, way & 1) {
        (0, _) => asks(16),
        (_, 0) => left(way, steps),
        _ => right(way, steps),
    }
}

pub fn chains(count: usize) {
    let steps = count.next_power_of_two().trailing_zeros();
    for way in 0..count {
        goes(way, steps);
    }
}

#[inline(never)]
pub fn descends(frames: usize) -> usize {
    black_box(if frames == 0 { asks(16) } else { descends(frames - 1) }) + 1
}

pub fn holds(bytes: usize) -> Result<(), TryReserveError> {
    let mut room: Vec<u8> = Vec::new();
    room.try_reserve_exact(bytes)?;
    room.resize(bytes, 1);
    for _ in 0..10 {
        asks(black_box(&room).len() / bytes);
    }
    Ok(())
}

pub fn threads(count: usize) {
    std::thread::scope(|scope| {
        for _ in 0..count {
            scope.spawn(|| allocates(10_000));
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scale() -> usize {
        std::env::var("SCALE").unwrap().parse().unwrap()
    }

    #[test]
    fn of_allocations() {
        allocates(scale());
    }

    #[test]
    fn of_chains() {
        chains(scale());
    }

    #[test]
    fn of_frames() {
        descends(scale());
    }

    #[test]
    fn of_bytes() {
        let _ = holds(scale());
    }

    #[test]
    fn of_threads() {
        threads(scale());
    }
}

#[cfg(test)]
mod many;
