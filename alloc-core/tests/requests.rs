//! Requests on a small machine: what each flag gets, at which page it flips, and how it ends.

mod support;

use alloc_core::{
    AllocError, AtomicSleep, ContextSource, EventKind, Gfp, Machine, Misuse, NodePages, OnOom, Order, Policy,
    ReclaimClass, Scope, ZoneKind,
};
use std::sync::atomic::Ordering::Relaxed;
use support::{Cache, MIN, NODE, full, hog, kinds, machine, order};

fn waiting() -> Policy {
    Policy { on_oom: OnOom::Wait, ..Policy::kernel() }
}

#[test]
fn row_001_a_small_request_kills_once_and_succeeds_and_a_large_one_fails() {
    for (size, kills) in [(3, 1), (4, 0)] {
        let machine = machine(Policy::kernel());
        hog(&machine, 500);
        let _hoard = full(&machine);
        assert_eq!(machine.alloc_pages(order(size), Gfp::KERNEL).is_ok(), kills == 1, "order {size}");
        assert_eq!(machine.stats().kills, kills, "order {size}");
        machine.audit().unwrap();
    }
}

#[test]
fn row_002_the_costly_border_is_where_the_policy_puts_it() {
    for costly in 0..=10 {
        for size in 0..=10 {
            let policy = Policy { costly: order(costly), ..Policy::kernel() };
            let machine = Machine::builder().node(NodePages::new(4096)).min_free_pages(MIN).policy(policy);
            let machine = machine.build().unwrap();
            hog(&machine, 3000);
            let _hoard = full(&machine);
            let result = machine.alloc_pages(order(size), Gfp::KERNEL);
            assert_eq!(result.is_ok(), size <= costly, "order {size}, border {costly}");
            assert_eq!(machine.stats().kills, u64::from(size <= costly), "order {size}, border {costly}");
        }
    }
}

#[test]
fn row_003_every_request_counts_in_the_histogram_of_orders() {
    let machine = machine(Policy::kernel());
    for (size, times) in [(0, 7), (1, 3), (10, 1), (40, 2)] {
        for _ in 0..times {
            let _ = machine.alloc_pages(order(size), Gfp::NOWAIT);
        }
    }
    let stats = machine.stats();
    assert_eq!((stats.orders[0], stats.orders[1], stats.orders[10], stats.orders[18]), (7, 3, 1, 2));
    assert_eq!(stats.requests(), 13);
}

#[test]
fn row_006_two_machines_of_one_process_follow_opposite_policies() {
    let (loops, fails) = (machine(Policy::kernel()), machine(Policy::small_may_fail()));
    for machine in [&loops, &fails] {
        hog(machine, 500);
    }
    let _hoards = (full(&loops), full(&fails));
    assert!(loops.alloc_pages(Order::ZERO, Gfp::KERNEL).is_ok());
    assert_eq!(fails.alloc_pages(Order::ZERO, Gfp::KERNEL).unwrap_err(), AllocError::NoMemory);
    assert_eq!((loops.stats().kills, fails.stats().kills), (1, 0));
}

#[test]
fn row_007_success_by_policy_and_by_chance_are_counted_apart() {
    let machine = machine(Policy::kernel());
    let _ = machine.alloc_pages(Order::ZERO, Gfp::KERNEL).unwrap();
    let _ = machine.alloc_pages(Order::ZERO, Gfp::ATOMIC).unwrap();
    let _ = machine.alloc_pages(order(4), Gfp::KERNEL).unwrap();
    let stats = machine.stats();
    assert_eq!((stats.served_by_policy, stats.served_by_chance), (1, 2));
}

#[test]
fn row_012_noretry_makes_one_pass_and_kills_nobody() {
    let machine = machine(Policy::kernel());
    hog(&machine, 500);
    let _hoard = full(&machine);
    let result = machine.alloc_pages(Order::ZERO, Gfp::KERNEL | Gfp::NORETRY);
    assert_eq!(result.unwrap_err(), AllocError::NoMemory);
    assert_eq!((machine.stats().direct_passes, machine.stats().kills), (1, 0));
}

