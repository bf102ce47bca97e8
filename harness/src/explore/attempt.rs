//! One attempt: the body with a chain failed, the oracles, and the body once more without a failure.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::process::Process;
use super::run::Ran;
use super::session::Session;
use super::unix;
use crate::memory::campaign::Campaign;
use crate::memory::live::LIVE;
use crate::memory::record::{Chain, End, Evidence, Leak, NONE, Retry};
use crate::scope::shared::{Scope, phase};

/// How long threads that the body did not wait for are given to end.
const GRACE: Duration = Duration::from_millis(100);

/// What an attempt that did not end its process came to.
pub(crate) enum Attempted {
    /// The chain was not met.
    NotMet,
    /// The balance is off: whether that is a leak, a fresh process has to find out with every allocation accounted.
    Unbalanced,
    Complete(Evidence),
}

/// The chains to fail for a chain of the plan: the one before it, if it hangs on one, and itself.
pub(crate) fn targets(campaign: &Campaign, number: u32) -> [u32; 2] {
    let facts = campaign.chains().get(number as usize).and_then(|chain| campaign.facts(chain));
    match facts {
        Some(facts) if facts.after != NONE => [facts.after, number],
        _ => [number, NONE],
    }
}

/// Fails the chain `number` and finds out what comes of it.
///
/// With `account` every allocation is accounted for, which needs a process that has not run the body before.
pub(crate) fn attempt(process: &Process<'_>, number: u32, account: bool) -> Attempted {
    let scope = &process.scope;
    let [first, second] = targets(process.session.campaign, number);
    let before = Held::of(process);

    if account {
        scope.keep_account(true);
        LIVE.open();
    }
    aimed_run(process, first, second);
    conclude(process, &before, [first, second], account)
}

/// The oracles, after a run that was to fail `targets` and whose end is noted.
pub(crate) fn conclude(process: &Process<'_>, before: &Held, targets: [u32; 2], account: bool) -> Attempted {
    let (session, scope) = (&process.session, &process.scope);
    let slot = scope.slot();
    let baseline = session.campaign.header().baseline();
    let [first, second] = targets;
    let wanted = if second == NONE { 1 } else { 2 };
    before.wait_for_threads();
    if scope.fired() < wanted {
        return Attempted::NotMet;
    }
    let left = Held::now();
    let balance = scope.balance();
    note_held(process, &left, before);
    check_invariants(session, scope);
    let kept_first = if account { LIVE.close() } else { Vec::new() };

    if !baseline.repeatable {
        return settle(session, scope, account, &kept_first, balance.is_even());
    }
    slot.update(|evidence| evidence.retry = Retry::Begun);
    if account {
        LIVE.open();
    }
    let retried = clean_run(process);
    before.wait_for_threads();
    let clean = scope.balance();
    slot.update(|evidence| {
        evidence.retry = match retried {
            Ran::Panicked => Retry::Panicked,
            Ran::Returned(outcome) => {
                evidence.retried = outcome;
                if outcome.same_as(&baseline.outcome) { Retry::Same } else { Retry::Different }
            }
        }
    });
    let verdict = slot.evidence();
    let holds_more = verdict.fds > 0 || verdict.threads > 0;
    let even = balance.is_even() || (balance.count, balance.bytes) == (clean.count, clean.bytes);
    if !account && !holds_more {
        return settle(session, scope, false, &[], even);
    }
    // What a first run opens, starts or keeps for good is there by now: only what a second failure leaves too is lost.
    let kept_clean = if account { LIVE.close() } else { Vec::new() };
    let before_again = Held::of(process);
    if account {
        LIVE.open();
    }
    aimed_run(process, first, second);
    before_again.wait_for_threads();
    let kept_again = if account { LIVE.close() } else { Vec::new() };
    let repeated = scope.fired() >= wanted;
    // What is told is otherwise what the first failure showed.
    slot.update(|evidence| *evidence = verdict);
    if repeated && holds_more {
        note_held(process, &Held::now(), &before_again);
    }
    if !account {
        return settle(session, scope, false, &[], even);
    }
    let leaks = if repeated { more_than(&kept_again, &kept_clean) } else { beyond_baseline(session, &kept_first) };
    finish(session, scope, &leaks)
}

/// Notes what the process holds beyond what it held before.
fn note_held(process: &Process<'_>, left: &Held, before: &Held) {
    let counts = !before.strangers && !process.has_strangers();
    process.scope.slot().update(|evidence| {
        evidence.fds = if counts { left.descriptors_more_than(before) } else { 0 };
        evidence.threads = if counts { left.threads_more_than(before) } else { 0 };
    });
}

fn settle(session: &Session<'_>, scope: &Arc<Scope>, account: bool, kept: &[Leak], even: bool) -> Attempted {
    if account {
        return finish(session, scope, &beyond_baseline(session, kept));
    }
    if even { Attempted::Complete(scope.slot().evidence()) } else { Attempted::Unbalanced }
}

