//! A child that runs the body: what it is for, how it is started, what it prints.

use std::io;

use super::unix::{Capture, Child};

/// What a child is started for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Job {
    /// Find out which chains there are.
    Record,
    /// Fail chains of the plan, until none is left.
    Work,
    /// Fail one chain of the plan.
    One,
    /// Run the body once and split at every chain of the plan.
    Carry,
}

/// A child and what it prints.
#[derive(Debug)]
pub(crate) struct Launched {
    pub(crate) child: Child,
    pub(crate) capture: Capture,
}

/// A way to start a child that does `job` in `slot`.
pub(crate) trait Launch {
    /// # Errors
    /// When the system refuses the process.
    fn launch(&self, slot: usize, job: Job) -> io::Result<Launched>;

    /// What a worker of this kind does: as many chains as it can, or one.
    fn work(&self) -> Job;
}
