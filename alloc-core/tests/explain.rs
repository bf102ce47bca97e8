//! What `Policy::explain` answers: the whole table, as a file to read, and the points that the sources argue about.

mod support;

use alloc_core::{
    BadNofail, Context, ContextSource, Gfp, LargeNofail, MISUSES, Misuse, Misuses, NestedNofail, NofsOom, Order,
    Policy, Promise, Scope,
};
use std::fmt::Write;
use std::path::Path;
use support::presets;

fn table() -> String {
    let requests = [
        ("ATOMIC", Gfp::ATOMIC),
        ("NOWAIT", Gfp::NOWAIT),
        ("KERNEL", Gfp::KERNEL),
        ("DEFAULT", Gfp::DEFAULT),
        ("NOFS", Gfp::NOFS),
        ("NOIO", Gfp::NOIO),
        ("USER", Gfp::USER),
        ("KERNEL | NORETRY", Gfp::KERNEL | Gfp::NORETRY),
        ("KERNEL | RETRY_MAYFAIL", Gfp::KERNEL | Gfp::RETRY_MAYFAIL),
        ("KERNEL | THISNODE", Gfp::KERNEL | Gfp::THISNODE),
        ("KERNEL | DMA32", Gfp::KERNEL | Gfp::DMA32),
        ("KERNEL | NOFAIL", Gfp::KERNEL | Gfp::NOFAIL),
        ("DEFAULT_NOFAIL", Gfp::DEFAULT_NOFAIL),
        ("NOFS | NOFAIL", Gfp::NOFS | Gfp::NOFAIL),
        ("ATOMIC | NOFAIL", Gfp::ATOMIC | Gfp::NOFAIL),
        ("KERNEL | NOFAIL | NORETRY", Gfp::KERNEL | Gfp::NOFAIL | Gfp::NORETRY),
        ("KERNEL | NORETRY | RETRY_MAYFAIL", Gfp::KERNEL | Gfp::NORETRY | Gfp::RETRY_MAYFAIL),
    ];
    let task = Context::default();
    let contexts = [
        ("in a task", task),
        ("in atomic context", task.inside(Scope::Atomic)),
        ("inside no_reclaim", task.inside(Scope::NoReclaim)),
        ("inside no_direct_reclaim", task.inside(Scope::NoDirectReclaim)),
        ("inside no_fs", task.inside(Scope::NoFs)),
    ];
    let mut text = String::from(
        "What a request is promised, by policy, context, flags and order; below the kernel's, only what differs from it.\n",
    );
    for (preset, policy) in presets() {
        for (place, context) in contexts {
            write!(text, "\n{preset}, {place}\n").unwrap();
            for (name, flags) in requests {
                let of = |policy: &Policy| {
                    [0, 1, 2, 3, 4, 10].map(|order| policy.explain(flags, Order::new(order), context))
                };
                let promises = of(&policy);
                if preset != "kernel" && promises == of(&Policy::kernel()) {
                    continue;
                }
                for (run, orders) in [(0, "0..=1"), (2, "2..=3"), (4, "4..=10")] {
                    if run > 0 && promises[run] == promises[run - 2] && promises[run + 1] == promises[run] {
                        continue;
                    }
                    assert!(run == 0 || promises[run] == promises[run + 1], "a border inside of orders {orders}");
                    writeln!(
                        text,
                        "  {name:<33} {:<6} {}",
                        format!("{}..", orders.split('.').next().unwrap()),
                        promises[run + usize::from(run == 0)]
                    )
                    .unwrap();
                    if run == 0 && promises[0] != promises[1] {
                        writeln!(text, "  {name:<33} =0     {}", promises[0]).unwrap();
                    }
                }
            }
        }
    }
    text
}

#[test]
fn row_008_the_table_of_promises_is_the_one_on_file() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/explain.txt");
    if std::env::var_os("ALLOC_CORE_BLESS").is_some() {
        std::fs::write(&path, table()).unwrap();
    }
    let filed = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        filed == table(),
        "the promises changed; read them, and file them with ALLOC_CORE_BLESS=1 if they are meant"
    );
}

