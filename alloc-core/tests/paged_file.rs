//! Files in pageable memory: against a model, at their limits, under other people's pressure, and under every failure.
#![cfg(all(feature = "std", unix))]

mod support;

use std::collections::BTreeMap;
use std::fs::File;
use std::os::unix::fs::FileExt;
use std::sync::Arc;

use alloc_core::{
    AllocError, AnyOf, Attributes, Capability, ChainKey, FaultSource, FirstHit, Gfp, Knobs, Machine, NodePages, Nth,
    Order, PAGE_SIZE, PagedCause, PagedError, PagedFile, Site, Swap, SwapError, SwapWay, TaskOptions, Time,
};
use support::random::Random;

const PAGE: u64 = PAGE_SIZE as u64;

/// A machine of which every page can be had.
fn machine(pages: u32) -> Machine {
    Machine::builder().node(NodePages::new(pages)).min_free_pages(0).build().unwrap()
}

fn swap(slots: u32) -> Arc<Swap> {
    Arc::new(Swap::temporary(slots).unwrap())
}

fn file<'m>(machine: &'m Machine, swap: &Arc<Swap>) -> PagedFile<'m> {
    PagedFile::new(machine, swap).unwrap()
}

/// Writes a page's number to it, or reads it.
fn write(file: &mut PagedFile<'_>, page: u64) -> Result<(), PagedCause> {
    file.write(page * PAGE + 8, &page.to_le_bytes()).map_err(|error| error.cause)
}

fn read(file: &PagedFile<'_>, page: u64) -> Result<u64, PagedCause> {
    let mut bytes = [0; 8];
    file.read(page * PAGE + 8, &mut bytes).map(|()| u64::from_le_bytes(bytes)).map_err(|error| error.cause)
}

/// Everything is back where it came from.
fn ended(machine: &Machine, swap: &Swap, pages: u64) {
    machine.audit().unwrap();
    assert_eq!((machine.free_pages(None), swap.used()), (pages, 0));
    assert!(machine.open_scopes().is_empty());
}

#[test]
fn row_094_the_limit_is_the_arena_and_the_swap_to_the_page() {
    for (pages, slots) in [(64, 0), (64, 1), (64, 100), (8, 300)] {
        let (machine, swap) = (machine(pages), swap(slots));
        let mut file = file(&machine, &swap);
        let written = (0..).find(|page| write(&mut file, *page).is_err()).unwrap();
        let index = file.usage().index;
        assert_eq!(written + index, u64::from(pages + slots), "{pages} pages and {slots} slots");
        assert_eq!(write(&mut file, written), Err(PagedCause::NoSpace));
        assert_eq!((machine.free_pages(None), swap.available()), (0, 0));
        // All of it can still be read, wherever it is, and written, in any order.
        for round in 0..3 {
            (0..written).for_each(|page| assert_eq!(read(&file, page), Ok(page), "{round}"));
            (0..written).rev().for_each(|page| assert_eq!(write(&mut file, page), Ok(()), "{round}"));
        }
        file.audit().unwrap();
        // One page less is room for one more.
        file.discard(0, PAGE).unwrap();
        assert_eq!((write(&mut file, written), write(&mut file, written + 1)), (Ok(()), Err(PagedCause::NoSpace)));
        assert_eq!((read(&file, 0), read(&file, written)), (Ok(0), Ok(written)));
        assert_eq!(machine.stats().kills, 0);
        drop(file);
        ended(&machine, &swap, u64::from(pages));
    }
}

#[test]
fn row_094_several_files_share_a_swap_to_its_last_slot() {
    let (machine, swap) = (machine(64), swap(100));
    let mut files = [(); 3].map(|()| file(&machine, &swap));
    let mut random = Random(3);
    let mut written = [0_u64; 3];
    loop {
        let number = random.below(3) as usize;
        if let Err(cause) = write(&mut files[number], written[number]) {
            assert_eq!(cause, PagedCause::NoSpace);
            break;
        }
        written[number] += 1;
        // What is read keeps its slot for a while.
        let [number, page] = [random.below(3) as usize, random.below(99) as usize];
        assert!(read(&files[number], page as u64).is_ok());
    }
    let index: u64 = files.iter().map(|file| file.usage().index).sum();
    assert_eq!(written.iter().sum::<u64>() + index, 164);
    for (file, written) in files.iter().zip(written) {
        (0..written).for_each(|page| assert_eq!(read(file, page), Ok(page)));
        file.audit().unwrap();
    }
    drop(files);
    ended(&machine, &swap, 64);
}