#[test]
fn row_022_retry_mayfail_tries_while_there_is_progress_and_then_fails() {
    for size in [0, 5] {
        let machine = machine(Policy::kernel());
        hog(&machine, 100);
        // It gives one page a scan, and says that there is much more.
        let cache = Cache::custom(&machine, ReclaimClass::Clean, MIN as usize, Some(1000), 1);
        let _hoard = full(&machine);
        let result = machine.alloc_pages(order(size), Gfp::KERNEL | Gfp::RETRY_MAYFAIL);
        assert_eq!(result.unwrap_err(), AllocError::NoMemory);
        let stats = machine.stats();
        assert_eq!(stats.kills, 0);
        if size == 0 {
            assert!(cache.pages.lock().unwrap().is_empty());
            assert_eq!(stats.direct_passes, 7 + 17, "7 with progress, and 17 without");
        }
    }
}

#[test]
fn row_023_out_of_memory_with_nobody_to_kill_stops_the_machine_and_not_the_process() {
    let machine = machine(Policy::kernel());
    let hoard = full(&machine);
    assert_eq!(machine.alloc_pages(Order::ZERO, Gfp::KERNEL).unwrap_err(), AllocError::Dead);
    drop(hoard);
    assert_eq!(machine.alloc_pages(Order::ZERO, Gfp::KERNEL).unwrap_err(), AllocError::Dead);
    assert_eq!(machine.stopped(), Some("out of memory"));
    let panics = Policy { panic_on_oom: true, ..Policy::kernel() };
    let machine = support::machine(panics);
    hog(&machine, 500);
    let _hoard = full(&machine);
    assert_eq!(machine.alloc_pages(Order::ZERO, Gfp::KERNEL).unwrap_err(), AllocError::Dead);
    assert_eq!(machine.stats().kills, 0);
}

#[test]
fn row_028_nofs_on_a_full_machine_hangs_instead_of_killing() {
    let machine = machine(Policy::kernel());
    hog(&machine, 500);
    let _hoard = full(&machine);
    assert_eq!(machine.alloc_pages(Order::ZERO, Gfp::NOFS).unwrap_err(), AllocError::Hang);
    let stats = machine.stats();
    assert_eq!((stats.kills, stats.hangs), (0, 1));
    assert!(stats.sleeps <= 3, "it is reported at once, after {} sleeps", stats.sleeps);
}

#[test]
fn row_048_without_direct_reclaim_nothing_is_reclaimed() {
    let machine = machine(Policy::kernel());
    let cache = Cache::register(&machine, ReclaimClass::Clean, 100);
    let _hoard = full(&machine);
    let scope = machine.scope(Scope::NoDirectReclaim);
    assert_eq!(machine.alloc_pages(Order::ZERO, Gfp::KERNEL).unwrap_err(), AllocError::NoMemory);
    assert_eq!((cache.scans.load(Relaxed), machine.stats().direct_passes), (0, 0));
    drop(scope);
    assert!(machine.alloc_pages(Order::ZERO, Gfp::KERNEL).is_ok(), "it was the scope");
}

#[test]
fn row_131_a_scope_that_never_waits_wakes_the_background_and_does_not_sleep() {
    let machine = machine(Policy::kernel());
    hog(&machine, 100);
    let cache = Cache::register(&machine, ReclaimClass::Clean, 200);
    let _hoard = full(&machine);
    let scope = machine.scope(Scope::NoDirectReclaim);
    for flags in [Gfp::KERNEL, Gfp::KERNEL | Gfp::RETRY_MAYFAIL, Gfp::NOFS, Gfp::NOIO, Gfp::ATOMIC] {
        assert_eq!(machine.alloc_pages(Order::ZERO, flags).unwrap_err(), AllocError::NoMemory, "{flags}");
    }
    let stats = machine.stats();
    assert_eq!((stats.sleeps, stats.direct_passes, stats.kills, stats.kswapd_wakes), (0, 0, 0, 1));
    // The background does what the request may not, and the next one is served inside of the same scope.
    machine.background();
    assert!(machine.alloc_pages(Order::ZERO, Gfp::KERNEL).is_ok());
    assert!(cache.scans.load(Relaxed) > 0);
    drop(scope);
}

