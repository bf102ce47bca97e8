//! Live time: real threads ask, sleep and are woken; results and counters say what happened.
#![cfg(feature = "std")]

mod support;

use alloc_core::{
    AllocError, Gfp, Machine, MachineBuilder, Mempool, OnOom, Order, PageBlock, Pages, Policy, ReclaimClass, Shrinker,
    TaskId, TaskOptions, Time, Wait, ZoneKind,
};
use std::sync::atomic::Ordering::Relaxed;
use std::sync::{Arc, Mutex, mpsc};
use std::thread;
use std::time::Duration;
use support::{Cache, NODE, PAGES, Panics, full, hog, order};

fn builder(policy: Policy) -> MachineBuilder {
    support::builder(policy).time(Time::Live)
}

fn live(policy: Policy) -> Machine {
    builder(policy).build().unwrap()
}

fn task(machine: &Machine, name: &str) -> TaskId {
    machine.spawn(TaskOptions::named(name))
}

/// Until something is so that another thread brings about; a test that waits in vain is ended from outside.
fn until(so: impl Fn() -> bool) {
    while !so() {
        thread::yield_now();
    }
}

#[test]
fn row_121_a_live_reclaimer_works_by_itself() {
    let machine = live(Policy::kernel());
    let cache = Cache::register(&machine, ReclaimClass::Io, 500);
    let marks = machine.watermarks(NODE, ZoneKind::Normal).unwrap();
    let _hoard = machine.exhaust(NODE, marks.low);
    let block = machine.alloc_pages(Order::ZERO, Gfp::NOWAIT).unwrap();
    until(|| machine.free_pages(None) >= marks.high);
    let stats = machine.stats();
    assert_eq!((stats.kswapd_wakes, stats.direct_passes), (1, 0));
    assert!(cache.pages.lock().unwrap().len() < 500);
    drop(block);
}

#[test]
fn row_015_one_pass_of_a_live_reclaimer_is_waited_for() {
    let machine = live(Policy::kernel());
    let _cache = Cache::register(&machine, ReclaimClass::Io, 500);
    let _hoard = full(&machine);
    assert!(machine.wait_alloc(Order::ZERO, Wait::OnePass).is_ok());
    let stats = machine.stats();
    assert!(stats.kswapd_passes >= 1 && stats.direct_passes == 0, "{stats:?}");
}

#[test]
fn row_058_a_live_request_sleeps_until_another_thread_frees() {
    let machine = live(Policy { on_oom: OnOom::Wait, ..Policy::kernel() });
    let hoard = full(&machine);
    thread::scope(|scope| {
        let asks = scope.spawn(|| {
            let task = task(&machine, "asks");
            machine.run_as(task, || machine.alloc_pages(Order::ZERO, Gfp::KERNEL | Gfp::NOFAIL).map(drop))
        });
        until(|| machine.stats().sleeps > 1);
        drop(hoard);
        assert_eq!(asks.join().unwrap(), Ok(()));
    });
    machine.audit().unwrap();
}

#[test]
fn row_063_nothing_that_moves_is_a_hang_in_live_time_too() {
    let machine = builder(Policy::kernel()).watchdog(Duration::from_millis(30)).build().unwrap();
    let _hoard = full(&machine);
    // Without FS nobody is killed, and nobody else is there.
    assert_eq!(machine.alloc_pages(Order::ZERO, Gfp::NOFS).unwrap_err(), AllocError::Hang);
    let queued = machine.queue(task(&machine, "queues"), Order::ZERO).unwrap();
    drop(_hoard);
    assert!(queued.finish().is_ok());
    let pool = Mempool::new(&machine, 1, Order::ZERO).unwrap();
    let held = pool.alloc(Gfp::KERNEL).unwrap();
    let _hoard = full(&machine);
    let other = pool.alloc(Gfp::NOFS);
    assert!(other.is_ok(), "the reserve");
    assert_eq!(pool.alloc(Gfp::NOFS).map(drop).unwrap_err(), AllocError::Hang);
    drop((held, other));
}

