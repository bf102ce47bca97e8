//! Threads that share a cache: objects are given back where they were not got, while slabs are made, collected and given up.

mod scheduled;

use alloc_core_schedules::{Cache, CacheOptions, Gfp, Machine, NodePages, SlabBox};
use scheduled::{below, builder, check, is_whole};
use shuttle::thread;
use std::collections::BTreeSet;
use std::sync::Mutex;

const PAGES: u32 = 64;

fn machine() -> Machine {
    builder(PAGES as usize).node(NodePages::new(PAGES)).min_free_pages(4).build().unwrap()
}

/// Objects on their way from one thread to another, and where the objects are that somebody has.
#[derive(Default)]
struct Travelling<'c>(Mutex<Vec<SlabBox<'c>>>, Mutex<BTreeSet<usize>>);

impl<'c> Travelling<'c> {
    fn send(&self, mut object: SlabBox<'c>) {
        let at = object.as_ptr().addr().get();
        assert!(self.1.lock().unwrap().insert(at), "an object was handed out twice");
        object.bytes_mut().fill(at as u8);
        self.0.lock().unwrap().push(object);
    }

    fn receive(&self) -> Option<SlabBox<'c>> {
        let object = self.0.lock().unwrap().pop()?;
        let at = object.as_ptr().addr().get();
        assert!(object.bytes().iter().all(|byte| *byte == at as u8), "somebody wrote into another's object");
        assert!(self.1.lock().unwrap().remove(&at));
        Some(object)
    }
}

fn trades<'c>(machine: &Machine, cache: &'c Cache<'_>, travelling: &Travelling<'c>) {
    for _ in 0..10 {
        match below(8) {
            0..=2 => cache.alloc(Gfp::KERNEL).into_iter().for_each(|object| travelling.send(object)),
            3..=5 => drop(travelling.receive()),
            6 => machine.set_cpu(below(2) as usize),
            _ => drop(machine.kmalloc(50, Gfp::KERNEL)),
        }
    }
}

#[test]
fn objects_are_given_back_by_other_threads_while_somebody_counts_and_shrinks() {
    check(|| {
        let machine = machine();
        // Two objects a page, so that slabs come and go.
        let cache = machine.cache(CacheOptions::new("things", 2000)).unwrap();
        let travelling = Travelling::default();
        thread::scope(|scope| {
            scope.spawn(|| trades(&machine, &cache, &travelling));
            scope.spawn(|| trades(&machine, &cache, &travelling));
            scope.spawn(|| {
                let usage = cache.usage();
                assert!(usage.live <= usage.objects);
                cache.shrink();
                machine.shrink_slabs();
            });
        });
        while let Some(object) = travelling.receive() {
            drop(object);
        }
        drop(travelling);
        assert_eq!(cache.usage().live, 0);
        cache.destroy().unwrap();
        is_whole(&machine, u64::from(PAGES));
    });
}

#[test]
fn a_promise_of_objects_holds_while_another_thread_takes_what_there_is() {
    check(|| {
        let machine = machine();
        let cache = machine.cache(CacheOptions::new("things", 2000)).unwrap();
        thread::scope(|scope| {
            scope.spawn(|| {
                let Ok(mut promised) = cache.prefill(3, Gfp::KERNEL) else { return };
                let taken: Vec<_> = (0..3).map(|_| promised.take().expect("three were promised")).collect();
                drop(taken);
            });
            scope.spawn(|| {
                let taken: Vec<_> = (0..6).filter_map(|_| cache.alloc(Gfp::NOWAIT).ok()).collect();
                machine.shrink_slabs();
                drop(taken);
            });
        });
        assert_eq!((cache.usage().live, cache.usage().reserved), (0, 0));
        cache.destroy().unwrap();
        is_whole(&machine, u64::from(PAGES));
    });
}

#[test]
fn caches_come_and_go_while_others_look_at_all_of_them() {
    check(|| {
        let machine = machine();
        thread::scope(|scope| {
            for name in ["one", "two"] {
                let machine = &machine;
                scope.spawn(move || {
                    let cache = machine.cache(CacheOptions::new(name, 700)).unwrap();
                    let object = cache.alloc_raw(Gfp::KERNEL).map(std::ptr::NonNull::as_ptr);
                    // The handle goes first: the cache ends with its last object.
                    drop(cache);
                    if let Ok(object) = object {
                        #[expect(unsafe_code, reason = "gives an object back by pointer")]
                        // SAFETY: nobody uses the object.
                        unsafe {
                            machine.kfree(object).unwrap();
                        }
                    }
                });
            }
            scope.spawn(|| {
                machine.shrink_slabs();
                machine.held_objects();
            });
        });
        assert!(machine.held_objects().is_empty());
        is_whole(&machine, u64::from(PAGES));
    });
}
