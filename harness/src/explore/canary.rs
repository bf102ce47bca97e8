//! The canary: a failure of our own, planted in every process that injects, which must be delivered.

use std::hint::black_box;
use std::sync::Arc;

use crate::scope::shared::{Scope, phase};
use crate::scope::thread::Origin;

/// Whether an allocation of this process's scope fails when it is told to, and is served when it is not.
///
/// The values pass through `black_box`: optimised builds remove allocations that nobody looks at.
pub(crate) fn sings(scope: &Arc<Scope>) -> bool {
    let asked = |phase| {
        scope.set_phase(phase);
        let mut nest: Vec<u64> = Vec::new();
        let served = black_box(&mut nest).try_reserve_exact(black_box(3)).is_ok();
        scope.set_phase(phase::OFF);
        black_box(nest);
        served
    };
    scope.enter(Origin::SWEEP, || !asked(phase::CANARY) && asked(phase::COUNT))
}
