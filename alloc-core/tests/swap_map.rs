//! A slice larger than the memory: filled, read back, and what becomes of it when a page cannot be brought in.
#![cfg(all(feature = "std", target_os = "linux", not(miri)))]
#![expect(unsafe_code, reason = "forks, handles signals, and chooses what becomes of a failed touch")]

mod support;

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use alloc_core::{
    AllocError, Capability, FaultSource, Gfp, Machine, MapError, MemfdHost, NodePages, Order, PAGE_SIZE, PageIn,
    PageInFailure, Site, Swap, SwapError, SwapMap, SwapMapOptions, SwapWay, Time,
};
use support::random::Random;

/// Pages of the machine.
const PAGES: usize = 128;
/// Elements of a page.
const OF_PAGE: usize = PAGE_SIZE / 8;

fn machine(pages: usize) -> Machine {
    let host = MemfdHost::with_window(pages, 16 * pages + 1024).unwrap();
    Machine::builder().node(NodePages::new(pages as u32)).min_free_pages(8).host(Box::new(host)).build().unwrap()
}

fn swap(slots: usize) -> Arc<Swap> {
    Arc::new(Swap::temporary(slots as u32).unwrap())
}

/// The ways that this machine allows: signals, and userfaultfd unless it is forbidden.
fn ways() -> Vec<PageIn> {
    let machine = machine(8);
    let options = SwapMapOptions::new().page_in(PageIn::Userfaultfd);
    let allowed = SwapMap::<u64>::with_options(&machine, &swap(1), 1, options);
    match allowed {
        Ok(_) => vec![PageIn::Signals, PageIn::Userfaultfd],
        Err(MapError::System(number)) => {
            println!("userfaultfd is not allowed here: error {number}");
            vec![PageIn::Signals]
        }
        Err(error) => panic!("{error}"),
    }
}

fn map(machine: &Machine, swap: &Arc<Swap>, pages: usize, page_in: PageIn) -> SwapMap<u64> {
    let options = SwapMapOptions::new().page_in(page_in);
    let map = SwapMap::with_options(machine, swap, pages * OF_PAGE, options).unwrap();
    assert_eq!(map.page_in(), page_in);
    map
}

/// What stands at a place, as nothing else does.
fn value(at: usize) -> u64 {
    (at as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15)
}

#[test]
fn row_095_a_slice_of_eight_times_the_arena_is_filled_sorted_and_read_back_at_random() {
    for way in ways() {
        let machine = machine(PAGES);
        let (swap, before) = (swap(8 * PAGES), machine.free_pages(None));
        let mut map = map(&machine, &swap, 8 * PAGES, way);
        let slice = map.as_mut_slice();
        assert!(slice.iter().step_by(OF_PAGE).all(|element| *element == 0));
        for (at, element) in slice.iter_mut().enumerate() {
            *element = value(at);
        }
        let mut random = Random(7);
        for _ in 0..1000 {
            let at = random.below(slice.len() as u64) as usize;
            assert_eq!(slice[at], value(at), "{way:?}");
        }
        slice.sort_unstable();
        assert!(slice.is_sorted());
        let sum = slice.iter().fold(0_u64, |sum, element| sum.wrapping_add(*element));
        assert_eq!(sum, (0..slice.len()).fold(0, |sum: u64, at| sum.wrapping_add(value(at))));
        let usage = map.usage();
        assert!(usage.resident <= PAGES && usage.out >= 7 * PAGES && usage.failures == 0, "{usage:?}");
        assert_eq!(usage.resident + usage.out, usage.pages);
        map.audit().unwrap();
        assert!(machine.free_pages(None) < 20);
        drop(map);
        assert_eq!((machine.free_pages(None), swap.used()), (before, 0), "{way:?}");
        assert_eq!(machine.vmalloc_usage().mappings, 0);
        machine.audit().unwrap();
    }
}

