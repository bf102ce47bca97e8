//! A body with many call chains, whose verdicts are known.

use std::collections::TryReserveError;
use std::hint::black_box;

use firsthit::{Report, Verdict};

/// How many paths lead through [`walk`]; each ends at one allocation of its own.
pub(crate) const PATHS: usize = 256;

macro_rules! levels {
    ($($left:ident $right:ident => $next_left:ident $next_right:ident;)*) => {$(
        #[inline(never)]
        fn $left(path: usize) -> Result<usize, TryReserveError> {
            let path = black_box(path * 2);
            Ok($next_left(path)? + $next_right(path)? + black_box(1))
        }
        #[inline(never)]
        fn $right(path: usize) -> Result<usize, TryReserveError> {
            let path = black_box(path * 2 + 1);
            Ok($next_left(path)? + $next_right(path)? + black_box(2))
        }
    )*};
}

levels! {
    left1 right1 => left2 right2;
    left2 right2 => left3 right3;
    left3 right3 => left4 right4;
    left4 right4 => left5 right5;
    left5 right5 => left6 right6;
    left6 right6 => left7 right7;
    left7 right7 => left8 right8;
}

#[inline(never)]
fn left8(path: usize) -> Result<usize, TryReserveError> {
    black_box(leaf(black_box(path * 2)))
}

#[inline(never)]
fn right8(path: usize) -> Result<usize, TryReserveError> {
    black_box(leaf(black_box(path * 2 + 1)))
}

/// What the failure of one path comes to.
fn verdict(path: usize) -> Verdict {
    match path % 16 {
        3 => Verdict::Absorbed,
        7 => Verdict::Aborted,
        11 => Verdict::Panicked,
        15 => Verdict::Swallowed,
        _ => Verdict::Recovered,
    }
}

#[inline(never)]
fn leaf(path: usize) -> Result<usize, TryReserveError> {
    let mut block: Vec<u8> = Vec::new();
    let reserved = match verdict(path) {
        Verdict::Aborted => {
            block = Vec::with_capacity(path + 1);
            Ok(())
        }
        _ => block.try_reserve_exact(path + 1),
    };
    black_box(&mut block);
    match verdict(path) {
        Verdict::Absorbed => Ok(path),
        Verdict::Swallowed if reserved.is_err() => Ok(0),
        Verdict::Panicked if reserved.is_err() => panic!("path {path}"),
        _ => reserved.map(|()| path),
    }
}

/// Goes every path.
pub(crate) fn walk() -> Result<usize, TryReserveError> {
    Ok(left1(0)? + right1(0)?)
}

/// Checks that every path has the verdict it must have, once.
#[track_caller]
pub(crate) fn check(report: &Report) {
    assert_eq!(report.trouble(), None, "{report}");
    let expected: Vec<Verdict> = (0..PATHS).map(verdict).collect();
    for (path, (found, expected)) in report.verdicts().iter().zip(&expected).enumerate() {
        assert_eq!(found, expected, "path {path} of\n{report}");
    }
    assert_eq!(report.verdicts().len(), PATHS, "{report}");
}

/// Panics on the failure of its one allocation, in a file that is not the test's.
#[inline(never)]
pub(crate) fn fails_badly() -> Vec<u8> {
    let mut block = Vec::new();
    let reserved = block.try_reserve_exact(black_box(33));
    if reserved.is_err() {
        panic!("it was not to fail");
    }
    block
}
