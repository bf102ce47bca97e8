//! Simulated memory nodes: which of them a task may use, and the policies that say so.

pub(crate) mod mem_policy;
pub(crate) mod mems;
pub(crate) mod move_rules;
pub(crate) mod node_mask;
pub(crate) mod vma_policy;
