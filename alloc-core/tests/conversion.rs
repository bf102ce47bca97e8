//! The move of code from "too small to fail" to "may fail": by a ledger of call sites, and by new names for old flags.

mod support;

use alloc_core::{
    AllocError, EventKind, Gfp, Ledger, Machine, Order, Policy, Promise, ReclaimLock, Recovery, Scope, Small, Standing,
};
use support::{full, hog, kinds, machine, order};

/// Fails in a site that still loops: 16 pages are not small.
const LARGE: u32 = 4;

/// A site whose recovery gives back what it has.
fn clean(machine: &Machine, site: &'static str) -> Result<(), AllocError> {
    machine.convert(site, || {
        let _first = machine.kmalloc(100, Gfp::ATOMIC)?;
        machine.alloc_pages(order(LARGE), Gfp::KERNEL).map(drop)
    })
}

fn standing(machine: &Machine, site: &str) -> Option<Standing> {
    machine.ledger().standing(site)
}

#[test]
fn row_009_a_site_is_promoted_after_three_clean_failures_and_others_still_loop() {
    let machine = machine(Policy::kernel());
    // An object, so that the recovery has something to give back.
    let slab = machine.kmalloc(100, Gfp::KERNEL).unwrap();
    hog(&machine, 200);
    let _hoard = full(&machine);
    let from = machine.next_event();
    let small = |site| machine.convert(site, || machine.alloc_pages(Order::ZERO, Gfp::KERNEL).map(drop));
    for times in 1..=3 {
        let promise =
            machine.convert("journal", || Err::<(), _>(machine.explain(Gfp::KERNEL, Order::ZERO).promise)).unwrap_err();
        assert_eq!(promise, Promise::FailsOnlyAsVictim, "before failure {times}; nothing failed, so nothing counts");
        assert_eq!(clean(&machine, "journal"), Err(AllocError::NoMemory));
        let expected = if times < 3 { Standing::Loops { clean: times } } else { Standing::MayFail };
        assert_eq!(standing(&machine, "journal"), Some(expected));
    }
    assert!(kinds(&machine, from).contains(&EventKind::SitePromoted("journal")));
    assert_eq!(
        (clean(&machine, "inode"), standing(&machine, "inode")),
        (Err(AllocError::NoMemory), Some(Standing::Loops { clean: 1 }))
    );
    assert_eq!((small("journal"), machine.stats().kills), (Err(AllocError::NoMemory), 0));
    // Inside of a site that may fail, one that was not seen to work still loops.
    let nested = machine.convert("journal", || {
        machine.convert("inode", || Err::<(), _>(machine.explain(Gfp::DEFAULT, Order::ZERO).promise))
    });
    assert_eq!(nested, Err(Promise::FailsOnlyAsVictim));
    assert_eq!((small("inode"), machine.stats().kills), (Ok(()), 1), "it loops, and kills");
    assert_eq!(machine.current_policy(), Policy::kernel(), "outside of all sites it is as it was");
    drop(slab);
}

