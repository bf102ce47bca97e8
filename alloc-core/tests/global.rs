//! A whole test program on a machine of live time: its threads, its panics, its forks, and the machine's own tables.
#![expect(unsafe_code, reason = "asks the global allocator directly, and forks")]

mod support;

use std::alloc::{GlobalAlloc, Layout};
use std::backtrace::Backtrace;
use std::cell::RefCell;
use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, mpsc};
use std::thread;

use alloc_core::{
    CacheOptions, EventKind, FaultSource, FreeError, Gfp, GlobalMachine, Machine, NodePages, Order, PAGE_SIZE, Policy,
    Scope, Site, TaskId, TaskOptions, Time,
};

#[global_allocator]
static MEMORY: GlobalMachine = GlobalMachine::new(|| {
    let builder = Machine::builder().node(NodePages::new(65_536)).time(Time::Live).policy(Policy::small_may_fail());
    let machine = builder.build()?;
    machine.set_faults(Some(Arc::new(OfTasks)));
    Ok(machine)
});

/// Runs `body` in a process that is forked for it, and which sees the machine still. Says how that ended: 0 if all was well.
#[cfg(target_os = "linux")]
fn forked(body: impl FnOnce() -> bool) -> i32 {
    // SAFETY: the child does what `body` does, which is what is tried, and ends without running anything of this program's end.
    let pid = unsafe { libc::fork() };
    if pid == 0 {
        FORKED.store(true, Relaxed);
        let status = i32::from(!body());
        // SAFETY: ends the process.
        unsafe { libc::_exit(status) };
    }
    let mut status = 0;
    // SAFETY: waits for the child that was just made.
    assert_eq!(unsafe { libc::waitpid(pid, &raw mut status, 0) }, pid);
    status
}

/// Audits the machine while other tests use it: a copy of it that nobody uses.
fn audit() {
    #[cfg(target_os = "linux")]
    assert_eq!(forked(|| MEMORY.machine().audit().map_err(|error| eprintln!("{error}")).is_ok()), 0);
}

/// Whether this process was forked, so that another thread may have the lock below for ever.
static FORKED: AtomicBool = AtomicBool::new(false);

/// What requests of tasks that are watched say, and which tasks fail. It needs memory and a lock of its own to decide.
struct OfTasks;

#[derive(Default)]
struct Watched {
    fails: bool,
    seen: Vec<(usize, Gfp)>,
}

static WATCHED: Mutex<BTreeMap<u32, Watched>> = Mutex::new(BTreeMap::new());

impl FaultSource for OfTasks {
    fn fails(&self, site: &Site<'_>) -> bool {
        // Memory for each question: asking a machine for it would ask this source again.
        let _words: Vec<String> = (0..10).map(|word| word.to_string()).collect();
        if FORKED.load(Relaxed) {
            return false;
        }
        let mut watched = WATCHED.lock().unwrap();
        let Some(watched) = watched.get_mut(&site.asking.0) else { return false };
        watched.seen.push((site.size, site.flags));
        watched.fails
    }
}

