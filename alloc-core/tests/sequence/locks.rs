//! Calls about locks that the machine knows of.

use super::operation::Operation;
use super::run::{Run, place};

impl Run<'_, '_> {
    /// Locks: taken, given back, and said to be taken by shrinkers.
    pub(super) fn of_locks(&mut self, operation: Operation) {
        let machine = self.machine;
        match operation {
            Operation::Lock { which, task } => {
                let lock = &self.locks[usize::from(which) % self.locks.len()];
                match machine.run_as(self.task(task), || lock.lock(machine)) {
                    Ok(mut guard) => {
                        *guard = guard.wrapping_add(1);
                        self.guards.push(guard);
                    }
                    Err(error) => assert_ne!(error, alloc_core::LockError::OtherMachine),
                }
                let foreign = self.foreign();
                assert!(matches!(lock.lock(foreign), Err(alloc_core::LockError::OtherMachine)));
            }
            Operation::Unlock { which } => {
                place(&self.guards, which).map(|at| self.guards.swap_remove(at));
            }
            Operation::LockOfShrinkers { which, class } => {
                self.locks[usize::from(which) % self.locks.len()].taken_by_shrinkers(machine, class);
            }
            _ => unreachable!("not a call about locks"),
        }
        assert!(machine.held_locks().len() <= self.locks.len());
    }
}