fn finish(session: &Session<'_>, scope: &Arc<Scope>, leaks: &[Leak]) -> Attempted {
    scope.keep_account(false);
    let span = session.campaign.add_leaks(leaks);
    scope.slot().update(|evidence| {
        evidence.leaks = span;
        evidence.retained_once = leaks.is_empty();
    });
    Attempted::Complete(scope.slot().evidence())
}

/// Runs the body with a failure.
fn aimed_run(process: &Process<'_>, first: u32, second: u32) {
    let scope = &process.scope;
    scope.reset_balance();
    scope.aim(first, second);
    scope.slot().update(|evidence| *evidence = Evidence::default());
    let ran = process.run(phase::WALK);
    note(process, ran);
}

/// Notes how a run with a failure ended.
pub(crate) fn note(process: &Process<'_>, ran: Ran) {
    let scope = &process.scope;
    scope.rest();
    scope.slot().update(|evidence| match ran {
        Ran::Returned(outcome) => {
            evidence.end = End::Returned;
            evidence.outcome = outcome;
        }
        Ran::Panicked => evidence.end = End::Panicked,
    });
}

/// Runs the body without a failure.
fn clean_run(process: &Process<'_>) -> Ran {
    process.scope.reset_balance();
    process.run(phase::COUNT)
}

fn check_invariants(session: &Session<'_>, scope: &Arc<Scope>) {
    let broken = session.settings.invariants.iter().find(|invariant| !(invariant.holds)());
    if let Some(broken) = broken {
        let name = session.campaign.add_text(broken.name.as_bytes());
        scope.slot().update(|evidence| evidence.invariant = name);
    }
}

/// What `kept` has beyond `clean`, chain by chain.
fn more_than(kept: &[Leak], clean: &[Leak]) -> Vec<Leak> {
    let surplus = kept.iter().filter_map(|leak| {
        let usual = clean.iter().find(|usual| usual.chain == leak.chain).copied().unwrap_or_default();
        let more = leak.count > usual.count || leak.bytes > usual.bytes;
        more.then(|| Leak {
            count: leak.count.saturating_sub(usual.count).max(1),
            bytes: leak.bytes.saturating_sub(usual.bytes),
            ..*leak
        })
    });
    surplus.collect()
}

/// What `kept` has beyond what the first run without a failure keeps: lazily made values that stay for good.
fn beyond_baseline(session: &Session<'_>, kept: &[Leak]) -> Vec<Leak> {
    let usual: Vec<Leak> = kept.iter().map(|leak| retained(session.campaign.chains(), leak.chain)).collect();
    more_than(kept, &usual)
}

fn retained(chains: &[Chain], number: u32) -> Leak {
    let chain = chains.get(number as usize);
    let count = chain.map_or(0, |chain| chain.retained.load(std::sync::atomic::Ordering::Relaxed));
    Leak { chain: number, count, bytes: if count > 0 { u64::MAX } else { 0 } }
}

/// Descriptors and threads that the process holds.
pub(crate) struct Held {
    descriptors: Option<usize>,
    threads: Option<usize>,
    /// Threads of other tests hold some of it.
    strangers: bool,
}

impl Held {
    pub(crate) fn now() -> Held {
        Held { descriptors: unix::descriptors_count(), threads: unix::threads(), strangers: false }
    }

    /// What this process holds, with a note of whether others use it as well.
    pub(crate) fn of(process: &Process<'_>) -> Held {
        Held { strangers: process.has_strangers(), ..Held::now() }
    }

    /// Whether the same descriptors are open and no thread came or went.
    pub(crate) fn same_as(&self, other: &Held) -> bool {
        self.descriptors == other.descriptors && self.threads == other.threads
    }

    fn descriptors_more_than(&self, before: &Held) -> i32 {
        match (self.descriptors, before.descriptors) {
            (Some(now), Some(before)) => now as i32 - before as i32,
            _ => 0,
        }
    }

    pub(crate) fn threads_more_than(&self, before: &Held) -> i32 {
        match (self.threads, before.threads) {
            (Some(now), Some(before)) => now as i32 - before as i32,
            _ => 0,
        }
    }

    /// Gives threads that are about to end the time to do so.
    pub(crate) fn wait_for_threads(&self) {
        let Some(before) = self.threads else { return };
        let begun = Instant::now();
        while unix::threads().is_some_and(|now| now > before) && begun.elapsed() < GRACE {
            std::thread::sleep(Duration::from_micros(200));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_a_clean_run_does_not_keep_is_a_leak() {
        let leak = |chain, count, bytes| Leak { chain, count, bytes };
        let kept = [leak(1, 2, 20), leak(2, 1, 10), leak(3, 1, 64)];
        let clean = [leak(1, 1, 10), leak(2, 1, 10)];
        let leaks: Vec<_> = more_than(&kept, &clean).iter().map(|l| (l.chain, l.count, l.bytes)).collect();
        assert_eq!(leaks, [(1, 1, 10), (3, 1, 64)]);
    }
}
