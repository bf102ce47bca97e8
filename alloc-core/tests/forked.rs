//! A process that is forked has a copy of a machine's memory, as of all its memory.
#![cfg(all(feature = "std", target_os = "linux"))]
#![expect(unsafe_code, reason = "forks")]

use std::fs;
use std::io::{Read, Write};
use std::os::fd::AsRawFd;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::thread;
use std::time::Duration;

use alloc_core::{CacheOptions, Fragments, Gfp, Machine, NodePages, Order, PAGE_SIZE, TaskOptions, Time};

fn machine() -> Machine {
    Machine::builder().node(NodePages::new(256)).min_free_pages(8).build().unwrap()
}

/// Runs `child` in a fork until it says whether all is well, and `parent` meanwhile, which gets to write to the child.
fn fork(child: impl FnOnce(&mut dyn Read) -> bool, parent: impl FnOnce(&mut dyn Write)) -> bool {
    let (mut reader, mut writer) = std::io::pipe().unwrap();
    // SAFETY: the child calls nothing but what its closure does: no allocator, no lock that another test's thread may hold.
    match unsafe { libc::fork() } {
        0 => {
            let status = if child(&mut reader) { 0 } else { 1 };
            // SAFETY: ends the process.
            unsafe { libc::_exit(status) }
        }
        pid => {
            parent(&mut writer);
            let mut status = 0;
            // SAFETY: waits for the child that was just made.
            assert_eq!(unsafe { libc::waitpid(pid, &raw mut status, 0) }, pid);
            status == 0
        }
    }
}

fn is(bytes: &[u8], byte: u8) -> bool {
    bytes.iter().all(|found| *found == byte)
}

#[test]
fn neither_process_sees_what_the_other_writes() {
    let machine = machine();
    let mut block = machine.alloc_pages(Order::new(2), Gfp::KERNEL).unwrap();
    let untouched = machine.alloc_pages(Order::new(3), Gfp::KERNEL).unwrap();
    block.bytes_mut().fill(1);
    let block = std::cell::RefCell::new(block);
    let child = |told: &mut dyn Read| {
        let as_it_was = is(block.borrow().bytes(), 1);
        let told = told.read_exact(&mut [0]).is_ok();
        let unchanged = is(block.borrow().bytes(), 1);
        block.borrow_mut().bytes_mut().fill(2);
        as_it_was && told && unchanged && is(block.borrow().bytes(), 2) && is(untouched.bytes(), 0)
    };
    let well = fork(child, |told| {
        block.borrow_mut().bytes_mut().fill(3);
        told.write_all(&[0]).unwrap();
    });
    assert!(well, "in the child");
    assert!(is(block.borrow().bytes(), 3));
    assert!(is(untouched.bytes(), 0));
}

#[test]
fn areas_are_mapped_to_the_copy() {
    let machine = machine();
    let fragments = machine.fragment(Fragments::KeepOneIn(3));
    let mut area = machine.vmalloc(20 * PAGE_SIZE, Gfp::KERNEL).unwrap();
    assert!(area.mappings() > 5);
    area.bytes_mut().fill(1);
    let first = area.frame_at(0).unwrap();
    let mut area = Some(area);
    // Area and direct map show the same memory: what the area wrote is what its first frame holds when it is taken next.
    let aliased = || {
        let mut taken = [const { None }; 256];
        taken.iter_mut().any(|place| {
            let page = place.insert(machine.alloc_pages(Order::ZERO, Gfp::ATOMIC));
            page.as_ref().is_ok_and(|page| page.frame() == first && is(page.bytes(), 2))
        })
    };
    let well = fork(
        |_| {
            let mut area = area.take().unwrap();
            let as_it_was = is(area.bytes(), 1);
            area.bytes_mut().fill(2);
            let written = is(area.bytes(), 2);
            drop(area);
            as_it_was && written && aliased()
        },
        |_| {},
    );
    assert!(well, "in the child");
    assert!(is(area.take().unwrap().bytes(), 1));
    drop(fragments);
    machine.audit().unwrap();
}

#[test]
fn a_fork_leaves_no_descriptor_behind() {
    let machine = machine();
    let mut block = machine.alloc_pages(Order::ZERO, Gfp::KERNEL).unwrap();
    block.bytes_mut().fill(1);
    let copies = || {
        let descriptors =
            fs::read_dir("/proc/self/fd").unwrap().filter_map(|entry| fs::read_link(entry.ok()?.path()).ok());
        descriptors.filter(|path| path.to_string_lossy().contains("alloc-core")).count()
    };
    drop(Machine::builder().node(NodePages::new(16)).build().unwrap());
    let child = |_: &mut dyn Read| is(block.bytes(), 1);
    for _ in 0..20 {
        assert!(fork(child, |_| {}));
    }
    // The machines of the other tests have one each, and a copy each while they fork.
    assert!(copies() <= 3 + 3, "{}", copies());
}

