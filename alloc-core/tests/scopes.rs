//! Scopes: what they leave of a request's flags, however they are nested and in whatever order they end.

mod support;

use alloc_core::{Gfp, Machine, Policy, Scope, TaskOptions};
use support::machine;

/// The slow, obvious reading of what open scopes leave of flags.
fn obvious(open: &[Scope], asked: Gfp) -> Gfp {
    if open.contains(&Scope::Interrupt) {
        return asked;
    }
    let mut kept = Gfp::NONE;
    for (_, flag) in Gfp::NAMES.iter().filter(|(_, flag)| asked.contains(*flag)) {
        let takers: &[Scope] = match *flag {
            Gfp::FS => &[Scope::NoFs, Scope::NoIo],
            Gfp::IO => &[Scope::NoIo],
            Gfp::MOVABLE => &[Scope::Pin],
            Gfp::DIRECT_RECLAIM => &[Scope::NoDirectReclaim],
            _ => &[],
        };
        if !open.iter().any(|scope| takers.contains(scope)) {
            kept |= *flag;
        }
    }
    if open.contains(&Scope::NoWarn) { kept | Gfp::NOWARN } else { kept }
}

#[test]
fn row_056_any_nesting_leaves_what_the_obvious_reading_says_and_nothing_behind() {
    let machine = machine(Policy::kernel());
    let before = machine.context();
    let mut seed = 7_u64;
    let mut random = |limit: usize| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (seed >> 33) as usize % limit
    };
    for _ in 0..500 {
        let mut guards = Vec::new();
        for _ in 0..20 {
            if random(3) > 0 || guards.is_empty() {
                let scope = Scope::ALL[random(Scope::ALL.len())];
                guards.push((scope, machine.scope(scope)));
            } else {
                // Not the last one in particular: guards may end in any order.
                drop(guards.swap_remove(random(guards.len())));
            }
            let open: Vec<Scope> = guards.iter().map(|(scope, _)| *scope).collect();
            for asked in [Gfp::KERNEL, Gfp::USER_MOVABLE, Gfp::ATOMIC, Gfp::NONE] {
                assert_eq!(machine.context().effective(asked), obvious(&open, asked), "{open:?}");
            }
        }
        drop(guards);
        assert_eq!(machine.context(), before);
    }
}

#[test]
fn row_130_an_interrupt_hides_the_task() {
    let machine = machine(Policy::kernel());
    let _scopes = (machine.scope(Scope::NoIo), machine.scope(Scope::NoReclaim), machine.scope(Scope::Atomic));
    assert!(machine.context().has(Scope::NoReclaim));
    let interrupt = machine.scope(Scope::Interrupt);
    assert!(!machine.context().has(Scope::NoReclaim));
    assert_eq!(machine.context().effective(Gfp::KERNEL), Gfp::KERNEL);
    drop(interrupt);
    assert_eq!(machine.context().effective(Gfp::KERNEL), Gfp::NOIO);
}

#[test]
fn row_056_a_scope_belongs_to_the_task_that_opened_it() {
    let machine = machine(Policy::kernel());
    let other = machine.spawn(TaskOptions::named("other"));
    let guard = machine.scope(Scope::NoFs);
    machine.run_as(other, || assert_eq!(machine.context().effective(Gfp::KERNEL), Gfp::KERNEL));
    machine.run_as(other, || drop(guard));
    assert_eq!(machine.context().effective(Gfp::KERNEL), Gfp::KERNEL);
    assert_eq!(machine.current(), Machine::BOOT);
}
