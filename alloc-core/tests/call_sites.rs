//! Policies that hold for a scope or a call site only, and requests counted by the chain of sites that they were made in.

mod support;

use alloc_core::{
    AllocError, BadNofail, EventKind, Gfp, KvCap, Machine, Misuse, OnOom, Order, Policy, Promise, Scope, Small, Step,
    TaskOptions, Wait,
};
use std::collections::BTreeMap;
use support::{NODE, full, hog, kinds, machine, order};

fn chains(machine: &Machine) -> BTreeMap<String, u64> {
    machine.stats().sites.chains().map(|chain| (chain.chain.join(" > "), chain.requests())).collect()
}

#[test]
fn row_003_requests_count_for_the_chain_of_sites_that_they_are_made_in() {
    let machine = machine(Policy::kernel());
    let other = machine.spawn(TaskOptions::named("other"));
    // Many of these are answered without the engine.
    let ask = |times: u32, size| (0..times).for_each(|_| drop(machine.alloc_pages(order(size), Gfp::KERNEL)));
    ask(10, 0);
    let fsck = machine.site("fsck");
    ask(20, 0);
    {
        let _read = machine.site("read");
        ask(30, 0);
        ask(5, 3);
        machine.run_as(other, || ask(7, 0));
        machine.run_as(other, || {
            let _read = machine.site("read");
            ask(8, 1);
        });
        assert!(machine.alloc_pages(order(11), Gfp::KERNEL).is_err(), "what fails counts, too");
    }
    {
        let _read = machine.site("read");
        ask(100, 0);
    }
    drop(fsck);
    ask(1, 0);
    let found = chains(&machine);
    let expected = [("fsck", 20), ("fsck > read", 136), ("read", 8)];
    assert_eq!(found, expected.map(|(chain, requests)| (chain.to_owned(), requests)).into());
    let stats = machine.stats();
    assert_eq!(stats.requests(), 10 + 20 + 30 + 5 + 7 + 8 + 1 + 100 + 1);
    let read = stats.sites.chains().find(|chain| chain.chain == ["fsck", "read"]).unwrap();
    assert_eq!((read.orders[0], read.orders[3], read.orders[11]), (130, 5, 1));
    assert_eq!(read.to_string(), "fsck > read: 130 of order 0, 5 of order 3, 1 of order 11");
    // The queue's requests are requests.
    let _queues = machine.site("queues");
    assert!(machine.wait_alloc(Order::ZERO, Wait::Forever).is_ok());
    assert_eq!(chains(&machine)["queues"], 1);
}

#[test]
fn row_006_a_scope_replaces_the_policy_of_its_task_until_it_ends() {
    let machine = machine(Policy::kernel());
    hog(&machine, 200);
    let other = machine.spawn(TaskOptions::named("other"));
    let _hoard = full(&machine);
    let ask = || machine.alloc_pages(Order::ZERO, Gfp::KERNEL).map(drop);
    let promise = || machine.explain(Gfp::KERNEL, Order::ZERO).promise;
    let outer = machine.policy_scope(Policy::small_may_fail());
    assert_eq!((promise(), ask()), (Promise::FailsAfterEffort, Err(AllocError::NoMemory)));
    let inner = machine.policy_scope(Policy::single_page_never_fails());
    assert_eq!(promise(), Promise::CannotFail);
    assert_eq!(machine.current_policy(), Policy::single_page_never_fails());
    assert_eq!(machine.policy(), Policy::kernel(), "the machine's is what it was");
    // Dropped in the wrong order, the one that is left counts.
    drop(outer);
    assert_eq!(promise(), Promise::CannotFail);
    drop(inner);
    assert_eq!((promise(), machine.stats().kills), (Promise::FailsOnlyAsVictim, 0));
    let scope = machine.policy_scope(Policy::small_may_fail());
    assert_eq!(machine.run_as(other, ask), Ok(()), "another task's requests are too small to fail");
    assert_eq!(machine.stats().kills, 1);
    drop(scope);
}

