//! The number that a machine keeps with each block: which chain asked for it, and in which task's name.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use ::alloc_core::TaskId;

/// Who asked for a block.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) struct Asker {
    pub(super) chain: u32,
    pub(super) task: TaskId,
}

/// Everybody who has asked, with the numbers that stand for them, from 1.
static ASKERS: Mutex<BTreeMap<Asker, u32>> = Mutex::new(BTreeMap::new());

/// The number that stands for `asker` in this process.
pub(super) fn number(asker: Asker) -> u32 {
    let mut askers = ASKERS.lock().unwrap_or_else(PoisonError::into_inner);
    let next = askers.len() as u32 + 1;
    *askers.entry(asker).or_insert(next)
}

/// Whom a number stands for; 0 and what this process did not give out stand for nobody.
pub(super) fn asker(number: u32) -> Option<Asker> {
    let askers = ASKERS.lock().unwrap_or_else(PoisonError::into_inner);
    askers.iter().find(|(_, known)| **known == number).map(|(asker, _)| *asker)
}
