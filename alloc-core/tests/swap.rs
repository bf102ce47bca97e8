//! The swap: what comes back from it is what was written, and every way in which that can fail is told exactly.
#![cfg(all(feature = "std", unix))]

mod support;

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::sync::Arc;

use alloc_core::{
    Attributes, Capability, ChainKey, FirstHit, Knobs, Machine, NodePages, Nth, PAGE_SIZE, Slot, Swap, SwapError,
    SwapWay,
};
use support::random::Random;

fn machine() -> Machine {
    Machine::builder().node(NodePages::new(64)).build().unwrap()
}

/// A swap, and its file for those who disturb it.
fn disturbed(slots: u32) -> (Swap, File) {
    let folder = std::env::temp_dir();
    let path = folder.join(format!("alloc-core-disturbed.{}.{:?}", std::process::id(), std::thread::current().id()));
    let file = File::options().read(true).write(true).create_new(true).open(&path).unwrap();
    std::fs::remove_file(&path).unwrap();
    (Swap::in_file(file.try_clone().unwrap(), slots).unwrap(), file)
}

fn page(number: u64) -> [u8; PAGE_SIZE] {
    let mut random = Random(number);
    std::array::from_fn(|_| random.byte())
}

fn read(swap: &Swap, slot: &Slot) -> Result<[u8; PAGE_SIZE], SwapError> {
    let mut page = [0; PAGE_SIZE];
    swap.read(&machine(), slot, &mut page).map(|()| page)
}

#[test]
fn row_094_a_swap_takes_as_many_pages_as_it_has_slots_and_gives_them_back() {
    let (machine, swap) = (machine(), Swap::temporary(5).unwrap());
    let mut slots: Vec<_> = (0..5).map(|number| swap.write(&machine, &page(number)).unwrap()).collect();
    assert_eq!(swap.write(&machine, &page(9)).unwrap_err(), SwapError::NoSpace);
    assert!((0..5).all(|number| read(&swap, &slots[number as usize]) == Ok(page(number))));
    swap.free(slots.remove(2));
    assert_eq!((swap.used(), swap.available(), swap.capacity()), (4, 1, 5));
    slots.push(swap.write(&machine, &page(7)).unwrap());
    assert_eq!(read(&swap, &slots[4]), Ok(page(7)));
    slots.into_iter().for_each(|slot| swap.free(slot));
    assert_eq!((swap.used(), swap.pages_out(), swap.pages_in()), (0, 6, 6));
    assert_eq!(Swap::none().write(&machine, &page(0)).unwrap_err(), SwapError::NoSpace);
}

#[test]
fn row_047_a_flipped_byte_and_a_page_in_anothers_slot_are_detected() {
    let (machine, (swap, file)) = (machine(), disturbed(8));
    let slots: Vec<_> = (0..3).map(|number| swap.write(&machine, &page(number)).unwrap()).collect();
    let at = PAGE_SIZE as u64 + 1234;
    let mut byte = [0];
    file.read_exact_at(&mut byte, at).unwrap();
    file.write_all_at(&[byte[0] ^ 0x10], at).unwrap();
    let error = read(&swap, &slots[1]).unwrap_err();
    assert_eq!((error, error.position()), (SwapError::Corrupted { slot: 1 }, Some(4096)));
    assert_eq!(error.to_string(), "slot 1 of the swap is not what was written there (at byte 4096 of its file)");
    file.write_all_at(&byte, at).unwrap();
    assert_eq!(read(&swap, &slots[1]), Ok(page(1)));
    // The same page, where another one lay.
    file.write_all_at(&page(0), 2 * PAGE_SIZE as u64).unwrap();
    assert_eq!(read(&swap, &slots[2]), Err(SwapError::Corrupted { slot: 2 }));
}

#[test]
fn row_045_the_files_own_errors_are_told_with_their_slot_and_take_none() {
    let (machine, (swap, file)) = (machine(), disturbed(8));
    let slots: Vec<_> = (0..2).map(|number| swap.write(&machine, &page(number)).unwrap()).collect();
    file.set_len(PAGE_SIZE as u64 + 100).unwrap();
    assert_eq!(read(&swap, &slots[0]), Ok(page(0)));
    assert_eq!(read(&swap, &slots[1]), Err(SwapError::Short { way: SwapWay::In, slot: 1 }));
    #[cfg(target_os = "linux")]
    {
        let full = File::options().read(true).write(true).open("/dev/full").unwrap();
        let swap = Swap::in_file(full, 8).unwrap();
        let error = SwapError::Io { way: SwapWay::Out, slot: 0, errno: libc::ENOSPC };
        assert_eq!([(); 2].map(|()| swap.write(&machine, &page(0)).unwrap_err()), [error; 2]);
        assert_eq!(swap.used(), 0);
        let closed = Swap::in_file(File::open("/dev/null").unwrap(), 8).unwrap();
        let error = SwapError::Io { way: SwapWay::Out, slot: 0, errno: libc::EBADF };
        assert_eq!(closed.write(&machine, &page(0)).unwrap_err(), error);
    }
}

