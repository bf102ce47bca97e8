//! A second reading of the policy, slow and obvious, which must agree with the engine on random requests in random
//! situations; and `explain`, which must not contradict what happens.

#[path = "reference/reading.rs"]
mod reading;
#[path = "reference/situation.rs"]
mod situation;
#[path = "reference/world.rs"]
mod world;

use alloc_core::{AllocError, Context, Gfp, Order, PlainHost, Promise, Scope};
use reading::Reading;
use situation::{Random, situation};
use std::fmt::Display;
use std::sync::Arc;
use world::{End, NODES, PAGES};

/// What a case was like: the promise that was made, whether the request failed, and whether promises did not apply.
#[allow(dead_code, reason = "the tests' concern, not the fuzzer's")]
struct Case {
    promise: usize,
    failed: bool,
    excepted: bool,
}

/// Builds the situation that the choices describe, and asks the engine, the reading and `explain` about it.
fn compare(random: &mut Random<'_>, host: &Arc<PlainHost>, case: &dyn Display) -> Case {
    let (machine, asking, held, world) = situation(random, host);
    let before = machine.stats();
    let budget = world.budget.map(|(room, all)| (machine.memcg(room).unwrap(), all));
    let result = machine.run_as(asking, || {
        let _account = budget.and_then(|(budget, all)| {
            budget.attach(asking).unwrap();
            all.then(|| budget.account())
        });
        let of_scopes =
            |within| world.scoped.iter().filter(move |(_, inner)| *inner == within).map(|(policy, _)| policy);
        let _before: Vec<_> = of_scopes(false).map(|policy| machine.policy_scope(policy.clone())).collect();
        let _scopes: Vec<_> = world.scopes.iter().map(|scope| machine.scope(*scope)).collect();
        let _within: Vec<_> = of_scopes(true).map(|policy| machine.policy_scope(policy.clone())).collect();
        assert_eq!(machine.current_policy(), world.rules(), "{case}");
        machine.alloc_pages(Order::new(world.order), world.flags).map(drop)
    });
    let after = machine.stats();
    let happened = End { result, kills: after.kills - before.kills };
    let read = Reading::new(world.clone()).read();
    assert_eq!(happened, read, "{case}, the engine (left) and the reading (right): {world:?}");
    machine.audit().unwrap();

    let context = world.scopes.iter().fold(Context::default(), |context, scope| context.inside(*scope));
    let guarantee = world.rules().explain(world.flags, Order::new(world.order), context);
    use AllocError::{Dead, Discipline, Hang, InvalidFlags, NoMemory, OrderTooBig, TaskKilled, VictimReservesGone};
    assert!(budget.is_none_or(|(budget, _)| budget.charged() == 0), "{case}");
    let (promise, allowed): (usize, &[AllocError]) = match guarantee.promise {
        Promise::CannotFail => (0, &[Hang, Dead]),
        Promise::FailsOnlyAsVictim => (1, &[Hang, Dead, VictimReservesGone]),
        Promise::FailsAfterEffort => (2, &[NoMemory, VictimReservesGone, Dead]),
        Promise::FailsFast => (3, &[NoMemory]),
        Promise::InvalidUse => (4, &[OrderTooBig, InvalidFlags, Discipline, TaskKilled, Dead]),
    };
    // Promises are about requests that could be served: neither what no node has, nor budgets enter into them.
    let interrupt = world.scopes.contains(&Scope::Interrupt);
    let nowhere = world.flags.contains(Gfp::THISNODE | Gfp::HARDWALL) && !world.mems.contains(&0) && !interrupt;
    let excepted = nowhere || result == Err(AllocError::OverLimit);
    let promised = |error: AllocError| excepted || allowed.contains(&error);
    let kept = result.map_or_else(promised, |()| guarantee.promise != Promise::InvalidUse);
    assert!(kept, "{case}: {guarantee}, but {result:?}: {world:?}");
    let passes = after.direct_passes - before.direct_passes;
    assert!(guarantee.promise != Promise::FailsFast || passes == 0, "{case}: {guarantee}, but it reclaimed");
    held.into_iter().for_each(|pages| machine.free(pages).unwrap());
    Case { promise, failed: result.is_err(), excepted }
}

/// The situation that a fuzzer's bytes describe.
pub fn check(bytes: &[u8]) {
    thread_local!(static HOST: Arc<PlainHost> = Arc::new(PlainHost::new((NODES * PAGES) as usize).unwrap()));
    compare(&mut Random::Bytes(bytes), &HOST.with(Arc::clone), &"a fuzzer's bytes");
}

#[test]
fn row_008_a_second_reading_agrees_and_explain_is_never_contradicted() {
    let host = Arc::new(PlainHost::new((NODES * PAGES) as usize).unwrap());
    let cases = if cfg!(debug_assertions) { 10_000 } else { 1_000_000 };
    let mut seen = [0_u32; 7];
    for number in 0..cases {
        let mut random = Random::Seed(number);
        random.below(1);
        let case = compare(&mut random, &host, &format_args!("case {number}"));
        seen[case.promise] += 1;
        seen[5] += u32::from(case.failed);
        seen[6] += u32::from(case.excepted);
    }
    // The situations are of all kinds, and not all harmless.
    assert!(seen.iter().all(|seen| u64::from(*seen) * 100 > cases), "{seen:?} of {cases}");
}
