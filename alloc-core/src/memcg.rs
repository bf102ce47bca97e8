//! Memory cgroups: budgets of pages that tasks are charged to, and are refused by although pages are free.

use core::marker::PhantomData;

use crate::budget::{Budget, BudgetId};
use crate::error::AllocError;
use crate::machine::Machine;
use crate::task::TaskId;

/// A budget of pages. A handle: the budget lives as long as its machine.
///
/// A task's requests with ACCOUNT are charged to the budget that the task is attached to; inside of
/// [`MemCg::account`], all of its requests are charged to that one. Over budget, a request fails with
/// [`AllocError::OverLimit`], after its pages were found; NOFAIL, HIGH, and tasks that free memory are charged all the
/// same, as in the kernel. Pages are charged until they come back, whoever gives them back. Reclaim and the killer know
/// nothing of these budgets; that of a node ([`NodePages::with_budget`](crate::NodePages::with_budget)) is the node's size to them.
///
/// ```
/// use alloc_core::{AllocError, Gfp, Machine, NodePages, Order};
/// let machine = Machine::builder().node(NodePages::new(1024)).build()?;
/// let budget = machine.memcg(4).unwrap();
/// let _account = budget.account();
/// let block = machine.alloc_pages(Order::new(1), Gfp::KERNEL)?;
/// assert_eq!(budget.charged(), 2);
/// assert_eq!(machine.alloc_pages(Order::new(2), Gfp::KERNEL).unwrap_err(), AllocError::OverLimit);
/// drop(block);
/// assert_eq!(budget.charged(), 0);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct MemCg<'m> {
    machine: &'m Machine,
    id: BudgetId,
}

impl Machine {
    /// A budget of so many pages, or `None` if the machine has 255 of them.
    pub fn memcg(&self, pages: u64) -> Option<MemCg<'_>> {
        let id = self.raw().budgets.add(pages)?;
        Some(MemCg { machine: self, id })
    }
}

impl<'m> MemCg<'m> {
    fn with<R>(&self, body: impl FnOnce(&mut Budget) -> R) -> R {
        body(self.machine.raw().budgets.at(self.id))
    }

    /// Pages that may be charged at most.
    pub fn limit(&self) -> u64 {
        self.with(|budget| budget.limit)
    }

    /// Sets how many may be. What is charged above stays so until it comes back.
    pub fn set_limit(&self, pages: u64) {
        self.with(|budget| budget.limit = pages);
    }

    /// Pages that are charged.
    pub fn charged(&self) -> u64 {
        self.with(|budget| budget.charged)
    }

    /// The most pages that ever were.
    pub fn peak(&self) -> u64 {
        self.with(|budget| budget.peak)
    }

    /// Requests that the budget refused.
    pub fn refused(&self) -> u64 {
        self.with(|budget| budget.refused)
    }

    /// Charges a task's requests with ACCOUNT, and its user pages, to this budget from now on.
    ///
    /// # Errors
    /// [`AllocError::NoSuchTask`] if the task is not the machine's.
    pub fn attach(&self, task: TaskId) -> Result<(), AllocError> {
        self.machine.raw().task_mut(task).ok_or(AllocError::NoSuchTask)?.memcg = Some(self.id);
        Ok(())
    }

    /// Charges all requests of the current task to this budget until the guard is dropped. Guards nest, and the one that
    /// was made last counts, in whatever order they are dropped. Interrupts are charged to nobody.
    ///
    /// The surrounding process is asked for memory to note it.
    pub fn account(&self) -> AccountGuard<'m> {
        let task = self.machine.current();
        let mut state = self.machine.raw();
        state.begun += 1;
        let number = state.begun;
        if let Some(task) = state.task_mut(task) {
            task.accounts.push((number, self.id));
        }
        AccountGuard { machine: self.machine, task, number, stays: PhantomData }
    }

    /// Charges the budget until there is room for `leave` pages; the charge is taken back on drop.
    pub fn exhaust(&self, leave: u64) -> Charge<'m> {
        let pages = self.with(|budget| {
            let pages = budget.room().saturating_sub(leave);
            budget.charge(pages, true);
            pages
        });
        Charge { budget: *self, pages }
    }
}

/// All requests of a task are charged to a budget; dropped, no longer. Stays on its thread.
#[derive(Debug)]
#[must_use = "the scope ends when its guard is dropped"]
pub struct AccountGuard<'m> {
    machine: &'m Machine,
    task: TaskId,
    number: u64,
    stays: PhantomData<*const ()>,
}

impl Drop for AccountGuard<'_> {
    fn drop(&mut self) {
        if let Some(task) = self.machine.raw().task_mut(self.task) {
            task.accounts.retain(|(number, _)| *number != self.number);
        }
    }
}

/// Pages charged to a budget without being there; taken back on drop.
#[derive(Debug)]
#[must_use = "the charge is taken back when the guard is dropped"]
pub struct Charge<'m> {
    budget: MemCg<'m>,
    pages: u64,
}

impl Drop for Charge<'_> {
    fn drop(&mut self) {
        self.budget.with(|budget| budget.uncharge(self.pages));
    }
}
