//! Budgets: who is charged, who is refused although pages are free, and that every page is taken back once.
#![expect(unsafe_code, reason = "gives memory back by pointer")]

mod support;

use alloc_core::{
    AllocError, Attributes, CacheOptions, Capability, FaultSource, Gfp, Knobs, Machine, MemCg, Order, Policy, Scope,
    Site, TaskOptions,
};
use std::sync::{Arc, Mutex};
use support::{PAGES, full, hog, machine, order};

fn budget(machine: &Machine, pages: u64) -> MemCg<'_> {
    machine.memcg(pages).unwrap()
}

#[test]
fn over_budget_a_request_fails_although_pages_are_free() {
    let machine = machine(Policy::kernel());
    hog(&machine, 10);
    let budget = budget(&machine, 10);
    let account = budget.account();
    let eight = machine.alloc_pages(order(3), Gfp::KERNEL).unwrap();
    let free = machine.free_pages(None);
    assert_eq!(machine.alloc_pages(order(2), Gfp::KERNEL).unwrap_err(), AllocError::OverLimit);
    assert_eq!((budget.charged(), budget.peak(), budget.refused(), machine.free_pages(None)), (8, 8, 1, free));
    let _two = machine.alloc_pages(order(1), Gfp::KERNEL).unwrap();
    assert_eq!((budget.charged(), machine.stats().kills, machine.stats().direct_passes), (10, 0, 0));
    drop(account);
    assert!(machine.alloc_pages(order(4), Gfp::KERNEL).is_ok(), "who is in no account, is refused by none");
    drop(eight);
    assert_eq!(budget.charged(), 2, "whoever gives it back, wherever");
    machine.audit().unwrap();
}

#[test]
fn a_task_of_a_budget_pays_for_what_it_says_and_for_its_user_pages() {
    let machine = machine(Policy::kernel());
    let task = machine.spawn(TaskOptions::named("member"));
    let budget = budget(&machine, 20);
    budget.attach(task).unwrap();
    let ask = |flags| machine.run_as(task, || machine.alloc_pages(order(2), flags));
    let (free, paid) = (ask(Gfp::KERNEL).unwrap(), ask(Gfp::KERNEL_ACCOUNT).unwrap());
    assert_eq!(budget.charged(), 4);
    assert_eq!(machine.grow(task, 30), Err(AllocError::OverLimit));
    assert_eq!(budget.charged(), 20);
    machine.exit(task);
    assert_eq!(budget.charged(), 4);
    drop((free, paid));
    assert_eq!((budget.charged(), machine.free_pages(None)), (0, u64::from(PAGES)));
    assert_eq!(budget.attach(alloc_core::TaskId(99)), Err(AllocError::NoSuchTask));
}

#[test]
fn the_innermost_account_counts_in_whatever_order_they_end() {
    let machine = machine(Policy::kernel());
    let (outer, inner) = (budget(&machine, 100), budget(&machine, 100));
    let one = || machine.alloc_pages(Order::ZERO, Gfp::ATOMIC).unwrap();
    let (first, second) = (outer.account(), inner.account());
    let mut held = vec![one()];
    assert_eq!((outer.charged(), inner.charged()), (0, 1));
    drop(first);
    held.push(one());
    assert_eq!((outer.charged(), inner.charged()), (0, 2));
    let again = outer.account();
    drop(second);
    held.push(one());
    assert_eq!((outer.charged(), inner.charged()), (1, 2));
    let interrupt = machine.scope(Scope::Interrupt);
    held.push(one());
    assert_eq!((outer.charged(), inner.charged()), (1, 2), "an interrupt is charged to nobody");
    drop((interrupt, again));
    held.push(one());
    assert_eq!((outer.charged(), inner.charged()), (1, 2));
    drop(held);
    assert_eq!((outer.charged(), inner.charged()), (0, 0));
}

#[test]
fn who_must_have_it_is_charged_above_the_limit() {
    for (flags, scope, served) in [
        (Gfp::KERNEL, None, false),
        (Gfp::NOWAIT, None, false),
        (Gfp::KERNEL | Gfp::RETRY_MAYFAIL, None, false),
        (Gfp::KERNEL | Gfp::NOFAIL, None, true),
        (Gfp::ATOMIC, None, true),
        (Gfp::KERNEL | Gfp::MEMALLOC, None, true),
        (Gfp::KERNEL, Some(Scope::NoReclaim), true),
    ] {
        let machine = machine(Policy::kernel());
        let budget = budget(&machine, 3);
        let _account = budget.account();
        let _all = budget.exhaust(0);
        let _scope = scope.map(|scope| machine.scope(scope));
        let block = machine.alloc_pages(order(1), flags);
        assert_eq!(block.is_ok(), served, "{flags:?}");
        assert_eq!(budget.charged(), if served { 5 } else { 3 }, "{flags:?}");
    }
}

