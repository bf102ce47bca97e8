//! How often tasks have changed, for those who remember answers about them without a lock.

use core::sync::atomic::Ordering;

use crate::sync::steps::AtomicU64;
use crate::task::TaskId;

/// Counters, each for many tasks: a change of one makes what is remembered of the others old, too, which costs time only.
const COUNTERS: usize = u64::BITS as usize;

/// Counts the changes of tasks that an answer to a request can depend on.
#[derive(Debug)]
pub(crate) struct Epochs([AtomicU64; COUNTERS]);

impl Epochs {
    pub(crate) fn new() -> Epochs {
        Epochs(core::array::from_fn(|_| AtomicU64::new(0)))
    }

    /// The time of a task: an answer is good as long as it is the same.
    #[inline(always)]
    pub(crate) fn of(&self, task: TaskId) -> u64 {
        self.0[task.0 as usize % COUNTERS].load(Ordering::Acquire)
    }

    /// The counter of a task, as a bit of a set.
    pub(crate) const fn bit(task: TaskId) -> u64 {
        1 << (task.0 as usize % COUNTERS)
    }

    /// Something changes that matters to the tasks of a set of counters.
    #[cold]
    pub(crate) fn turn_all(&self, counters: u64) {
        for (number, counter) in self.0.iter().enumerate() {
            counter.fetch_add(counters >> number & 1, Ordering::AcqRel);
        }
    }

    /// A task changes: what was remembered of it is old.
    pub(crate) fn turn(&self, task: TaskId) {
        self.0[task.0 as usize % COUNTERS].fetch_add(1, Ordering::AcqRel);
    }
}