#[test]
fn a_swap_of_too_many_slots_is_refused_when_it_is_made() {
    let error = Swap::temporary(Swap::SLOTS_MAX + 1).unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::InvalidInput);
}

/// Whether a write and the read of another page come through.
fn transfers(machine: &Machine, swap: &Swap, slot: &Slot) -> [Option<SwapError>; 2] {
    let written = swap.write(machine, &page(1));
    let mut page = [0; PAGE_SIZE];
    [written.map(|slot| swap.free(slot)).err(), swap.read(machine, slot, &mut page).err()]
}

#[test]
fn row_011_fail_swap_io_fails_transfers_and_touches_nothing() {
    let (machine, swap) = (machine(), Swap::temporary(2).unwrap());
    let slot = swap.write(&machine, &page(0)).unwrap();
    let [out, come_in] = [SwapWay::Out, SwapWay::In].map(|way| Some(SwapError::Injected { way }));
    let cases: [(Knobs, [[Option<SwapError>; 2]; 2]); 4] = [
        ("fail_swap_io=1,100,0,-1".parse().unwrap(), [[out, come_in]; 2]),
        ("fail_swap_io=2,100,0,-1".parse().unwrap(), [[None, come_in]; 2]),
        // Behind one page no more than a page is left.
        ("fail_swap_io=1,100,8192,-1".parse().unwrap(), [[None, come_in], [out, come_in]]),
        ("fail_page_alloc=1,100,0,-1 failslab=1,100,0,-1".parse().unwrap(), [[None; 2]; 2]),
    ];
    for (knobs, expected) in cases {
        let text = knobs.to_string();
        machine.set_faults(Some(Arc::new(knobs)));
        let before = (swap.used(), swap.pages_out(), swap.pages_in());
        assert_eq!([(); 2].map(|()| transfers(&machine, &swap, &slot)), expected, "{text}");
        let passed = expected.map(|turn| turn.map(|error| u64::from(error.is_none())));
        let [outs, ins] = [0, 1].map(|way| passed.iter().map(|turn| turn[way]).sum::<u64>());
        assert_eq!((swap.used(), swap.pages_out(), swap.pages_in()), (before.0, before.1 + outs, before.2 + ins));
    }
    // Without knobs of its own it is not failed; by number and by chain it is, as everything.
    machine.set_faults(Some(Arc::new(Attributes::unfiltered(100))));
    assert_eq!(transfers(&machine, &swap, &slot), [None; 2]);
    machine.set_faults(Some(Arc::new(Nth::new(2))));
    assert_eq!(transfers(&machine, &swap, &slot), [None, come_in]);
    machine.set_faults(Some(Arc::new(FirstHit::new(ChainKey { by_request: true, ..ChainKey::by_sites() }))));
    assert_eq!(transfers(&machine, &swap, &slot), [out, None], "both ways are one request of one chain");
    assert!(machine.stats().injected > 0);
    let only = Knobs::default().with(Capability::SwapIo, Attributes::unfiltered(100));
    assert!(only.to_string().contains("fail_swap_io/probability 100\n"));
    machine.set_faults(None);
    assert_eq!(read(&swap, &slot), Ok(page(0)));
}

#[cfg(target_os = "linux")]
#[test]
#[expect(unsafe_code, reason = "forks")]
fn the_child_of_a_fork_does_not_write_to_its_parents_swap() {
    let (machine, swap) = (machine(), Swap::temporary(2).unwrap());
    let slot = swap.write(&machine, &page(0)).unwrap();
    // SAFETY: the child makes calls of the crate and of the operating system, and ends without unwinding.
    let child = unsafe { libc::fork() };
    if child == 0 {
        let mut bytes = [0; PAGE_SIZE];
        let errors = [swap.write(&machine, &bytes).err(), swap.read(&machine, &slot, &mut bytes).err()];
        let refused = errors == [Some(SwapError::Forked); 2];
        // SAFETY: ends the child.
        unsafe { libc::_exit(i32::from(!refused)) };
    }
    let mut status = -1;
    // SAFETY: waits for the child that was made above.
    assert_eq!(unsafe { libc::waitpid(child, &raw mut status, 0) }, child);
    assert_eq!(status, 0);
    assert_eq!(read(&swap, &slot), Ok(page(0)));
}
