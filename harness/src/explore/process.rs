//! This process as a place where the body runs: its scope, its streams, its files.

use std::sync::Arc;
use std::sync::atomic::Ordering::{Relaxed, Release};

use super::attempt::{Attempted, Held, attempt};
use super::canary;
use super::child::become_child;
use super::coverage;
use super::record::{finished, record};
use super::run::{Ran, run};
use super::session::Session;
use super::unix::{self, Capture, Inherited};
use crate::memory::campaign::Campaign;
use crate::memory::record::{Evidence, state};
use crate::oracle::judge::judge;
use crate::scope::{Role, Scope};

/// How many bytes of what a child printed a finding keeps.
pub(crate) const STDERR_KEPT: usize = 1500;

/// What a child is started for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Job {
    /// Find out which chains there are.
    Record,
    /// Fail chains of the plan, until none is left.
    Work,
    /// Fail one chain of the plan.
    One,
}

/// A process that runs the body.
pub(crate) struct Process<'a> {
    pub(crate) session: Session<'a>,
    pub(crate) scope: Arc<Scope>,
    inherited: Inherited,
    /// Whether nothing but the test runs in this process.
    own: bool,
    capture: Option<&'a Capture>,
}

impl<'a> Process<'a> {
    /// The process of a child that works in `slot`, from here on nothing but a child of the sweep.
    pub(crate) fn child(session: Session<'a>, slot: usize, job: Job, capture: Option<&'a Capture>) -> Process<'a> {
        let role = if job == Job::Record { Role::Recorder } else { Role::Attempt };
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

    /// What the process holds, as far as it is the body's doing.
    pub(crate) fn held(&self) -> Held {
        if self.own { Held::now() } else { Held::unknown() }
    }

    /// One run of the body, with inherited files where they stood before the first.
    pub(crate) fn run(&self, phase: u32) -> Ran {
        self.inherited.rewind();
        run(&self.scope, self.session.body, phase)
    }

    /// Does the job and ends the process.
    pub(crate) fn finish(self, job: Job) -> ! {
        match job {
            Job::Record => record(&self),
            Job::Work | Job::One => self.work(job),
        }
        coverage::hand_over(self.session.campaign);
        unix::exit_now(0)
    }

    fn work(&self, job: Job) {
        let slot = self.scope.slot();
        if !canary::sings(&self.scope) {
            slot.finished.store(finished::CANARY_FAILED, Release);
            return;
        }
        let campaign = self.session.campaign;
        let mut used = false;
        while let Some(claimed) = claim(campaign, self.scope.slot, used) {
            if let Some(capture) = self.capture {
                capture.clear();
            }
            let go_on = self.fail(claimed, used);
            // What follows may kill this process.
            coverage::hand_over(campaign);
            slot.chain.store(0, Release);
            used = true;
            if !go_on || job == Job::One {
                return;
            }
        }
    }

    /// Fails a chain and writes down what came of it; false if this process should not be used again.
    pub(crate) fn fail(&self, claimed: Claimed, used: bool) -> bool {
        let campaign = self.session.campaign;
        let chain = &campaign.chains()[claimed.number as usize];
        match attempt(self, claimed.number, claimed.account) {
            Attempted::NotMet if used => chain.state.store(state::PLANNED_FRESH, Release),
            Attempted::NotMet => campaign.complete(chain, Evidence::default()),
            Attempted::Unbalanced => chain.state.store(state::PLANNED_ACCOUNT, Release),
            Attempted::Complete(mut evidence) => {
                let baseline = campaign.header().baseline();
                let good = judge(&evidence, &baseline.outcome).is_good();
                if let (false, Some(capture)) = (good, self.capture) {
                    evidence.stderr = campaign.add_text(&capture.tail(STDERR_KEPT));
                }
                campaign.complete(chain, evidence);
                return good && !claimed.account && baseline.repeatable;
            }
        }
        campaign.header().baseline().repeatable
    }
}

/// A chain that this process is to fail.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Claimed {
    pub(crate) number: u32,
    pub(crate) account: bool,
}

/// Takes the next chain of the plan; a process that has run the body before leaves those that need a fresh one.
pub(crate) fn claim(campaign: &Campaign, slot: usize, used: bool) -> Option<Claimed> {
    let chains = campaign.chains();
    let begin = campaign.header().cursor.load(Relaxed) as usize;
    let order = (0..chains.len()).map(|step| (begin + step) % chains.len());
    let wanted: &[u32] =
        if used { &[state::PLANNED] } else { &[state::PLANNED_FRESH, state::PLANNED_ACCOUNT, state::PLANNED] };
    for number in order {
        let chain = &chains[number];
        let found = chain.state.load(Relaxed);
        if wanted.contains(&found) && chain.state.compare_exchange(found, state::RUNNING, Release, Relaxed).is_ok() {
            let this = &campaign.header().slots[slot];
            chain.slot.store(slot as u32, Relaxed);
            chain.attempts.fetch_add(1, Relaxed);
            this.update(|evidence| *evidence = Evidence::default());
            this.chain.store(number as u32 + 1, Release);
            campaign.header().cursor.store(number as u32 + 1, Relaxed);
            return Some(Claimed { number: number as u32, account: found == state::PLANNED_ACCOUNT });
        }
    }
    None
}