#[test]
fn without_a_copy_the_memory_cannot_be_touched_and_the_child_says_so() {
    let machine = machine();
    let mut block = machine.alloc_pages(Order::ZERO, Gfp::KERNEL).unwrap();
    block.bytes_mut().fill(1);
    let block = std::cell::RefCell::new(block);
    let (mut printed, stderr) = std::io::pipe().unwrap();
    let without_descriptors = |_: &mut dyn Read| {
        // SAFETY: the process is this test's own, and ends behind this.
        unsafe {
            libc::dup2(stderr.as_raw_fd(), libc::STDERR_FILENO);
            libc::setrlimit(libc::RLIMIT_CORE, &libc::rlimit { rlim_cur: 0, rlim_max: 0 });
            libc::setrlimit(libc::RLIMIT_NOFILE, &libc::rlimit { rlim_cur: 3, rlim_max: 3 });
            let pid = libc::fork();
            if pid == 0 {
                block.borrow_mut().bytes_mut().fill(2);
                libc::_exit(0);
            }
            let mut status = 0;
            libc::waitpid(pid, &raw mut status, 0);
            libc::WIFSIGNALED(status) && libc::WTERMSIG(status) == libc::SIGSEGV
        }
    };
    assert!(fork(without_descriptors, |_| {}));
    assert!(is(block.borrow().bytes(), 1));
    let mut text = [0; 64];
    printed.read_exact(&mut text).unwrap();
    assert!(text.starts_with(b"alloc-core: there is no memory for a forked process's copy"));
}

/// Ends the process if it takes longer than anything that is not stuck.
fn by_a_deadline() {
    // SAFETY: asks for a signal that nobody handles.
    unsafe { libc::alarm(60) };
}

/// Ends what other threads do in a loop.
struct Over<'o>(&'o AtomicBool);

impl Drop for Over<'_> {
    fn drop(&mut self) {
        self.0.store(true, Relaxed);
    }
}

/// All that a machine's locks and places are needed for.
fn uses(machine: &Machine) -> bool {
    machine.set_faults(None);
    let cache = machine.cache(CacheOptions::new("things", 100)).unwrap();
    let object = cache.alloc(Gfp::KERNEL).is_ok();
    let whole = machine.audit().is_ok() && machine.audit_slabs().is_ok();
    let task = machine.spawn(TaskOptions::named("task"));
    machine.exit(task);
    machine.shrink_slabs();
    let page = (0..50).all(|_| machine.alloc_pages(Order::ZERO, Gfp::KERNEL).is_ok());
    object && page && whole && machine.kmalloc(100, Gfp::KERNEL).is_ok() && machine.vmalloc(9000, Gfp::KERNEL).is_ok()
}

#[test]
fn a_machine_that_other_threads_are_inside_of_is_whole_and_unlocked_in_the_child() {
    let machine = Machine::builder().node(NodePages::new(2048)).min_free_pages(8).cpus(2).build().unwrap();
    let cache = machine.cache(CacheOptions::new("shared", 64)).unwrap();
    let over = AtomicBool::new(false);
    let hammered = |body: &(dyn Fn() + Sync)| {
        while !over.load(Relaxed) {
            body();
        }
    };
    thread::scope(|scope| {
        let _over = Over(&over);
        scope.spawn(|| hammered(&|| _ = machine.audit()));
        scope.spawn(|| hammered(&|| (0..100).for_each(|_| drop(machine.alloc_pages(Order::ZERO, Gfp::KERNEL)))));
        scope.spawn(|| {
            hammered(&|| drop((cache.alloc(Gfp::KERNEL), cache.usage(), machine.vmalloc(5000, Gfp::KERNEL))));
        });
        for turn in 0..40 {
            let child = |_: &mut dyn Read| {
                by_a_deadline();
                uses(&machine)
            };
            assert!(fork(child, |_| {}), "turn {turn}");
        }
    });
    assert!(uses(&machine));
}

#[test]
fn a_child_does_the_work_of_a_live_machines_threads_which_it_has_not() {
    let live = || {
        let builder = Machine::builder().node(NodePages::new(512)).min_free_pages(64).time(Time::Live);
        builder.watchdog(Duration::from_secs(600)).build().unwrap()
    };
    let mut machine = Some(live());
    let child = |_: &mut dyn Read| {
        by_a_deadline();
        let machine = machine.take().unwrap();
        let hog = machine.spawn(TaskOptions::named("hog"));
        // There is no room but the hog's, and no reaper but who waits for its pages.
        let grown = machine.grow(hog, 400).is_ok();
        let hoard = machine.exhaust(alloc_core::NodeId(0), 0);
        let served = machine.alloc_pages(Order::ZERO, Gfp::KERNEL).is_ok();
        let killed = machine.stats().kills == 1;
        drop(hoard);
        drop(machine);
        grown && served && killed
    };
    assert!(fork(child, |_| {}));
    assert!(machine.is_some_and(|machine| uses(&machine)));
}
