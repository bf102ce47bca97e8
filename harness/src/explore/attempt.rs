//! One attempt: the body with a chain failed, the oracles, and the body once more without a failure.

use std::sync::Arc;

use super::account::{beyond_baseline, close_account, more_than, open_account};
use super::arms;
use super::held::Held;
use super::process::Process;
use super::run::Ran;
use super::session::Session;
use crate::inject::kept;
use crate::memory::campaign::Campaign;
use crate::memory::freed::FREED;
use crate::memory::record::{End, Evidence, Leak, NONE, Retry};
use crate::scope::shared::{Scope, phase};

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
        open_account();
    }
    aimed_run(process, first, second);
    conclude(process, &before, [first, second], account)
}

/// The oracles, after a run that was to fail `targets` and whose end is noted.
pub(crate) fn conclude(process: &Process<'_>, before: &Held, targets: [u32; 2], account: bool) -> Attempted {
    let attempted = examine(process, before, targets, account);
    FREED.give_back();
    attempted
}

fn examine(process: &Process<'_>, before: &Held, targets: [u32; 2], account: bool) -> Attempted {
    let (session, scope) = (&process.session, &process.scope);
    let slot = scope.slot();
    let baseline = session.campaign.header().baseline();
    let [first, second] = targets;
    let wanted = if second == NONE { 1 } else { 2 };
    before.wait_for_threads();
    if scope.fired() < wanted {
        return Attempted::NotMet;
    }
    arms::note(session.campaign, scope.slot_number());
    let left = Held::now();
    let balance = scope.balance();
    note_held(process, &left, before);
    kept::look(scope);
    let kept_first = if account { close_account(session, before) } else { Vec::new() };
    check_invariants(session, scope);

    if !baseline.repeatable {
        return settle(session, scope, account, &kept_first, balance.is_even());
    }
    slot.update(|evidence| evidence.retry = Retry::Begun);
    if account {
        open_account();
    }
    let retried = clean_run(process);
    before.wait_for_threads();
    // What the failure left behind may be written to only when the code is used again.
    kept::look(scope);
    FREED.give_back();
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
    let kept_clean = if account { close_account(session, before) } else { Vec::new() };
    let before_again = Held::of(process);
    if account {
        open_account();
    }
    aimed_run(process, first, second);
    before_again.wait_for_threads();
    // What is kept once and for all is kept by one of the two failing runs, whichever comes to make it first.
    let mut kept_again = if account { close_account(session, &before_again) } else { Vec::new() };
    kept_again.retain(|leak| kept_first.iter().any(|first| first.chain == leak.chain));
    let repeated = scope.fired() >= wanted;
    // What is told is otherwise what the first failure showed.
    slot.update(|evidence| *evidence = verdict);
    if repeated && holds_more {
        note_held(process, &Held::now(), &before_again);
    }
    if !account {
        return settle(session, scope, false, &[], even);
    }
    let leaks =
        if repeated { more_than(&kept_again, &kept_clean) } else { beyond_baseline(session.campaign, &kept_first) };
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
        return finish(session, scope, &beyond_baseline(session.campaign, kept));
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
