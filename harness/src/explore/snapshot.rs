//! The snapshot explorer: one run of the body that splits at the first hit of every chain; the child takes the failure.
#![expect(unsafe_code, reason = "finds the carrying process's director from inside the allocator")]

use std::io;
use std::ptr;
use std::sync::atomic::AtomicPtr;
use std::sync::atomic::Ordering::{AcqRel, Acquire, Relaxed, Release};
use std::time::Duration;

use super::attempt::{Attempted, conclude, note};
use super::canary;
use super::crew::Crew;
use super::held::Held;
use super::launch::Launched;
use super::process::Process;
use super::run::Ran;
use super::unix::{self, Capture, Child, Inherited};
use crate::memory::header::SLOTS;
use crate::memory::record::{Chain, Evidence, NONE, Outcome, finished, state};
use crate::oracle::judge::judge;
use crate::scope::shared::{Scope, phase};
use crate::scope::thread::{self, kernel_id};
use crate::verdict::Verdict;

/// What the process that carries the run through knows while the body runs.
struct Carrier<'a> {
    workers: usize,
    crew: Crew<'a>,
    before: Held,
    limit: Duration,
    /// The least that a fork has cost so far, in nanoseconds.
    fork_nanos: u64,
    /// Splits whether it pays or not: the explorer was asked for.
    always: bool,
    /// Set in a child that took a failure: the number of its chain.
    took: Option<u32>,
}

/// The carrier of this process, while its body runs.
static CARRIER: AtomicPtr<Carrier<'static>> = AtomicPtr::new(ptr::null_mut());

/// Runs the body once, and lets a child take the failure at every chain of the plan that can be split at.
pub(crate) fn carry(process: &Process<'_>) {
    let (session, scope) = (process.session, &process.scope);
    let slot = scope.slot();
    if !canary::sings(scope) {
        slot.finished.store(finished::CANARY_FAILED, Release);
        return;
    }
    let baseline = session.campaign.header().baseline();
    let mut carrier = Carrier {
        workers: session.settings.workers,
        crew: Crew::new(session),
        before: Held::now(),
        limit: session.settings.limit(Duration::from_nanos(baseline.nanos)),
        fork_nanos: 0,
        always: session.settings.explorer.is_some(),
        took: None,
    };
    scope.reset_balance();
    scope.aim(NONE, NONE);
    CARRIER.store((&raw mut carrier).cast(), Release);
    scope.set_carries(true);
    let ran = process.run(phase::WALK);
    scope.set_carries(false);
    CARRIER.store(ptr::null_mut(), Release);
    if let Some(number) = carrier.took {
        take(process, &carrier.before, number, ran);
        return;
    }
    while carrier.crew.settle_next(carrier.limit) {}
    // A run that was split and went another way than the baseline was disturbed by its children.
    if let Ran::Returned(outcome) = ran {
        slot.set_outcomes([outcome, Outcome::default()]);
        slot.finished.store(finished::ONCE, Release);
    }
}

/// What a child does after the run that it took a failure in.
fn take(process: &Process<'_>, before: &Held, number: u32, ran: Ran) {
    let campaign = process.session.campaign;
    let chain = &campaign.chains()[number as usize];
    note(process, ran);
    match conclude(process, before, [number, NONE], false) {
        Attempted::NotMet => chain.state.store(state::PLANNED, Release),
        Attempted::Unbalanced => chain.state.store(state::PLANNED_ACCOUNT, Release),
        Attempted::Complete(evidence) => settle(process, number, evidence),
    }
    process.scope.slot().chain.store(0, Release);
}

/// Keeps what is beyond doubt: a bad verdict may come from what the children share with the run
/// that was split, so a worker has to show it again.
fn settle(process: &Process<'_>, number: u32, evidence: Evidence) {
    let campaign = process.session.campaign;
    let chain = &campaign.chains()[number as usize];
    if is_certain(judge(&evidence, &campaign.header().baseline().outcome)) {
        campaign.complete(chain, evidence);
    } else {
        chain.state.store(state::PLANNED_FRESH, Release);
    }
}

/// Whether a snapshot alone can tell so much.
pub(crate) fn is_certain(verdict: Verdict) -> bool {
    verdict.is_good() || verdict == Verdict::Aborted
}

/// Splits the process at the chain that is about to be served: true in the child, whose request fails.
#[cold]
pub(crate) fn split(scope: &Scope, number: u32) -> bool {
    let chains = scope.campaign.chains();
    let planned = chains.get(number as usize).filter(|chain| chain.state.load(Relaxed) == state::PLANNED);
    let Some(chain) = planned else { return false };
    if std::thread::panicking() {
        return false;
    }
    // SAFETY: null, or the carrier that `carry` keeps alive while the body runs, on the only thread there is.
    let Some(carrier) = (unsafe { CARRIER.load(Acquire).as_mut() }) else { return false };
    let took = thread::current().is_some_and(|thread| thread.quietly(|| carrier.split_at(scope, chain, number)));
    took && scope.fire()
}

impl Carrier<'_> {
    /// Forks, if that is safe and pays: true in the child.
    fn split_at(&mut self, scope: &Scope, chain: &Chain, number: u32) -> bool {
        let began = scope.slot().began.load(Relaxed);
        let pays = self.always || self.fork_nanos < unix::now().saturating_sub(began);
        if !pays || !Held::now().same_as(&self.before) {
            return false;
        }
        let workers = self.workers.min(SLOTS - 1);
        while self.crew.len() >= workers && self.crew.settle_next(self.limit) {}
        // What the children are watched with comes and goes, and is not the body's.
        self.before = Held::now();
        if chain.state.compare_exchange(state::PLANNED, state::RUNNING, AcqRel, Acquire).is_err() {
            return false;
        }
        let took = self.fork_for(scope, chain, number).unwrap_or_else(|_| {
            chain.state.store(state::PLANNED, Release);
            false
        });
        if !took {
            self.before = Held::now();
        }
        took
    }

    fn fork_for(&mut self, scope: &Scope, chain: &Chain, number: u32) -> io::Result<bool> {
        let slot = self.crew.free_slot(1).ok_or(io::ErrorKind::WouldBlock)?;
        let capture = Capture::create()?;
        let record = &scope.campaign.header().slots[slot];
        let now = unix::now();
        chain.slot.store(slot as u32, Relaxed);
        chain.attempts.fetch_add(1, Relaxed);
        record.update(|evidence| *evidence = Evidence::default());
        record.finished.store(0, Relaxed);
        record.began.store(now, Relaxed);
        record.chain.store(number + 1, Release);
        let parent = std::process::id();
        let Some(pid) = unix::fork()? else {
            unix::die_with_parent(parent);
            record.thread.store(kernel_id(), Relaxed);
            capture.become_standard_streams();
            // Offsets of its own, at the places where the carrier's stand.
            let _ = Inherited::reopen(Some(&capture));
            scope.count_on_in(slot);
            scope.move_to(slot);
            scope.aim(number, NONE);
            scope.set_carries(false);
            self.took = Some(number);
            return Ok(true);
        };
        let cost = unix::now() - now;
        self.fork_nanos = if self.fork_nanos == 0 { cost } else { self.fork_nanos.min(cost) };
        self.crew.adopt(slot, Launched { child: Child::watch(pid)?, capture });
        Ok(false)
    }
}