#[test]
fn row_049_a_scope_silences_reports() {
    let machine = machine(Policy::kernel());
    let _hoard = full(&machine);
    let scope = machine.scope(Scope::NoWarn);
    let _ = machine.alloc_pages(Order::ZERO, Gfp::ATOMIC).unwrap_err();
    assert_eq!(machine.stats().warnings, 0);
    drop(scope);
    let _ = machine.alloc_pages(Order::ZERO, Gfp::ATOMIC).unwrap_err();
    assert_eq!(machine.stats().warnings, 1);
}

#[test]
fn row_050_no_direct_reclaim_is_not_atomic() {
    let machine = machine(Policy::kernel());
    let _hoard = machine.exhaust(NODE, MIN);
    let _scope = machine.scope(Scope::NoDirectReclaim);
    assert!(machine.alloc_pages(Order::ZERO, Gfp::KERNEL).is_err());
    assert!(machine.alloc_pages(Order::ZERO, Gfp::ATOMIC).is_ok());
}

#[test]
fn row_120_each_right_flips_at_its_exact_page() {
    let rows = [
        ("plain", Gfp::KERNEL | Gfp::NORETRY, None, MIN),
        ("NOWAIT", Gfp::NOWAIT, None, MIN),
        ("HIGH", Gfp::KERNEL | Gfp::HIGH | Gfp::NORETRY, None, MIN / 2),
        ("ATOMIC", Gfp::ATOMIC, None, MIN * 3 / 8),
        ("MEMALLOC", Gfp::KERNEL | Gfp::MEMALLOC | Gfp::NORETRY, None, 0),
        ("NOMEMALLOC", Gfp::KERNEL | Gfp::MEMALLOC | Gfp::NOMEMALLOC | Gfp::NORETRY, None, MIN),
        ("inside no_reclaim", Gfp::KERNEL, Some(Scope::NoReclaim), 0),
    ];
    for (name, flags, scope, level) in rows {
        for size in [0, 1, 4] {
            let machine = machine(Policy::kernel());
            assert_eq!(machine.watermarks(NODE, ZoneKind::Normal).unwrap().min, MIN);
            let _scope = scope.map(|scope| machine.scope(scope));
            let needed = if level == 0 { 1 << size } else { level + (1 << size) };
            for (free, expected) in [(needed - 1, false), (needed, true)] {
                // The blocks that stay are whole, so that only the level decides.
                let _hoard = machine.exhaust(NODE, free);
                let result = machine.alloc_pages(order(size), flags);
                assert_eq!(result.is_ok(), expected, "{name}, order {size}, {free} free");
            }
        }
    }
}

#[test]
fn row_120_a_victim_may_use_half_of_what_others_must_leave() {
    for (free, expected) in [(MIN / 2, false), (MIN / 2 + 1, true)] {
        let machine = machine(Policy::kernel());
        let victim = hog(&machine, 100);
        machine.set_dying(victim);
        machine.set_memory_locked(victim, true);
        let _hoard = machine.exhaust(NODE, free);
        let result = machine.run_as(victim, || machine.alloc_pages(Order::ZERO, Gfp::KERNEL).map(drop));
        assert_eq!(result.is_ok(), expected, "{free} free");
        assert!(machine.is_victim(victim) && machine.stats().kills == 0);
    }
}

#[test]
fn row_063_what_would_never_return_is_reported_after_one_round() {
    let machine = machine(waiting());
    let _hoard = full(&machine);
    let request = || machine.request(Machine::BOOT, None, Order::ZERO, Gfp::KERNEL | Gfp::NOFAIL).unwrap();
    let sleeps = machine.stats().sleeps;
    let results = machine.settle(vec![request(), request(), request()]);
    assert!(results.iter().all(|result| matches!(result, Err(AllocError::Hang))));
    assert!(machine.stats().sleeps - sleeps <= 6, "two rounds at most");
    assert_eq!(machine.stats().hangs, 3);
}

