//! Blobs in pageable memory: against a model, under every failure, and with cookies that are no blob's.
#![cfg(all(feature = "std", unix))]

mod support;

use std::collections::BTreeMap;
use std::sync::Arc;

use alloc_core::{
    AnyOf, Attributes, BlobCookie, BlobError, Capability, Knobs, Machine, NodePages, Nth, PagedBlob, PagedCause,
    Record, Swap,
};
use support::random::Random;

fn machine(pages: u32) -> Machine {
    Machine::builder().node(NodePages::new(pages)).min_free_pages(0).build().unwrap()
}

fn swap(slots: u32) -> Arc<Swap> {
    Arc::new(Swap::temporary(slots).unwrap())
}

/// Bytes that tell what blob they are of.
fn content(random: &mut Random) -> Vec<u8> {
    let most = random.of(&[1, 40, 300, 300, 5000, 20_000]);
    let (len, seed) = (random.below(most), random.byte());
    (0..len).map(|at| (at as u8).wrapping_mul(31).wrapping_add(seed)).collect()
}

fn load(blobs: &PagedBlob<'_>, cookie: BlobCookie) -> Result<Vec<u8>, BlobError> {
    let mut room = vec![0; 20_000];
    let len = blobs.load(cookie, &mut room)?;
    room.truncate(len);
    Ok(room)
}

#[test]
fn row_093_any_sequence_of_blobs_agrees_with_a_map_under_random_failures_and_reuses_its_space() {
    let (rounds, stores, live) = if cfg!(debug_assertions) { (6, 500, 300) } else { (2, 50_000, 8000) };
    let mut failures = 0;
    for seed in 0..rounds {
        let mut random = Random(seed);
        let (machine, swap) = (machine(64), swap(20_000));
        let mut blobs = PagedBlob::new(&machine, &swap).unwrap();
        let (mut model, mut there, mut stale) = (BTreeMap::new(), Vec::new(), Vec::new());
        let (mut stored, mut bytes, mut most) = (0, 0, 0);
        while stored < stores {
            if random.below(40) == 0 {
                let of = |kind| Arc::new(Knobs::default().with(kind, Attributes::unfiltered(10).seeded(stored)));
                let some = Arc::new(AnyOf::new(vec![of(Capability::SwapIo), of(Capability::PageAlloc)]));
                machine.set_faults((random.below(2) == 0).then_some(some));
            }
            let any = (!there.is_empty()).then(|| random.below(there.len() as u64) as usize);
            let result = match (random.below(10), any) {
                // More are stored than freed at first, and then as many.
                (0..6, _) if random.below(live) >= there.len() as u64 => {
                    let blob = content(&mut random);
                    blobs.store(&blob).map(|cookie| {
                        (stored, bytes) = (stored + 1, bytes + blob.len() as u64);
                        there.push(cookie);
                        assert!(model.insert(cookie, blob).is_none(), "a new cookie");
                    })
                }
                (0..7, Some(any)) => blobs.free(there[any]).map(|()| {
                    let cookie = there.swap_remove(any);
                    bytes -= model.remove(&cookie).unwrap().len() as u64;
                    stale.push(cookie);
                }),
                (7, _) if !stale.is_empty() => match blobs.free(random.of(&stale)) {
                    Err(BlobError::NoSuchBlob) => Ok(()),
                    other => Err(other.unwrap_err()),
                },
                (_, Some(any)) => load(&blobs, there[any]).map(|found| assert!(found == model[&there[any]])),
                _ => Ok(()),
            };
            failures += u32::from(result.map_err(|error| assert!(matches!(error, BlobError::Paged(_)))).is_err());
            most = most.max(blobs.bytes());
            assert_eq!((blobs.len(), blobs.bytes()), (model.len() as u64, bytes));
        }
        machine.set_faults(None);
        let extent = blobs.extent();
        println!("{stored} blobs, {most} bytes at most, in {extent}");
        // Classes cannot help each other: what one has left over is not another's.
        assert!(extent < 2 * most, "{extent} for {most}");
        for (cookie, blob) in &model {
            assert!(load(&blobs, *cookie).as_ref() == Ok(blob));
        }
        stale.iter().for_each(|cookie| assert_eq!(blobs.len_of(*cookie), Err(BlobError::NoSuchBlob)));
        model.into_keys().for_each(|cookie| blobs.free(cookie).unwrap());
        assert!(blobs.is_empty() && blobs.bytes() == 0);
        drop(blobs);
        machine.audit().unwrap();
        assert_eq!((machine.free_pages(None), swap.used()), (64, 0));
    }
    assert!(failures > 20, "{failures}");
}

