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

#[inline(never)]
fn small() -> usize {
    black_box(asks(8)) + 1
}

#[inline(never)]
fn middle() -> usize {
    black_box(asks(64)) + 2
}

#[inline(never)]
fn large() -> usize {
    black_box(asks(512)) + 3
}

/// Asks in turn from three places, so many times.
pub fn allocates(times: usize) {
    for turn in 0..times {
        black_box([small, middle, large][turn % 3]());
    }
}

/// A place where a way goes on by one function or another, as its lowest bit says. None calls itself: turns of a recursion would
/// be told as one.
macro_rules! fork {
    ($name:ident, $next:ident) => {
        mod $name {
            use std::hint::black_box;

            #[inline(never)]
            fn left(way: usize) -> usize {
                black_box(super::$next::goes(way)) + 1
            }

            #[inline(never)]
            fn right(way: usize) -> usize {
                black_box(super::$next::goes(way)) + 2
            }

            pub fn goes(way: usize) -> usize {
                if way & 1 == 0 { left(way >> 1) } else { right(way >> 1) }
            }
        }
    };
}

fork!(way_0, way_1);
fork!(way_1, way_2);
fork!(way_2, way_3);
fork!(way_3, way_4);
fork!(way_4, way_5);
fork!(way_5, way_6);
fork!(way_6, way_7);
fork!(way_7, way_8);
fork!(way_8, way_9);
fork!(way_9, way_10);
fork!(way_10, way_11);
fork!(way_11, way_12);
fork!(way_12, way_13);
fork!(way_13, way_14);
fork!(way_14, way_15);
fork!(way_15, way_16);
fork!(way_16, way_17);

mod way_17 {
    pub fn goes(_: usize) -> usize {
        super::asks(16)
    }
}

/// Each way is a chain of its own: 2^17 of them.
pub fn chains(count: usize) {
    for way in 0..count {
        black_box(way_0::goes(way));
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
