//! Scopes: what a task promises for all requests until a guard is dropped.

use core::marker::PhantomData;

use crate::context::Scope;
use crate::machine::Machine;
use crate::task::TaskId;

/// An open scope; closed on drop.
///
/// Scopes nest, and each guard takes back only what it added, in whatever order they are dropped: they are counted, where
/// the kernel saves and restores flags. A guard stays on its thread, and scopes are not inherited.
#[derive(Debug)]
#[must_use = "the scope ends when its guard is dropped"]
pub struct ScopeGuard<'m> {
    machine: &'m Machine,
    task: TaskId,
    scope: Scope,
    stays: PhantomData<*const ()>,
}

impl Drop for ScopeGuard<'_> {
    fn drop(&mut self) {
        if let Some(task) = self.machine.raw().task_mut(self.task) {
            task.count_scope(self.scope, false);
        }
    }
}

impl Machine {
    /// Opens a scope of the current task.
    ///
    /// ```
    /// use alloc_core::{Gfp, Machine, NodePages, Scope};
    /// let machine = Machine::builder().node(NodePages::new(64)).build()?;
    /// let guard = machine.scope(Scope::NoFs);
    /// assert_eq!(machine.context().effective(Gfp::KERNEL), Gfp::NOFS);
    /// drop(guard);
    /// assert_eq!(machine.context().effective(Gfp::KERNEL), Gfp::KERNEL);
    /// # Ok::<(), alloc_core::BuildError>(())
    /// ```
    pub fn scope(&self, scope: Scope) -> ScopeGuard<'_> {
        let task = self.current();
        if let Some(task) = self.raw().task_mut(task) {
            task.count_scope(scope, true);
        }
        ScopeGuard { machine: self, task, scope, stays: PhantomData }
    }

    /// What requests of the current task depend on at the moment.
    pub fn context(&self) -> crate::Context {
        self.raw().task(self.current()).map_or_else(crate::Context::default, crate::task::Task::context)
    }
}
