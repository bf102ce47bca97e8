//! A page or less by discipline, who has to look whether a request failed, caps on kvmalloc, and who asks for the most.
#![cfg(all(feature = "std", target_os = "linux"))]

mod support;

use alloc_core::{
    AllocError, Check, Context, Discipline, EventKind, Fragments, Gfp, KvBlock, KvCap, Machine, Misuse, NodePages,
    Order, PAGE_SIZE, Policy, Promise, Scope, Wait,
};
use support::{MIN, kinds, machine, order, presets};

fn disciplined(discipline: Discipline) -> Machine {
    machine(Policy { discipline, ..Policy::kernel() })
}

#[test]
fn row_038_more_than_a_page_is_refused_without_a_fallback_and_served_as_pages_with_one() {
    let machine = disciplined(Discipline::PageOrLess);
    let before = machine.free_pages(None);
    let _fragments = machine.fragment(Fragments::KeepOneIn(2));
    let from = machine.next_event();
    for flags in [Gfp::KERNEL, Gfp::ATOMIC, Gfp::KERNEL | Gfp::NOFAIL] {
        assert_eq!(machine.alloc_pages(order(1), flags).unwrap_err(), AllocError::Discipline);
        assert_eq!(machine.kmalloc(2 * PAGE_SIZE, flags).unwrap_err(), AllocError::Discipline);
    }
    assert_eq!(machine.wait_alloc(order(1), Wait::Forever).unwrap_err(), AllocError::Discipline);
    assert_eq!(machine.explain(Gfp::KERNEL, order(1)).promise, Promise::InvalidUse);
    assert_eq!((machine.stats().undisciplined, machine.stats().direct_passes, machine.stats().kills), (7, 0, 0));
    assert_eq!(kinds(&machine, from), [EventKind::Failed(AllocError::Discipline); 7]);
    let mut pages = machine.blocking::<1>().with_fallback().alloc().unwrap();
    let KvBlock::Mapped(area) = &pages else { panic!("there is no block of two pages") };
    let frames = [0, PAGE_SIZE].map(|byte| area.frame_at(byte).unwrap().0);
    assert!(frames[0].abs_diff(frames[1]) > 1, "two pages of their own");
    pages.bytes_mut().fill(7);
    assert_eq!(pages.bytes(), [7; 2 * PAGE_SIZE]);
    // Whoever says that there is a fallback gets what there is, and what is a page or less needs none.
    assert_eq!(machine.alloc_pages(order(1), Gfp::ATOMIC.with_fallback()).unwrap_err(), AllocError::NoMemory);
    assert!(machine.kmalloc(PAGE_SIZE, Gfp::KERNEL).is_ok() && machine.vmalloc(5 * PAGE_SIZE, Gfp::KERNEL).is_ok());
    drop((pages, _fragments));
    machine.shrink_slabs();
    assert_eq!(machine.free_pages(None), before);
    assert!(matches!(machine.blocking::<1>().with_fallback().alloc(), Ok(KvBlock::Contiguous(_))));
}

#[test]
fn row_038_the_fallback_fails_cleanly_whichever_of_its_requests_does() {
    let machine = disciplined(Discipline::PageOrLess);
    let _fragments = machine.fragment(Fragments::KeepOneIn(2));
    let free = machine.free_pages(None);
    let mut failed = 0;
    for nth in 1.. {
        machine.set_faults(Some(std::sync::Arc::new(alloc_core::Nth::new(nth))));
        let result = machine.blocking::<2>().with_fallback().alloc().map(drop);
        let over = machine.stats().injected;
        machine.set_faults(None);
        assert_eq!((machine.free_pages(None), machine.held_objects()), (free, vec![]), "request {nth}");
        failed += u32::from(result.is_err());
        if over < nth {
            break;
        }
    }
    assert!(failed >= 5, "{failed}: the whole, the area, its pages and its table");
    machine.audit().unwrap();
}