#[test]
fn row_009_what_a_recovery_leaves_behind_is_seen_and_told() {
    let machine = machine(Policy::kernel());
    let slab = machine.kmalloc(100, Gfp::KERNEL).unwrap();
    let lock = ReclaimLock::new(&machine, "log", ());
    let fails = || machine.alloc_pages(order(LARGE), Gfp::KERNEL | Gfp::NORETRY).map(drop);
    let mut rest = Vec::new();
    let hoard = machine.exhaust(support::NODE, 3);
    let seen = |site: &'static str, text: &str| {
        assert_eq!(machine.left_behind(site).unwrap_or_default().to_string(), text);
        assert_eq!(standing(&machine, site), Some(Standing::Loops { clean: 0 }), "{site}");
    };
    let _ = machine.convert("page", || {
        std::mem::forget(machine.alloc_pages(Order::ZERO, Gfp::ATOMIC | Gfp::MEMALLOC));
        fails()
    });
    seen("page", "1 block");
    let _ = machine.convert("object", || {
        std::mem::forget(machine.kmalloc(100, Gfp::ATOMIC));
        fails()
    });
    seen("object", "1 object");
    let _ = machine.convert("scope", || {
        std::mem::forget((machine.scope(Scope::NoFs), machine.site("inner")));
        fails()
    });
    seen("scope", "2 open scopes");
    let _ = machine.convert("lock", || {
        std::mem::forget(lock.lock(&machine));
        fails()
    });
    seen("lock", "1 held lock");
    let _ = machine.convert("free", || {
        let taken = machine.alloc_pages(Order::ZERO, Gfp::ATOMIC | Gfp::MEMALLOC)?.into_pages();
        let number = machine.into_raw(taken).unwrap();
        assert!(machine.free_raw(number, Order::ZERO).is_ok());
        assert!(machine.free_raw(number, Order::ZERO).is_err());
        fails()
    });
    seen("free", "1 bad free");
    let panics = std::panic::AssertUnwindSafe(|| {
        machine.convert("panic", || {
            fails().unwrap();
            Ok::<_, AllocError>(())
        })
    });
    assert!(std::panic::catch_unwind(panics).is_err());
    seen("panic", "a panic");
    // What succeeded may keep what it got, and proves nothing.
    let kept = machine.convert("fallback", || {
        fails().or_else(|_| machine.alloc_pages(Order::ZERO, Gfp::ATOMIC | Gfp::MEMALLOC).map(|page| rest.push(page)))
    });
    assert_eq!((kept, standing(&machine, "fallback")), (Ok(()), None));
    drop((hoard, rest, slab));
}

#[test]
fn row_009_a_site_that_falls_back_loops_again_and_is_told() {
    let machine = machine(Policy::kernel());
    let mut kept = Ledger::new(2);
    kept.record("journal", Recovery::Clean);
    kept.record("journal", Recovery::Clean);
    kept.record("inode", Recovery::Clean);
    let text = kept.to_string();
    machine.set_ledger(Ledger::read(&text).unwrap());
    let hoard = full(&machine);
    let small = || machine.convert("journal", || machine.alloc_pages(Order::ZERO, Gfp::KERNEL).map(drop));
    assert_eq!(small(), Err(AllocError::NoMemory), "as the ledger says");
    let from = machine.next_event();
    let leaks = machine.convert("journal", || {
        std::mem::forget(machine.scope(Scope::NoFs));
        machine.alloc_pages(Order::ZERO, Gfp::KERNEL).map(drop)
    });
    assert_eq!((leaks, machine.left_behind("journal").unwrap().scopes), (Err(AllocError::NoMemory), 1));
    assert!(kinds(&machine, from).contains(&EventKind::SiteRelapsed("journal")));
    assert_eq!(standing(&machine, "journal"), Some(Standing::Relapsed { clean: 0 }));
    assert_eq!(machine.ledger().regressions(&kept).collect::<Vec<_>>(), ["journal"]);
    let promise = || machine.convert("journal", || Err::<(), _>(machine.explain(Gfp::KERNEL, Order::ZERO).promise));
    assert_eq!(promise(), Err(Promise::FailsOnlyAsVictim), "it loops again");
    // What others saw counts as what the machine saw.
    assert_eq!(machine.record_recovery("journal", Recovery::Clean), Standing::Relapsed { clean: 1 });
    assert_eq!(machine.record_recovery("journal", Recovery::Clean), Standing::MayFail);
    assert_eq!(promise(), Err(Promise::FailsAfterEffort));
    assert_eq!(
        machine.ledger().to_string(),
        "alloc-core ledger 1: may fail after 2\nloops 1 inode\nmay-fail journal\n"
    );
    drop(hoard);
}