#[test]
fn row_006_every_point_that_is_about_requests_is_the_scopes() {
    let machine = machine(Policy::kernel());
    let scope = |change: fn(&mut Policy)| {
        let mut policy = Policy::kernel();
        change(&mut policy);
        machine.policy_scope(policy)
    };
    let from = machine.next_event();
    let strict = scope(|policy| policy.strict = true);
    let contradiction = Gfp::KERNEL | Gfp::RECLAIMABLE | Gfp::MOVABLE;
    assert_eq!(machine.alloc_pages(Order::ZERO, contradiction).unwrap_err(), AllocError::InvalidFlags);
    assert_eq!(machine.kmalloc(10, Gfp::KERNEL | Gfp::DMA32).unwrap_err(), AllocError::InvalidFlags);
    assert!(kinds(&machine, from).contains(&EventKind::Misused(Misuse::SlabZone)));
    drop(strict);
    assert!(machine.alloc_pages(Order::ZERO, contradiction).is_ok());
    let capped = scope(|policy| policy.kv_cap = KvCap::Absolute(10_000));
    assert_eq!(machine.kvmalloc(10_001, Gfp::KERNEL).unwrap_err(), AllocError::TooBig);
    drop(capped);
    assert!(machine.kvmalloc(10_001, Gfp::KERNEL).is_ok());
    let loops = scope(|policy| policy.bad_nofail = BadNofail::Loop);
    assert_eq!(machine.explain(Gfp::ATOMIC | Gfp::NOFAIL, Order::ZERO).promise, Promise::CannotFail);
    drop(loops);
    // What is about the machine stays the machine's: orders that it has no lists for, above all.
    let large = scope(|policy| policy.largest = Order::LIMIT);
    assert_eq!(machine.alloc_pages(order(11), Gfp::KERNEL).unwrap_err(), AllocError::OrderTooBig);
    drop(large);
    let _hoard = full(&machine);
    let fails = scope(|policy| policy.on_oom = OnOom::Fail);
    assert_eq!(machine.alloc_pages(Order::ZERO, Gfp::KERNEL).unwrap_err(), AllocError::NoMemory);
    drop(fails);
    hog(&machine, 0);
    let asking = hog(&machine, 0);
    let stops = scope(|policy| policy.panic_on_oom = true);
    assert_eq!(machine.run_as(asking, || machine.alloc_pages(Order::ZERO, Gfp::NOFS).map(drop)), Err(AllocError::Hang));
    assert_eq!(machine.stopped(), None);
    assert_eq!(machine.alloc_pages(Order::ZERO, Gfp::KERNEL).unwrap_err(), AllocError::Dead);
    drop(stops);
}

#[test]
fn row_006_the_scope_says_who_is_killed_and_whether_anybody_is_for_the_queue() {
    let machine = machine(Policy::kernel());
    let (bystander, asking) = (hog(&machine, 300), hog(&machine, 100));
    let hoard = full(&machine);
    machine.run_as(asking, || {
        let _patient = machine.policy_scope(Policy::small_may_fail());
        assert_eq!(machine.wait_alloc(Order::ZERO, Wait::Forever).unwrap_err(), AllocError::Hang);
        assert_eq!(machine.stats().kills, 0, "nobody is killed for it");
        let _own = machine.policy_scope(Policy { kill_allocating_task: true, ..Policy::kernel() });
        assert!(machine.alloc_pages(Order::ZERO, Gfp::KERNEL).is_ok());
    });
    assert!(machine.is_victim(asking) && !machine.is_victim(bystander));
    drop(hoard);
}

#[test]
fn row_006_what_was_answered_before_a_scope_is_not_the_answer_inside_of_it() {
    let machine = machine(Policy::kernel());
    let ask = || (0..10).for_each(|_| drop(machine.alloc_pages(order(2), Gfp::KERNEL).unwrap()));
    ask();
    let scope = machine.policy_scope(Policy::small_may_fail());
    ask();
    drop(scope);
    ask();
    // A request that was planned before the scope ends inside of it: how it was served says nothing about the next one.
    let mut early = machine.request(Machine::BOOT, None, order(2), Gfp::KERNEL).unwrap();
    let _scope = machine.policy_scope(Policy::small_may_fail());
    assert!(matches!(early.step(), Step::Done(Ok(_))));
    ask();
    // Whoever asks for the counts makes the machine forget its answers, so they are asked for only now.
    let stats = machine.stats();
    assert_eq!((stats.served_by_policy, stats.served_by_chance), (10 + 10 + 1, 10 + 10));
}

#[test]
fn row_064_a_request_that_was_planned_before_a_scope_says_nothing_about_those_inside_of_it() {
    let machine = machine(Policy::strict());
    let mut early = machine.request(Machine::BOOT, None, Order::ZERO, Gfp::KERNEL).unwrap();
    let _scope = machine.scope(Scope::Atomic);
    assert!(matches!(early.step(), Step::Done(Ok(_))));
    assert_eq!(machine.alloc_pages(Order::ZERO, Gfp::KERNEL).unwrap_err(), AllocError::InvalidFlags);
}

#[test]
fn row_006_sites_are_converted_one_by_one_and_the_innermost_counts() {
    let machine = machine(Policy::kernel());
    hog(&machine, 200);
    let hoard = machine.exhaust(NODE, 0);
    let promise = || machine.explain(Gfp::KERNEL, Order::ZERO).promise;
    machine.set_site_policy("journal", Some(Policy::small_may_fail()));
    {
        let _write = machine.site("write_back");
        assert_eq!(promise(), Promise::FailsOnlyAsVictim);
        let _journal = machine.site("journal");
        assert_eq!(promise(), Promise::FailsAfterEffort);
        assert_eq!(machine.alloc_pages(Order::ZERO, Gfp::KERNEL).unwrap_err(), AllocError::NoMemory);
        let _inode = machine.site("inode");
        assert_eq!(promise(), Promise::FailsAfterEffort, "a site without a policy follows what it was entered from");
        let _certain = machine.policy_scope(Policy::single_page_never_fails());
        assert_eq!(promise(), Promise::CannotFail);
        machine.set_site_policy("journal", None);
    }
    let _journal = machine.site("journal");
    assert_eq!(promise(), Promise::FailsOnlyAsVictim, "it is as it was before");
    assert_eq!(machine.stats().kills, 0);
    drop(hoard);
}

