//! The recorder: runs the body without a failure, twice, and writes down which chains there are.

use std::sync::atomic::Ordering::{Relaxed, Release};

use super::account::{close_account, open_account};
use super::held::Held;
use super::process::Process;
use super::run::Ran;
use crate::memory::record::{Outcome, finished};
use crate::scope::shared::phase;

/// Records both runs in the process's slot.
pub(crate) fn record(process: &Process<'_>) {
    let scope = &process.scope;
    let slot = scope.slot();
    if !super::canary::sings(scope) {
        slot.finished.store(finished::CANARY_FAILED, Release);
        return;
    }
    let before = Held::of(process);
    scope.reset_balance();
    scope.keep_account(true);
    open_account();
    let first = process.run(phase::WALK);
    let nanos = slot.nanos.load(Relaxed);
    slot.allocations.store(scope.balance().requests, Relaxed);
    before.wait_for_threads();
    scope.keep_usual();
    slot.threads.store(scope.threads().count().saturating_sub(1) as u32, Relaxed);
    for leak in close_account(&process.session, &before) {
        if let Some(chain) = process.session.campaign.chains().get(leak.chain as usize) {
            chain.retained.fetch_max(leak.count, Relaxed);
        }
    }
    scope.keep_account(false);
    let Ran::Returned(first) = first else {
        slot.finished.store(finished::PANICKED, Release);
        return;
    };
    slot.set_outcomes([first, Outcome::default()]);
    slot.finished.store(finished::ONCE, Release);
    if let Ran::Returned(second) = process.run(phase::WALK) {
        slot.set_outcomes([first, second]);
        slot.nanos.fetch_max(nanos, Relaxed);
        slot.finished.store(finished::TWICE, Release);
    }
}