/// Runs `body` as a task of its own, and says what its requests said.
fn watched(fails: bool, body: impl FnOnce(&'static Machine)) -> Vec<(usize, Gfp)> {
    let machine = MEMORY.machine();
    let task = machine.spawn(TaskOptions::named("watched"));
    GlobalMachine::aside(|| WATCHED.lock().unwrap().insert(task.0, Watched { fails, seen: Vec::new() }));
    machine.run_as(task, || body(machine));
    GlobalMachine::aside(|| WATCHED.lock().unwrap().remove(&task.0).unwrap().seen)
}

#[test]
fn row_056_a_programs_own_requests_are_made_in_the_scope_of_its_task() {
    let bytes = 3 * PAGE_SIZE;
    let flags = |scope: Option<Scope>| {
        let seen = watched(false, |machine| {
            let _scope = scope.map(|scope| machine.scope(scope));
            std::hint::black_box(Vec::<u8>::with_capacity(bytes));
        });
        let mut of_pages = seen.into_iter().filter(|(size, _)| *size >= bytes).map(|(_, flags)| flags);
        of_pages.next().unwrap()
    };
    let (plain, nofs, noio) = (flags(None), flags(Some(Scope::NoFs)), flags(Some(Scope::NoIo)));
    assert!(plain.contains(Gfp::FS | Gfp::IO) && plain.contains(Gfp::NOWARN), "{plain:?}");
    assert!(!nofs.contains(Gfp::FS) && nofs.contains(Gfp::IO), "{nofs:?}");
    assert!(!noio.contains(Gfp::FS) && !noio.contains(Gfp::IO), "{noio:?}");
}

#[test]
fn a_task_whose_requests_fail_gets_errors_and_no_other_does() {
    let mut kept = vec![7_u8; 100];
    let others = thread::spawn(|| (0..10_000).map(Box::new).map(|boxed| *boxed).sum::<u64>());
    let seen = watched(true, |_| {
        assert!(Vec::<u64>::new().try_reserve(1).is_err());
        assert!(String::new().try_reserve(100_000).is_err());
        assert!(kept.try_reserve_exact(1 << 20).is_err());
        // To make it smaller where it is needs no memory.
        kept.shrink_to(40);
    });
    assert!(seen.len() >= 3 && kept == [7; 100]);
    assert_eq!(others.join().unwrap(), (0..10_000).sum());
}

#[test]
fn memory_of_any_layout_is_the_machines_aligned_and_keeps_its_bytes() {
    for align in (0..15).map(|bits| 1_usize << bits) {
        for size in [1, 7, 8, 24, 33, 100, 1000, 4096, 5000, 20_000, 3 << 20] {
            let layout = Layout::from_size_align(size, align).unwrap();
            // SAFETY: the layouts have bytes, and the memory is used within its layout of the time, and given back once.
            unsafe {
                let memory = MEMORY.alloc_zeroed(layout);
                assert!(MEMORY.owns(memory) && memory.addr().is_multiple_of(align), "{layout:?} at {memory:p}");
                assert!(std::slice::from_raw_parts(memory, size).iter().all(|byte| *byte == 0), "{layout:?}");
                memory.write_bytes(9, size);
                let larger = MEMORY.realloc(memory, layout, 2 * size + 1);
                assert!(larger.addr().is_multiple_of(align) && (*larger, *larger.add(size - 1)) == (9, 9));
                larger.write_bytes(8, 2 * size + 1);
                let from = Layout::from_size_align(2 * size + 1, align).unwrap();
                let less = size.div_ceil(3);
                let smaller = MEMORY.realloc(larger, from, less);
                assert!(smaller.addr().is_multiple_of(align) && (*smaller, *smaller.add(less - 1)) == (8, 8));
                MEMORY.dealloc(smaller, Layout::from_size_align(less, align).unwrap());
            }
        }
    }
}

#[test]
fn what_becomes_much_smaller_gives_its_memory_back() {
    let mut numbers: Vec<u8> = vec![1; 1 << 20];
    numbers.truncate(100);
    numbers.shrink_to_fit();
    let (at, machine) = (numbers.as_mut_ptr(), MEMORY.machine());
    assert!(numbers == [1; 100] && machine.ksize(at) == Ok(128), "{:?}", machine.ksize(at));
}

thread_local! {
    /// Freed when its thread ends, and its machine's own thread locals with it.
    static KEPT: RefCell<Vec<Box<[u64]>>> = const { RefCell::new(Vec::new()) };
}

#[test]
fn threads_come_and_go_and_free_what_others_allocated() {
    let (sender, receiver) = mpsc::channel::<Vec<String>>();
    let rounds = if cfg!(debug_assertions) { 40 } else { 400 };
    let threads: Vec<_> = (0..4)
        .map(|thread| {
            let sender = sender.clone();
            thread::spawn(move || {
                for round in 0..rounds {
                    let mut known: HashMap<String, Vec<u8>> = HashMap::new();
                    for entry in 0..50 {
                        known.insert(format!("{thread} {round} {entry}"), vec![entry as u8; 1 << (entry % 14)]);
                    }
                    assert!(known.iter().all(|(_, bytes)| bytes.iter().all(|byte| *byte == bytes[0])));
                    sender.send(known.into_keys().collect()).unwrap();
                    // Young threads, which have their marks for a moment.
                    let young = thread::spawn(|| KEPT.with_borrow_mut(|kept| kept.push(vec![3; 500].into())));
                    young.join().unwrap();
                }
                KEPT.with_borrow_mut(|kept| (0..20).for_each(|size| kept.push(vec![thread; 1 << (size % 12)].into())));
            })
        })
        .collect();
    drop(sender);
    assert_eq!(receiver.iter().flatten().filter(|key| key.contains(' ')).count(), 4 * rounds * 50);
    threads.into_iter().for_each(|thread| thread.join().unwrap());
    audit();
}

#[test]
fn panics_and_backtraces_get_out_also_of_who_gets_no_memory() {
    let panicked = thread::spawn(|| {
        let text = Backtrace::force_capture().to_string();
        assert!(text.contains("panics_and_backtraces"), "{text}");
        panic!("with a message of {}", text.len());
    });
    assert!(panicked.join().unwrap_err().downcast::<String>().unwrap().starts_with("with a message"));
    let before = MEMORY.system_requests();
    watched(true, |_| {
        let caught = std::panic::catch_unwind(|| {
            // Formatted by the panicking thread.
            let number = std::hint::black_box(12);
            panic!("no memory for {number}");
        });
        let payload = caught.unwrap_err();
        assert_eq!(payload.downcast_ref::<String>().unwrap(), "no memory for 12");
    });
    assert!(MEMORY.system_requests() > before);
}

#[test]
fn the_machines_tables_grow_in_the_systems_memory() {
    let machine = MEMORY.machine();
    let before = MEMORY.system_requests();
    let tasks: Vec<TaskId> = (0..500).map(|_| machine.spawn(TaskOptions::named("one of many"))).collect();
    assert!(MEMORY.system_requests() > before, "the table of tasks grew");
    let caches: Vec<_> = (0..40).map(|_| machine.cache(CacheOptions::new("one of many", 72)).unwrap()).collect();
    let areas: Vec<_> = (0..200).map(|_| machine.vmalloc(2 * PAGE_SIZE, Gfp::KERNEL).unwrap()).collect();
    for task in &tasks {
        machine.run_as(*task, || {
            let _site = machine.site("one of many");
            let _policy = machine.policy_scope(Policy { costly: Order::new(2), ..machine.policy() });
            drop(vec![1; 10]);
        });
    }
    assert!(machine.stats().sites.chains().count() > 0 && !machine.held_objects().is_empty());
    drop((areas, caches));
    tasks.into_iter().for_each(|task| machine.exit(task));
    audit();
}

#[test]
fn who_stands_aside_has_the_systems_memory_and_gives_back_to_whom_it_belongs() {
    let (mine, shrinks) = (vec![1_u8; 100], vec![5_u8; 5000]);
    let (theirs, grown) = GlobalMachine::aside(|| {
        let theirs = vec![2_u8; 100];
        drop(mine);
        let mut grown = shrinks;
        grown.extend([6; 5000]);
        (theirs, grown)
    });
    assert!(!MEMORY.owns(theirs.as_ptr()) && !MEMORY.owns(grown.as_ptr()));
    assert!(grown[..5000] == [5; 5000] && grown[5000..] == [6; 5000]);
    let mut moved = theirs;
    moved.extend([3; 1000]);
    assert!(moved.starts_with(&[2; 100]) && moved.ends_with(&[3; 1000]));
    let here = Box::new(4_u8);
    assert!(MEMORY.owns(&raw const *here));
}

#[test]
fn large_memory_is_mapped_where_nothing_is_contiguous() {
    let machine = MEMORY.machine();
    // A block of 8 MiB there is not, so this is mapped whatever is free.
    let mut large: Vec<u64> = Vec::with_capacity(1 << 20);
    assert!(machine.is_vmalloc(large.as_ptr().cast()));
    large.extend(0..1 << 20);
    large.push(1);
    large.truncate(1000);
    large.shrink_to_fit();
    assert!(large.iter().enumerate().all(|(place, number)| place as u64 == *number));
    drop(large);
}

#[test]
fn what_does_not_begin_memory_is_not_freed_and_noted() {
    let (machine, before) = (MEMORY.machine(), MEMORY.machine().next_event());
    let layout = Layout::from_size_align(3 * PAGE_SIZE, 8).unwrap();
    // SAFETY: the layout has bytes. That the second call breaks the promise is what is tried: the machine believes nobody, and
    // the block is still there.
    unsafe {
        let memory = MEMORY.alloc(layout);
        MEMORY.dealloc(memory.add(PAGE_SIZE), layout);
        MEMORY.dealloc(memory, layout);
    }
    assert_eq!(machine.stats().bad_frees, 1);
    let noted = machine.events_since(before).into_iter().map(|event| event.kind);
    let errors: Vec<_> = noted.filter(|kind| matches!(kind, EventKind::BadFree(..))).collect();
    assert!(matches!(errors[..], [EventKind::BadFree(_, FreeError::NotTheBeginning)]), "{errors:?}");
    audit();
}

#[cfg(target_os = "linux")]
#[test]
fn a_fork_has_a_copy_of_all_and_goes_on_with_it() {
    static BUSY: AtomicU64 = AtomicU64::new(1);
    let busy: Vec<_> = (0..2)
        .map(|_| {
            thread::spawn(|| {
                while BUSY.load(Relaxed) > 0 {
                    drop((vec![1_u8; 300], vec![2_u8; 30_000]));
                }
            })
        })
        .collect();
    for round in 0..5_u8 {
        let mut numbers = vec![round; 10_000];
        let status = forked(|| {
            numbers.extend(vec![9; 50_000]);
            let mut text: Vec<String> = (0..1000).map(|number| format!("{number}")).collect();
            text.retain(|text| text.len() > 1);
            let well = text.len() == 990 && numbers[..10_000] == [round; 10_000] && MEMORY.owns(numbers.as_ptr());
            well && MEMORY.machine().audit().is_ok()
        });
        assert_eq!(status, 0, "in the child of fork {round}");
        assert_eq!(numbers, [round; 10_000], "as before fork {round}");
    }
    BUSY.store(0, Relaxed);
    busy.into_iter().for_each(|thread| thread.join().unwrap());
}

/// In a process of its own, for locks of the standard library may be held where this one is forked.
#[cfg(target_os = "linux")]
#[test]
fn what_would_unwind_out_of_a_request_ends_the_process_with_the_reason() {
    use std::os::unix::process::ExitStatusExt;
    static NO_PAGES: GlobalMachine = GlobalMachine::new(|| Machine::builder().build());
    static PANICS: GlobalMachine = GlobalMachine::new(|| panic!("a bug of whoever describes the machine"));
    match std::env::var("ALLOC_CORE_ENDS").as_deref() {
        Err(_) => {}
        Ok("no pages") => panic!("it was built: {:?}", NO_PAGES.machine()),
        Ok("panics") => panic!("it was built: {:?}", PANICS.machine()),
        Ok(_) => {
            let machine = MEMORY.machine();
            machine.register_shrinker(Arc::new(support::Panics::default()));
            let _nothing_left = machine.exhaust(support::NODE, 0);
            return drop(Vec::<u8>::with_capacity(100_000));
        }
    }
    for (how, reason) in [
        ("no pages", "the machine of the global allocator could not be built: a machine needs a node"),
        ("panics", "the machine of the global allocator panicked while it was built"),
        ("shrinker", "something panicked inside of a request to the global allocator"),
    ] {
        let mut command = std::process::Command::new(std::env::current_exe().unwrap());
        command.args(["--exact", "what_would_unwind_out_of_a_request_ends_the_process_with_the_reason", "--nocapture"]);
        let ended = command.env("ALLOC_CORE_ENDS", how).output().unwrap();
        let printed = String::from_utf8_lossy(&ended.stderr);
        assert_eq!(ended.status.signal(), Some(libc::SIGABRT), "{how}: {printed}");
        assert!(printed.contains(reason), "{how}: {printed}");
    }
}
