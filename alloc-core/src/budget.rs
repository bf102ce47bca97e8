//! Budgets: how many pages a group of tasks may have at most, and how many it has.

use alloc::vec::Vec;
use core::num::NonZeroU8;

/// The number of a budget.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct BudgetId(NonZeroU8);

/// One budget, in pages.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Budget {
    pub(crate) limit: u64,
    pub(crate) charged: u64,
    pub(crate) peak: u64,
    /// Requests that it refused.
    pub(crate) refused: u64,
}

/// The budgets of a machine: 255 at most, so that a frame's entry has room for its number.
#[derive(Debug, Default)]
pub(crate) struct Budgets(Vec<Budget>);

impl Budgets {
    /// A new budget of `limit` pages, or `None` if there are too many.
    pub(crate) fn add(&mut self, limit: u64) -> Option<BudgetId> {
        let number = u8::try_from(self.0.len() + 1).ok().and_then(NonZeroU8::new)?;
        self.0.push(Budget { limit, charged: 0, peak: 0, refused: 0 });
        Some(BudgetId(number))
    }

    /// A budget.
    pub(crate) fn at(&mut self, id: BudgetId) -> &mut Budget {
        &mut self.0[usize::from(id.0.get()) - 1]
    }
}

impl Budget {
    /// Pages that may still be charged.
    pub(crate) fn room(&self) -> u64 {
        self.limit.saturating_sub(self.charged)
    }

    /// Charges pages if there is room for them, or they must be charged; whether it did.
    pub(crate) fn charge(&mut self, pages: u64, must: bool) -> bool {
        let charges = must || self.room() >= pages;
        if charges {
            self.charged += pages;
            self.peak = self.peak.max(self.charged);
        } else {
            self.refused += 1;
        }
        charges
    }

    /// Pages that were charged came back.
    pub(crate) fn uncharge(&mut self, pages: u64) {
        self.charged -= pages;
    }
}