#[test]
fn row_095_what_others_need_comes_out_of_the_map() {
    for way in ways() {
        let machine = machine(PAGES);
        let swap = swap(2 * PAGES);
        let mut map = map(&machine, &swap, PAGES, way);
        map.as_mut_slice().iter_mut().enumerate().for_each(|(at, element)| *element = value(at));
        let resident = map.usage().resident;
        assert!(machine.alloc_pages(Order::ZERO, Gfp::KERNEL | Gfp::NORETRY).is_ok());
        let taken: Vec<_> = (0..60).map(|_| machine.alloc_pages(Order::ZERO, Gfp::KERNEL).unwrap()).collect();
        assert!(map.usage().resident + 50 < resident, "{way:?}: {:?}", map.usage());
        assert_eq!(machine.stats().kills, 0);
        // Storage is closed to it.
        let hoard = machine.exhaust(support::NODE, 0);
        assert_eq!(machine.alloc_pages(Order::ZERO, Gfp::NOIO | Gfp::NORETRY).unwrap_err(), AllocError::NoMemory);
        assert!(map.as_slice().iter().enumerate().all(|(at, element)| *element == value(at)));
        drop((hoard, taken));
    }
}

#[test]
fn row_095_in_live_time_several_maps_and_other_requests_share_the_memory() {
    for way in ways() {
        let host = MemfdHost::with_window(PAGES, 16 * PAGES).unwrap();
        let machine = Machine::builder().node(NodePages::new(PAGES as u32)).min_free_pages(8).host(Box::new(host));
        let machine = machine.time(Time::Live).build().unwrap();
        let swap = swap(8 * PAGES);
        std::thread::scope(|scope| {
            for seed in 0..3 {
                let (machine, swap) = (&machine, &swap);
                scope.spawn(move || {
                    let (mut map, mut random) = (map(machine, swap, 2 * PAGES, way), Random(seed));
                    for _ in 0..600 {
                        let page = random.below(2 * PAGES as u64) as usize;
                        let element = &mut map.as_mut_slice()[page * OF_PAGE];
                        assert!(*element == 0 || *element == value(page), "{way:?}");
                        *element = value(page);
                        if page.is_multiple_of(8) {
                            // Reclaim has the maps give up pages, this one's own among them.
                            drop(machine.alloc_pages(Order::new(1), Gfp::KERNEL | Gfp::NORETRY));
                        }
                    }
                    map.audit().unwrap();
                });
            }
        });
        assert_eq!((swap.used(), machine.stats().kills), (0, 0), "{way:?}");
        machine.audit().unwrap();
    }
}

#[test]
fn row_095_threads_that_touch_the_same_page_and_others_see_what_was_written() {
    for way in ways() {
        let machine = machine(PAGES);
        let swap = swap(4 * PAGES);
        let mut map = map(&machine, &swap, 4 * PAGES, way);
        map.as_mut_slice().iter_mut().enumerate().for_each(|(at, element)| *element = value(at));
        let slice = map.as_slice();
        // The same pages in the same order, and others.
        std::thread::scope(|scope| {
            for seed in [1, 1, 2, 3] {
                scope.spawn(move || {
                    let mut random = Random(seed);
                    for _ in 0..1000 {
                        let at = random.below(slice.len() as u64) as usize;
                        assert_eq!(slice[at], value(at), "{way:?}");
                    }
                });
            }
        });
    }
}

