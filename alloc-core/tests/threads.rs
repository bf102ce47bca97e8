//! Threads that share a machine: nothing is lost, and each has a current task of its own.
#![cfg(feature = "std")]

mod support;

use alloc_core::{
    AllocError, Attributes, Gfp, Machine, Order, PageBlock, Pages, Policy, ReclaimClass, Scope, Shrinker, TaskOptions,
};
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::sync::{Arc, Barrier};
use std::thread;
use support::{Cache, PAGES, machine, order};

/// Threads that request at once.
const THREADS: u32 = 4;
const REQUESTS: u32 = if cfg!(miri) { 50 } else { 5_000 };

#[test]
fn no_page_is_lost_between_threads() {
    let machine = machine(Policy::small_may_fail());
    let cache = Cache::register(&machine, ReclaimClass::Clean, 100);
    let served: u32 = thread::scope(|scope| {
        let threads: Vec<_> = (0..THREADS)
            .map(|n| {
                let machine = &machine;
                scope.spawn(move || {
                    let (mut held, mut served): (Vec<PageBlock<'_>>, _) = (Vec::new(), 0);
                    let task = machine.spawn(TaskOptions::named("thread"));
                    for turn in 0..REQUESTS {
                        let flags = [Gfp::KERNEL, Gfp::NOWAIT, Gfp::ATOMIC, Gfp::KERNEL | Gfp::NORETRY];
                        let flags = flags[(turn.wrapping_mul(2_654_435_761) >> 16) as usize % flags.len()];
                        let block = machine.run_as(task, || machine.alloc_pages(order((turn * 7 + n) % 5), flags));
                        served += u32::from(block.is_ok());
                        held.extend(block);
                        if turn % 3 != n % 3 && !held.is_empty() {
                            held.swap_remove((turn as usize * 31) % held.len());
                        }
                    }
                    served
                })
            })
            .collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).sum()
    });
    machine.audit().unwrap();
    let stats = machine.stats();
    let cached = cache.pages.lock().unwrap().len() as u64;
    assert_eq!(machine.free_pages(None), u64::from(PAGES) - cached);
    assert_eq!(stats.requests(), u64::from(THREADS * REQUESTS) + 100);
    assert_eq!(stats.served_by_policy + stats.served_by_chance, u64::from(served) + 100);
    assert_eq!(stats.failures, u64::from(THREADS * REQUESTS - served));
    assert!(served > THREADS * 100, "{served}");
}

#[test]
fn each_thread_has_a_current_task_of_its_own() {
    let machine = machine(Policy::kernel());
    let other = support::machine(Policy::kernel());
    let tasks = [0, 1].map(|_| machine.spawn(TaskOptions::named("thread")));
    let meet = Barrier::new(2);
    thread::scope(|scope| {
        for task in tasks {
            let (machine, other, meet) = (&machine, &other, &meet);
            scope.spawn(move || {
                machine.run_as(task, || {
                    meet.wait();
                    assert_eq!(machine.current(), task);
                    assert_eq!(other.current(), Machine::BOOT, "of the other machine nothing was said");
                    let inner = other.spawn(TaskOptions::named("inner"));
                    other.run_as(inner, || assert_eq!((machine.current(), other.current()), (task, inner)));
                    let panics = || machine.run_as(Machine::BOOT, || panic!("in another's name"));
                    assert!(std::panic::catch_unwind(std::panic::AssertUnwindSafe(panics)).is_err());
                    assert_eq!(machine.current(), task);
                    // A thread that is started here begins anew.
                    thread::scope(|scope| {
                        scope.spawn(|| assert_eq!(machine.current(), Machine::BOOT));
                    });
                });
                assert_eq!(machine.current(), Machine::BOOT);
            });
        }
    });
}

#[test]
fn a_scope_of_one_task_does_not_bind_another_threads() {
    let machine = machine(Policy::kernel());
    let (quiet, loud) = (machine.spawn(TaskOptions::named("quiet")), machine.spawn(TaskOptions::named("loud")));
    let _scope = machine.run_as(quiet, || machine.scope(Scope::NoFs));
    thread::scope(|scope| {
        scope.spawn(|| {
            let effective = |task| machine.run_as(task, || machine.context().effective(Gfp::KERNEL));
            assert_eq!((effective(quiet), effective(loud)), (Gfp::NOFS, Gfp::KERNEL));
        });
    });
}

#[test]
fn a_fault_source_fails_as_often_as_it_says_however_many_ask() {
    let machine = machine(Policy::kernel());
    let attributes = Arc::new(Attributes::unfiltered(100));
    attributes.times.set(Some(1_000));
    machine.set_faults(Some(attributes.clone()));
    let failed: u32 = thread::scope(|scope| {
        let ask = || {
            let results = (0..500).map(|_| machine.alloc_pages(Order::ZERO, Gfp::KERNEL).map(drop));
            results.filter(|result| *result == Err(AllocError::Injected)).count() as u32
        };
        let threads: Vec<_> = (0..THREADS).map(|_| scope.spawn(ask)).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).sum()
    });
    assert_eq!((failed, attributes.times.get()), (1_000, Some(0)));
    assert_eq!(machine.stats().injected, 1_000);
}

