//! This process as a place where the body runs: its scope, its streams, its files.

use std::sync::Arc;

use super::run::{Body, Ran, run};
use super::session::Session;
use super::unix::{self, Capture, Inherited};
use crate::scope::shared::{Role, Scope};
use crate::scope::thread::kernel_id;

/// A process that runs the body.
pub(crate) struct Process<'a> {
    pub(crate) session: Session<'a>,
    pub(super) body: &'a Body<'a>,
    pub(crate) scope: Arc<Scope>,
    pub(super) inherited: Inherited,
    /// Whether nothing but the test runs in this process.
    pub(super) own: bool,
    pub(crate) capture: Option<&'a Capture>,
}

impl<'a> Process<'a> {
    /// This process as it is, for a sweep that stays in it.
    pub(crate) fn inline(session: Session<'a>, body: &'a Body<'a>, slot: usize, role: Role) -> Process<'a> {
        let scope = session.scope(slot, role);
        Process { session, body, scope, inherited: Inherited::default(), own: false, capture: None }
    }

    /// Whether threads of other tests run in this process, so that what it holds cannot be told apart from what
    /// they hold.
    pub(crate) fn has_strangers(&self) -> bool {
        let runner_and_test = [std::process::id(), kernel_id()];
        let known =
            |id| runner_and_test.contains(&id) || self.scope.threads().any(|thread| thread.kernel_id.get() == id);
        !self.own && unix::thread_ids().is_some_and(|mut threads| threads.any(|id| !known(id)))
    }

    /// One run of the body, with inherited files where they stood before the first.
    pub(crate) fn run(&self, phase: u32) -> Ran {
        self.inherited.rewind();
        run(&self.scope, self.body, phase)
    }
}
