//! This process as a place where the body runs: its scope, its streams, its files.

use std::sync::Arc;

use super::child::become_child;
use super::run::{Ran, run};
use super::session::Session;
use super::unix::{self, Capture, Inherited};
use crate::scope::shared::{Role, Scope};
use crate::scope::thread::kernel_id;

/// A process that runs the body.
pub(crate) struct Process<'a> {
    pub(crate) session: Session<'a>,
    pub(crate) scope: Arc<Scope>,
    inherited: Inherited,
    /// Whether nothing but the test runs in this process.
    own: bool,
    pub(crate) capture: Option<&'a Capture>,
}

impl<'a> Process<'a> {
    /// The process of a child that works in `slot`, from here on nothing but a child of the sweep.
    pub(crate) fn child(session: Session<'a>, slot: usize, role: Role, capture: Option<&'a Capture>) -> Process<'a> {
        let scope = session.scope(slot, role);
        become_child(&scope, session.settings.file);
        let inherited = if session.shares_raw { Inherited::reopen(capture) } else { Inherited::remember(capture) };
        // A fresh process has the test's other threads, if the sweep was begun on one of several.
        let own = session.shares_raw || std::thread::current().name() == session.settings.name.as_deref();
        Process { session, scope, inherited, own, capture }
    }

    /// This process as it is, for a sweep that stays in it.
    pub(crate) fn inline(session: Session<'a>, slot: usize, role: Role) -> Process<'a> {
        let scope = session.scope(slot, role);
        Process { session, scope, inherited: Inherited::default(), own: false, capture: None }
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
        run(&self.scope, self.session.body, phase)
    }
}
