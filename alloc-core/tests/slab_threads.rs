//! Threads that share caches: objects travel, are given back where they did not come from, and none is lost or twice there.
#![cfg(feature = "std")]

mod support;

use alloc_core::{CacheOptions, Gfp, KmallocBox, Machine, NodePages, SlabBox};
use std::sync::mpsc;
use std::thread;

const TURNS: usize = if cfg!(miri) { 60 } else { 20_000 };

fn roomy(cpus: usize) -> Machine {
    Machine::builder().node(NodePages::new(4096)).cpus(cpus).build().unwrap()
}

#[test]
fn row_126_objects_that_travel_between_threads_come_back_whole() {
    for cpus in [1, 2] {
        let machine = roomy(cpus);
        let cache = machine.cache(CacheOptions::new("travels", 72)).unwrap();
        thread::scope(|scope| {
            for seed in 0..2_u8 {
                let (send, receive) = mpsc::sync_channel::<(SlabBox<'_>, KmallocBox<'_>, u8)>(200);
                let (machine, cache) = (&machine, &cache);
                scope.spawn(move || {
                    for turn in 0..TURNS {
                        let fill = (turn as u8).wrapping_mul(3) ^ seed;
                        let mut object = cache.alloc(Gfp::KERNEL).unwrap();
                        let mut memory = machine.kmalloc(1 + turn % 200, Gfp::KERNEL).unwrap();
                        object.bytes_mut().fill(fill);
                        memory.bytes_mut().fill(fill);
                        send.send((object, memory, fill)).unwrap();
                    }
                });
                scope.spawn(move || {
                    let mut held = Vec::new();
                    for (object, memory, fill) in receive {
                        held.push((object, memory, fill));
                        if held.len() > 50 {
                            let (object, memory, fill) = held.swap_remove(usize::from(fill) % held.len());
                            let bytes = object.bytes().iter().chain(memory.bytes());
                            assert!(bytes.into_iter().all(|byte| *byte == fill), "another owner wrote here");
                        }
                    }
                });
            }
            // Whoever collects what is at hand gets in between.
            for _ in 0..20 {
                cache.shrink();
                machine.shrink_slabs();
                thread::yield_now();
            }
        });
        assert_eq!(cache.usage().live, 0);
        machine.audit_slabs().unwrap();
        cache.destroy().unwrap();
        machine.shrink_slabs();
        assert_eq!(machine.free_pages(None), 4096);
    }
}

#[test]
fn row_126_when_memory_is_scarce_what_others_have_at_hand_is_used_first() {
    let machine = roomy(2);
    let cache = machine.cache(CacheOptions::new("at hand", 500)).unwrap();
    machine.set_cpu(0);
    let objects: Vec<_> = (0..40).map(|_| cache.alloc(Gfp::KERNEL).unwrap()).collect();
    drop(objects);
    let _hoard = machine.exhaust(support::NODE, 0);
    machine.set_cpu(1);
    let all = cache.usage().objects;
    drop(cache.alloc(Gfp::KERNEL).unwrap());
    machine.set_cpu(0);
    let objects: Vec<_> = std::iter::from_fn(|| cache.alloc(Gfp::NOWAIT).ok()).collect();
    assert_eq!(objects.len(), all, "none is left on the other processor");
    drop(objects);
    machine.set_cpu(1);
    assert_eq!(cache.prefill(all, Gfp::NOWAIT).unwrap().left(), all);
    machine.audit_slabs().unwrap();
}
