//! The seen set under every interleaving of its steps: the same source, with loom's atomics in place of std's.
#![expect(dead_code, reason = "the two files are compiled a second time, for a part of what they hold")]

#[path = "../src/chain/id.rs"]
mod id;
#[path = "../src/memory/seen.rs"]
mod seen;

mod atomic {
    pub(crate) use loom::sync::atomic::{AtomicU32, AtomicU64};
}

mod chain {
    pub(crate) use crate::id;
}

use id::Id;
use seen::{Inserted, Seen};

/// Two writers of the same two identities, which share place and tag, over a growth, and a reader beside them.
#[test]
fn a_reader_never_sees_a_wrong_number() {
    loom::model(|| {
        let seen = Seen::with_levels(std::array::from_fn(|level| [2, 4, 8].get(level).copied().unwrap_or(1)), 6);
        let ids = [Id { lo: 1 << 32 | 5, hi: 1 }, Id { lo: 1 << 32 | 5, hi: 2 }];
        let writers = [0_usize, 1].map(|first| {
            loom::thread::spawn(move || {
                for n in [first, 1 - first] {
                    let inserted = seen.insert(ids[n], n as u32);
                    let right = [Inserted::New, Inserted::Later, Inserted::Present(n as u32)];
                    assert!(right.contains(&inserted), "{inserted:?}");
                }
            })
        });
        for (n, id) in ids.iter().enumerate() {
            assert!(seen.find(*id).is_none_or(|chain| chain == n as u32));
        }
        for writer in writers {
            writer.join().unwrap();
        }
    });
}
