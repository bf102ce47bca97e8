//! The number that a machine keeps with each block: which chain asked for it, and in which task's name.
//!
//! The number says it all by itself. A table behind a lock would be one more lock that a thread can hold while another
//! one forks.

use ::alloc_core::TaskId;

/// Bits that chains are numbered in: no sweep has room for more.
const CHAIN_BITS: u32 = 24;

/// What stands for the tasks whose numbers have no room: the late ones of a machine of many.
const TASK_UNKNOWN: u32 = u32::MAX >> CHAIN_BITS;

/// Who asked for a block.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Asker {
    pub(super) chain: u32,
    pub(super) task: Option<TaskId>,
}

/// The number that stands for who asked; 0, as for nobody, if there is none.
pub(super) fn number(chain: u32, task: TaskId) -> u32 {
    if chain >> CHAIN_BITS != 0 {
        return 0;
    }
    (task.0.min(TASK_UNKNOWN) << CHAIN_BITS | chain).wrapping_add(1)
}

/// Whom a number stands for; 0 stands for nobody.
pub(super) fn asker(number: u32) -> Option<Asker> {
    let both = number.checked_sub(1)?;
    let task = Some(both >> CHAIN_BITS).filter(|task| *task != TASK_UNKNOWN).map(TaskId);
    Some(Asker { chain: both & !(u32::MAX << CHAIN_BITS), task })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_says_who_asked() {
        for (chain, task) in [(0, 0), (1, 2), (7, 254), ((1 << 24) - 1, 254), ((1 << 24) - 1, 0)] {
            let found = asker(number(chain, TaskId(task)));
            assert_eq!(found, Some(Asker { chain, task: Some(TaskId(task)) }));
        }
        for task in [255, 256, u32::MAX] {
            assert_eq!(asker(number(3, TaskId(task))), Some(Asker { chain: 3, task: None }), "{task}");
        }
        assert_eq!(
            [number(1 << 24, TaskId(0)), number(u32::MAX, TaskId(0)), number((1 << 24) - 1, TaskId(999))],
            [0; 3]
        );
        assert_eq!(asker(0), None);
    }
}
