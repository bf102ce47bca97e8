//! `mbind`: the memory policy of a part of a range, and what becomes of the pages that are there.

use core::ops::Range;

use crate::error::AllocError;
use crate::gfp::Gfp;
use crate::numa::mem_policy::{MemPolicy, Rebind, TaskPolicy};
use crate::numa::node_mask::NodeMask;
use crate::numa::vma_policy::VmaPolicies;
use crate::request::Request;
use crate::sync::read_write::Writing;
use crate::vma::Vma;

/// What [`Vma::mbind`] did with pages that were on other nodes than the policy says.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Mbind {
    /// Pages that were moved.
    pub moved: u64,
    /// Pages that stay where they are, because somebody had their address.
    pub pinned: u64,
    /// Pages that stay, because there was no page for them.
    pub failed: u64,
}

impl Vma<'_> {
    /// Gives pages of the range a memory policy (`mbind(2)`), which is bound to the nodes that the current task may use, and follows them
    /// when they move, as `rebind` says: from the nodes of now to those that the faulting task may use at each fault. With
    /// [`MemPolicy::Default`] they follow the policy of whoever faults again. Interleaving goes by page, and not by turns.
    ///
    /// Waits until no fault is under way, in whatever it waits for; faults wait until it is done. So a shrinker must not touch the
    /// range. With `moves` (`MPOL_MF_MOVE`), pages that are there and lie on nodes that the policy does not name are moved; a page for
    /// each is asked for with RETRY_MAYFAIL, so that nobody is killed for it, and one that cannot be had leaves the page where it is.
    ///
    /// # Errors
    /// [`AllocError::BeyondRange`] if the pages are not all of the range's, [`AllocError::NoSuchNode`] if the policy names no node that the
    /// task may use, [`AllocError::NoSuchTask`], and [`AllocError::NoMemory`] if the surrounding process has no memory to note
    /// the policy. Nothing has changed then.
    pub fn mbind(
        &self,
        pages: Range<usize>,
        policy: MemPolicy,
        rebind: Rebind,
        moves: bool,
    ) -> Result<Mbind, AllocError> {
        self.bind(self.policies.write(), pages, policy, rebind, moves)
    }

    /// The same, or `None` if a fault is under way, or another `mbind`.
    ///
    /// # Errors
    /// Those of [`Vma::mbind`].
    pub fn try_mbind(
        &self,
        pages: Range<usize>,
        policy: MemPolicy,
        rebind: Rebind,
        moves: bool,
    ) -> Option<Result<Mbind, AllocError>> {
        let writing = self.policies.try_write()?;
        Some(self.bind(writing, pages, policy, rebind, moves))
    }

    fn bind(
        &self,
        mut policies: Writing<'_, VmaPolicies>,
        pages: Range<usize>,
        policy: MemPolicy,
        rebind: Rebind,
        moves: bool,
    ) -> Result<Mbind, AllocError> {
        if pages.start > pages.end || pages.end > self.len() {
            return Err(AllocError::BeyondRange);
        }
        let mems = self.mems()?;
        let bound = TaskPolicy::new(policy, rebind, mems).ok_or(AllocError::NoSuchNode)?;
        let own = (policy != MemPolicy::Default).then_some(bound);
        if !policies.set(pages.clone(), own) {
            return Err(AllocError::NoMemory);
        }
        let mut done = Mbind::default();
        if let Some(bound) = own.filter(|_| moves) {
            pages.for_each(|page| self.move_page(page, bound, &mut done));
            let mut state = self.machine.raw();
            state.stats.migrated += done.moved;
            state.stats.migrations_failed += done.pinned + done.failed;
        }
        Ok(done)
    }

    /// Moves a page to the nodes of its policy, if it is there and elsewhere.
    fn move_page(&self, page: usize, policy: TaskPolicy, done: &mut Mbind) {
        let machine = self.machine;
        let (Some(place), Some(node)) = (self.place(page), self.node_of(page)) else { return };
        let wanted = policy.mask().or(policy.node_of(page).map(|node| NodeMask::of(&[node])));
        if wanted.is_none_or(|wanted| wanted.has(node)) {
            return;
        }
        let flags = Gfp::USER_MOVABLE | Gfp::RETRY_MAYFAIL | Gfp::NOWARN;
        let to = self.request(page, Some(policy), flags).and_then(Request::finish);
        let Ok(to) = to.map(|block| block.into_pages().frame()) else {
            done.failed += 1;
            return;
        };
        let mut state = machine.raw();
        let from = state.movable_at(place);
        // What was had may be no better: a preferred node can be full.
        let better = wanted.is_none_or(|wanted| wanted.has(state.node_of(to)));
        match better {
            false => {
                state.give(to);
                done.failed += 1;
            }
            true if state.migrate(&machine.arena, from, to) => done.moved += 1,
            true => done.pinned += 1,
        }
    }
}