#[test]
fn row_091_reading_a_hole_takes_nothing_and_the_last_byte_of_all_can_be_written() {
    let (machine, swap) = (machine(64), swap(8));
    let mut file = file(&machine, &swap);
    let mut bytes = [1; 3 * PAGE_SIZE];
    file.read(12_345, &mut bytes).unwrap();
    assert!(bytes.iter().all(|byte| *byte == 0) && file.get(1 << 62).unwrap().iter().all(|byte| *byte == 0));
    assert_eq!((machine.free_pages(None), file.next_data(0)), (64, None));
    let last = PagedFile::BYTES_MAX - 1;
    file.write(last, &[7]).unwrap();
    file.write(0, &[8]).unwrap();
    let mut byte = [0];
    file.read(last, &mut byte).unwrap();
    assert_eq!((byte, file.next_data(1), file.usage().index), ([7], Some(last - 4095), 11));
    for at in [last + 1, u64::MAX] {
        let error = PagedError { at, cause: PagedCause::PastEnd };
        assert_eq!((file.write(at, &[7]), file.get(at).map(drop)), (Err(error), Err(error)));
    }
    let error = file.write(last, &[1, 2]).unwrap_err();
    assert_eq!((error.at, error.cause), (last, PagedCause::PastEnd));
    file.discard(1, PagedFile::BYTES_MAX - 1).unwrap();
    assert_eq!((file.next_data(0), file.usage().index, file.usage().cached), (Some(0), 1, 1));
    drop(file);
    ended(&machine, &swap, 64);
}

#[test]
fn row_091_who_needs_memory_gets_it_from_the_files_and_pinned_pages_stay() {
    let (machine, swap) = (machine(256), swap(1000));
    let mut file = file(&machine, &swap);
    (0..200).for_each(|page| write(&mut file, page).unwrap());
    let pinned = file.get(100 * PAGE).unwrap();
    // More than is free, without IO and with it.
    let ask =
        |flags| (0..100).map_while(|_| machine.alloc_pages(Order::ZERO, flags | Gfp::NORETRY).ok()).collect::<Vec<_>>();
    let got = ask(Gfp::NOIO);
    assert_eq!((got.len(), file.usage().out), (55, 0), "a class-IO shrinker is closed to NOIO");
    let got = [got, ask(Gfp::NOFS)];
    assert_eq!(got[1].len(), 100);
    assert!(file.usage().out >= 100 && file.usage().cached <= 100 && machine.stats().kills == 0);
    assert_eq!((pinned[8], file.usage().pinned), (100, 1));
    // All but the pinned page goes, if it is asked for.
    let all = ask(Gfp::NOFS);
    assert_eq!((all.len(), file.usage().cached, pinned[8]), (99, 1, 100));
    drop((got, all));
    drop(pinned);
    (0..200).for_each(|page| assert_eq!(read(&file, page), Ok(page)));
    drop(file);
    ended(&machine, &swap, 256);
}

#[test]
fn row_091_where_others_hold_all_memory_there_is_none_although_there_is_swap() {
    let (machine, swap) = (machine(64), swap(100));
    let mut file = file(&machine, &swap);
    let ask = || machine.alloc_pages(Order::ZERO, Gfp::NOFS | Gfp::NORETRY).ok();
    let mut others: Vec<_> = core::iter::from_fn(ask).collect();
    let none = Err(PagedCause::Alloc(AllocError::NoMemory));
    assert_eq!((others.len(), write(&mut file, 0)), (64, none));
    others.truncate(63);
    assert_eq!((write(&mut file, 0), machine.free_pages(None)), (none, 1), "the index needs one, and the page another");
    others.truncate(62);
    (0..9).for_each(|page| assert_eq!(write(&mut file, page), Ok(())));
    assert_eq!(file.usage().cached, 1);
    drop(others);
    drop(file);
    ended(&machine, &swap, 64);
}