fn promise(policy: &Policy, flags: Gfp, order: u32) -> Promise {
    policy.explain(flags, Order::new(order), Context::default()).promise
}

#[test]
fn row_080_small_requests_are_retried_and_large_ones_may_fail() {
    for order in 0..=10 {
        let expected = if order <= 3 { Promise::FailsOnlyAsVictim } else { Promise::FailsAfterEffort };
        assert_eq!(promise(&Policy::kernel(), Gfp::KERNEL, order), expected);
        assert_eq!(promise(&Policy::small_may_fail(), Gfp::KERNEL, order), Promise::FailsAfterEffort);
    }
}

#[test]
fn row_014_a_single_page_can_be_made_certain() {
    let policy = Policy::single_page_never_fails();
    assert_eq!(promise(&policy, Gfp::KERNEL, 0), Promise::CannotFail);
    assert_eq!(promise(&policy, Gfp::KERNEL, 1), Promise::FailsOnlyAsVictim);
    // Who said that failure is welcome, or cannot wait, is not made to.
    assert_eq!(promise(&policy, Gfp::KERNEL | Gfp::NORETRY, 0), Promise::FailsAfterEffort);
    assert_eq!(promise(&policy, Gfp::ATOMIC, 0), Promise::FailsFast);
}

#[test]
fn row_051_each_misuse_is_found_by_what_makes_it_one() {
    let task = Context::default();
    let found = |flags, order, context| -> Vec<Misuse> {
        Misuses::of(flags, Order::new(order), Order::COSTLY, context).iter().collect()
    };
    let cases: [(Gfp, u32, Context, &[Misuse]); 17] = [
        (Gfp::ATOMIC | Gfp::NOFAIL, 0, task, &[Misuse::NofailCannotWait]),
        (Gfp::NOWAIT | Gfp::NOFAIL, 1, task, &[Misuse::NofailCannotWait]),
        (Gfp::KERNEL | Gfp::NOFAIL, 1, task, &[]),
        (Gfp::KERNEL | Gfp::NOFAIL, 2, task, &[Misuse::NofailAboveTwoPages]),
        (Gfp::KERNEL | Gfp::NOFAIL, 3, task, &[Misuse::NofailAboveTwoPages]),
        (Gfp::KERNEL | Gfp::NOFAIL, 4, task, &[Misuse::NofailCostly]),
        (Gfp::KERNEL | Gfp::NOFAIL, 0, task.inside(Scope::NoReclaim), &[Misuse::NofailNestedInNoReclaim]),
        (Gfp::KERNEL | Gfp::NOFAIL, 0, task.inside(Scope::NoDirectReclaim), &[Misuse::NofailNestedInNoReclaim]),
        (Gfp::KERNEL | Gfp::NOFAIL | Gfp::NORETRY, 0, task, &[Misuse::NofailNoretry]),
        (Gfp::KERNEL | Gfp::NOFAIL | Gfp::RETRY_MAYFAIL, 0, task, &[Misuse::NofailRetryMayfail]),
        (Gfp::KERNEL | Gfp::NORETRY | Gfp::RETRY_MAYFAIL, 0, task, &[Misuse::NoretryRetryMayfail]),
        (Gfp::KERNEL | Gfp::MEMALLOC | Gfp::NOMEMALLOC, 0, task, &[Misuse::MemallocNomemalloc]),
        (Gfp::KERNEL | Gfp::DMA | Gfp::DMA32, 0, task, &[Misuse::ZonePair]),
        (Gfp::KERNEL | Gfp::DMA32 | Gfp::HIGHMEM, 0, task, &[Misuse::ZonePair]),
        (Gfp::KERNEL | Gfp::RECLAIMABLE | Gfp::MOVABLE, 0, task, &[Misuse::ReclaimableMovable]),
        (Gfp::KERNEL, 0, task.inside(Scope::Atomic), &[Misuse::SleepInAtomic]),
        (Gfp::NOFS, 0, task.inside(Scope::Interrupt), &[Misuse::SleepInAtomic]),
    ];
    for (flags, order, context, expected) in cases {
        assert_eq!(found(flags, order, context), expected, "{flags:?} of order {order}");
        let refused = MISUSES.iter().any(|row| row.strict_refuses && expected.contains(&row.misuse));
        let strict = Policy::strict().explain(flags, Order::new(order), context).promise;
        assert_eq!(strict == Promise::InvalidUse, refused, "{flags:?} of order {order} under the strict policy");
    }
}