#[test]
fn a_budget_is_exhausted_for_real_and_its_limit_can_be_moved() {
    let machine = machine(Policy::kernel());
    let budget = budget(&machine, 100);
    let _account = budget.account();
    let charge = budget.exhaust(2);
    assert_eq!(budget.charged(), 98);
    assert!(machine.alloc_pages(order(1), Gfp::KERNEL).is_ok());
    assert_eq!(machine.alloc_pages(order(2), Gfp::KERNEL).unwrap_err(), AllocError::OverLimit);
    drop(charge);
    let held = machine.alloc_pages(order(6), Gfp::KERNEL).unwrap();
    budget.set_limit(10);
    assert_eq!((budget.limit(), budget.charged()), (10, 64));
    assert_eq!(machine.alloc_pages(order(0), Gfp::KERNEL).unwrap_err(), AllocError::OverLimit);
    drop(held);
    assert!(machine.alloc_pages(order(0), Gfp::KERNEL).is_ok());
    let more = (0..300).map_while(|_| machine.memcg(1)).count();
    assert_eq!(more, 254, "255 in all");
}

#[test]
fn what_a_request_went_through_before_its_budget_refused_it_leaves_nothing() {
    let machine = machine(Policy::kernel());
    let victim = hog(&machine, 500);
    let budget = budget(&machine, 0);
    let _account = budget.account();
    let hoard = full(&machine);
    // As in the kernel the pages are found first, and somebody dies for them.
    assert_eq!(machine.alloc_pages(order(0), Gfp::KERNEL).unwrap_err(), AllocError::OverLimit);
    assert!(machine.is_victim(victim));
    assert_eq!((machine.free_pages(None), budget.charged()), (500, 0));
    drop(hoard);
    machine.audit().unwrap();
}

#[cfg(all(feature = "std", target_os = "linux"))]
#[test]
fn areas_are_charged_page_by_page_and_an_area_over_budget_leaves_nothing() {
    let machine = machine(Policy::kernel());
    let budget = budget(&machine, 20);
    let _account = budget.account();
    let area = machine.vmalloc(10 * alloc_core::PAGE_SIZE, Gfp::KERNEL).unwrap();
    assert_eq!(budget.charged(), 11, "and a page table");
    assert_eq!(machine.vmalloc(10 * alloc_core::PAGE_SIZE, Gfp::KERNEL).map(drop), Err(AllocError::OverLimit));
    assert_eq!(budget.charged(), 11);
    drop(area);
    assert_eq!((budget.charged(), machine.free_pages(None)), (0, u64::from(PAGES)));
}

/// Notes what is asked, and fails nothing.
#[derive(Default)]
struct Asked(Mutex<Vec<Capability>>);

impl FaultSource for Asked {
    fn fails(&self, site: &Site<'_>) -> bool {
        self.0.lock().unwrap().push(site.capability);
        false
    }
}

#[test]
fn row_011_each_capability_is_asked_about_where_it_is_used() {
    let machine = machine(Policy::kernel());
    let pool = alloc_core::Mempool::new(&machine, 1, Order::ZERO).unwrap();
    let budget = budget(&machine, 1000);
    let asked = Arc::new(Asked::default());
    machine.set_faults(Some(asked.clone()));
    let capabilities = |body: &dyn Fn()| {
        body();
        std::mem::take(&mut *asked.0.lock().unwrap())
    };
    use Capability::{Kvmalloc, MemCg, MempoolAlloc, PageAlloc, Vmalloc};
    assert_eq!(capabilities(&|| drop(machine.alloc_pages(Order::ZERO, Gfp::KERNEL))), [PageAlloc]);
    assert_eq!(capabilities(&|| drop(machine.alloc_pages(Order::ZERO, Gfp::KERNEL_ACCOUNT))), [PageAlloc]);
    let account = budget.account();
    assert_eq!(capabilities(&|| drop(machine.alloc_pages(Order::ZERO, Gfp::KERNEL))), [PageAlloc, MemCg]);
    drop(account);
    assert_eq!(capabilities(&|| drop(pool.alloc(Gfp::KERNEL))), [MempoolAlloc, PageAlloc]);
    if cfg!(all(feature = "std", target_os = "linux")) {
        assert_eq!(capabilities(&|| drop(machine.vmalloc(1, Gfp::KERNEL))), [Vmalloc, PageAlloc, PageAlloc]);
        assert_eq!(capabilities(&|| drop(machine.kvmalloc(16384, Gfp::KERNEL))), [Kvmalloc, PageAlloc]);
    }
}

