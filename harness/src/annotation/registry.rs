//! Every annotated function that is linked into this program, whether a test reaches it or not.

use std::sync::OnceLock;
use std::sync::atomic::Ordering::Relaxed;

use super::point::{Function, Point};

/// The functions, in the linker's order.
#[doc(hidden)]
#[cfg(not(any(miri, target_family = "wasm")))]
#[linkme::distributed_slice]
pub static FUNCTIONS: [Function];

/// Why there is no registry here.
#[cfg_attr(not(any(miri, target_family = "wasm")), expect(dead_code, reason = "there is one"))]
pub(crate) const MISSING: &str = "firsthit cannot count annotated code here: the platform's linker does not gather it";

/// The annotated functions of this program; empty where the linker does not gather them.
pub(crate) fn functions() -> &'static [Function] {
    #[cfg(not(any(miri, target_family = "wasm")))]
    return &FUNCTIONS;
    #[cfg(any(miri, target_family = "wasm"))]
    return &[];
}

/// One point of the program.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Declared {
    pub(crate) function: &'static Function,
    pub(crate) point: Point,
}

/// Every point of the program, at the place that is its number: the same in all processes of one program, whose
/// linker has put the functions in order.
///
/// The first call gives the points their numbers; it comes before a scope is armed.
pub(crate) fn declared() -> &'static [Declared] {
    static DECLARED: OnceLock<Vec<Declared>> = OnceLock::new();
    DECLARED.get_or_init(|| {
        let functions = functions().iter();
        let declared = functions.flat_map(|function| function.points().map(move |point| Declared { function, point }));
        let declared: Vec<Declared> = declared.collect();
        for (number, Declared { point, .. }) in declared.iter().enumerate() {
            point.cell.number.store(number as u32, Relaxed);
        }
        declared
    })
}
