//! git2 0.21.0: an entry that the index's table has no room for is freed, and stays in the index's list.
use git2::{Index, IndexEntry, IndexTime, Oid};

#[test]
fn an_entry_is_an_error_without_memory() {
    let mut index = Index::new().unwrap();
    let (now, id) = (IndexTime::new(0, 0), Oid::ZERO_SHA1);
    let path = b"a".to_vec();
    let entry = IndexEntry {
        ctime: now,
        mtime: now,
        dev: 0,
        ino: 0,
        mode: 0o100_644,
        uid: 0,
        gid: 0,
        file_size: 0,
        id,
        flags: 0,
        flags_extended: 0,
        path,
    };
    index.add(&entry).unwrap();
}
