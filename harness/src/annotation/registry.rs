//! Every annotated function that is linked into this program, whether a test reaches it or not.

use super::point::Function;

/// The functions, in the linker's order.
#[doc(hidden)]
#[cfg(not(any(miri, target_family = "wasm")))]
#[linkme::distributed_slice]
pub static FUNCTIONS: [&'static Function];

/// Why there is no registry here.
#[cfg(any(miri, target_family = "wasm"))]
pub(crate) const MISSING: &str = "firsthit cannot count annotated code here: the platform's linker does not gather it";

/// The annotated functions of this program; empty where the linker does not gather them.
pub(crate) fn functions() -> &'static [&'static Function] {
    #[cfg(not(any(miri, target_family = "wasm")))]
    return &FUNCTIONS;
    #[cfg(any(miri, target_family = "wasm"))]
    return &[];
}