#[test]
fn row_017_a_live_reaper_frees_a_hog_whose_thread_is_blocked() {
    let machine = live(Policy::kernel());
    let (go_on, blocked) = mpsc::channel::<()>();
    thread::scope(|scope| {
        let hog = hog(&machine, 400);
        let machine = &machine;
        let thread = scope.spawn(move || {
            // It holds its pages, and does nothing about it.
            blocked.recv().unwrap();
            machine.grow(hog, 1)
        });
        let _hoard = full(machine);
        let asks = task(machine, "asks");
        let block = machine.run_as(asks, || machine.alloc_pages(order(3), Gfp::KERNEL)).unwrap();
        let stats = machine.stats();
        assert_eq!((stats.kills, stats.reaped, machine.is_victim(hog)), (1, 1, true));
        assert!(!thread.is_finished());
        go_on.send(()).unwrap();
        assert_eq!(thread.join().unwrap(), Err(AllocError::TaskKilled));
        drop(block);
    });
}

#[test]
fn row_016_the_queue_is_served_in_order_whichever_thread_is_faster() {
    let machine = live(Policy { on_oom: OnOom::Wait, ..Policy::small_may_fail() });
    let one = || machine.alloc_pages(Order::ZERO, Gfp::KERNEL).unwrap();
    let mut pages: Vec<_> = (0..4).map(|_| one()).collect();
    let _hoard = machine.exhaust(NODE, support::MIN);
    let (served, order_of_service) = mpsc::channel();
    thread::scope(|scope| {
        for n in 0..4 {
            // Their places are taken here; the threads start as they like.
            let queued = machine.queue(task(&machine, "queues"), Order::ZERO).unwrap();
            let served = served.clone();
            scope.spawn(move || {
                let block = queued.finish().unwrap();
                served.send((n, block)).unwrap();
            });
        }
        let mut blocks = Vec::new();
        for expected in 0..4 {
            // The free lists hold what nobody in the queue may have; a page more is the first one's.
            pages.pop();
            let (n, block) = order_of_service.recv().unwrap();
            assert_eq!(n, expected);
            blocks.push(block);
        }
        assert_eq!(blocks.len(), 4);
    });
}

/// Random requests in the name of one task, which may be killed; blocks are held for a while, and say whose they are.
fn requests(machine: &Machine, n: u32, turns: u32) {
    let mut me = task(machine, "asks");
    let mut held: Vec<PageBlock<'_>> = Vec::new();
    let mut number = n.wrapping_mul(0x9e37_79b9) | 1;
    for _ in 0..turns {
        number = number.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let roll = number >> 8;
        let flags =
            [Gfp::KERNEL, Gfp::NOWAIT, Gfp::ATOMIC, Gfp::KERNEL | Gfp::NORETRY, Gfp::USER, Gfp::NOIO | Gfp::NORETRY];
        let flags = flags[roll as usize % flags.len()];
        match roll >> 4 & 31 {
            0..=5 => drop(machine.grow(me, 30)),
            6 => {
                machine.exit(me);
                me = task(machine, "asks again");
            }
            7 => held.clear(),
            _ => {
                let block = machine.run_as(me, || machine.alloc_pages(order(roll >> 9 & 3), flags));
                match block {
                    Ok(mut block) => {
                        block.bytes_mut()[..8].fill(n as u8);
                        held.push(block);
                    }
                    Err(AllocError::Hang | AllocError::Dead) => {
                        panic!("it hangs, or has stopped: {:?}", machine.stopped())
                    }
                    Err(_) => {
                        machine.exit(me);
                        me = task(machine, "asks again");
                        held.clear();
                    }
                }
            }
        }
        if held.len() > 12 {
            let block = held.swap_remove(roll as usize % held.len());
            assert_eq!(block.bytes()[..8], [n as u8; 8], "somebody else has this block, too");
        }
    }
    machine.exit(me);
}