#[test]
fn inner_requests_are_made_in_a_scope_without_fs() {
    #[derive(Default)]
    struct Flags(std::sync::Mutex<Vec<(Capability, Gfp)>>);
    impl FaultSource for Flags {
        fn fails(&self, site: &Site<'_>) -> bool {
            self.0.lock().unwrap().push((site.capability, site.flags));
            false
        }
    }
    let (flags, swap) = (Arc::new(Flags::default()), swap(100));
    let machine = Machine::builder().node(NodePages::new(64)).faults(flags.clone()).build().unwrap();
    let mut file = file(&machine, &swap);
    (0..100).for_each(|page| write(&mut file, page).unwrap());
    let seen = flags.0.lock().unwrap().clone();
    let [pages, transfers]: [Vec<_>; 2] =
        [Capability::PageAlloc, Capability::SwapIo].map(|kind| seen.iter().filter(|(of, _)| *of == kind).collect());
    assert!(pages.iter().all(|(_, flags)| flags.contains(Gfp::IO) && !flags.contains(Gfp::FS)));
    assert_eq!((pages.len(), transfers.len()), (101, file.usage().page_outs as usize));
    assert_eq!(machine.open_scopes(), [], "and no scope stays open");
}

#[test]
fn row_047_a_byte_flipped_in_swap_is_told_with_its_position_and_the_rest_can_be_read() {
    let path = std::env::temp_dir().join(format!("alloc-core-flipped.{}", std::process::id()));
    let host = File::options().read(true).write(true).create_new(true).open(&path).unwrap();
    std::fs::remove_file(&path).unwrap();
    let swap = Arc::new(Swap::in_file(host.try_clone().unwrap(), 200).unwrap());
    let machine = machine(64);
    let mut file = file(&machine, &swap);
    (0..150).for_each(|page| write(&mut file, page).unwrap());
    // The slot that page 5 is in.
    let slot = (0..200).find(|slot| {
        let mut bytes = [0; 8];
        host.read_exact_at(&mut bytes, slot * PAGE + 8).is_ok() && u64::from_le_bytes(bytes) == 5
    });
    let slot = slot.unwrap();
    host.write_all_at(&[1], slot * PAGE + 4095).unwrap();
    let mut bytes = [0; 3 * PAGE_SIZE];
    let error = file.read(3 * PAGE, &mut bytes).unwrap_err();
    let cause = PagedCause::Swap(SwapError::Corrupted { slot: slot as u32 });
    assert_eq!((error.at, error.cause), (5 * PAGE, cause));
    assert_eq!((bytes[8], bytes[PAGE_SIZE + 8]), (3, 4), "what lies before is there");
    assert_eq!(read(&file, 5), Err(cause), "and stays an error");
    (0..150).filter(|page| *page != 5).for_each(|page| assert_eq!(read(&file, page), Ok(page)));
    file.audit().unwrap();
    // What is written whole needs no page that can be read.
    file.write(5 * PAGE, &[9; PAGE_SIZE]).unwrap();
    assert_eq!(read(&file, 5), Ok(0x0909_0909_0909_0909));
    drop(file);
    ended(&machine, &swap, 64);
}

#[test]
fn row_045_a_failing_swap_is_told_with_its_error_and_loses_nothing() {
    let (machine, swap) = (machine(64), swap(1000));
    let mut file = file(&machine, &swap);
    (0..100).for_each(|page| write(&mut file, page).unwrap());
    let fails = |way| Err(PagedCause::Swap(SwapError::Injected { way }));
    machine.set_faults(Some(Arc::new(Knobs::default().with(Capability::SwapIo, Attributes::unfiltered(100)))));
    let stopped = (100..).map(|page| write(&mut file, page)).find(Result::is_err).unwrap();
    assert_eq!(stopped, fails(SwapWay::Out), "nothing can go out");
    assert_eq!(read(&file, 0).map(drop), fails(SwapWay::Out), "so nothing can come in");
    // With room in memory it is the read that fails.
    file.discard(99 * PAGE, PAGE).unwrap();
    assert_eq!(read(&file, 0).map(drop), fails(SwapWay::In));
    machine.set_faults(None);
    (0..99).for_each(|page| assert_eq!(read(&file, page), Ok(page)));
    file.audit().unwrap();
    drop(file);
    ended(&machine, &swap, 64);
}

#[test]
fn pages_that_were_only_read_go_out_without_being_written_again() {
    let (machine, swap) = (machine(64), swap(1000));
    let mut file = file(&machine, &swap);
    (0..200).for_each(|page| write(&mut file, page).unwrap());
    (0..200).for_each(|page| assert_eq!(read(&file, page), Ok(page)));
    let outs = file.usage().page_outs;
    assert_eq!(outs, 200, "each was written once at most");
    for _ in 0..3 {
        (0..200).for_each(|page| assert_eq!(read(&file, page), Ok(page)));
    }
    assert_eq!(file.usage().page_outs, outs);
    assert!(file.usage().dropped > 500);
    // Written again, it is the new that comes back.
    file.write(8, &[99]).unwrap();
    (1..200).for_each(|page| assert_eq!(read(&file, page), Ok(page)));
    assert_eq!(read(&file, 0), Ok(99));
}

