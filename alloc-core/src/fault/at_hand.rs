//! A fault source as a processor has it at hand: asking it takes no lock, and counts no references.

use alloc::sync::Arc;

use super::source::{FaultSource, TaskFaults};
use crate::units::TaskId;

/// A machine's source, and what it is told of the task that was last asked for. It is taken from the processor while the source
/// is asked, which is its user's code, and put back afterwards.
pub(crate) struct SourceAtHand {
    /// How often the machine's source had been replaced.
    pub(crate) version: u64,
    pub(crate) source: Arc<dyn FaultSource>,
    pub(crate) asking: TaskId,
    pub(crate) task: Arc<TaskFaults>,
}
