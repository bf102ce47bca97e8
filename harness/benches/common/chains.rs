//! Call chains to measure on: ladders of so many functions, and trees with so many leaves.

use std::collections::TryReserveError;
use std::hint::black_box;
use std::marker::PhantomData;

/// A function of its own for each rung: nothing here can be merged, inlined or turned into a jump.
pub trait Climb {
    fn climb(work: &mut dyn FnMut());
}

/// The top of a ladder.
pub struct Top;

impl Climb for Top {
    #[inline(never)]
    fn climb(work: &mut dyn FnMut()) {
        work();
        black_box(0);
    }
}

/// One rung above another.
pub struct Rung<Next>(PhantomData<Next>);

impl<Next: Climb> Climb for Rung<Next> {
    #[inline(never)]
    fn climb(work: &mut dyn FnMut()) {
        Next::climb(work);
        black_box(0);
    }
}

type Five<Next> = Rung<Rung<Rung<Rung<Rung<Next>>>>>;
type Ladder5 = Rung<Rung<Rung<Rung<Top>>>>;
type Ladder20 = Five<Five<Five<Ladder5>>>;
type Ladder50 = Five<Five<Five<Five<Five<Five<Ladder20>>>>>>;

/// Runs `work` at the top of a ladder of 5, 20 or 50 functions.
pub fn at_depth(depth: usize, mut work: impl FnMut()) {
    match depth {
        5 => Ladder5::climb(&mut work),
        20 => Ladder20::climb(&mut work),
        50 => Ladder50::climb(&mut work),
        other => panic!("there is no ladder of {other} functions"),
    }
}

type Branch = fn(usize, usize) -> Result<Vec<u8>, TryReserveError>;

macro_rules! branches {
    ($($function:ident)*) => {
        [$($function as Branch),*]
    };
}

/// Ten functions that differ, each calling one of the next level's by the next digit of the path.
macro_rules! level {
    ($module:ident, $next:expr) => {
        mod $module {
            use super::*;
            level!(@ $next, (b0 0) (b1 1) (b2 2) (b3 3) (b4 4) (b5 5) (b6 6) (b7 7) (b8 8) (b9 9));
            pub(super) static BRANCHES: [Branch; 10] = branches!(b0 b1 b2 b3 b4 b5 b6 b7 b8 b9);
        }
    };
    (@ $next:expr, $(($name:ident $number:expr))*) => {
        $(#[inline(never)]
        fn $name(path: usize, size: usize) -> Result<Vec<u8>, TryReserveError> {
            let result = $next(path, size);
            black_box(concat!(module_path!(), stringify!($name)));
            result
        })*
    };
}

level!(hundreds, |path: usize, size| tens::BRANCHES[path / 10 % 10](path, size));
level!(tens, |path: usize, size| ones::BRANCHES[path % 10](path, size));
level!(ones, |_: usize, size| leaf(size));

#[inline(never)]
fn leaf(size: usize) -> Result<Vec<u8>, TryReserveError> {
    let mut block = Vec::new();
    block.try_reserve_exact(black_box(size))?;
    Ok(black_box(block))
}

/// Allocates at the end of chain `path` of 1,000.
pub fn allocate_at(path: usize, size: usize) -> Result<Vec<u8>, TryReserveError> {
    hundreds::BRANCHES[path / 100 % 10](path, size)
}