#[test]
fn row_093_stale_and_forged_cookies_are_errors() {
    let (machine, swap) = (machine(64), swap(100));
    let mut blobs = PagedBlob::new(&machine, &swap).unwrap();
    let first = blobs.store(&[1; 100]).unwrap();
    // A blob whose bytes look like the header of another one, cookie and all.
    let mut header = [0; 32];
    blobs.free(first).unwrap();
    let second = blobs.store(&[2; 100]).unwrap();
    second.store(&mut header[..16]);
    let forger = blobs.store(&header.repeat(5)).unwrap();
    assert_eq!((load(&blobs, first), load(&blobs, second)), (Err(BlobError::NoSuchBlob), Ok(vec![2; 100])));
    let (at, stamp): (u64, u64) = {
        let mut bytes = [0; 16];
        second.store(&mut bytes);
        Record::load(&bytes)
    };
    let cookie = |at: u64, stamp: u64| {
        let mut bytes = [0; 16];
        (at, stamp).store(&mut bytes);
        BlobCookie::load(&bytes)
    };
    assert_eq!(cookie(at, stamp), second);
    let end = blobs.extent();
    let ats = (0..end + 64).step_by(8).chain([u64::MAX, u64::MAX - 31, 1 << 63, 1 << 62]);
    for at in ats {
        for stamp in 0..6 {
            let forged = cookie(at, stamp);
            if forged != second && forged != forger {
                assert_eq!(blobs.free(forged), Err(BlobError::NoSuchBlob), "{forged:?}");
                assert_eq!(blobs.load(forged, &mut [0; 300]), Err(BlobError::NoSuchBlob));
            }
        }
    }
    let mut small = [9; 99];
    assert_eq!((blobs.load(second, &mut small), small), (Err(BlobError::TooLong { len: 100 }), [9; 99]));
    let empty = blobs.store(&[]).unwrap();
    assert_eq!((load(&blobs, empty), blobs.free(empty), blobs.len()), (Ok(vec![]), Ok(()), 2));
}

#[test]
fn row_093_a_full_swap_is_told_when_a_blob_is_stored_and_leaves_nothing_behind() {
    let (machine, swap) = (machine(16), swap(16));
    let mut blobs = PagedBlob::new(&machine, &swap).unwrap();
    let cookies: Vec<_> = (0..).map_while(|number| blobs.store(&[number; 10_000]).ok()).collect();
    let error = blobs.store(&[0; 10_000]).unwrap_err();
    assert!(matches!(error, BlobError::Paged(error) if error.cause == PagedCause::NoSpace), "{error}");
    assert_eq!((blobs.usage().pages(), cookies.len()), (blobs.extent().div_ceil(4096), 12));
    let small = blobs.store(&[7; 10]).unwrap();
    cookies
        .iter()
        .enumerate()
        .for_each(|(number, cookie)| assert_eq!(load(&blobs, *cookie), Ok(vec![number as u8; 10_000])));
    blobs.free(cookies[3]).unwrap();
    assert!(blobs.store(&[8; 9000]).is_ok());
    assert_eq!(load(&blobs, small), Ok(vec![7; 10]));
}

#[test]
fn row_093_every_request_and_transfer_can_fail_and_changes_nothing() {
    let run = |source: Arc<Nth>| {
        let (machine, swap) = (machine(8), swap(100));
        let mut blobs = PagedBlob::new(&machine, &swap).unwrap();
        let kept: Vec<_> = (0..10).map(|number| blobs.store(&[number; 5000]).unwrap()).collect();
        let gone = blobs.store(&[99; 9000]).unwrap();
        blobs.store(&[98; 3000]).unwrap();
        blobs.free(gone).unwrap();
        machine.set_faults(Some(source));
        let results = [
            blobs.store(&[97; 9000]).map(drop),
            blobs.store(&[96; 30_000]).map(drop),
            load(&blobs, kept[0]).map(drop),
            blobs.free(kept[9]),
        ];
        machine.set_faults(None);
        let len = 11 + results[..2].iter().filter(|result| result.is_ok()).count() - usize::from(results[3].is_ok());
        assert_eq!(blobs.len(), len as u64);
        (0..9).for_each(|number| assert_eq!(load(&blobs, kept[number]), Ok(vec![number as u8; 5000])));
        assert_eq!(load(&blobs, kept[9]).is_err(), results[3].is_ok());
        // What failed can be done again.
        assert!(blobs.store(&[95; 9000]).is_ok() && blobs.store(&[94; 30_000]).is_ok());
        drop(blobs);
        assert_eq!((machine.free_pages(None), swap.used()), (8, 0));
        results.into_iter().collect::<Result<Vec<()>, _>>()
    };
    let count = Arc::new(Nth::new(u64::MAX));
    run(count.clone()).unwrap();
    let failed = (1..=count.asked()).filter(|number| run(Arc::new(Nth::new(*number))).is_err()).count();
    println!("{failed} of {} are told", count.asked());
    assert!(failed > 5);
}
