//! Forks of this process, and what a child does for the job it was started for.

use std::io;

use super::child::{become_child, note_panics};
use super::coverage;
use super::launch::{Job, Launch, Launched};
use super::process::Process;
use super::record::record;
use super::run::Body;
use super::session::Session;
use super::snapshot;
use super::unix::{self, Capture, Child, Inherited};
use crate::scope::shared::Role;

/// Forks this process.
pub(crate) struct Forks<'a> {
    pub(crate) session: Session<'a>,
    pub(crate) body: &'a Body<'a>,
}

impl Launch for Forks<'_> {
    fn launch(&self, slot: usize, job: Job) -> io::Result<Launched> {
        let capture = Capture::create()?;
        let parent = std::process::id();
        let Some(pid) = unix::fork()? else {
            unix::die_with_parent(parent);
            if self.session.settings.replay.is_none() || job == Job::Record {
                capture.become_standard_streams();
            }
            perform(&Process::child(self.session, self.body, slot, role_of(job), Some(&capture)), job);
        };
        Ok(Launched { child: Child::watch(pid)?, capture })
    }

    fn work(&self) -> Job {
        Job::Work
    }
}

impl<'a> Process<'a> {
    /// The process of a child that works in `slot`, from here on nothing but a child of the sweep.
    pub(crate) fn child(
        session: Session<'a>,
        body: &'a Body<'a>,
        slot: usize,
        role: Role,
        capture: Option<&'a Capture>,
    ) -> Process<'a> {
        let scope = session.scope(slot, role);
        if !session.shares_raw {
            note_panics(session.settings.file);
        }
        become_child(&scope);
        let inherited = if session.shares_raw { Inherited::reopen(capture) } else { Inherited::remember(capture) };
        // A fresh process has the test's other threads, if the sweep was begun on one of several.
        let own = session.shares_raw || std::thread::current().name() == session.settings.name.as_deref();
        Process { session, body, scope, inherited, own, capture }
    }
}

/// What a child that does `job` may write.
pub(crate) fn role_of(job: Job) -> Role {
    if job == Job::Record { Role::Recorder } else { Role::Attempt }
}

/// Does the job and ends the process.
pub(crate) fn perform(process: &Process<'_>, job: Job) -> ! {
    match job {
        Job::Record => record(process),
        Job::Work => process.work(usize::MAX),
        Job::One => process.work(1),
        Job::Carry => snapshot::carry(process),
    }
    coverage::hand_over(process.session.campaign);
    unix::exit_now(0)
}
