//! Sizes that cannot be, and a surrounding process that runs into its own limits: an error each time, and nothing is kept.
#![cfg(all(feature = "std", target_os = "linux", not(miri)))]
#![expect(unsafe_code, reason = "sets limits of the process")]

use alloc_core::{
    AllocError, Area, BuildError, Fragments, Gfp, KvCap, Machine, NodePages, OnOom, Order, PAGE_SIZE, Policy,
};
use std::process::Command;

/// Runs a test of this file again in a process of its own, whose limits are nobody else's; false in that process.
fn in_own_process(test: &str) -> bool {
    const CHILD: &str = "ALLOC_CORE_TEST_CHILD";
    if std::env::var_os(CHILD).is_some() {
        return false;
    }
    let mut command = Command::new(std::env::current_exe().unwrap());
    let output = command.args(["--exact", test, "--nocapture", "--test-threads=1"]).env(CHILD, "1").output().unwrap();
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success() && out.contains("1 passed"), "{}\n{out}\n{err}", output.status);
    true
}

/// Sets a limit of this process.
fn limit(resource: libc::__rlimit_resource_t, most: u64) {
    let mut limit = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    // SAFETY: the structure lives as long as both calls.
    unsafe {
        assert_eq!(libc::getrlimit(resource, &raw mut limit), 0);
        limit.rlim_cur = most.min(limit.rlim_max);
        assert_eq!(libc::setrlimit(resource, &raw const limit), 0);
    }
}

/// Bytes of addresses that this process uses, and its mappings.
fn addresses() -> (u64, usize) {
    let pages = std::fs::read_to_string("/proc/self/statm").unwrap();
    let pages: u64 = pages.split(' ').next().unwrap().parse().unwrap();
    (pages * PAGE_SIZE as u64, std::fs::read_to_string("/proc/self/maps").unwrap().lines().count())
}

fn descriptors() -> usize {
    std::fs::read_dir("/proc/self/fd").unwrap().count()
}

/// Powers of two, their neighbours, and the largest sizes.
fn sizes() -> impl Iterator<Item = usize> {
    let powers = (0..usize::BITS).flat_map(|power| [(1_usize << power) - 1, 1 << power, (1 << power) + 1]);
    powers.chain((0..3).map(|less| usize::MAX - less * (PAGE_SIZE - 1)))
}

#[test]
fn every_size_with_every_flag_gives_a_block_or_an_error() {
    let policy =
        Policy { rounds_max: 50, kv_cap: KvCap::Absolute(usize::MAX), on_oom: OnOom::Fail, ..Policy::kernel() };
    let machine = Machine::builder().node(NodePages::new(1024)).policy(policy).build().unwrap();
    let flags = Gfp::NAMES.iter().flat_map(|(_, flag)| [Gfp::KERNEL | *flag, *flag]);
    for (size, flags) in flags.flat_map(|flags| sizes().map(move |size| (size, flags))) {
        if let Ok(block) = machine.kvmalloc(size, flags) {
            assert!(block.bytes().len() >= size && size <= 1024 * PAGE_SIZE);
        }
        if let Ok(area) = machine.vmalloc(size, flags) {
            assert!(area.bytes().len() == size && size <= 1024 * PAGE_SIZE);
        }
        machine.shrink_slabs();
        assert_eq!(machine.free_pages(None), 1024, "{size} bytes, {flags:?}");
        assert_eq!(machine.stopped(), None);
    }
    machine.audit().unwrap();
}

#[test]
fn every_alignment_up_to_a_gibibyte_is_kept_or_refused() {
    let machine = Machine::builder().node(NodePages::new(4096)).build().unwrap();
    for (power, size) in (0..=30).flat_map(|power| sizes().map(move |size| (power, size))) {
        let align = 1_usize << power;
        match machine.alloc_pages(Order::for_layout(size, align), Gfp::KERNEL) {
            Ok(mut block) => {
                let bytes = block.bytes_mut();
                assert!(bytes.len() >= size.max(align) && bytes.as_ptr().addr().is_multiple_of(align));
            }
            Err(error) => {
                assert!(size > 4 << 20 || align > 4 << 20, "{size} bytes aligned to {align}: {error}");
                assert_eq!(error, AllocError::OrderTooBig);
            }
        }
    }
    assert_eq!(machine.free_pages(None), 4096);
}

