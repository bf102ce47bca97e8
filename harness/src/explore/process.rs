//! This process as a place where the body runs: its scope, its streams, its files.

use std::sync::Arc;

use super::child::become_child;
use super::run::{Ran, run};
use super::session::Session;
use super::unix::{Capture, Inherited};
use crate::scope::{Role, Scope};

/// A process that runs the body.
pub(crate) struct Process<'a> {
    pub(crate) session: Session<'a>,
    pub(crate) scope: Arc<Scope>,
    inherited: Inherited,
    pub(crate) capture: Option<&'a Capture>,
}

impl<'a> Process<'a> {
    /// The process of a child that works in `slot`, from here on nothing but a child of the sweep.
    pub(crate) fn child(session: Session<'a>, slot: usize, role: Role, capture: Option<&'a Capture>) -> Process<'a> {
        let scope = session.scope(slot, role);
        become_child(&scope, session.settings.file);
        let inherited = if session.shares_raw { Inherited::reopen() } else { Inherited::default() };
        Process { session, scope, inherited, capture }
    }

    /// This process as it is, for a sweep that stays in it.
    pub(crate) fn inline(session: Session<'a>, slot: usize, role: Role) -> Process<'a> {
        let scope = session.scope(slot, role);
        Process { session, scope, inherited: Inherited::default(), capture: None }
    }

    /// One run of the body, with inherited files where they stood before the first.
    pub(crate) fn run(&self, phase: u32) -> Ran {
        self.inherited.rewind();
        run(&self.scope, self.session.body, phase)
    }
}
