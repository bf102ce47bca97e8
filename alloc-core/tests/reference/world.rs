//! Everything that a request's end depends on, and how it can end.

use alloc_core::{AllocError, Gfp, Policy, ReclaimClass, Scope};
use std::collections::BTreeSet;

/// Pages of each of the two nodes, and the levels of their one zone.
pub(crate) const PAGES: u32 = 64;
pub(crate) const NODES: u32 = 2;
pub(crate) const MIN: u64 = 16;
pub(crate) const LOW: u64 = 20;
pub(crate) const HIGH: u64 = 24;

/// Everything that a request's end depends on.
#[derive(Clone, Debug)]
pub(crate) struct World {
    /// The machine's policy, and those of scopes, the innermost last; each with whether the other scopes were open already.
    pub(crate) policy: Policy,
    pub(crate) scoped: Vec<(Policy, bool)>,
    pub(crate) flags: Gfp,
    pub(crate) order: u32,
    pub(crate) scopes: Vec<Scope>,
    pub(crate) free: BTreeSet<u32>,
    pub(crate) class: ReclaimClass,
    pub(crate) cached: BTreeSet<u32>,
    pub(crate) hog: BTreeSet<u32>,
    /// Something else ends the task that asks, and its memory is locked.
    pub(crate) dying: bool,
    /// The nodes that the task may use, and those that its memory policy binds it to.
    pub(crate) mems: BTreeSet<u32>,
    pub(crate) bound: Option<BTreeSet<u32>>,
    /// Pages that its budget has room for, if it has one, and whether everything is charged or only what says so.
    pub(crate) budget: Option<(u64, bool)>,
}

impl World {
    /// The policy that the request follows: an interrupt knows nothing of what was begun before it.
    pub(crate) fn rules(&self) -> Policy {
        let interrupt = self.scopes.contains(&Scope::Interrupt);
        let mut rules = self.policy.clone();
        for (policy, within) in &self.scoped {
            if *within || !interrupt {
                rules = policy.clone();
            }
        }
        // The machine's lists are as long as they are.
        rules.largest = self.policy.largest;
        rules
    }
}

/// How a request ended, and how many were killed for it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct End {
    pub(crate) result: Result<(), AllocError>,
    pub(crate) kills: u64,
}