#[test]
fn row_095_a_write_that_meets_its_page_on_the_way_out_is_not_lost() {
    const HOT: usize = 6;
    const TURNS: u64 = if cfg!(debug_assertions) { 2000 } else { 20_000 };
    for way in ways() {
        let machine = machine(PAGES);
        let swap = swap(HOT);
        let options = SwapMapOptions::new().page_in(way).resident_max(HOT - 2);
        let mut map = SwapMap::<u64>::with_options(&machine, &swap, HOT * OF_PAGE, options).unwrap();
        // SAFETY: an exclusive borrow of numbers is one of atomic numbers.
        let counters = unsafe { &*(std::ptr::from_mut(map.as_mut_slice()) as *const [AtomicU64]) };
        // One counts on one page without a pause, and another drives it out again and again, with writes to any page between.
        let driven = AtomicU64::new(0);
        std::thread::scope(|scope| {
            scope.spawn(|| {
                let mut random = Random(1);
                for turn in 0..TURNS {
                    counters[(1 + turn as usize % (HOT - 1)) * OF_PAGE].fetch_add(1, Relaxed);
                    counters[random.below(HOT as u64) as usize * OF_PAGE + 1].fetch_add(1, Relaxed);
                }
                driven.store(1, Relaxed);
            });
            let counting = scope.spawn(|| {
                let mut count = 0_u64;
                while driven.load(Relaxed) == 0 {
                    for _ in 0..100 {
                        counters[2].fetch_add(1, Relaxed);
                    }
                    count += 100;
                }
                count
            });
            assert_eq!(counting.join().unwrap(), counters[2].load(Relaxed), "{way:?}");
        });
        let sum = |of: usize| (0..HOT).map(|page| counters[page * OF_PAGE + of].load(Relaxed)).sum::<u64>();
        assert_eq!((sum(0), sum(1)), (TURNS, TURNS), "{way:?}");
        assert!(map.usage().pages_out > TURNS / 2, "{:?}", map.usage());
    }
}

/// Runs a test of this file again in a process of its own, and gives its output; `None` in that process.
fn in_own_process(test: &str) -> Option<std::process::Output> {
    if std::env::var_os("ALLOC_CORE_OWN_PROCESS").is_some() {
        return None;
    }
    let mut command = Command::new(std::env::current_exe().unwrap());
    Some(command.args(["--exact", test, "--nocapture"]).env("ALLOC_CORE_OWN_PROCESS", "1").output().unwrap())
}

