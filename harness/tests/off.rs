//! With the feature `off`, annotated code and fail points are the plain code, and nothing is declared.
#![cfg(feature = "off")]

use std::collections::TryReserveError;

use firsthit::__private::FUNCTIONS;
use firsthit::{Sweep, Verdict};

#[global_allocator]
static ALLOC: firsthit::Alloc = firsthit::Alloc::system();

#[firsthit::instrument]
mod annotated {
    use super::TryReserveError;

    #[firsthit::injectable(None)]
    pub(crate) fn room(count: usize) -> Option<Vec<u8>> {
        firsthit::fail_point!("no room", [None, Some(Vec::new())]);
        let mut room = Vec::new();
        #[firsthit::benign(reason = "an empty one will do")]
        let _: Result<(), TryReserveError> = room.try_reserve_exact(count);
        Some(room)
    }

    #[firsthit::untested(reason = "there is nothing to test")]
    pub(crate) fn grown(count: usize) -> Result<usize, TryReserveError> {
        let mut room: Vec<u8> = Vec::new();
        room.try_reserve_exact(count)?;
        Ok(room.capacity())
    }
}

#[test]
fn nothing_is_declared_and_only_memory_fails() {
    assert!(FUNCTIONS.is_empty());
    let report = Sweep::new().run(|| annotated::grown(annotated::room(8).map_or(0, |room| room.capacity() + 1)));
    assert_eq!(report.verdicts(), [Verdict::Swallowed, Verdict::Recovered], "{report}");
}
