//! Every way to memory that has unsafe code behind it, on machines so small that Miri runs them in a minute.
#![expect(unsafe_code, reason = "gives memory back by pointer")]

use alloc_core::{
    CacheOptions, FreeError, Gfp, KmallocBox, Machine, MachineBuilder, Mempool, NodePages, Order, PAGE_SIZE, PlainHost,
    ReclaimLock, SlabDebug, TaskOptions,
};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;

const PAGES: u32 = 24;

fn builder() -> MachineBuilder {
    let host = Box::new(PlainHost::new(PAGES as usize).unwrap());
    Machine::builder().host(host).node(NodePages::new(PAGES)).min_free_pages(1).cpus(2)
}

fn is_whole(machine: &Machine) {
    machine.shrink_slabs();
    machine.audit().unwrap();
    assert_eq!(machine.free_pages(None), u64::from(PAGES));
}

#[test]
fn blocks_are_written_zeroed_loosened_and_pooled() {
    let machine = builder().build().unwrap();
    let mut block = machine.alloc_pages(Order::new(1), Gfp::KERNEL).unwrap();
    block.bytes_mut()[PAGE_SIZE] = 7;
    let pages = block.into_pages();
    let frame = machine.into_raw(pages).unwrap();
    assert_eq!(machine.free_raw(frame, Order::new(1)), Ok(()));
    let zeroed = machine.alloc_pages(Order::new(1), Gfp::KERNEL | Gfp::ZERO).unwrap();
    assert_eq!((zeroed.frame(), zeroed.bytes()[PAGE_SIZE]), (frame, 0));
    drop(zeroed);
    let pool = Mempool::new(&machine, 1, Order::ZERO).unwrap();
    let mut pooled = pool.alloc(Gfp::NOWAIT).unwrap();
    pooled.bytes_mut()[0] = 1;
    drop(pooled);
    drop(pool);
    is_whole(&machine);
}

#[test]
fn kmalloc_grows_shrinks_and_comes_back_by_pointer() {
    let machine = builder().build().unwrap();
    let mut memory = machine.kmalloc(24, Gfp::KERNEL).unwrap();
    memory.bytes_mut().fill(3);
    for size in [8, 100, 3 * PAGE_SIZE, 40, 0, 16] {
        let before: Vec<u8> = memory.bytes().iter().copied().take(size).collect();
        memory.krealloc(size, Gfp::KERNEL | Gfp::ZERO).unwrap();
        assert!(memory.bytes().starts_with(&before) && memory.bytes().len() == size);
    }
    let (raw, word) = (memory.into_raw(), machine.kmalloc_raw(50, Gfp::KERNEL).unwrap());
    // SAFETY: both are this test's, and used by nobody else.
    unsafe {
        raw.as_ptr().write(1);
        let moved = machine.krealloc(raw.as_ptr(), 5000, Gfp::KERNEL).unwrap();
        assert_eq!(moved.as_ptr().read(), 1);
        assert_eq!(machine.kfree(moved.as_ptr()), Ok(()));
        assert_eq!([machine.kfree(word.as_ptr()), machine.kfree(word.as_ptr())], [Ok(()), Err(FreeError::AlreadyFree)]);
        assert!(machine.kfree(word.as_ptr().wrapping_add(1)).is_err());
    }
    is_whole(&machine);
}

#[test]
fn objects_are_constructed_guarded_promised_and_given_back_by_others() {
    let machine = builder().build().unwrap();
    let options = CacheOptions { constructor: Some(|object| object.fill(3)), ..CacheOptions::new("plain", 700) };
    let guarded = CacheOptions { debug: SlabDebug::ALL, ..CacheOptions::new("guarded", 700) };
    for cache in [options, guarded].map(|options| machine.cache(options).unwrap()) {
        let mut promised = cache.prefill(2, Gfp::KERNEL).unwrap();
        let (mut first, raw) = (promised.take().unwrap(), cache.alloc_raw(Gfp::KERNEL).unwrap());
        first.bytes_mut().fill(9);
        // SAFETY: the object is this test's.
        unsafe { raw.as_ptr().write(1) };
        let sent = Mutex::new(vec![first, promised.take().unwrap()]);
        std::thread::scope(|scope| {
            for _ in 0..2 {
                scope.spawn(|| {
                    let object = sent.lock().unwrap().pop();
                    drop((object, cache.alloc(Gfp::KERNEL).unwrap()));
                });
            }
        });
        // SAFETY: nobody uses the object any more.
        assert_eq!(unsafe { cache.free(raw.as_ptr()) }, Ok(()));
        drop((sent, promised));
        assert_eq!(cache.usage().live, 0);
        cache.destroy().unwrap();
    }
    is_whole(&machine);
}

#[test]
fn a_debugging_cache_sees_what_was_written_behind_an_object() {
    let machine = builder().slab_debug(SlabDebug::ALL).build().unwrap();
    let cache = machine.cache(CacheOptions::new("guarded", 40)).unwrap();
    let object = cache.alloc_raw(Gfp::KERNEL).unwrap();
    // SAFETY: the bytes behind the object are those of its slab, and the machine's to look at: the bug is what is tested.
    unsafe {
        object.as_ptr().add(40).write(0);
        assert_eq!(cache.free(object.as_ptr()), Err(FreeError::RedZone));
    }
    assert!(cache.destroy().is_err());
}

#[test]
fn names_of_threads_unwind_with_them_and_locks_are_handed_on() {
    let machine = builder().build().unwrap();
    let lock = ReclaimLock::new(&machine, "lock", 0);
    let tasks = [(); 2].map(|()| machine.spawn(TaskOptions::named("thread")));
    std::thread::scope(|scope| {
        for task in tasks {
            let (machine, lock) = (&machine, &lock);
            scope.spawn(move || {
                machine.run_as(task, || {
                    let inner = || machine.run_as(Machine::BOOT, || panic!("on purpose"));
                    assert!(catch_unwind(AssertUnwindSafe(inner)).is_err());
                    assert_eq!(machine.current(), task);
                    let block = machine.alloc_pages(Order::ZERO, Gfp::KERNEL).unwrap();
                    let bytes: Vec<KmallocBox<'_>> =
                        (0..3).filter_map(|_| machine.kmalloc(64, Gfp::KERNEL).ok()).collect();
                    // Whoever comes too early finds the other one inside, and nothing moves.
                    if let Ok(mut value) = lock.lock(machine) {
                        *value += 1;
                    }
                    drop((block, bytes));
                });
            });
        }
    });
    tasks.into_iter().for_each(|task| machine.exit(task));
    assert!(machine.held_locks().is_empty());
    is_whole(&machine);
}

#[cfg(all(feature = "std", unix))]
#[test]
fn pages_of_a_file_are_pinned_written_and_go_out_and_in() {
    use alloc_core::{PagedFile, Swap};
    let (machine, swap) = (builder().build().unwrap(), std::sync::Arc::new(Swap::temporary(50).unwrap()));
    let mut file = PagedFile::new(&machine, &swap).unwrap();
    for page in 0..28_u64 {
        file.get_mut(page * PAGE_SIZE as u64).unwrap()[5] = page as u8;
    }
    let [one, other, hole] = [7, 7, 99].map(|page| file.get(page * PAGE_SIZE as u64).unwrap());
    assert!([0, 3, 27].into_iter().all(|page| file.get(page * PAGE_SIZE as u64).unwrap()[5] == page as u8));
    assert_eq!((one[5], other[5], hole[5], file.usage().pinned), (7, 7, 0, 1));
    drop((one, other, hole));
    drop(file);
    is_whole(&machine);
}