#[test]
fn a_process_without_addresses_gets_an_error_instead_of_a_machine() {
    if in_own_process("a_process_without_addresses_gets_an_error_instead_of_a_machine") {
        return;
    }
    const PAGES: u32 = 6 << 20;
    let build = || Machine::builder().node(NodePages::new(PAGES)).build();
    let ((used, mappings), open) = (addresses(), descriptors());
    // The arena and the window of four times as much; above them, a little at a time, the table of frames, which is
    // larger than what the C library keeps for a thread.
    let memory = (5 * u64::from(PAGES) + 1024) * PAGE_SIZE as u64;
    let below = (0..20).map(|step| memory * step / 20);
    let (mut refused, mut built) = (0, 0);
    for more in below.chain((0..40).map(|step| memory + (step << 22)).chain([2 * memory])) {
        limit(libc::RLIMIT_AS, used + more);
        match build() {
            Ok(machine) => {
                built += 1;
                assert!(machine.alloc_pages(Order::new(10), Gfp::KERNEL).is_ok());
                let area = machine.vmalloc(PAGE_SIZE * 3, Gfp::KERNEL);
                assert!(area.is_ok() || area.is_err_and(|error| error == AllocError::NoMappings));
            }
            Err(BuildError::Host(_)) => refused += 1,
            Err(error) => panic!("{error}"),
        }
        limit(libc::RLIMIT_AS, libc::RLIM_INFINITY);
        let now = addresses();
        assert!(now.0 < used + (32 << 20) && now.1 < mappings + 8 && descriptors() == open, "{more} bytes: {now:?}");
    }
    assert!(refused > 10 && built > 0, "{refused} refused, {built} built");
}

#[test]
fn a_process_without_descriptors_or_files_gets_an_error_instead_of_a_machine() {
    if in_own_process("a_process_without_descriptors_or_files_gets_an_error_instead_of_a_machine") {
        return;
    }
    let build = || Machine::builder().node(NodePages::new(1024)).build().map(drop);
    limit(libc::RLIMIT_NOFILE, 0);
    assert!(matches!(build(), Err(BuildError::Host(_))));
    limit(libc::RLIMIT_NOFILE, 1000);
    limit(libc::RLIMIT_FSIZE, 1024 * PAGE_SIZE as u64 - 1);
    assert!(matches!(build(), Err(BuildError::Host(_))));
    limit(libc::RLIMIT_FSIZE, 1024 * PAGE_SIZE as u64);
    build().unwrap();
}

/// Lines about a machine's memory among this process's mappings.
fn frames_mapped() -> usize {
    std::fs::read_to_string("/proc/self/maps").unwrap().lines().filter(|line| line.contains("memfd:alloc-core")).count()
}

#[test]
fn where_the_system_maps_no_more_areas_fail_whole_and_come_apart_whole() {
    if in_own_process("where_the_system_maps_no_more_areas_fail_whole_and_come_apart_whole") {
        return;
    }
    let most: usize = std::fs::read_to_string("/proc/sys/vm/max_map_count").unwrap().trim().parse().unwrap();
    if most > 1 << 18 {
        println!("this system maps {most} ranges, which is more than this test can use up");
        return;
    }
    let policy = Policy { mappings_max: usize::MAX, ..Policy::kernel() };
    let pages = 2 * most as u32 + 20_000;
    let machine = Machine::builder().node(NodePages::new(pages)).min_free_pages(64).policy(policy).build().unwrap();
    // Every frame is alone, so every page of an area is a mapping.
    let hoard = machine.fragment(Fragments::KeepOneIn(2));
    let (free, mapped) = (machine.free_pages(None), frames_mapped());
    for _ in 0..3 {
        assert_eq!(machine.vmalloc((most + 100) * PAGE_SIZE, Gfp::KERNEL).unwrap_err(), AllocError::NoMappings);
        assert_eq!((machine.free_pages(None), frames_mapped()), (free, mapped), "of one area");
    }
    for pages in [50_usize, 1000] {
        let mut areas: Vec<Area<'_>> = Vec::new();
        let error = loop {
            match machine.vmalloc(pages * PAGE_SIZE, Gfp::KERNEL) {
                Ok(mut area) => {
                    area.bytes_mut()[0] = 1;
                    areas.push(area);
                }
                Err(error) => break error,
            }
        };
        assert_eq!(error, AllocError::NoMappings);
        // Not even the test itself may map anything now: to free is all that is left.
        areas.clear();
        assert_eq!((machine.free_pages(None), frames_mapped()), (free, mapped), "of areas of {pages} pages");
        areas.shrink_to_fit();
    }
    drop(hoard);
    assert!(machine.vmalloc(100 * PAGE_SIZE, Gfp::KERNEL | Gfp::ZERO).is_ok());
    machine.audit().unwrap();
}
