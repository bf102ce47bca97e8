//! Locks that reclaim could wait for: found without pressure, kept by the dead, and listed when they are left held.

mod support;

use alloc_core::{
    AllocError, BadNofail, EventKind, Gfp, HeldLock, LockError, Machine, Order, Pages, Policy, ReclaimClass,
    ReclaimLock, Scope, Shrinker, TaskOptions,
};
use std::sync::{Arc, Weak};
use support::{MIN, NODE, full, hog, kinds, order};

fn machine(policy: Policy) -> Arc<Machine> {
    Arc::new(support::machine(policy))
}

/// A cache behind a lock, which its shrinker takes.
struct Guarded {
    class: ReclaimClass,
    machine: Weak<Machine>,
    lock: ReclaimLock<Vec<Pages>>,
}

impl Guarded {
    fn register(machine: &Arc<Machine>, class: ReclaimClass, pages: usize) -> Arc<Guarded> {
        let one = || machine.alloc_pages(Order::ZERO, Gfp::KERNEL).unwrap().into_pages();
        let pages = (0..pages).map(|_| one()).collect();
        let lock = ReclaimLock::new(machine, "cache", pages);
        let guarded = Arc::new(Guarded { class, machine: Arc::downgrade(machine), lock });
        machine.register_shrinker(guarded.clone());
        guarded
    }
}

impl Shrinker for Guarded {
    fn class(&self) -> ReclaimClass {
        self.class
    }

    fn count(&self) -> u64 {
        1 << 12
    }

    fn scan(&self, _: u64, free: &mut dyn FnMut(Pages)) {
        let machine = self.machine.upgrade().unwrap();
        // Whoever reclaims while it holds the lock comes here, too: a shrinker that cannot have its lock gives nothing.
        if let Ok(mut pages) = self.lock.lock(&machine) {
            pages.drain(..).for_each(free);
        }
    }
}

fn deadlocks(machine: &Machine) -> Vec<ReclaimClass> {
    let found = kinds(machine, 0).into_iter().filter_map(|kind| match kind {
        EventKind::PossibleDeadlock { lock: "cache", class } => Some(class),
        _ => None,
    });
    found.collect()
}

#[test]
fn row_053_a_lock_that_is_held_over_reclaim_and_taken_in_it_is_reported_without_pressure() {
    use ReclaimClass::{Clean, Fs, Io};
    for (class, harmless, harmful) in [
        (Fs, [Gfp::NOFS, Gfp::NOWAIT, Gfp::ATOMIC], Gfp::KERNEL),
        (Io, [Gfp::NOIO, Gfp::NOWAIT, Gfp::KERNEL | Gfp::NOLOCKDEP], Gfp::NOFS),
        (Clean, [Gfp::NOWAIT, Gfp::ATOMIC, Gfp::NOIO | Gfp::NOLOCKDEP], Gfp::NOIO | Gfp::NORETRY),
    ] {
        let machine = machine(Policy::kernel());
        let cache = Guarded::register(&machine, class, 0);
        cache.lock.taken_by_shrinkers(&machine, class);
        let ask = |flags| machine.alloc_pages(Order::ZERO, flags).map(drop).unwrap();
        ask(harmful);
        let held = cache.lock.lock(&machine).unwrap();
        harmless.into_iter().for_each(ask);
        let scope = machine.scope(Scope::NoReclaim);
        ask(harmful);
        drop(scope);
        assert_eq!(deadlocks(&machine), [], "{class:?}");
        ask(harmful);
        ask(harmful);
        assert_eq!((deadlocks(&machine), machine.stats().possible_deadlocks), (vec![class], 1), "once");
        assert_eq!(machine.stats().direct_passes, 0, "and nothing was short");
        drop(held);
    }
}

#[test]
fn row_053_what_was_seen_in_either_order_counts_and_of_any_lock_of_the_name() {
    for shrinks_first in [true, false] {
        let machine = machine(Policy::kernel());
        let _cache = Guarded::register(&machine, ReclaimClass::Fs, 100);
        let other = ReclaimLock::new(&machine, "cache", ());
        let stranger = ReclaimLock::new(&machine, "another", ());
        let shrink = || {
            let _hoard = machine.exhaust(NODE, MIN);
            assert!(machine.alloc_pages(Order::ZERO, Gfp::KERNEL).is_ok());
            assert_eq!(machine.stats().direct_passes, 1);
        };
        let hold = || {
            let _held = (other.lock(&machine).unwrap(), stranger.lock(&machine).unwrap());
            assert!(machine.alloc_pages(Order::ZERO, Gfp::KERNEL).is_ok());
        };
        let steps: [&dyn Fn(); 2] = if shrinks_first { [&shrink, &hold] } else { [&hold, &shrink] };
        steps[0]();
        assert_eq!(machine.stats().possible_deadlocks, 0);
        steps[1]();
        assert_eq!((deadlocks(&machine), machine.stats().possible_deadlocks), (vec![ReclaimClass::Fs], 1));
    }
}

#[test]
fn row_129_a_shrinker_that_waits_for_its_own_caller_is_told_so_and_does_not_hang() {
    let machine = machine(Policy::small_may_fail());
    let cache = Guarded::register(&machine, ReclaimClass::Fs, 100);
    let _hoard = machine.exhaust(NODE, MIN);
    let held = cache.lock.lock(&machine).unwrap();
    let result = machine.alloc_pages(Order::ZERO, Gfp::KERNEL.without(Gfp::KSWAPD_RECLAIM));
    assert_eq!(result.unwrap_err(), AllocError::NoMemory);
    assert_eq!(deadlocks(&machine), [ReclaimClass::Fs]);
    assert!(machine.stats().hangs > 0, "the shrinker would have waited for ever");
    assert_eq!(cache.lock.lock(&machine).unwrap_err(), LockError::Recursive);
    drop(held);
    assert!(machine.alloc_pages(Order::ZERO, Gfp::KERNEL).is_ok());
}