/// Requests of small orders, some kept for a while; every block says whose it is, so that two owners would be noticed.
fn churn(machine: &Machine, turns: u32, mine: u8) -> u32 {
    let mut held: Vec<PageBlock<'_>> = Vec::new();
    for turn in 0..turns {
        if let Ok(mut block) = machine.alloc_pages(order(turn % 4), Gfp::KERNEL) {
            block.bytes_mut()[..16].fill(mine);
            held.push(block);
        }
        if held.len() > 20 {
            let block = held.swap_remove((turn as usize * 13) % held.len());
            assert_eq!(block.bytes()[..16], [mine; 16], "somebody else has this block, too");
        }
    }
    turns
}

#[test]
fn processors_change_under_the_requests_and_nothing_is_lost() {
    let machine = support::builder(Policy::kernel()).cpus(3).build().unwrap();
    let asked: u32 = thread::scope(|scope| {
        let threads: Vec<_> = (1..=3_u8)
            .map(|n| {
                scope.spawn({
                    let m = &machine;
                    move || churn(m, REQUESTS, n)
                })
            })
            .collect();
        let mut turn = 0;
        while !threads.iter().all(thread::ScopedJoinHandle::is_finished) {
            // Requests that have read one number go on with another.
            machine.set_cpu(turn);
            turn += 1;
            if turn % 64 == 0 {
                machine.audit().unwrap();
                assert!(machine.free_pages(None) <= u64::from(PAGES));
            }
            thread::yield_now();
        }
        threads.into_iter().map(|thread| thread.join().unwrap()).sum()
    });
    machine.audit().unwrap();
    let stats = machine.stats();
    assert_eq!(machine.free_pages(None), u64::from(PAGES));
    assert_eq!(stats.requests(), u64::from(asked));
    assert_eq!(stats.served_by_policy + stats.served_by_chance + stats.failures, stats.requests());
}

#[test]
fn what_a_thread_freed_is_there_when_it_has_ended() {
    let machine = support::builder(Policy::kernel()).cpus(2).build().unwrap();
    for cpu in 0..8 {
        machine.set_cpu(cpu);
        thread::scope(|scope| {
            scope.spawn(|| churn(&machine, 200, 1));
        });
    }
    // All of it is to be had at once, as one block of each largest order.
    let blocks: Vec<_> = (0..1).map(|_| machine.alloc_pages(order(10), Gfp::MEMALLOC).unwrap()).collect();
    assert_eq!((blocks.len(), machine.free_pages(None)), (1, 0));
}

#[test]
fn more_threads_than_can_own_anything_are_served_all_the_same() {
    let machine = support::builder(Policy::kernel()).cpus(2).build().unwrap();
    let threads = if cfg!(miri) { 4 } else { 300 };
    let (here, asked) = (Barrier::new(threads), Barrier::new(threads));
    thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                here.wait();
                drop(machine.alloc_pages(Order::ZERO, Gfp::KERNEL).unwrap());
                drop(machine.alloc_pages(Order::ZERO, Gfp::KERNEL).unwrap());
                asked.wait();
            });
        }
    });
    machine.audit().unwrap();
    assert_eq!((machine.free_pages(None), machine.stats().requests()), (u64::from(PAGES), 2 * threads as u64));
}

/// Stays in its first scan until it is let go; what it has is given, page by page, in the others.
struct Stays {
    cache: Arc<Cache>,
    entered: Barrier,
    left: Barrier,
    scans: AtomicU32,
}

impl Shrinker for Stays {
    fn class(&self) -> ReclaimClass {
        ReclaimClass::Clean
    }

    fn count(&self) -> u64 {
        self.cache.count()
    }

    fn scan(&self, most: u64, free: &mut dyn FnMut(Pages)) {
        if self.scans.fetch_add(1, Relaxed) == 0 {
            self.entered.wait();
            self.left.wait();
        } else {
            self.cache.scan(most, free);
        }
    }
}

#[test]
fn a_pass_of_reclaim_binds_the_thread_that_makes_it_and_no_other_of_its_task() {
    let machine = machine(Policy::small_may_fail());
    let stays = Arc::new(Stays {
        cache: Cache::unregistered(&machine, ReclaimClass::Clean, 500),
        entered: Barrier::new(2),
        left: Barrier::new(2),
        scans: AtomicU32::new(0),
    });
    machine.register_shrinker(stays.clone());
    let _hoard = support::full(&machine);
    thread::scope(|scope| {
        let reclaims = scope.spawn(|| machine.alloc_pages(Order::ZERO, Gfp::KERNEL).map(drop));
        stays.entered.wait();
        // The other thread, of the same task, is in the middle of its pass.
        let plain = !machine.context().frees_memory();
        let served = machine.alloc_pages(Order::ZERO, Gfp::KERNEL).map(drop);
        stays.left.wait();
        assert!(plain, "it has the rights of one that frees memory");
        assert_eq!((served, reclaims.join().unwrap()), (Ok(()), Ok(())));
    });
    assert!(stays.scans.load(Relaxed) > 1);
}