#[test]
fn random_requests_of_many_threads_with_kills_and_reclaim_leave_the_machine_whole() {
    let policy = Policy { on_oom: OnOom::Fail, ..Policy::kernel() };
    let machine = builder(policy).watchdog(Duration::from_secs(30)).build().unwrap();
    let cache = Cache::register(&machine, ReclaimClass::Fs, 200);
    let hoard = machine.exhaust(NODE, 250);
    let hog = hog(&machine, 100);
    let turns = if cfg!(miri) { 30 } else { 1_500 };
    thread::scope(|scope| {
        for n in 1..=4 {
            let machine = &machine;
            scope.spawn(move || requests(machine, n, turns));
        }
    });
    machine.audit().unwrap();
    let stats = machine.stats();
    assert!(stats.kills > 0 && stats.kswapd_passes > 0 && stats.hangs == 0, "{stats:?}");
    assert_eq!(stats.served_by_policy + stats.served_by_chance + stats.failures, stats.requests());
    drop(hoard);
    let cached: Vec<Pages> = std::mem::take(&mut *cache.pages.lock().unwrap());
    cached.into_iter().for_each(|pages| machine.free(pages).unwrap());
    machine.exit(hog);
    assert_eq!(machine.free_pages(None), u64::from(PAGES));
    machine.audit().unwrap();
}

#[test]
fn threads_end_with_their_machine() {
    for _ in 0..if cfg!(miri) { 2 } else { 50 } {
        let machine = live(Policy::kernel());
        let weak_cache = Arc::downgrade(&Cache::register(&machine, ReclaimClass::Io, 5));
        drop(machine.alloc_pages(Order::ZERO, Gfp::KERNEL).unwrap());
        assert!(weak_cache.upgrade().is_some());
        drop(machine);
        assert!(weak_cache.upgrade().is_none(), "a thread still has the machine");
    }
}

#[test]
fn a_shrinker_may_be_the_last_to_let_go_of_a_machine() {
    struct Holds(Mutex<Option<Arc<Machine>>>, mpsc::Sender<()>);
    impl Shrinker for Holds {
        fn class(&self) -> ReclaimClass {
            ReclaimClass::Clean
        }
        fn count(&self) -> u64 {
            1 << 12
        }
        fn scan(&self, _: u64, _: &mut dyn FnMut(Pages)) {
            // The only handle is dropped here, on the machine's own thread.
            if self.0.lock().unwrap().take().is_some() {
                self.1.send(()).unwrap();
            }
        }
    }
    let machine = Arc::new(live(Policy::kernel()));
    let (sender, dropped) = mpsc::channel();
    let holds = Arc::new(Holds(Mutex::new(None), sender));
    machine.register_shrinker(holds.clone());
    *holds.0.lock().unwrap() = Some(machine.clone());
    std::mem::forget(machine.exhaust(NODE, 10));
    let asked = machine.alloc_pages(Order::ZERO, Gfp::NOWAIT).map(drop);
    drop(machine);
    dropped.recv().unwrap();
    assert_eq!(asked, Err(AllocError::NoMemory));
}

#[test]
fn a_shrinker_that_panics_does_not_end_the_reclaimer() {
    let machine = live(Policy::kernel());
    let panics = Arc::new(Panics::default());
    let id = machine.register_shrinker(panics.clone());
    let hoard = machine.exhaust(NODE, 10);
    assert!(machine.alloc_pages(Order::ZERO, Gfp::NOWAIT).is_err());
    until(|| panics.scans.load(Relaxed) > 0);
    machine.unregister_shrinker(id);
    drop(hoard);
    let cache = Cache::register(&machine, ReclaimClass::Clean, 300);
    let _hoard = machine.exhaust(NODE, 10);
    assert!(machine.alloc_pages(Order::ZERO, Gfp::NOWAIT).is_err());
    until(|| cache.pages.lock().unwrap().len() < 300);
}