#[test]
fn row_066_a_killed_task_keeps_its_locks_and_who_waits_for_them_is_told() {
    for release_on_kill in [false, true] {
        let machine = machine(Policy { bad_nofail: BadNofail::KillTask, release_on_kill, ..Policy::kernel() });
        let (killed, other) = (hog(&machine, 1), machine.spawn(TaskOptions::named("other")));
        let lock = ReclaimLock::new(&machine, "journal", 7);
        machine.run_as(killed, || {
            let _guard = lock.lock(&machine).unwrap();
            let result = machine.alloc_pages(Order::ZERO, Gfp::ATOMIC | Gfp::NOFAIL);
            assert_eq!(result.unwrap_err(), AllocError::TaskKilled);
        });
        let taken = machine.run_as(other, || lock.lock(&machine).map(|guard| *guard));
        if release_on_kill {
            assert_eq!((taken, machine.held_locks()), (Ok(7), Vec::new()));
        } else {
            assert_eq!(taken, Err(LockError::HolderGone(killed)));
            assert_eq!(machine.held_locks(), [HeldLock { name: "journal", holder: killed }]);
            assert!(kinds(&machine, 0).contains(&EventKind::LockHang { lock: "journal", holder: killed }));
            assert_eq!(machine.stats().hangs, 1);
        }
    }
}

#[test]
fn row_066_a_victim_of_the_killer_unwinds_and_gives_its_locks_back() {
    let machine = machine(Policy::kernel());
    let victim = hog(&machine, 500);
    machine.set_memory_locked(victim, true);
    let lock = ReclaimLock::new(&machine, "journal", ());
    let _hoard = full(&machine);
    let result = machine.run_as(victim, || {
        let _guard = lock.lock(&machine).unwrap();
        machine.alloc_pages(order(0), Gfp::KERNEL).map(drop)
    });
    assert_eq!(result, Err(AllocError::VictimReservesGone));
    assert!(machine.is_victim(victim) && machine.held_locks().is_empty());
    assert!(lock.lock(&machine).is_ok());
}

#[test]
fn row_066_a_lock_that_is_left_held_is_listed_and_waited_for_in_vain() {
    let machine = machine(Policy::kernel());
    let (first, second) = (hog(&machine, 1), hog(&machine, 1));
    let mut lock = ReclaimLock::new(&machine, "left", String::from("as it was"));
    assert_eq!(machine.held_locks(), []);
    machine.run_as(first, || std::mem::forget(lock.lock(&machine).unwrap()));
    assert_eq!(machine.held_locks(), [HeldLock { name: "left", holder: first }]);
    let wait = |task| machine.run_as(task, || lock.lock(&machine).map(drop));
    assert_eq!(wait(second), Err(LockError::Hang(first)));
    assert_eq!(wait(first), Err(LockError::Recursive));
    machine.exit(first);
    assert_eq!(wait(second), Err(LockError::HolderGone(first)));
    let foreign = support::machine(Policy::kernel());
    assert_eq!(lock.lock(&foreign).map(drop), Err(LockError::OtherMachine));
    assert_eq!(lock.get_mut(), "as it was");
}

#[test]
fn row_129_no_addition_behind_a_lock_is_lost_between_threads() {
    let machine = machine(Policy::kernel());
    let lock = ReclaimLock::new(&machine, "count", 0_u32);
    let times = if cfg!(miri) { 20 } else { 2_000 };
    std::thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| {
                let task = machine.spawn(TaskOptions::named("thread"));
                let add = || lock.lock(&machine).map(|mut count| *count += 1);
                // Between two looks of one who waits nothing may have moved, although the holder runs on another thread.
                (0..times).for_each(|_| while machine.run_as(task, add).is_err() {});
            });
        }
    });
    assert_eq!(*lock.lock(&machine).unwrap(), 3 * times);
}

#[test]
fn row_053_requests_that_were_answered_before_are_looked_at_under_a_lock_all_the_same() {
    let machine = machine(Policy::kernel());
    let lock = ReclaimLock::new(&machine, "cache", ());
    lock.taken_by_shrinkers(&machine, ReclaimClass::Fs);
    let ask = || machine.alloc_pages(Order::ZERO, Gfp::KERNEL).map(drop).unwrap();
    (0..10).for_each(|_| ask());
    let _held = lock.lock(&machine).unwrap();
    ask();
    assert_eq!(deadlocks(&machine), [ReclaimClass::Fs]);
}

#[cfg(feature = "std")]
#[test]
fn row_129_in_live_time_a_thread_waits_until_the_holder_gives_the_lock_back() {
    let machine = support::builder(Policy::kernel()).time(alloc_core::Time::Live).build().unwrap();
    let lock = ReclaimLock::new(&machine, "count", 0_u32);
    let times = if cfg!(miri) { 20 } else { 2_000 };
    std::thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| {
                let task = machine.spawn(TaskOptions::named("thread"));
                (0..times).for_each(|_| machine.run_as(task, || *lock.lock(&machine).unwrap() += 1));
            });
        }
    });
    assert_eq!((*lock.lock(&machine).unwrap(), machine.stats().hangs), (3 * times, 0));
}