#[test]
fn row_011_each_capability_fails_by_knobs_of_its_own() {
    let machine = machine(Policy::kernel());
    let pool = alloc_core::Mempool::new(&machine, 1, Order::ZERO).unwrap();
    let budget = budget(&machine, 1000);
    let _account = budget.account();
    let results = || {
        let page = machine.alloc_pages(Order::ZERO, Gfp::KERNEL).map(drop);
        let small = machine.vmalloc(1, Gfp::KERNEL).map(drop);
        let large = machine.kvmalloc(16384, Gfp::KERNEL).map(drop);
        let from_pool = pool.alloc(Gfp::NOIO).map(|_| pool.reserved());
        (page, small, large, from_pool)
    };
    let (served, failed) = (Ok(()), Err(AllocError::Injected));
    let has_window = cfg!(all(feature = "std", target_os = "linux"));
    let (without_window, failed_area) =
        if has_window { (served, failed) } else { (Err(AllocError::NoAddresses), Err(AllocError::NoAddresses)) };
    for (capability, expected) in [
        (Capability::Vmalloc, (served, failed, served, Ok(1))),
        (Capability::Kvmalloc, (served, without_window, failed, Ok(1))),
        (Capability::MemCg, (failed, failed_area, failed_area, Ok(0))),
        (Capability::MempoolAlloc, (served, without_window, served, Ok(0))),
    ] {
        let knobs = Knobs::default().with(capability, Attributes::unfiltered(100));
        machine.set_faults(Some(Arc::new(knobs)));
        assert_eq!(results(), expected, "{capability:?}");
        assert_eq!(budget.charged(), 0, "{capability:?}");
    }
    // Attributes alone are those of requests for pages.
    machine.set_faults(Some(Arc::new(Attributes::unfiltered(100))));
    assert_eq!(results().0, failed);
    let nofail = machine.alloc_pages(Order::ZERO, Gfp::KERNEL | Gfp::NOFAIL);
    assert!(nofail.is_ok());
    machine.set_faults(Some(Arc::new(Knobs::default().with(Capability::MemCg, Attributes::unfiltered(100)))));
    assert!(machine.alloc_pages(Order::ZERO, Gfp::KERNEL | Gfp::NOFAIL).is_ok());
}

#[test]
fn what_is_charged_does_not_stay_at_hand_when_it_comes_back() {
    let machine = machine(Policy::kernel());
    let budget = budget(&machine, 100);
    // Twice without an account, so that pages are at hand; then with one, and a free page more is at hand each time.
    (0..4).for_each(|_| drop(machine.alloc_pages(Order::ZERO, Gfp::KERNEL)));
    for _ in 0..4 {
        let account = budget.account();
        let block = machine.alloc_pages(Order::ZERO, Gfp::KERNEL).unwrap();
        assert_eq!(budget.charged(), 1);
        drop(account);
        drop(block);
        assert_eq!(budget.charged(), 0);
        assert!(machine.alloc_pages(Order::ZERO, Gfp::KERNEL).is_ok());
        assert_eq!(budget.charged(), 0);
    }
    machine.audit().unwrap();
}

#[test]
fn what_was_known_by_its_number_alone_is_charged_no_more_when_it_comes_back() {
    let machine = machine(Policy::kernel());
    let budget = budget(&machine, 100);
    let cache = machine.cache(CacheOptions { account: true, ..CacheOptions::new("charged", 512) }).unwrap();
    // Blocks of every order are at hand, and would be taken back there.
    for order in (0..5).map(order) {
        (0..3).for_each(|_| drop(machine.alloc_pages(order, Gfp::KERNEL).unwrap()));
    }
    let account = budget.account();
    let pointers = [16_384, 32_768].map(|size| machine.kmalloc_raw(size, Gfp::KERNEL).unwrap());
    assert_eq!(budget.charged(), 4 + 8);
    let object = cache.alloc(Gfp::KERNEL).unwrap();
    assert!(budget.charged() > 12);
    drop(account);
    for pointer in pointers {
        // SAFETY: nobody uses the memory.
        unsafe { machine.kfree(pointer.as_ptr()).unwrap() };
    }
    drop(object);
    machine.shrink_slabs();
    assert_eq!(budget.charged(), 0);
    let _blocks: Vec<_> = (0..5).map(|bits| machine.alloc_pages(order(bits), Gfp::KERNEL).unwrap()).collect();
    assert_eq!(budget.charged(), 0);
}
