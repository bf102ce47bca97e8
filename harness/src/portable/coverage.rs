//! Coverage needs no help: everything runs in the process whose counters are read.

use crate::memory::campaign::Campaign;

pub(crate) fn count() -> usize {
    0
}

pub(crate) fn hand_over(_campaign: &Campaign) {}
