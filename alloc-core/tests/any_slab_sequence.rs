//! Any sequence of calls of the slab layer, against a model that only remembers who has which bytes.
#![expect(unsafe_code, reason = "gives objects back by pointer")]

mod support;

use alloc_core::{
    AllocError, Attributes, Cache, CacheOptions, FreeError, Gfp, KmallocBox, Machine, NodeId, NodePages, Prefilled,
    SlabBox, SlabDebug,
};
use std::collections::BTreeMap;
use std::ptr::NonNull;
use std::sync::Arc;
use support::presets;
use support::random::Random;

/// A number of bytes: mostly small, sometimes absurd.
fn any_size(random: &mut Random) -> usize {
    match random.below(12) {
        0 => usize::MAX - random.below(5000) as usize,
        1 => 1 << random.below(64),
        2 | 3 => random.below(20_000) as usize,
        _ => random.below(300) as usize,
    }
}

fn any_flags(random: &mut Random) -> Gfp {
    let composites = [Gfp::KERNEL, Gfp::NOFS, Gfp::ATOMIC, Gfp::NOWAIT, Gfp::KERNEL | Gfp::ZERO, Gfp::USER];
    let more = u64::from(random.below(4) == 0);
    random.flags(&composites, more)
}

/// Who has which addresses: begin, length and what was written there.
#[derive(Default)]
struct Model(BTreeMap<usize, (usize, u8)>);

impl Model {
    /// Somebody got memory: it overlaps nobody's.
    fn got(&mut self, begin: usize, len: usize, fill: u8) {
        let before = self.0.range(..begin + len.max(1)).next_back();
        assert!(before.is_none_or(|(at, (len, _))| at + len <= begin), "two owners have the same bytes");
        if len > 0 {
            self.0.insert(begin, (len, fill));
        }
    }

    /// Somebody gives memory back that is as it was left.
    fn gave(&mut self, begin: usize, bytes: &[u8]) {
        let (len, fill) = self.0.remove(&begin).unwrap_or((0, 0));
        assert!(bytes.len() == len && bytes.iter().all(|byte| *byte == fill), "somebody wrote into another's bytes");
    }
}

fn machine(random: &mut Random) -> Machine {
    let (_, mut policy) = random.of(&presets());
    (policy.on_oom, policy.rounds_max) = (alloc_core::OnOom::Fail, 50);
    let debug = [SlabDebug::NONE, SlabDebug::NONE, SlabDebug::ALL][random.below(3) as usize];
    let node = |pages: u64| NodePages::new(60 + pages as u32).with_dma32(16).with_movable(16);
    let one = node(random.below(60));
    // Some have more frames than they may use.
    let one = if random.below(3) == 0 { one.with_budget(50 + random.below(40) as u32 % 11) } else { one };
    let builder = Machine::builder().node(one).min_free_pages(8).policy(policy).slab_debug(debug);
    // Only machines of one node keep objects at hand.
    let builder = if random.below(3) == 0 { builder.node(node(random.below(60))) } else { builder };
    builder.cpus(3).build().unwrap()
}

fn caches<'m>(machine: &'m Machine, random: &mut Random) -> Vec<Cache<'m>> {
    let mut caches = Vec::new();
    for name in ["one", "two", "three", "four"] {
        let bits = random.below(3) as u8;
        let debug = SlabDebug { red_zone: bits & 1 != 0, poison: bits & 2 != 0, store_user: random.below(2) == 0 };
        let constructor: Option<fn(&mut [u8])> = (random.below(3) == 0).then_some(|object| object.fill(3));
        let align = 1 << random.below(14);
        let size = 1 + random.below(3000) as usize;
        let options = CacheOptions { align, constructor, debug, ..CacheOptions::new(name, size) };
        caches.push(machine.cache(options).unwrap());
    }
    caches
}