/// What the process takes of the computer's memory, in bytes: pages that are mapped twice count once.
fn proportional_bytes() -> usize {
    let text = std::fs::read_to_string("/proc/self/smaps_rollup").unwrap();
    let line = text.lines().find(|line| line.starts_with("Pss:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<usize>().unwrap() * 1024
}

#[test]
fn row_095_memory_stays_within_the_arena_and_a_twentieth() {
    let Some(output) = in_own_process("row_095_memory_stays_within_the_arena_and_a_twentieth") else {
        const PAGES: usize = if cfg!(debug_assertions) { 1024 } else { 8192 };
        for way in ways() {
            let machine = machine(PAGES);
            let swap = swap(8 * PAGES);
            // The tables of the map and the swap are there before; those of the swap grow as it is used.
            let warm: Vec<_> = (0..8 * PAGES).map(|_| swap.write(&machine, &[0; PAGE_SIZE]).unwrap()).collect();
            warm.into_iter().for_each(|slot| swap.free(slot));
            let mut map = map(&machine, &swap, 8 * PAGES, way);
            let before = proportional_bytes();
            // Others have used all of the memory, and left it behind.
            let mut used: Vec<_> =
                std::iter::from_fn(|| machine.alloc_pages(Order::ZERO, Gfp::ATOMIC | Gfp::MEMALLOC).ok()).collect();
            used.iter_mut().for_each(|page| page.bytes_mut().fill(1));
            drop(used);
            for page in 0..8 * PAGES {
                map.as_mut_slice()[page * OF_PAGE] = value(page);
            }
            assert!((0..8 * PAGES).rev().all(|page| map.as_slice()[page * OF_PAGE] == value(page)));
            let took = proportional_bytes().saturating_sub(before);
            println!("{way:?}: {took} bytes of {}", PAGES * PAGE_SIZE);
            // Page tables of the process are not pages of it: the kernel does not count them here.
            assert!(took <= PAGES * PAGE_SIZE * 21 / 20, "{way:?}: {took} of {}", PAGES * PAGE_SIZE);
            assert!(took >= PAGES * PAGE_SIZE / 2, "{way:?}: {took}, so what is measured?");
        }
        return;
    };
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
}

/// A swap, and its file for those who disturb it.
fn disturbed(slots: usize, name: &str) -> (Arc<Swap>, File) {
    let path = std::env::temp_dir().join(format!("alloc-core-map.{}.{name}", std::process::id()));
    let file = File::options().read(true).write(true).create_new(true).open(&path).unwrap();
    std::fs::remove_file(&path).unwrap();
    (Arc::new(Swap::in_file(file.try_clone().unwrap(), slots as u32).unwrap()), file)
}

fn flip(file: &File, at: u64) {
    let mut byte = [0];
    file.read_exact_at(&mut byte, at).unwrap();
    file.write_all_at(&[byte[0] ^ 1], at).unwrap();
}

fn with_failure(
    machine: &Machine,
    swap: &Arc<Swap>,
    pages: usize,
    way: PageIn,
    on_failure: PageInFailure,
) -> SwapMap<u64> {
    // SAFETY: nothing unsafe relies on an element here.
    let options = unsafe { SwapMapOptions::new().page_in(way).on_failure(on_failure) };
    SwapMap::with_options(machine, swap, pages * OF_PAGE, options.resident_max(4)).unwrap()
}

#[test]
fn row_046_a_flipped_byte_is_an_error_of_the_guard_and_the_page_can_be_read_when_it_is_mended() {
    for way in ways() {
        let machine = machine(PAGES);
        let (swap, file) = disturbed(100, &format!("guard.{way:?}"));
        let mut map = with_failure(&machine, &swap, 20, way, PageInFailure::ErrOnGuard);
        map.as_mut_slice().iter_mut().enumerate().for_each(|(at, element)| *element = value(at));
        // The first page that went out lies in the first slot.
        flip(&file, 77);
        let sum =
            |map: &mut SwapMap<u64>| map.with(|slice| slice.iter().fold(0_u64, |sum, one| sum.wrapping_add(*one)));
        assert_eq!(sum(&mut map), Err(MapError::Swap(SwapError::Corrupted { slot: 0 })), "{way:?}");
        assert_eq!(sum(&mut map), Err(MapError::Swap(SwapError::Corrupted { slot: 0 })), "it is still so");
        assert_eq!(map.with(|slice| slice[5 * OF_PAGE]), Ok(value(5 * OF_PAGE)), "other pages are what they were");
        assert_eq!((map.failed_pages(), map.usage().failures), (vec![], 2));
        flip(&file, 77);
        assert_eq!(sum(&mut map), Ok((0..20 * OF_PAGE).fold(0, |sum: u64, at| sum.wrapping_add(value(at)))));
        drop(map);
        assert_eq!((swap.used(), machine.held()), (0, vec![]));
    }
}

#[test]
fn row_046_poison_stands_where_a_page_is_lost_and_stays() {
    for way in ways() {
        let machine = machine(PAGES);
        let (swap, file) = disturbed(100, &format!("poison.{way:?}"));
        let mut map = with_failure(&machine, &swap, 20, way, PageInFailure::Poison);
        map.as_mut_slice().iter_mut().enumerate().for_each(|(at, element)| *element = value(at));
        flip(&file, 5);
        flip(&file, 2 * PAGE_SIZE as u64);
        let slice = map.as_slice();
        for page in 0..20 {
            let lost = page == 0 || page == 2;
            let expected = if lost { 0xaaaa_aaaa_aaaa_aaaa } else { value(page * OF_PAGE + 9) };
            assert_eq!(slice[page * OF_PAGE + 9], expected, "{way:?}, page {page}");
        }
        flip(&file, 5);
        assert_eq!(map.as_slice()[3], 0xaaaa_aaaa_aaaa_aaaa);
        assert_eq!((map.failed_pages(), map.usage().failures), (vec![0, 2], 2));
        drop(map);
        assert_eq!((swap.used(), machine.held()), (0, vec![]));
    }
}

#[test]
fn row_094_beyond_memory_and_swap_a_touch_fails_exactly_and_nothing_is_lost() {
    for way in ways() {
        let machine = machine(PAGES);
        let swap = swap(10);
        let mut map = with_failure(&machine, &swap, 20, way, PageInFailure::ErrOnGuard);
        // Four in memory, ten in swap.
        for page in 0..14 {
            assert_eq!(map.with(|slice| slice[page * OF_PAGE] = value(page)), Ok(()), "{way:?}, page {page}");
        }
        let full = MapError::Swap(SwapError::NoSpace);
        assert_eq!(map.with(|slice| slice[14 * OF_PAGE] = 1), Err(full));
        assert_eq!(map.with(|slice| slice[14 * OF_PAGE]), Err(full), "to read it, too, takes a page");
        for page in (0..14).chain((0..14).rev()) {
            assert_eq!(map.with(|slice| slice[page * OF_PAGE]), Ok(value(page)), "{way:?}, page {page}");
        }
        // Without any swap the limit is the memory.
        let mut none = with_failure(&machine, &Arc::new(Swap::none()), 5, way, PageInFailure::ErrOnGuard);
        assert_eq!(none.with(|slice| (0..4).for_each(|page| slice[page * OF_PAGE] = 1)), Ok(()));
        assert_eq!(none.with(|slice| slice[4 * OF_PAGE]), Err(full));
    }
}

/// Fails the transfers of swap, each in its turn.
#[derive(Default)]
struct NthTransfer(AtomicU64);

impl FaultSource for NthTransfer {
    fn fails(&self, site: &Site<'_>) -> bool {
        matches!(site.capability, Capability::SwapIo | Capability::PageAlloc) && self.0.fetch_sub(1, Relaxed) == 1
    }
}

#[test]
fn row_095_whichever_transfer_or_request_fails_the_guard_tells_it_and_nothing_is_lost() {
    for way in ways() {
        let machine = machine(PAGES);
        let swap = swap(100);
        let mut map = with_failure(&machine, &swap, 12, way, PageInFailure::ErrOnGuard);
        map.as_mut_slice().iter_mut().enumerate().for_each(|(at, element)| *element = value(at));
        let mut errors = Vec::new();
        for nth in 1..30 {
            let source = Arc::new(NthTransfer::default());
            source.0.store(nth, Relaxed);
            machine.set_faults(Some(source));
            let page = nth as usize % 12;
            let result = map.with(|slice| (0..6).map(|step| slice[(page + step) % 12 * OF_PAGE]).collect::<Vec<_>>());
            machine.set_faults(None);
            match result {
                Ok(found) => assert!((0..6).all(|step| found[step] == value((page + step) % 12 * OF_PAGE)), "{way:?}"),
                Err(error) => errors.push(error),
            }
            let whole = map.as_slice().iter().enumerate().all(|(at, element)| *element == value(at));
            assert!(whole, "{way:?}, transfer {nth}");
            map.audit().unwrap();
        }
        for lost in [SwapWay::In, SwapWay::Out] {
            assert!(errors.contains(&MapError::Swap(SwapError::Injected { way: lost })), "{way:?}: {errors:?}");
        }
        drop(map);
        assert_eq!((swap.used(), machine.held()), (0, vec![]), "{way:?}");
    }
}

/// The address that the fault is to be told with, rounded to its page.
static EXPECTED: AtomicU64 = AtomicU64::new(0);

extern "C" fn on_bus_error(_: libc::c_int, info: *mut libc::siginfo_t, _: *mut libc::c_void) {
    // SAFETY: the kernel's description of the fault.
    let seen = unsafe { (*info).si_addr() }.addr() / PAGE_SIZE * PAGE_SIZE;
    // SAFETY: ends the process, without its destructors.
    unsafe { libc::_exit(if seen as u64 == EXPECTED.load(Relaxed) { 43 } else { 1 }) };
}

#[test]
fn row_046_who_touches_what_cannot_be_brought_in_gets_a_bus_error_with_the_address() {
    let test = "row_046_who_touches_what_cannot_be_brought_in_gets_a_bus_error_with_the_address";
    let Some(output) = in_own_process(test) else {
        let way = if std::env::var_os("ALLOC_CORE_UFFD").is_some() { PageIn::Userfaultfd } else { PageIn::Signals };
        let machine = machine(PAGES);
        let (swap, file) = disturbed(100, "bus");
        // Without a guard, an error for the guard is a signal, too.
        let guarded = std::env::var_os("ALLOC_CORE_GUARD").is_some();
        let on_failure = if guarded { PageInFailure::ErrOnGuard } else { PageInFailure::Signal };
        let mut map = with_failure(&machine, &swap, 20, way, on_failure);
        map.as_mut_slice().fill(7);
        flip(&file, 5);
        EXPECTED.store(map.as_slice().as_ptr().addr() as u64, Relaxed);
        // SAFETY: zeroes are an action, and the handler has the signature that SA_SIGINFO asks for.
        unsafe {
            let mut action: libc::sigaction = std::mem::zeroed();
            action.sa_sigaction = on_bus_error as *const () as usize;
            action.sa_flags = libc::SA_SIGINFO;
            libc::sigaction(libc::SIGBUS, &raw const action, std::ptr::null_mut());
        }
        println!("touched {}", std::hint::black_box(map.as_slice())[0]);
        std::process::exit(2);
    };
    assert_eq!(output.status.code(), Some(43), "{}", String::from_utf8_lossy(&output.stdout));
    for (uffd, guard) in [(false, true), (true, false), (true, true)] {
        if uffd && ways().len() == 1 {
            continue;
        }
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args(["--exact", test, "--nocapture"]).env("ALLOC_CORE_OWN_PROCESS", "1");
        if uffd {
            command.env("ALLOC_CORE_UFFD", "1");
        }
        if guard {
            command.env("ALLOC_CORE_GUARD", "1");
        }
        let output = command.output().unwrap();
        assert_eq!(output.status.code(), Some(43), "{}", String::from_utf8_lossy(&output.stdout));
    }
}

/// How a forked child ends that runs `body`.
fn forked(body: impl FnOnce()) -> i32 {
    // SAFETY: the child calls what it may in a forked process with other threads, and ends.
    let child = unsafe { libc::fork() };
    if child == 0 {
        body();
        // SAFETY: ends the child.
        unsafe { libc::_exit(0) };
    }
    let mut status = 0;
    // SAFETY: waits for the child made above.
    assert_eq!(unsafe { libc::waitpid(child, &raw mut status, 0) }, child);
    status
}

#[test]
fn row_095_a_forked_child_that_touches_what_is_out_ends_and_the_parent_goes_on() {
    for way in ways() {
        let machine = machine(PAGES);
        let swap = swap(100);
        let mut map = with_failure(&machine, &swap, 20, way, PageInFailure::Signal);
        map.as_mut_slice().iter_mut().enumerate().for_each(|(at, element)| *element = value(at));
        let slice = map.as_slice();
        let status = forked(|| {
            // SAFETY: no core is needed of what is meant to end so.
            unsafe { libc::setrlimit(libc::RLIMIT_CORE, &libc::rlimit { rlim_cur: 0, rlim_max: 0 }) };
            std::hint::black_box(slice[0]);
        });
        assert_eq!(libc::WTERMSIG(status), libc::SIGSEGV, "{way:?}: {status:#x}");
        assert_eq!(forked(|| assert!(std::hint::black_box(&machine).free_pages(None) > 0)), 0);
        assert!(slice.iter().enumerate().all(|(at, element)| *element == value(at)), "{way:?}");
    }
}

static HANDED_ON: AtomicU64 = AtomicU64::new(0);

extern "C" fn on_foreign_fault(_: libc::c_int, _: *mut libc::siginfo_t, _: *mut libc::c_void) {
    // SAFETY: ends the process.
    unsafe { libc::_exit(if HANDED_ON.load(Relaxed) == 1 { 44 } else { 1 }) };
}

#[test]
fn row_095_faults_of_others_are_handed_on_to_the_handler_that_was_there() {
    let test = "row_095_faults_of_others_are_handed_on_to_the_handler_that_was_there";
    let Some(output) = in_own_process(test) else {
        // SAFETY: zeroes are an action, and the handler has the signature that SA_SIGINFO asks for.
        unsafe {
            let mut action: libc::sigaction = std::mem::zeroed();
            action.sa_sigaction = on_foreign_fault as *const () as usize;
            action.sa_flags = libc::SA_SIGINFO;
            libc::sigaction(libc::SIGSEGV, &raw const action, std::ptr::null_mut());
        }
        let machine = machine(PAGES);
        let mut map = map(&machine, &swap(100), 200, PageIn::Signals);
        map.as_mut_slice().fill(3);
        assert!(map.as_slice().iter().all(|element| *element == 3));
        HANDED_ON.store(1, Relaxed);
        // The page behind the map is nobody's.
        // SAFETY: meant to fault: the handler ends the process.
        let behind = unsafe { map.as_slice().as_ptr_range().end.read_volatile() };
        panic!("{behind}");
    };
    assert_eq!(output.status.code(), Some(44), "{}", String::from_utf8_lossy(&output.stdout));
}

#[expect(unconditional_recursion, reason = "it is to overflow its stack")]
fn overflow(depth: u64) -> u64 {
    let room = std::hint::black_box([depth; 100]);
    overflow(depth + 1) + room[depth as usize % 100]
}

#[test]
fn row_095_an_overflowing_stack_is_still_told_by_the_standard_library() {
    let Some(output) = in_own_process("row_095_an_overflowing_stack_is_still_told_by_the_standard_library") else {
        // SAFETY: no core is needed of what is meant to end so.
        unsafe { libc::setrlimit(libc::RLIMIT_CORE, &libc::rlimit { rlim_cur: 0, rlim_max: 0 }) };
        let machine = machine(PAGES);
        let mut map = map(&machine, &swap(100), 200, PageIn::Signals);
        map.as_mut_slice().fill(3);
        println!("{}", overflow(map.as_slice()[0]));
        return;
    };
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success() && told.contains("has overflowed its stack"), "{told}");
}

#[test]
fn row_095_maps_that_cannot_be_are_refused_and_leave_nothing_behind() {
    let machine = Machine::builder().node(NodePages::new(64)).build().unwrap();
    let before = machine.vmalloc_usage();
    let swap = swap(4);
    let signals = SwapMapOptions::new().page_in(PageIn::Signals);
    let refused = |len, options| SwapMap::<u64>::with_options(&machine, &swap, len, options).map(drop).unwrap_err();
    assert_eq!(
        (refused(0, signals), refused(usize::MAX, signals), refused(usize::MAX / 16, signals)),
        (MapError::Size, MapError::Size, MapError::Size)
    );
    assert_eq!(refused(100_000 * OF_PAGE, signals), MapError::NoAddresses);
    assert_eq!(SwapMap::<[u64; 0]>::with_options(&machine, &swap, 10, signals).map(drop).unwrap_err(), MapError::Size);
    assert_eq!((machine.vmalloc_usage(), machine.held()), (before, vec![]));
    // Many, one after the other and at the same time.
    for _ in 0..20 {
        let mut maps: Vec<_> = (0..5).map(|_| map(&machine, &swap, 3, PageIn::Signals)).collect();
        maps.iter_mut().enumerate().for_each(|(number, map)| map.as_mut_slice().fill(number as u64));
        assert!(maps.iter().enumerate().all(|(number, map)| map.as_slice().iter().all(|one| *one == number as u64)));
    }
    assert_eq!((machine.vmalloc_usage(), machine.held()), (before, vec![]));
}