#[test]
fn row_060_what_becomes_of_an_impossible_nofail_is_one_value() {
    let with = |bad_nofail| Policy { bad_nofail, ..Policy::kernel() };
    for (policy, context, size) in [
        (with(BadNofail::Fail), Promise::FailsFast, Promise::InvalidUse),
        (with(BadNofail::Loop), Promise::CannotFail, Promise::CannotFail),
        (with(BadNofail::KillTask), Promise::InvalidUse, Promise::InvalidUse),
        (with(BadNofail::Bug), Promise::InvalidUse, Promise::InvalidUse),
        (with(BadNofail::Promote), Promise::CannotFail, Promise::InvalidUse),
    ] {
        assert_eq!(promise(&policy, Gfp::ATOMIC | Gfp::NOFAIL, 0), context);
        assert_eq!(promise(&policy, Gfp::KERNEL | Gfp::NOFAIL, 11), size);
    }
    let refuses_large = Policy { large_nofail: LargeNofail::Fail, ..Policy::kernel() };
    assert_eq!(promise(&refuses_large, Gfp::KERNEL | Gfp::NOFAIL, 1), Promise::CannotFail);
    assert_eq!(promise(&refuses_large, Gfp::KERNEL | Gfp::NOFAIL, 2), Promise::InvalidUse);
}

#[test]
fn row_057_nofail_in_a_scope_without_reclaim_is_one_value() {
    let inside = Context::default().inside(Scope::NoDirectReclaim);
    for (nested_nofail, expected) in [
        (NestedNofail::Violate, Promise::FailsFast),
        (NestedNofail::WarnAndReclaim, Promise::CannotFail),
        (NestedNofail::Loop, Promise::CannotFail),
        (NestedNofail::KillTask, Promise::InvalidUse),
        (NestedNofail::Bug, Promise::InvalidUse),
    ] {
        let policy = Policy { nested_nofail, ..Policy::kernel() };
        assert_eq!(policy.explain(Gfp::KERNEL | Gfp::NOFAIL, Order::ZERO, inside).promise, expected);
    }
}

#[test]
fn row_029_requests_without_fs_do_not_kill_unless_the_policy_says_so() {
    let with = |nofs_oom| Policy { nofs_oom, ..Policy::kernel() };
    assert_eq!(promise(&with(NofsOom::Pretend), Gfp::NOFS, 3), Promise::FailsOnlyAsVictim);
    assert_eq!(promise(&with(NofsOom::Fail), Gfp::NOFS, 3), Promise::FailsAfterEffort);
    let reason = with(NofsOom::Pretend).explain(Gfp::NOFS, Order::ZERO, Context::default()).reason;
    assert_eq!(reason, "retries for ever, and kills nobody");
}

#[test]
fn row_067_a_policy_that_trusts_the_flags_does_not_see_the_lock() {
    let atomic = Context::default().inside(Scope::Atomic);
    let strict = Policy { context_source: ContextSource::CallerFlagsOnly, ..Policy::strict() };
    assert_eq!(strict.explain(Gfp::KERNEL, Order::ZERO, atomic).promise, Promise::FailsOnlyAsVictim);
    assert_eq!(Policy::strict().explain(Gfp::KERNEL, Order::ZERO, atomic).promise, Promise::InvalidUse);
}