#[cfg(all(feature = "std", target_os = "linux"))]
#[test]
fn row_009_a_fault_source_gives_the_evidence_that_a_looping_site_never_would() {
    let machine = machine(Policy::kernel());
    let body = || {
        machine.convert("commit", || {
            let first = machine.alloc_pages(order(2), Gfp::KERNEL)?;
            let second = machine.kmalloc(64, Gfp::KERNEL)?;
            let third = machine.vmalloc(3 * 4096, Gfp::KERNEL)?;
            drop((first, second, third));
            Ok::<_, AllocError>(())
        })
    };
    machine.set_ledger(Ledger::new(1000));
    let mut failures = 0;
    for nth in 1.. {
        machine.set_faults(Some(std::sync::Arc::new(alloc_core::Nth::new(nth))));
        let result = body();
        machine.set_faults(None);
        if result.is_ok() {
            break;
        }
        failures += 1;
        assert_eq!(standing(&machine, "commit"), Some(Standing::Loops { clean: failures }), "request {nth}");
    }
    assert!(failures >= 3, "{failures} requests");
}

#[test]
fn row_020_default_follows_the_policy_and_kernel_stays_what_it_was() {
    let machine = machine(Policy::default_may_fail());
    let explain = |flags| machine.explain(flags, order(3)).promise;
    assert_eq!(explain(Gfp::KERNEL), Promise::FailsOnlyAsVictim);
    assert_eq!(explain(Gfp::DEFAULT), Promise::FailsAfterEffort);
    assert_eq!(
        Policy::kernel().explain(Gfp::DEFAULT, order(3), Default::default()).promise,
        Promise::FailsOnlyAsVictim
    );
    assert_eq!(machine.explain(Gfp::DEFAULT_NOFAIL, Order::ZERO).promise, Promise::CannotFail);
    assert_eq!(
        (format!("{:?}", Gfp::DEFAULT), Gfp::DEFAULT_NOFAIL.to_string()),
        ("DEFAULT".into(), "GFP_DEFAULT|__GFP_NOFAIL".into())
    );
    hog(&machine, 200);
    let _hoard = full(&machine);
    let ask = |flags| machine.alloc_pages(Order::ZERO, flags).map(drop);
    assert_eq!((ask(Gfp::DEFAULT), machine.stats().kills), (Err(AllocError::NoMemory), 0));
    assert_eq!((ask(Gfp::KERNEL), machine.stats().kills), (Ok(()), 1));
    let _converted = machine.policy_scope(Policy { default_small: Small::Loop, ..machine.policy() });
    assert_eq!(explain(Gfp::DEFAULT), Promise::FailsOnlyAsVictim);
}

#[test]
fn row_020_the_report_lists_the_sites_that_still_ask_by_the_old_name() {
    let machine = machine(Policy::kernel());
    machine.count_objects(true);
    let ask = |times: u32, flags| (0..times).for_each(|_| drop(machine.alloc_pages(Order::ZERO, flags).unwrap()));
    let object = |times: u32, flags| (0..times).for_each(|_| drop(machine.kmalloc(64, flags).unwrap()));
    ask(1, Gfp::KERNEL);
    drop(machine.kmalloc(64, Gfp::DEFAULT));
    {
        let _b = machine.site("b");
        ask(20, Gfp::KERNEL);
        ask(300, Gfp::DEFAULT);
        ask(300, Gfp::DEFAULT_NOFAIL);
        ask(300, Gfp::NOFS);
        ask(300, Gfp::USER);
        let _inner = machine.site("inner");
        object(21, Gfp::KERNEL | Gfp::ZERO);
        object(300, Gfp::ATOMIC);
    }
    {
        let _a = machine.site("a");
        ask(15, Gfp::KERNEL | Gfp::NORETRY);
        object(5, Gfp::KERNEL_ACCOUNT);
        let _converted = machine.site("converted");
        object(300, Gfp::DEFAULT);
    }
    machine.count_objects(false);
    let _b = machine.site("b");
    object(300, Gfp::KERNEL);
    let report = "4 sites still ask by the name KERNEL\n\
        \x20 b > inner: 0 requests for pages, 21 for objects\n\
        \x20 a: 15 requests for pages, 5 for objects\n\
        \x20 b: 20 requests for pages, 0 for objects\n\
        \x20 outside of all sites: 1 requests for pages, 0 for objects\n";
    assert_eq!(machine.conversion().to_string(), report);
    let done = support::machine(Policy::kernel());
    drop(done.alloc_pages(Order::ZERO, Gfp::DEFAULT));
    assert!(done.conversion().is_done());
}