/// What somebody has.
enum Held<'c> {
    Box(SlabBox<'c>),
    Raw(&'c Cache<'c>, NonNull<u8>, usize),
    Kmalloc(KmallocBox<'c>),
    KmallocRaw(NonNull<u8>, usize),
}

fn run(seed: u64) {
    let mut random = Random(seed);
    let machine = machine(&mut random);
    let total = machine.free_pages(None);
    let caches = caches(&machine, &mut random);
    let mut model = Model::default();
    let (mut held, mut prefilled, mut hoards): (Vec<Held<'_>>, Vec<Prefilled<'_>>, Vec<_>) = Default::default();
    let mut stale: Vec<*mut u8> = Vec::new();
    // SAFETY: in every use below the memory is held, has so many bytes, and is used by nobody else.
    let bytes = |at: NonNull<u8>, len: usize| unsafe { std::slice::from_raw_parts_mut(at.as_ptr(), len) };
    for step in 0..if cfg!(miri) { 25 } else { 250 } {
        let (flags, size, fill) = (any_flags(&mut random), any_size(&mut random), step as u8);
        let cache = &caches[random.below(4) as usize];
        let zeroed = |bytes: &[u8]| assert!(!flags.contains(Gfp::ZERO) || bytes.iter().all(|byte| *byte == 0));
        match random.below(16) {
            0..=3 => {
                let node = NodeId(random.below(3) as u8);
                let got = if random.below(3) == 0 { cache.alloc_node(node, flags) } else { cache.alloc(flags) };
                if let Ok(mut object) = got {
                    zeroed(object.bytes());
                    object.bytes_mut().fill(fill);
                    model.got(object.as_ptr().addr().get(), object.bytes().len(), fill);
                    held.push(Held::Box(object));
                }
            }
            4 => {
                if let Ok(object) = cache.alloc_raw(flags) {
                    let len = machine.ksize(object.as_ptr()).unwrap();
                    zeroed(bytes(object, len));
                    bytes(object, len).fill(fill);
                    model.got(object.addr().get(), len, fill);
                    held.push(Held::Raw(cache, object, len));
                }
            }
            5..=7 => {
                if let Ok(mut memory) = machine.kmalloc(size, flags) {
                    zeroed(memory.bytes());
                    memory.bytes_mut().fill(fill);
                    model.got(memory.as_ptr().addr().get(), memory.bytes().len(), fill);
                    held.push(Held::Kmalloc(memory));
                }
            }
            8 => {
                if let Ok(memory) = machine.kmalloc_raw(size, flags) {
                    bytes(memory, size).fill(fill);
                    model.got(memory.addr().get(), size, fill);
                    held.push(Held::KmallocRaw(memory, size));
                }
            }
            9 => {
                for holder in &mut held {
                    let Held::Kmalloc(memory) = holder else { continue };
                    model.gave(memory.as_ptr().addr().get(), memory.bytes());
                    let (old, before) = (memory.bytes().len(), memory.bytes().first().copied());
                    match memory.krealloc(size, flags) {
                        Ok(()) => {
                            assert!(memory.bytes().iter().take(old).all(|byte| Some(*byte) == before));
                            zeroed(memory.bytes().get(old..).unwrap_or(&[]));
                        }
                        Err(_) => assert_eq!(memory.bytes().len(), old),
                    }
                    memory.bytes_mut().fill(fill);
                    model.got(memory.as_ptr().addr().get(), memory.bytes().len(), fill);
                    break;
                }
            }
            10 => {
                let at = held.iter().position(|holder| matches!(holder, Held::KmallocRaw(..)));
                if let Some(Held::KmallocRaw(memory, old)) = at.map(|at| held.swap_remove(at)) {
                    model.gave(memory.addr().get(), bytes(memory, old));
                    // SAFETY: nobody else uses the memory.
                    let moved = unsafe { machine.krealloc(memory.as_ptr(), size, flags) };
                    let (memory, size) = moved.map_or((memory, old), |moved| (moved, size));
                    bytes(memory, size).fill(fill);
                    model.got(memory.addr().get(), size, fill);
                    held.push(Held::KmallocRaw(memory, size));
                }
            }
            11 => prefilled.extend(cache.prefill(random.below(40) as usize, flags).ok()),
            12 => {
                if let Some(mut object) = prefilled.last_mut().and_then(Prefilled::take) {
                    object.bytes_mut().fill(fill);
                    model.got(object.as_ptr().addr().get(), object.bytes().len(), fill);
                    held.push(Held::Box(object));
                }
            }
            13 if random.below(4) == 0 => drop(cache.shrink()),
            13 => machine.set_cpu(random.below(3) as usize),
            14 => {
                let source = Attributes::unfiltered(random.below(60) as u32).seeded(seed);
                machine.set_faults((random.below(2) == 0).then(|| Arc::new(source) as _));
            }
            _ => hoards.push(machine.exhaust(NodeId(random.below(2) as u8), random.below(20))),
        }
        if random.below(5) == 0 {
            hoards.pop();
            prefilled.pop();
        }
        for _ in 0..random.below(3) {
            if held.is_empty() {
                break;
            }
            match held.swap_remove(random.below(held.len() as u64) as usize) {
                Held::Box(object) => model.gave(object.as_ptr().addr().get(), object.bytes()),
                Held::Kmalloc(memory) => model.gave(memory.as_ptr().addr().get(), memory.bytes()),
                Held::Raw(cache, object, len) => {
                    model.gave(object.addr().get(), bytes(object, len));
                    // SAFETY: nobody uses the object.
                    unsafe { cache.free(object.as_ptr()) }.unwrap();
                    stale.push(object.as_ptr());
                }
                Held::KmallocRaw(memory, len) => {
                    model.gave(memory.addr().get(), bytes(memory, len));
                    // SAFETY: nobody uses the memory.
                    unsafe { machine.kfree(memory.as_ptr()) }.unwrap();
                    stale.push(memory.as_ptr());
                }
            }
        }
        // Pointers that were given back, and any others, are not taken for memory in use, as long as nobody else has it.
        for pointer in
            stale.iter().copied().chain([std::ptr::without_provenance_mut(any_size(&mut random))]).rev().take(4)
        {
            let inside = pointer.wrapping_add(random.below(2) as usize);
            if !model.0.contains_key(&inside.addr()) && ![0, 16].contains(&inside.addr()) {
                // SAFETY: nobody uses memory there.
                let freed = unsafe { machine.kfree(inside) };
                assert!(freed.is_err() && freed != Err(FreeError::RedZone), "seed {seed}: {freed:?}");
            }
        }
        machine.audit_slabs().unwrap_or_else(|error| panic!("seed {seed}, step {step}: {error}"));
    }
    for holder in held {
        if let Held::Raw(_, pointer, _) | Held::KmallocRaw(pointer, _) = holder {
            // SAFETY: nobody uses the memory.
            unsafe { machine.kfree(pointer.as_ptr()) }.unwrap();
        }
    }
    drop((prefilled, hoards));
    for cache in caches {
        assert_eq!((cache.usage().live, cache.usage().reserved), (0, 0));
        cache.destroy().unwrap();
    }
    machine.shrink_slabs();
    machine.audit().unwrap();
    assert_eq!(machine.free_pages(None), total, "seed {seed}: pages were lost");
    machine.set_faults(None);
    assert_ne!(machine.kmalloc(8, Gfp::KERNEL).map(drop), Err(AllocError::Dead));
}

#[test]
fn row_126_any_sequence_of_calls_keeps_objects_apart_and_the_slabs_whole() {
    let runs = match (cfg!(miri), cfg!(debug_assertions)) {
        (true, _) => 1,
        (_, true) => 12,
        _ => 2_000,
    };
    for seed in 0..runs {
        run(seed);
    }
}
