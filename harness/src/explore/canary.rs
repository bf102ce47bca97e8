//! The canary: a failure of our own, planted in every process that injects, which must be delivered.

use std::hint::black_box;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

use crate::annotation::point::Function;
use crate::fail_point::{injected, may_be_met};
use crate::scope::shared::{Scope, phase};
use crate::scope::thread::Origin;

/// A fail point that is nobody's.
static NEST: Function = Function { module: "", name: "", file: "", table: "", conditions: &[], cells: &[] };

/// Whether what can fail does so when it is told to in this process's scope, and does not when it is not: allocations,
/// and fail points.
///
/// A program whose allocator is another one may have fail points all the same: then the campaign says that
/// allocations pass.
pub(crate) fn sings(scope: &Arc<Scope>) -> bool {
    let only_when_told = |fails: &dyn Fn() -> bool| {
        let told = |phase| {
            scope.set_phase(phase);
            let failed = fails();
            scope.set_phase(phase::OFF);
            failed
        };
        told(phase::CANARY) && !told(phase::COUNT)
    };
    let (allocations, points) =
        scope.enter(Origin::SWEEP, || (only_when_told(&allocation_fails), only_when_told(&point_fails)));
    if !allocations {
        scope.campaign.header().allocations_pass.store(1, Relaxed);
    }
    points && (allocations || may_be_met())
}

/// The values pass through `black_box`: optimised builds remove allocations that nobody looks at.
fn allocation_fails() -> bool {
    let mut nest: Vec<u64> = Vec::new();
    let refused = black_box(&mut nest).try_reserve_exact(black_box(3)).is_err();
    black_box(nest);
    refused
}

fn point_fails() -> bool {
    injected(&NEST, &[""]).is_some()
}
