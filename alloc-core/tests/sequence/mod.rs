//! Sequences of calls: what fuzzing, the replay of its seeds and the tests of what it found share.
//!
//! A [`Sequence`] is made of bytes, runs on a machine of its own, and is compared with a model after every call.
#![allow(dead_code, unreachable_pub, unused_imports, reason = "each program that shares this uses a part of it")]

mod around;
mod asking;
mod cache;
mod calls;
mod giving;
mod model;
mod operation;
mod run;
mod setup;
mod things;

use alloc_core::{Mempool, Order};
use arbitrary::{Arbitrary, Unstructured};
use std::cell::OnceCell;
use std::sync::Arc;

use run::Run;

pub use operation::{Flags, Knobs, Manner, Operation, Size};
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
        let mut run = Run::new(&self.setup, &machine, &foreign, &pool);
        run.check();
        for (turn, operation) in self.operations.iter().enumerate() {
            machine.set_cpu(turn / 3);
            run.make(*operation);
            run.check();
        }
        run.end();
        assert_eq!(pool.reserved(), self.setup.reserve(), "the pool's reserve is not full again");
        drop(pool);
        machine.shrink_slabs();
        assert_eq!(machine.free_pages(None), self.setup.pages(), "pages were lost");
        machine.audit().expect("a machine that is whole");
    }
}
