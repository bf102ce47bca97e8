//! What vmalloc asks for besides its caller's pages: page tables, with flags that need not be the caller's.

use super::tables::COVERED;
use crate::context::Scope;
use crate::error::AllocError;
use crate::gfp::Gfp;
use crate::machine::Machine;
use crate::page::frame::State;
use crate::policy::VmallocInner;
use crate::scope::ScopeGuard;
use crate::task::TaskId;
use crate::units::Order;

/// Marks the current task as being inside of vmalloc, whose caller allowed so much; dropped, no longer.
struct Inside<'m> {
    machine: &'m Machine,
    task: TaskId,
    before: Option<Gfp>,
}

impl Drop for Inside<'_> {
    fn drop(&mut self) {
        if let Some(task) = self.machine.state().task_mut(self.task) {
            task.outer = self.before;
        }
    }
}

#[cfg_attr(alloc_core_swept, firsthit::instrument)]
impl Machine {
    fn inside_vmalloc(&self, flags: Gfp) -> Inside<'_> {
        let task = self.current();
        let allowed = self.context().effective(flags);
        let before = self.state().task_mut(task).and_then(|task| task.outer.replace(allowed));
        Inside { machine: self, task, before }
    }

    /// The scope that stands for a caller's flags where flags cannot be passed on.
    fn scope_of(&self, flags: Gfp) -> Option<ScopeGuard<'_>> {
        let scope = match (flags.contains(Gfp::IO), flags.contains(Gfp::FS)) {
            _ if !flags.may_wait() => Scope::NoReclaim,
            (true, false) => Scope::NoFs,
            (false, false) => Scope::NoIo,
            (_, true) => return None,
        };
        Some(self.scope(scope))
    }

    /// Becomes a user of a page table, which is asked for if it is not there.
    ///
    /// # Errors
    /// Those of the request for its page.
    pub(crate) fn enter_table(&self, table: usize, flags: Gfp) -> Result<(), AllocError> {
        if self.addresses.lock().tables.enter(table, None).is_ok() {
            return Ok(());
        }
        let _inside = self.inside_vmalloc(flags);
        let scoped = self.rules().vmalloc_inner != VmallocInner::HardwiredKernel;
        let _scope = if scoped { self.scope_of(flags) } else { None };
        let nofail = if flags.may_wait() && flags.contains(Gfp::NOFAIL) { Gfp::NOFAIL } else { Gfp::NONE };
        self.bring_table(table, Gfp::KERNEL | nofail)
    }

    fn bring_table(&self, table: usize, flags: Gfp) -> Result<(), AllocError> {
        let block = self.alloc_pages(Order::ZERO, flags)?.into_pages();
        self.state().frames.at(block.frame().0).state = State::PageTable;
        // Somebody may have brought it meanwhile.
        let entered = self.addresses.lock().tables.enter(table, Some(block.frame()));
        if let Some(frame) = entered.unwrap_or(Some(block.frame())) {
            self.state().give(frame);
        }
        Ok(())
    }

    /// Keeps so many pages of addresses, with their page tables, for callers that may not wait.
    ///
    /// # Errors
    /// `NoMemory` if the machine is too small for the tables.
    pub(crate) fn prepare_addresses(&self, pages: usize) -> Result<(), AllocError> {
        let pages = pages.min(self.arena.window_pages());
        (0..pages.div_ceil(COVERED)).try_for_each(|table| self.bring_table(table, Gfp::NOWAIT))?;
        self.addresses.lock().prepared = pages;
        Ok(())
    }

    /// Is no user of a page table any more, whose page is given back if nobody else is.
    pub(crate) fn leave_table(&self, table: usize) {
        let frame = self.addresses.lock().tables.leave(table);
        if let Some(frame) = frame {
            self.state().give(frame);
        }
    }
}