#[test]
fn row_038_where_it_is_only_noted_more_than_a_page_is_counted_and_served() {
    let machine = disciplined(Discipline::PageOrLessNoted);
    let from = machine.next_event();
    for _ in 0..20 {
        assert!(machine.alloc_pages(order(1), Gfp::KERNEL).is_ok());
    }
    assert!(
        machine.alloc_pages(order(1), Gfp::KERNEL.with_fallback()).is_ok()
            && machine.kvmalloc(50_000, Gfp::KERNEL).is_ok()
    );
    assert!(machine.alloc_pages(Order::ZERO, Gfp::KERNEL).is_ok() && machine.kmalloc(1000, Gfp::KERNEL).is_ok());
    assert_eq!(machine.stats().undisciplined, 20);
    let noted = EventKind::Misused(Misuse::LargeWithoutFallback);
    assert_eq!(kinds(&machine, from).into_iter().filter(|kind| *kind == noted).count(), 20);
    let free = support::machine(Policy::kernel());
    assert!(free.alloc_pages(order(1), Gfp::KERNEL).is_ok());
    assert_eq!(free.stats().undisciplined, 0);
}

#[test]
fn row_075_small_fixed_sizes_of_callers_that_can_sleep_may_be_left_and_all_others_are_looked_at() {
    let task = Context::default();
    let (size, small, sleep, may) =
        ("the size is not constant", "it is not small", "the caller cannot sleep", "it is allowed to fail");
    let cases = [
        (true, Gfp::KERNEL, 0, task, None),
        (true, Gfp::KERNEL, 3, task, None),
        (true, Gfp::NOFS, 0, task, None),
        (true, Gfp::KERNEL | Gfp::NOFAIL, 1, task, None),
        (true, Gfp::NOFS | Gfp::NOFAIL, 0, task.as_victim(), None),
        (false, Gfp::KERNEL, 0, task, Some(size)),
        (false, Gfp::KERNEL | Gfp::NOFAIL, 0, task, Some(size)),
        (true, Gfp::KERNEL, 4, task, Some(small)),
        (true, Gfp::KERNEL | Gfp::NOFAIL, 4, task, Some(small)),
        (true, Gfp::ATOMIC, 0, task, Some(sleep)),
        (true, Gfp::NOWAIT, 0, task, Some(sleep)),
        (true, Gfp::KERNEL, 0, task.inside(Scope::Atomic), Some(sleep)),
        (true, Gfp::KERNEL, 0, task.inside(Scope::Interrupt), Some(sleep)),
        (true, Gfp::KERNEL, 0, task.inside(Scope::NoDirectReclaim), Some(sleep)),
        (true, Gfp::KERNEL, 0, task.inside(Scope::NoReclaim), Some(may)),
        (true, Gfp::KERNEL | Gfp::NORETRY, 0, task, Some(may)),
        (true, Gfp::KERNEL | Gfp::RETRY_MAYFAIL, 0, task, Some(may)),
        (true, Gfp::KERNEL | Gfp::THISNODE, 0, task, Some(may)),
        (true, Gfp::KERNEL, 0, task.as_victim(), Some("the task is being killed")),
    ];
    for (constant, flags, size, context, expected) in cases {
        let check = Policy::kernel().needs_check(constant, flags, order(size), context);
        assert_eq!(check, expected.map_or(Check::MaySkip, Check::Needed), "{flags:?} of order {size} in {context:?}");
    }
    let policies = [Policy::small_may_fail(), Policy { discipline: Discipline::PageOrLess, ..Policy::kernel() }];
    assert!(policies[0].needs_check(true, Gfp::KERNEL, Order::ZERO, task).is_needed());
    assert!(policies[1].needs_check(true, Gfp::KERNEL, order(1), task).is_needed());
    let machine = machine(Policy::kernel());
    assert!(!machine.needs_check(true, Gfp::KERNEL, Order::ZERO).is_needed());
    let _scope = (machine.site("converted"), machine.policy_scope(Policy::small_may_fail()));
    assert!(machine.needs_check(true, Gfp::KERNEL, Order::ZERO).is_needed());
}

