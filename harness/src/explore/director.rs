//! The director: has the baseline recorded, splits where that pays, and keeps workers busy until the plan is done.

use std::sync::atomic::Ordering::{Acquire, Relaxed, Release};
use std::time::Duration;

use super::baseline::Recording;
use super::crew::Crew;
use super::launch::{Job, Launch};
use super::plan::{Plan, give_back};
use super::session::Session;
use crate::explorer::Explorer;
use crate::memory::header::SLOTS;
use crate::memory::record::{finished, stage, state};
use crate::trouble::Trouble;

/// Carries a campaign through with children of one kind.
pub(crate) struct Director<'a> {
    session: Session<'a>,
    launcher: &'a dyn Launch,
    crew: Crew<'a>,
    plan: Plan<'a>,
}

impl<'a> Director<'a> {
    pub(crate) fn new(session: Session<'a>, launcher: &'a dyn Launch) -> Director<'a> {
        let plan = Plan::new(session.settings, session.campaign);
        Director { session, launcher, crew: Crew::new(session), plan }
    }

    /// Records, explores, and finishes the campaign; what stopped it stands in the header as well.
    pub(crate) fn direct(mut self) {
        let header = self.session.campaign.header();
        if let Err(trouble) = self.carry_through() {
            let (number, text) = trouble.to_record();
            header.set_trouble(number, self.session.campaign.add_text(text.as_bytes()));
        }
        header.stage.store(stage::FINISHED, Release);
    }

    fn carry_through(&mut self) -> Result<(), Trouble> {
        let campaign = self.session.campaign;
        let header = campaign.header();
        if header.stage.load(Acquire) < stage::EXPLORING {
            let recording = Recording { session: self.session, launcher: self.launcher };
            header.set_baseline(recording.record()?);
            self.plan.look_for_new_chains(true);
            self.plan.keep_replayed()?;
            header.stage.store(stage::EXPLORING, Release);
        } else {
            // The base process before this one died: what it had running is to be done anew.
            self.plan.take_back();
        }
        self.split()?;
        let workers = self.session.settings.workers;
        self.work(workers)?;
        if workers > 1 && self.plan.ask_again() > 0 {
            self.work(1)?;
        }
        Ok(())
    }

    /// How long a run may take.
    fn limit(&self) -> Duration {
        self.session.settings.limit(Duration::from_nanos(self.session.campaign.header().baseline().nanos))
    }

    /// Lets the body be run once and split at every chain, if that is asked for or pays, before workers take the rest.
    fn split(&mut self) -> Result<(), Trouble> {
        let campaign = self.session.campaign;
        let header = campaign.header();
        let baseline = header.baseline();
        if Explorer::from_number(baseline.explorer) != Some(Explorer::Snapshot) {
            return Ok(());
        }
        self.crew.launch(self.launcher, 0, Job::Carry)?;
        // The carrier waits for its children, which are given the limit each.
        let all = self.limit().saturating_mul(campaign.chains().len() as u32 + 1);
        while self.crew.next_death(all, Duration::MAX).is_none() {}
        let slot = &header.slots[0];
        let [outcome, _] = slot.outcomes();
        let undisturbed = slot.finished.load(Acquire) == finished::ONCE && outcome.same_as(&baseline.outcome);
        let chains = campaign.chains().iter();
        if undisturbed {
            chains.filter(|chain| chain.state.load(Acquire) == state::RUNNING).for_each(give_back);
            return Ok(());
        }
        header.disturbed.store(1, Relaxed);
        let touched = chains.filter(|chain| chain.attempts.load(Relaxed) > 0);
        touched.for_each(|chain| chain.state.store(state::PLANNED, Release));
        Ok(())
    }

    /// Fails every chain of the plan, with `most` workers at a time.
    fn work(&mut self, most: usize) -> Result<(), Trouble> {
        let limit = self.limit();
        loop {
            self.plan.look_for_new_chains(self.crew.is_empty());
            while self.crew.len() < self.wanted_workers(most) {
                let Some(slot) = self.crew.free_slot(0) else { break };
                let launched = self.crew.launch(self.launcher, slot, self.launcher.work());
                // With a worker at work the rest of the plan gets done, if more slowly.
                match launched {
                    Err(_) if !self.crew.is_empty() => break,
                    launched => launched?,
                }
            }
            if self.crew.is_empty() {
                if self.plan.take_back() == 0 {
                    return Ok(());
                }
                continue;
            }
            if let Some((running, death)) = self.crew.next_death(limit, Duration::MAX) {
                self.crew.settle(&running, death)?;
            }
        }
    }

    /// How many workers the rest of the plan is worth; one that has taken a chain is busy with that.
    fn wanted_workers(&self, most: usize) -> usize {
        let most = most.min(SLOTS);
        self.plan.left(most).saturating_add(self.crew.busy()).min(most)
    }
}
