//! Every call is made by its kind; behind each the machine is compared with the model, and at the end everything goes back.

use alloc_core::TaskId;

use super::operation::Operation;
use super::run::Run;
use super::things::Held;

impl Run<'_, '_> {
    /// Makes one call.
    pub(super) fn make(&mut self, operation: Operation) {
        match operation {
            Operation::Alloc { .. } | Operation::WaitAlloc { .. } | Operation::Vmalloc { .. } => self.ask(operation),
            Operation::Kvmalloc { .. } | Operation::PoolAlloc { .. } => self.ask(operation),
            Operation::Begin { .. } | Operation::Step { .. } | Operation::Abandon { .. } => self.by_step(operation),
            Operation::Settle | Operation::PoolBegin { .. } | Operation::PoolStep { .. } => self.by_step(operation),
            Operation::Queue { .. } | Operation::StepQueued { .. } => self.in_queue(operation),
            Operation::FinishQueued { .. } | Operation::LeaveQueue { .. } => self.in_queue(operation),
            Operation::Free { .. } | Operation::Loosen { .. } | Operation::FreeNumber { .. } => self.back(operation),
            Operation::FreeTwice { .. } | Operation::FreeForeign => self.back(operation),
            Operation::Spawn { .. } | Operation::Grow { .. } | Operation::Exit { .. } => self.of_tasks(operation),
            Operation::LockMemory { .. } | Operation::Dying { .. } => self.of_tasks(operation),
            Operation::Open { .. } | Operation::Close { .. } => self.of_tasks(operation),
            Operation::Move { .. } | Operation::StepMove { .. } | Operation::FinishMove { .. } => {
                self.of_tasks(operation);
            }
            Operation::Exhaust { .. } | Operation::KeepOneIn { .. } | Operation::Fragment { .. } => {
                self.scarcity(operation);
            }
            Operation::GiveBack { .. } | Operation::EndHoard { .. } => self.scarcity(operation),
            Operation::Faults { .. } | Operation::TaskFaults { .. } => self.outside(operation),
            Operation::Register { .. } | Operation::Unregister { .. } => self.outside(operation),
            Operation::Background | Operation::Release | Operation::Knobs { .. } => self.outside(operation),
            Operation::LimitAddresses { .. } | Operation::LimitMappings { .. } | Operation::EndLimit { .. } => {
                self.scarcity(operation);
            }
            Operation::Bulk { .. } => self.ask(operation),
            Operation::BulkBegin { .. } | Operation::BulkStep { .. } => self.by_step(operation),
            Operation::Kmalloc { .. } | Operation::KmallocRaw { .. } | Operation::Krealloc { .. } => {
                self.of_bytes(operation);
            }
            Operation::Kfree { .. } | Operation::KfreeTwice { .. } | Operation::FreeToCache { .. } => {
                self.of_bytes(operation);
            }
            Operation::Object { .. } | Operation::ObjectRaw { .. } | Operation::Shrink { .. } => {
                self.of_caches(operation);
            }
            Operation::Prefill { .. } | Operation::TakePrefilled { .. } | Operation::EndPrefilled { .. } => {
                self.of_caches(operation);
            }
            Operation::Cpuset { .. } | Operation::CpusetAttach { .. } | Operation::CpusetMove { .. } => {
                self.of_cpusets(operation);
            }
            Operation::StepCpuset { .. } | Operation::EndCpusetMove { .. } | Operation::MemPolicy { .. } => {
                self.of_cpusets(operation);
            }
            Operation::Budget { .. } | Operation::BudgetAttach { .. } | Operation::BudgetLimit { .. } => {
                self.of_budgets(operation);
            }
            Operation::Account { .. } | Operation::EndAccount { .. } => self.of_budgets(operation),
            Operation::Charge { .. } | Operation::EndCharge { .. } => self.of_budgets(operation),
            Operation::Lock { .. } | Operation::Unlock { .. } | Operation::LockOfShrinkers { .. } => {
                self.of_locks(operation);
            }
        }
    }

    /// Looks whether the machine is whole, and has as many free pages as the model says.
    pub(super) fn check(&self) {
        self.machine.audit().expect("a machine that is whole");
        let of_task = |task: &TaskId| self.machine.grow(*task, 0).unwrap_or(0);
        let users: u64 = self.tasks.iter().map(of_task).sum();
        let hoards: u64 = self.hoards.iter().map(|(_, pages)| pages).sum();
        let caches: u64 = self.caches.iter().map(|cache| cache.len()).sum();
        let tables = self.machine.vmalloc_usage().tables as u64;
        let taken = self.model.pages() + users + hoards + caches + tables + self.pool.reserved() as u64;
        let (free, pages) = (self.machine.free_pages(None), self.setup.pages());
        // What was handed to somebody who queues is neither free nor taken yet, nor is what slabs keep.
        let is_right =
            if self.queued.is_empty() && !self.has_slabs { free + taken == pages } else { free + taken <= pages };
        assert!(is_right, "{free} pages are free and {taken} taken, of {pages}");
    }

    /// Gives everything back.
    pub(super) fn end(mut self) {
        self.held.iter().for_each(Held::check);
        for held in std::mem::take(&mut self.held) {
            self.give(held);
        }
        let machine = self.machine;
        machine.set_faults(None);
        self.tasks.iter().for_each(|task| machine.exit(*task));
        for cache in &self.caches {
            let id = cache.id.lock().unwrap().take();
            drop(id.and_then(|id| machine.unregister_shrinker(id)));
            let pages = std::mem::take(&mut *cache.pages.lock().unwrap());
            pages.into_iter().for_each(|pages| assert_eq!(machine.free(pages), Ok(())));
        }
        let (budgets, reserve) = (std::mem::take(&mut self.budgets), self.setup.reserve() as u64);
        drop(self);
        machine.shrink_slabs();
        // What came back is charged no more, but for what the pool keeps.
        assert!(budgets.iter().map(alloc_core::MemCg::charged).sum::<u64>() <= reserve, "pages are charged for ever");
    }
}
