//! Sequences of calls: what fuzzing, the replay of its seeds and the tests of what it found share.
//!
//! A [`Sequence`] is made of bytes, runs on a machine of its own, and is compared with a model after every call.
#![allow(dead_code, unreachable_pub, unused_imports, reason = "each program that shares this uses a part of it")]

mod around;
mod asking;
mod bytes;
mod cache;
mod calls;
mod choices;
mod giving;
mod groups;
mod locks;
mod model;
mod objects;
mod operation;
mod pointer;
mod run;
mod setup;
mod things;

use alloc_core::{CacheOptions, Mempool, Order, ReclaimLock};
use arbitrary::{Arbitrary, Unstructured};
use std::cell::OnceCell;
use std::sync::Arc;

use run::Run;

pub use choices::{Flags, Knobs, Manner, Size};
pub use operation::Operation;
pub use setup::{PolicyChoice, Setup};

/// A machine, and what is done with it.
#[derive(Clone, Debug, Default)]
pub struct Sequence {
    pub setup: Setup,
    pub operations: Vec<Operation>,
}

impl<'a> Arbitrary<'a> for Sequence {
    /// Every byte is read, so that longer inputs are longer sequences.
    fn arbitrary(bytes: &mut Unstructured<'a>) -> arbitrary::Result<Sequence> {
        let setup = Setup::arbitrary(bytes)?;
        let mut operations = Vec::new();
        while !bytes.is_empty() && operations.len() < 1000 {
            operations.push(Operation::arbitrary(bytes)?);
        }
        Ok(Sequence { setup, operations })
    }
}

impl Sequence {
    /// The sequence that some bytes stand for.
    pub fn of(bytes: &[u8]) -> Option<Sequence> {
        Sequence::arbitrary_take_rest(Unstructured::new(bytes)).ok()
    }

    /// Makes every call.
    ///
    /// # Panics
    /// If anything is not as the model says.
    pub fn run(&self) {
        let machine = Arc::new(self.setup.build());
        let foreign = OnceCell::new();
        let pool = Mempool::new(&machine, self.setup.reserve(), Order::ZERO).expect("a fresh machine has pages");
        let slabs = ["one", "two"].into_iter().zip(self.setup.caches).map(|(name, cache)| {
            // On a machine of small blocks there may be no such cache.
            machine.cache(cache.options(name)).or_else(|_| machine.cache(CacheOptions::new(name, 64)))
        });
        let slabs: Vec<_> = slabs.map(|cache| cache.expect("a cache of small objects")).collect();
        let locks = ["inodes", "inodes", "pages"].map(|name| ReclaimLock::new(&machine, name, 0));
        let mut run = Run::new(&self.setup, &machine, &foreign, &pool, &slabs, &locks);
        run.check();
        for (turn, operation) in self.operations.iter().enumerate() {
            machine.set_cpu(turn / 3);
            run.make(*operation);
            run.check();
        }
        run.end();
        assert_eq!(pool.reserved(), self.setup.reserve(), "the pool's reserve is not full again");
        drop(pool);
        for cache in slabs {
            let usage = cache.usage();
            assert_eq!((usage.live, usage.reserved), (0, 0));
            cache.destroy().expect("a cache without objects");
        }
        machine.shrink_slabs();
        machine.audit_slabs().expect("slabs that are whole");
        assert_eq!(machine.free_pages(None), self.setup.pages(), "pages were lost");
        machine.audit().expect("a machine that is whole");
    }
}