#[test]
fn row_130_in_an_interrupt_only_what_was_begun_there_counts() {
    let machine = machine(Policy::kernel());
    let interrupted = (machine.policy_scope(Policy::small_may_fail()), machine.site("interrupted"));
    let irq = machine.scope(Scope::Interrupt);
    assert_eq!(machine.current_policy(), Policy::kernel());
    drop(machine.alloc_pages(Order::ZERO, Gfp::ATOMIC));
    let handler = (machine.policy_scope(Policy::strict()), machine.site("handler"));
    drop(machine.alloc_pages(Order::ZERO, Gfp::ATOMIC));
    assert_eq!(machine.current_policy(), Policy::strict());
    drop(irq);
    assert_eq!(machine.current_policy().small, Small::MayFail, "the handler's does not reach out of it");
    drop((interrupted, handler));
    assert_eq!(chains(&machine), [("interrupted".to_owned(), 0), ("handler".to_owned(), 1)].into());
}

#[test]
fn row_006_stretches_that_have_not_ended_are_known_by_their_tasks() {
    let machine = machine(Policy::kernel());
    let other = hog(&machine, 0);
    let guards = (machine.site("fsck"), machine.run_as(other, || machine.policy_scope(Policy::strict())));
    let twice = machine.site("fsck");
    let open = machine.open_calls();
    let found: Vec<_> = open.iter().map(|open| (open.task, open.site)).collect();
    assert_eq!(found, [(Machine::BOOT, Some("fsck")), (Machine::BOOT, Some("fsck")), (other, None)]);
    assert_ne!(open[0].number, open[1].number);
    drop(guards);
    assert_eq!(machine.open_calls(), open[1..2], "the inner one is left");
    drop(twice);
    assert_eq!(machine.open_calls(), []);
}

/// A stretch of calls, as the obvious reading sees it: a name or a policy, and whether it was begun in an interrupt.
type Stretch = (Option<&'static str>, Option<Policy>, bool);

/// The names that the task is inside of, outermost first: a site that calls itself is one.
fn names(stretches: &[Stretch], in_interrupt: bool) -> Vec<&'static str> {
    let mut names: Vec<_> = stretches.iter().filter(|one| one.2 == in_interrupt).filter_map(|one| one.0).collect();
    names.dedup();
    names
}

#[test]
fn row_006_any_nesting_follows_the_innermost_and_leaves_nothing_behind() {
    let mut seed = 1_u64;
    let mut below = |limit: usize| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((seed >> 33) % limit as u64) as usize
    };
    let policies = [Policy::strict(), Policy::small_may_fail(), Policy::single_page_never_fails(), Policy::kernel()];
    for _ in 0..if cfg!(miri) { 3 } else { 200 } {
        let machine = machine(policies[below(4)].clone());
        let converted = policies[below(4)].clone();
        machine.set_site_policy("b", Some(converted.clone()));
        let (mut guards, mut stretches, mut interrupts) = (Vec::new(), Vec::<Stretch>::new(), Vec::new());
        let mut requests: BTreeMap<String, u64> = BTreeMap::new();
        for _ in 0..60 {
            let inside = !interrupts.is_empty();
            match below(8) {
                0 | 1 => {
                    let name = ["a", "b", "c"][below(3)];
                    guards.push(machine.site(name));
                    stretches.push((Some(name), (name == "b").then(|| converted.clone()), inside));
                    // Chains are entered one site at a time, whatever was left before.
                    requests.entry(names(&stretches, inside).join(" > ")).or_default();
                }
                2 => {
                    let policy = policies[below(4)].clone();
                    guards.push(machine.policy_scope(policy.clone()));
                    stretches.push((None, Some(policy), inside));
                }
                3 | 4 => {
                    // The last one, so that chains are what the names say; another one of a policy.
                    let last = stretches.len().checked_sub(1);
                    let any = (!stretches.is_empty()).then(|| below(stretches.len()));
                    let leaves = any.filter(|at| stretches[*at].0.is_none()).or(last);
                    if let Some(at) = leaves {
                        drop(guards.remove(at));
                        stretches.remove(at);
                    }
                }
                5 if stretches.iter().all(|one| one.2 == inside) || inside => {
                    if interrupts.pop().is_none() {
                        interrupts.push(machine.scope(Scope::Interrupt));
                    }
                }
                _ => {
                    drop(machine.alloc_pages(Order::ZERO, Gfp::ATOMIC));
                    *requests.entry(names(&stretches, inside).join(" > ")).or_default() += 1;
                }
            }
            let inside = !interrupts.is_empty();
            let innermost = stretches.iter().rev().filter(|one| one.2 == inside).find_map(|one| one.1.clone());
            assert_eq!(machine.current_policy(), innermost.unwrap_or(machine.policy()));
        }
        drop((guards, interrupts));
        assert_eq!(machine.current_policy(), machine.policy());
        requests.remove("");
        assert_eq!(chains(&machine), requests);
    }
}