#[test]
fn row_075_what_may_be_left_is_promised_by_explain_under_every_policy() {
    let mut left = 0;
    for (preset, policy) in presets() {
        for (at, (_, flag)) in Gfp::NAMES.iter().enumerate() {
            for (_, other) in &Gfp::NAMES[at..] {
                for base in [Gfp::KERNEL, Gfp::NOFS, Gfp::ATOMIC, Gfp::DEFAULT] {
                    for scope in Scope::ALL.map(Some).into_iter().chain([None]) {
                        let context = scope.map_or(Context::default(), |scope| Context::default().inside(scope));
                        for context in [context, context.as_victim(), context.while_reclaiming()] {
                            for size in [0, 1, 3, 4, 10] {
                                let flags = base | *flag | *other;
                                let promise = policy.explain(flags, order(size), context).promise;
                                if policy.needs_check(true, flags, order(size), context).is_needed() {
                                    continue;
                                }
                                left += 1;
                                let kept = matches!(promise, Promise::CannotFail | Promise::FailsOnlyAsVictim);
                                assert!(kept, "{preset}: {flags:?} of order {size} in {context:?}");
                            }
                        }
                    }
                }
            }
        }
    }
    assert!(left > 1000, "{left}");
}

/// A machine of so many MiB.
fn sized(mebibytes: u32, kv_cap: KvCap) -> Machine {
    let policy = Policy { kv_cap, ..Policy::kernel() };
    Machine::builder().node(NodePages::new(mebibytes * 256)).min_free_pages(MIN).policy(policy).build().unwrap()
}

#[test]
fn row_083_a_part_of_the_memory_caps_a_small_machine_and_not_a_large_one() {
    const ASKED: usize = 20 << 20;
    let (small, large) = (sized(64, KvCap::Fraction(1, 4)), sized(1024, KvCap::Fraction(1, 4)));
    support::hog(&small, 15_000);
    assert_eq!(small.kvmalloc(ASKED, Gfp::KERNEL).unwrap_err(), AllocError::TooBig);
    let stats = small.stats();
    assert_eq!((stats.direct_passes, stats.kswapd_passes, stats.kills, stats.warnings), (0, 0, 0, 1));
    assert_eq!(large.kvmalloc(ASKED, Gfp::KERNEL).unwrap().bytes().len(), ASKED);
    // To the byte.
    let small = sized(64, KvCap::Fraction(1, 4));
    assert!(small.kvmalloc(16 << 20, Gfp::KERNEL).is_ok());
    assert_eq!(small.kvmalloc((16 << 20) + 1, Gfp::KERNEL).unwrap_err(), AllocError::TooBig);
    let caps = [(KvCap::Fraction(1, 0), 0), (KvCap::Fraction(0, 5), 0), (KvCap::Fraction(u32::MAX, 1), usize::MAX)];
    assert_eq!(caps.map(|(cap, _)| cap.bytes(usize::MAX)), caps.map(|(_, bytes)| bytes));
}

#[test]
fn row_084_a_cap_in_bytes_is_the_same_on_every_machine_and_the_report_says_who_asks_for_the_most() {
    let (small, large) = (sized(64, KvCap::Absolute(1 << 20)), sized(128, KvCap::Absolute(1 << 20)));
    for machine in [&small, &large] {
        assert!(machine.kvmalloc(1 << 20, Gfp::KERNEL).is_ok());
        assert_eq!(machine.kvmalloc((1 << 20) + 1, Gfp::KERNEL).unwrap_err(), AllocError::TooBig);
        assert_eq!(machine.stats().sites.largest(), None, "outside of all sites");
    }
    let ask = |site, bytes: usize| {
        let _site = small.site(site);
        small.kvmalloc(bytes, Gfp::KERNEL).map(drop)
    };
    assert_eq!(
        (ask("buckets", 300_000), ask("hash", 30 << 20), ask("names", 100)),
        (Ok(()), Err(AllocError::TooBig), Ok(()))
    );
    {
        let _mount = small.site("mount");
        assert_eq!(ask("hash", 5000), Ok(()));
        drop(small.vmalloc(700_000, Gfp::KERNEL));
        drop(small.alloc_pages(order(2), Gfp::KERNEL));
    }
    let stats = small.stats();
    let largest = stats.sites.largest().unwrap();
    assert_eq!((largest.chain, largest.bytes_max), (vec!["hash"], 30 << 20), "what was refused, too");
    let report = "hash: at most 31457280 bytes at once\nmount: at most 700000 bytes at once\nbuckets: at most 300000 bytes at once\n\
        mount > hash: at most 5000 bytes at once\n";
    assert_eq!(stats.sites.by_size().to_string(), report);
}