#[cfg(target_os = "linux")]
#[test]
#[expect(unsafe_code, reason = "makes a file that is written to no longer")]
fn row_045_where_no_page_can_be_written_clean_ones_go_out() {
    use std::os::fd::{AsRawFd, FromRawFd};
    // SAFETY: the name is a C string, and the descriptor is new and nobody else's.
    let host = unsafe { File::from_raw_fd(libc::memfd_create(c"swap".as_ptr(), libc::MFD_ALLOW_SEALING)) };
    let (machine, swap) = (machine(64), Arc::new(Swap::in_file(host.try_clone().unwrap(), 1000).unwrap()));
    let mut file = file(&machine, &swap);
    (0..100).for_each(|page| write(&mut file, page).unwrap());
    // All clean but page 0, which is the oldest of those in memory.
    (0..100).for_each(|page| assert_eq!(read(&file, page), Ok(page)));
    write(&mut file, 0).unwrap();
    file.discard(20 * PAGE, 70 * PAGE).unwrap();
    (90..100).for_each(|page| assert_eq!(read(&file, page), Ok(page)));
    assert_eq!((file.usage().cached, file.usage().out), (11, 19));
    let fill = || machine.alloc_pages(Order::ZERO, Gfp::NOWAIT).ok();
    let _others: Vec<_> = core::iter::from_fn(fill).collect();
    // SAFETY: seals a descriptor of this test's.
    assert_eq!(unsafe { libc::fcntl(host.as_raw_fd(), libc::F_ADD_SEALS, libc::F_SEAL_WRITE) }, 0);
    let before = file.usage();
    (1..20).chain(90..100).for_each(|page| assert_eq!(read(&file, page), Ok(page)));
    assert_eq!((file.usage().page_outs, read(&file, 0)), (before.page_outs, Ok(0)));
    // What has to be written has its own error.
    let full = (0..20).map(|page| write(&mut file, page)).find(Result::is_err).unwrap();
    let is_refused = matches!(full, Err(PagedCause::Swap(SwapError::Io { way: SwapWay::Out, errno: libc::EPERM, .. })));
    assert!(is_refused, "{full:?}");
    file.audit().unwrap();
}

#[test]
fn row_098_random_access_beyond_memory_is_told_apart_from_sequential_access() {
    let (machine, swap) = (machine(64), swap(2000));
    let mut file = file(&machine, &swap);
    let records = 16;
    (0..512).for_each(|page| write(&mut file, page).unwrap());
    let before = file.usage();
    for page in 0..512 * records {
        read(&file, page / records).unwrap();
    }
    let sequential = file.usage();
    let mut random = Random(1);
    for _ in 0..512 * records {
        read(&file, random.below(512)).unwrap();
    }
    let (usage, each) = (file.usage(), |ins: u64, pages: u64| ins * 100 / pages);
    let in_order = sequential.sequential.page_ins - before.sequential.page_ins;
    let in_order = each(in_order, sequential.sequential.pages - before.sequential.pages);
    let at_random =
        each(usage.random.page_ins - sequential.random.page_ins, usage.random.pages - sequential.random.pages);
    println!("page-ins for 100 accesses: {in_order} in order, {at_random} at random");
    assert!(in_order <= 7 && at_random >= 80);
    assert_eq!(sequential.sequential.pages - before.sequential.pages, 512 * records - 1, "all but the first");
    assert_eq!(usage.accesses().pages, 512 + 2 * 512 * records);
    assert!(usage.random.page_ins_each() > 0.5 && usage.sequential.page_ins_each() < 0.1);
}

/// A model of a file: the bytes of its pages.
#[derive(Default)]
struct Model(BTreeMap<u64, [u8; PAGE_SIZE]>);

impl Model {
    fn byte(&self, at: u64) -> u8 {
        self.0.get(&(at / PAGE)).map_or(0, |page| page[(at % PAGE) as usize])
    }

    fn write(&mut self, at: u64, bytes: &[u8]) {
        for (at, byte) in (at..).zip(bytes) {
            self.0.entry(at / PAGE).or_insert([0; PAGE_SIZE])[(at % PAGE) as usize] = *byte;
        }
    }

