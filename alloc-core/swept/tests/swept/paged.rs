//! Pageable memory: what could not be brought in is told of, and nothing that was there is lost.

use std::sync::Arc;

use alloc_core_swept::{
    PAGE_SIZE, PageIn, PageInFailure, PagedArray, PagedBlob, PagedFile, Swap, SwapMap, SwapMapOptions,
};

use firsthit::invariant;

use super::sweep;

#[test]
fn a_file_larger_than_memory_keeps_what_was_written() {
    sweep(48, |machine| {
        let swap = Arc::new(Swap::temporary(4000)?);
        let mut file = PagedFile::new(machine, &swap)?;
        let mut written = vec![];
        let mut failed = None;
        for page in 0..100_u64 {
            match file.write(page * PAGE_SIZE as u64, &[page as u8; 16]) {
                Ok(()) => written.push(page),
                Err(error) => failed = Some(error),
            }
        }
        for page in written {
            let mut bytes = [0; 16];
            match file.read(page * PAGE_SIZE as u64, &mut bytes) {
                Ok(()) => invariant("what is read was written", bytes == [page as u8; 16]),
                Err(error) => failed = Some(error),
            }
        }
        invariant("the file is whole", file.audit().is_ok());
        failed.map_or(Ok(()), |error| Err(error.into()))
    });
}

#[test]
fn an_array_is_sorted_or_as_it_was() {
    sweep(48, |machine| {
        let swap = Arc::new(Swap::temporary(4000)?);
        let mut array = PagedArray::<[u8; 512]>::new(machine, &swap)?;
        let record = |number: u32| [(number * 7919 % 601).to_be_bytes(); 128].concat().try_into().unwrap_or([0; 512]);
        let appended = (0..600).try_for_each(|number| array.append(&record(number)));
        let sorted = appended.and_then(|()| array.sort());
        if sorted.is_ok() {
            let numbers: Result<Vec<[u8; 512]>, _> = array.iter().collect();
            let sorted = numbers?;
            invariant("what was sorted is", sorted.is_sorted() && sorted.len() == 600);
        }
        Ok(sorted?)
    });
}

#[test]
fn blobs_are_stored_or_not_and_found_again() {
    sweep(48, |machine| {
        let swap = Arc::new(Swap::temporary(4000)?);
        let mut blobs = PagedBlob::new(machine, &swap)?;
        let mut cookies = vec![];
        let mut failed = false;
        for size in [10, 50_000, 100, 200_000, 3, 100_000, 20_000] {
            match blobs.store(&vec![size as u8; size]) {
                Ok(cookie) => cookies.push((cookie, size)),
                Err(_) => failed = true,
            }
        }
        invariant("blobs that were stored are counted", blobs.len() == cookies.len() as u64);
        for (cookie, size) in cookies {
            let mut room = vec![0; size];
            failed |= blobs.load(cookie, &mut room).is_err_and(|_| true);
            failed |= blobs.free(cookie).is_err();
        }
        if failed { Err("a blob was lost or refused".into()) } else { Ok(()) }
    });
}

#[test]
fn a_mapped_array_says_which_page_failed_and_the_rest_is_there() {
    sweep(48, |machine| {
        let swap = Arc::new(Swap::temporary(4000)?);
        // SAFETY: what is made of poison is dropped: it is stored nowhere else, and any bytes are a number.
        let options = unsafe { SwapMapOptions::new().page_in(PageIn::Signals).on_failure(PageInFailure::ErrOnGuard) };
        let mut map = SwapMap::<u64>::with_options(machine, &swap, 80 * 512, options)?;
        let mut failed = None;
        for page in 0..80 {
            failed = map.with(|numbers| numbers[page * 512] = page as u64 + 1).err().or(failed);
        }
        for page in 0..80 {
            match map.with(|numbers| numbers[page * 512]) {
                Ok(number) => invariant("what is read was written", number == page as u64 + 1 || failed.is_some()),
                Err(error) => failed = Some(error),
            }
        }
        invariant("the map is whole", map.audit().is_ok());
        Ok(failed.map_or(Ok(()), Err)?)
    });
}