#[test]
fn row_063_requests_that_wait_for_each_others_memory_are_served_in_the_end() {
    let machine = machine(waiting());
    let mut hoard = full(&machine);
    hoard.give_back(2);
    assert!(machine.free_pages(None) > MIN, "a block or two came free");
    let request = || machine.request(Machine::BOOT, None, Order::ZERO, Gfp::KERNEL).unwrap();
    let results = machine.settle(vec![request(), request(), request()]);
    assert!(results.iter().all(Result::is_ok));
}

#[test]
fn row_064_sleeping_in_atomic_context_is_noted_and_the_policy_decides() {
    for (atomic_sleep, expected) in [
        (AtomicSleep::Report, Ok(())),
        (AtomicSleep::Fail, Err(AllocError::InvalidFlags)),
        (AtomicSleep::Bug, Err(AllocError::Dead)),
    ] {
        let machine = machine(Policy { atomic_sleep, ..Policy::kernel() });
        let _scope = machine.scope(Scope::Atomic);
        assert_eq!(machine.alloc_pages(Order::ZERO, Gfp::KERNEL).map(drop), expected);
        assert!(kinds(&machine, 0).contains(&EventKind::Misused(Misuse::SleepInAtomic)));
    }
    let blind = machine(Policy { context_source: ContextSource::CallerFlagsOnly, ..Policy::kernel() });
    let _scope = blind.scope(Scope::Atomic);
    assert!(blind.alloc_pages(Order::ZERO, Gfp::KERNEL).is_ok());
    assert_eq!(kinds(&blind, 0), [], "row 67: by the flags alone the bug is invisible");
}

#[test]
fn row_068_nowait_wakes_the_background_once_and_reclaims_nothing() {
    let machine = machine(Policy::kernel());
    let cache = Cache::register(&machine, ReclaimClass::Clean, 200);
    let _hoard = full(&machine);
    for _ in 0..3 {
        assert!(machine.alloc_pages(Order::ZERO, Gfp::NOWAIT).is_err());
    }
    let stats = machine.stats();
    assert_eq!((stats.direct_passes, stats.kswapd_wakes, stats.sleeps, stats.warnings), (0, 1, 0, 0));
    assert_eq!(cache.scans.load(Relaxed), 0);
    assert!(machine.background());
    assert!(machine.alloc_pages(Order::ZERO, Gfp::NOWAIT).is_ok());
}

#[test]
fn row_085_what_can_never_be_satisfied_fails_at_once() {
    let machine = Machine::builder().node(NodePages::new(100)).build().unwrap();
    hog(&machine, 10);
    let size = Order::for_layout(101 * 4096, 1);
    assert_eq!(machine.alloc_pages(size, Gfp::KERNEL | Gfp::RETRY_MAYFAIL).unwrap_err(), AllocError::Impossible);
    for beyond in [11, 18, 19, 63, u32::MAX] {
        assert_eq!(machine.alloc_pages(order(beyond), Gfp::KERNEL).unwrap_err(), AllocError::OrderTooBig);
    }
    for (size, align) in [(usize::MAX, 1), (1, 1 << 30), (usize::MAX, 1 << 63)] {
        assert!(machine.alloc_pages(Order::for_layout(size, align), Gfp::KERNEL).is_err());
    }
    assert_eq!((machine.stats().direct_passes, machine.stats().kills), (0, 0));
}

#[test]
fn events_are_numbered_without_gaps_and_the_last_thousand_are_kept() {
    let machine = machine(Policy { retries_max: u32::MAX, ..Policy::kernel() });
    let _hoard = full(&machine);
    for _ in 0..2000 {
        let _ = machine.alloc_pages(Order::ZERO, Gfp::ATOMIC).unwrap_err();
    }
    assert_eq!(machine.next_event(), 2001, "a wake, and the failures");
    let kept: Vec<u64> = machine.events_since(0).iter().map(|event| event.number).collect();
    assert_eq!(kept, (2001 - 1024..2001).collect::<Vec<_>>());
    assert_eq!(machine.events_since(2000).len(), 1);
    assert!(machine.events_since(u64::MAX).is_empty());
}