    fn check(&self, file: &PagedFile<'_>, at: u64, len: usize) -> Result<(), PagedError> {
        let mut bytes = vec![1; len];
        let result = file.read(at, &mut bytes);
        let read = result.map_or_else(|error| (error.at - at) as usize, |()| len);
        assert!((at..).zip(&bytes[..read]).all(|(at, byte)| *byte == self.byte(at)), "{read} bytes at {at}");
        result
    }
}

/// Fails a share of all requests and transfers; from time to time nothing at all.
fn chance(seed: u64, percent: u32) -> Arc<dyn FaultSource> {
    let of = |kind, seed| Arc::new(Knobs::default().with(kind, Attributes::unfiltered(percent).seeded(seed)));
    Arc::new(AnyOf::new(vec![of(Capability::PageAlloc, seed), of(Capability::SwapIo, seed + 1)]))
}

#[test]
fn row_091_any_sequence_of_operations_agrees_with_a_model_under_random_failures() {
    let rounds = if cfg!(debug_assertions) { 8 } else { 100 };
    let mut failures = 0;
    for seed in 0..rounds {
        let mut random = Random(seed);
        let (pages, slots) = (random.of(&[8, 16, 40]), random.of(&[0, 5, 60, 200]));
        let (machine, swap) = (machine(pages), swap(slots));
        let (mut file, mut model) = (file(&machine, &swap), Model::default());
        for step in 0..400 {
            if step % 20 == 0 {
                machine.set_faults((random.below(3) > 0).then(|| chance(random.below(1000), 10)));
            }
            let begin = random.of(&[0, 1000, 40_000, 1 << 40]) + random.below(30 * PAGE);
            let len = random.of(&[1, 100, PAGE, 3 * PAGE]) as usize;
            let result = match random.below(6) {
                0 | 1 => {
                    let byte = random.byte();
                    let result = file.write(begin, &vec![byte; len]);
                    let written = result.map_or_else(|error| (error.at - begin) as usize, |()| len);
                    model.write(begin, &vec![byte; written]);
                    result
                }
                2 => file.get_mut(begin).map(|mut page| {
                    page[7] = random.byte();
                    model.write(begin / PAGE * PAGE + 7, &page[7..8]);
                }),
                3 => {
                    let result = file.discard(begin, len as u64);
                    match result {
                        Ok(()) => {
                            let there = (begin..begin + len as u64).filter(|at| model.0.contains_key(&(at / PAGE)));
                            there.collect::<Vec<_>>().into_iter().for_each(|at| model.write(at, &[0]));
                        }
                        // An edge that was done before the other one failed is zero.
                        Err(error) => {
                            let edge = begin..error.at.max(begin);
                            let end = begin.next_multiple_of(PAGE).min(edge.end);
                            (begin..end).for_each(|at| model.write(at, &[0]));
                        }
                    }
                    result
                }
                4 => {
                    let pinned = file.get(begin);
                    let result = model.check(&file, random.below(40 * PAGE), len);
                    match pinned {
                        Ok(page) => assert_eq!(page[9], model.byte(begin / PAGE * PAGE + 9)),
                        Err(error) => assert_eq!(error.at, begin),
                    }
                    result
                }
                _ => model.check(&file, begin, len),
            };
            failures += u32::from(result.is_err());
            if step % 50 == 0 {
                file.audit().unwrap();
                machine.audit().unwrap();
            }
        }
        machine.set_faults(None);
        for page in model.0.keys() {
            model.check(&file, page * PAGE, PAGE_SIZE).unwrap();
        }
        assert!(file.usage().pages() >= 1 && file.usage().pinned == 0);
        file.audit().unwrap();
        drop(file);
        ended(&machine, &swap, u64::from(pages));
    }
    assert!(failures > 100, "{failures}");
}

/// A body that fails at whatever is failed, and what it leaves of the file.
fn swept(source: Option<Arc<dyn FaultSource>>) -> Result<(), PagedError> {
    let (machine, swap) = (machine(16), swap(100));
    let mut file = file(&machine, &swap);
    (0..30).for_each(|page| write(&mut file, page).unwrap());
    machine.set_faults(source);
    let results = [
        file.write(30 * PAGE, &[1; 2 * PAGE_SIZE]),
        file.write(1 << 50, &[1]),
        file.read(0, &mut [0; 4 * PAGE_SIZE]),
        file.discard(100, 2 * PAGE),
        file.get_mut(20 * PAGE).map(drop),
    ];
    machine.set_faults(None);
    file.audit().unwrap();
    (3..30).for_each(|page| assert_eq!(read(&file, page), Ok(page)));
    drop(file);
    ended(&machine, &swap, 16);
    results.into_iter().collect()
}

