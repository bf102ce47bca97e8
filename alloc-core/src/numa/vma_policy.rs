//! The memory policies of a mapped range: stretches of pages that have one of their own.

use alloc::vec::Vec;
use core::ops::Range;

use super::mem_policy::TaskPolicy;

/// A stretch with a policy of its own.
#[derive(Clone, Debug)]
struct Stretch {
    pages: Range<usize>,
    policy: TaskPolicy,
}

/// The policies of a range.
///
/// # Invariants
/// The stretches are not empty, apart, and in order.
#[derive(Debug, Default)]
pub(crate) struct VmaPolicies(Vec<Stretch>);

impl VmaPolicies {
    /// The policy of a page, if it has one of its own.
    pub(crate) fn at(&self, page: usize) -> Option<TaskPolicy> {
        let behind = self.0.partition_point(|stretch| stretch.pages.end <= page);
        self.0.get(behind).filter(|stretch| stretch.pages.contains(&page)).map(|stretch| stretch.policy)
    }

    /// Gives pages a policy, or takes away what they have; false if there is no memory to note it, and then nothing has changed.
    pub(crate) fn set(&mut self, pages: Range<usize>, policy: Option<TaskPolicy>) -> bool {
        if pages.is_empty() {
            return true;
        }
        // A stretch in the middle of another makes three of it.
        if self.0.try_reserve(2).is_err() {
            return false;
        }
        let first = self.0.partition_point(|stretch| stretch.pages.end <= pages.start);
        let behind = self.0.partition_point(|stretch| stretch.pages.start < pages.end).max(first);
        let head = self.0[first..behind].first().filter(|stretch| stretch.pages.start < pages.start);
        let head = head.map(|stretch| Stretch { pages: stretch.pages.start..pages.start, policy: stretch.policy });
        let tail = self.0[first..behind].last().filter(|stretch| stretch.pages.end > pages.end);
        let tail = tail.map(|stretch| Stretch { pages: pages.end..stretch.pages.end, policy: stretch.policy });
        let new = policy.map(|policy| Stretch { pages, policy });
        // INVARIANT: what is left of both sides ends and begins where the new one does.
        self.0.splice(first..behind, head.into_iter().chain(new).chain(tail));
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::numa::mem_policy::{MemPolicy, Rebind};
    use crate::numa::node_mask::NodeMask;
    use crate::random::Random;
    use crate::units::NodeId;

    #[test]
    fn row_104_stretches_are_what_an_array_of_policies_would_be() {
        let mut random = Random::new(4);
        let (mut policies, mut model) = (VmaPolicies::default(), [None; 40]);
        for _ in 0..if cfg!(miri) { 30 } else { 3000 } {
            let (one, other) = (random.below(41) as usize, random.below(41) as usize);
            let (pages, node) = (one.min(other)..one.max(other), random.below(4) as u8);
            let wanted = (node > 0).then_some(MemPolicy::Preferred(NodeId(node)));
            let policy = wanted.and_then(|wanted| TaskPolicy::new(wanted, Rebind::Static, NodeMask::ALL));
            assert!(policies.set(pages.clone(), policy));
            model[pages].fill(wanted);
            for (page, model) in model.iter().enumerate() {
                assert_eq!(policies.at(page).map(|policy| policy.bound()), *model, "page {page}");
            }
        }
        assert_eq!(policies.at(40).map(|policy| policy.bound()), None);
    }
}
