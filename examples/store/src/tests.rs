//! What is tested here, and under which failures: the report at the end tells what is not.

use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};

use super::{Error, Store};

#[global_allocator]
static ALLOC: firsthit::Alloc = firsthit::Alloc::system();

/// A path that no other run uses; the file goes when this does.
struct Scratch(PathBuf);

impl Scratch {
    fn new() -> Scratch {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let name = format!("firsthit-store-{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        Scratch(std::env::temp_dir().join(name))
    }

    fn open(&self) -> Result<Store, Error> {
        Store::open(self.0.clone())
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

const PAIRS: [(&[u8], &[u8]); 3] = [(b"one", b"1"), (b"two", b"22"), (b"three", b"333")];

fn filled(scratch: &Scratch) -> Result<Store, Error> {
    let mut store = scratch.open()?;
    store.insert_all(&PAIRS)?;
    Ok(store)
}

#[test]
fn what_is_inserted_is_there_after_a_restart() {
    let scratch = Scratch::new();
    let mut store = filled(&scratch).unwrap();
    store.insert(b"two", b"2").unwrap();
    assert!(store.remove(b"one").unwrap());
    assert!(!store.remove(b"four").unwrap());
    for store in [store, scratch.open().unwrap()] {
        let values = [b"one".as_slice(), b"two", b"three"].map(|key| store.get(key).unwrap());
        assert_eq!(values, [None, Some(b"2".to_vec()), Some(b"333".to_vec())]);
        assert_eq!(store.len(), 2);
    }
}

#[test]
fn a_compacted_store_is_smaller_and_holds_the_same() {
    let scratch = Scratch::new();
    let mut store = filled(&scratch).unwrap();
    for n in 0..100_u32 {
        store.insert(b"one", &n.to_le_bytes()).unwrap();
    }
    let before = std::fs::metadata(&scratch.0).unwrap().len();
    store.compact().unwrap();
    let after = std::fs::metadata(&scratch.0).unwrap().len();
    assert!(after * 10 < before, "{after} of {before} bytes");
    assert_eq!(store.get(b"one").unwrap(), Some(99_u32.to_le_bytes().to_vec()));
    assert_eq!(scratch.open().unwrap().len(), 3);
}

#[test]
fn a_key_may_not_be_endless() {
    let scratch = Scratch::new();
    let endless = vec![0; (1 << 24) + 1];
    assert_eq!(scratch.open().unwrap().insert(&endless, b""), Err(Error::TooLong(endless.len())));
}

#[test]
fn a_damaged_file_is_told_of() {
    let scratch = Scratch::new();
    drop(filled(&scratch).unwrap());
    let whole = std::fs::read(&scratch.0).unwrap();
    for at in 0..whole.len() {
        let mut damaged = whole.clone();
        damaged[at] ^= 0x40;
        std::fs::write(&scratch.0, damaged).unwrap();
        match scratch.open() {
            Err(error) => assert!(matches!(error, Error::Damaged { offset } if offset <= at as u64), "{at}: {error}"),
            // A length that points behind the end looks like an append that was not carried through.
            Ok(store) => assert!(store.len() < PAIRS.len(), "{at}"),
        }
    }
}

#[test]
fn many_keys_come_and_go() {
    let scratch = Scratch::new();
    let mut store = scratch.open().unwrap();
    let mut model = std::collections::BTreeMap::new();
    let mut state = 1_u64;
    for _ in 0..2000 {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let (key, value) = ((state >> 40) % 50, (state >> 33).to_le_bytes());
        if state >> 63 == 0 {
            store.insert(&key.to_le_bytes(), &value).unwrap();
            model.insert(key, value);
        } else {
            assert_eq!(store.remove(&key.to_le_bytes()).unwrap(), model.remove(&key).is_some());
        }
    }
    assert_eq!(store.len(), model.len());
    for (key, value) in model {
        assert_eq!(store.get(&key.to_le_bytes()).unwrap().unwrap(), value);
    }
}

/// Every allocation and every failure point of an insertion fails once, on each way that leads to it.
#[firsthit::test(allow("Scratch", reason = "the test's own"))]
fn a_failed_insertion_leaves_no_trace() -> Result<Option<Vec<u8>>, Error> {
    let scratch = Scratch::new();
    let mut store = scratch.open()?;
    for (count, (key, value)) in PAIRS.into_iter().enumerate() {
        if let Err(error) = store.insert(key, value) {
            firsthit::invariant("a key that could not be inserted is not there", store.get(key) == Ok(None));
            firsthit::invariant("the others still are", store.len() == count);
            return Err(error);
        }
    }
    store.get(b"two")
}

/// The same for a removal, and for what is read when the store is opened again.
#[firsthit::test(allow("Scratch", reason = "the test's own"))]
fn a_failed_removal_removes_nothing() -> Result<usize, Error> {
    let scratch = Scratch::new();
    let mut store = scratch.open()?;
    store.insert(b"one", b"1")?;
    if let Err(error) = store.remove(b"one") {
        firsthit::invariant("the key is still there", store.len() == 1);
        return Err(error);
    }
    drop(store);
    Ok(scratch.open()?.len())
}

/// All pairs or none, also where a key had another value before.
#[firsthit::test(allow("Scratch", reason = "the test's own"))]
fn a_batch_that_fails_changes_nothing() -> Result<usize, Error> {
    let scratch = Scratch::new();
    let mut store = scratch.open()?;
    store.insert(b"two", b"2")?;
    let result = store.insert_all(&PAIRS);
    if result.is_err() {
        firsthit::invariant("no key was added", store.len() == 1);
        firsthit::invariant("the old value is back", store.get(b"two") == Ok(Some(b"2".to_vec())));
        firsthit::invariant("and on disk", scratch.open().is_ok_and(|store| store.len() == 1));
    }
    result.map(|()| store.len())
}

/// The old file serves until the new one is complete.
#[firsthit::test(allow("Scratch", reason = "the test's own"))]
fn a_compaction_that_fails_loses_nothing() -> Result<Option<Vec<u8>>, Error> {
    let scratch = Scratch::new();
    let mut store = filled(&scratch)?;
    let result = store.compact();
    let value = store.get(b"two");
    if result.is_err() {
        firsthit::invariant("what was there still is", value == Ok(Some(b"22".to_vec())));
        firsthit::invariant("nothing is left beside it", !scratch.0.with_extension("compact").exists());
    }
    result.and(value)
}

/// An append that was not carried through is cut off when the store is opened.
#[firsthit::test(allow("Scratch", reason = "the test's own"))]
fn half_a_record_is_forgotten() -> Result<usize, Error> {
    let scratch = Scratch::new();
    drop(filled(&scratch)?);
    let mut bytes = std::fs::read(&scratch.0)?;
    bytes.truncate(bytes.len() - 1);
    std::fs::write(&scratch.0, bytes)?;
    Ok(scratch.open()?.len())
}