#[test]
fn row_045_every_request_and_transfer_can_fail_and_nothing_is_lost() {
    let count = Arc::new(Nth::new(u64::MAX));
    swept(Some(count.clone())).unwrap();
    let (mut absorbed, mut told) = (0, Vec::new());
    for number in 1..=count.asked() {
        match swept(Some(Arc::new(Nth::new(number)))) {
            Ok(()) => absorbed += 1,
            Err(error) => told.push(error.cause),
        }
    }
    // A page that does not go out is tried again, or another one is.
    let injected = PagedCause::Alloc(AllocError::Injected);
    let read = PagedCause::Swap(SwapError::Injected { way: SwapWay::In });
    assert!(absorbed > 0 && told.contains(&injected) && told.contains(&read), "{absorbed} {told:?}");
    let _ = swept(Some(Arc::new(FirstHit::new(ChainKey::by_sites()))));
}

#[test]
fn threads_read_a_file_together() {
    let (machine, swap) = (machine(64), swap(1000));
    let mut file = file(&machine, &swap);
    (0..200).for_each(|page| write(&mut file, page).unwrap());
    let file = &file;
    std::thread::scope(|scope| {
        for seed in 0..3 {
            scope.spawn(move || {
                let mut random = Random(seed);
                for _ in 0..2000 {
                    let page = random.below(200);
                    let pinned = file.get(page * PAGE);
                    assert_eq!(pinned.unwrap()[8], page as u8);
                }
            });
        }
    });
    file.audit().unwrap();
}

#[test]
fn row_094_a_swap_that_is_exhausted_is_full_until_its_hoard_is_gone() {
    let (machine, swap) = (machine(16), swap(100));
    let mut file = file(&machine, &swap);
    (0..50).for_each(|page| write(&mut file, page).unwrap());
    // Read, they keep their slots, which the hoard takes.
    (0..50).for_each(|page| assert_eq!(read(&file, page), Ok(page)));
    let hoard = swap.exhaust(0);
    let free = machine.free_pages(None);
    (50..50 + free).for_each(|page| assert_eq!(write(&mut file, page), Ok(())));
    assert_eq!((swap.available(), write(&mut file, 99)), (0, Err(PagedCause::NoSpace)));
    (0..50).for_each(|page| assert_eq!(read(&file, page), Ok(page)));
    drop(hoard);
    assert_eq!(write(&mut file, 99), Ok(()));
    file.audit().unwrap();
}

#[test]
fn row_091_a_live_machines_reclaimers_make_room_while_files_are_used() {
    let machine = Machine::builder().node(NodePages::new(256)).time(Time::Live).build().unwrap();
    let swap = swap(2000);
    std::thread::scope(|scope| {
        for seed in 0..2 {
            let (machine, swap) = (&machine, &swap);
            // Each for a task of its own: one that reclaims in one thread does not in another.
            let task = machine.spawn(TaskOptions::named("reader"));
            let work = move || {
                let mut file = file(machine, swap);
                let (mut random, mut written) = (Random(seed), [false; 300]);
                for _ in 0..3000 {
                    let page = random.below(300);
                    if random.below(2) == 0 {
                        write(&mut file, page).unwrap();
                        written[page as usize] = true;
                    } else {
                        assert_eq!(read(&file, page), Ok(if written[page as usize] { page } else { 0 }));
                    }
                    if random.below(4) == 0 {
                        drop(machine.alloc_pages(Order::ZERO, Gfp::KERNEL).unwrap());
                    }
                }
                file.audit().unwrap();
            };
            scope.spawn(move || machine.run_as(task, work));
        }
    });
    assert_eq!((swap.used(), machine.stats().kills), (0, 0));
    machine.audit().unwrap();
}

#[test]
fn a_file_that_is_forgotten_goes_on_making_room() {
    let (machine, swap) = (machine(64), swap(1000));
    let task = machine.spawn(TaskOptions::named("forgetful"));
    let mut file = file(&machine, &swap);
    machine.run_as(task, || (0..60).for_each(|page| write(&mut file, page).unwrap()));
    std::mem::forget(file);
    let got: Vec<_> = (0..60).map(|_| machine.alloc_pages(Order::ZERO, Gfp::KERNEL).unwrap()).collect();
    assert_eq!((got.len(), machine.stats().kills), (60, 0));
}
