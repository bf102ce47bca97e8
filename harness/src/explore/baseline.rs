//! The baseline: what the body does without a failure, recorded until no new chain appears.

use std::sync::atomic::Ordering::{Acquire, Relaxed};
use std::time::Duration;

use super::crew::{Crew, KILLS_MAX, Running};
use super::launch::{Job, Launch};
use super::prepare;
use super::session::Session;
use super::unix::{self, Death};
use crate::explorer::Explorer;
use crate::memory::header::Baseline;
use crate::memory::record::{End, Evidence, Gave, Outcome, finished};
use crate::trouble::Trouble;

/// Runs without a failure, at most, until no new chain appears.
const ROUNDS_MAX: u32 = 10;
/// From this time of a run on, in nanoseconds, forks in its middle are tried.
const SNAPSHOT_PAYS: u64 = 5_000_000;

/// Records the chains of a body with children of one kind.
pub(crate) struct Recording<'a> {
    pub(crate) session: Session<'a>,
    pub(crate) launcher: &'a dyn Launch,
}

impl Recording<'_> {
    /// Runs the body without a failure until no new chain appears.
    ///
    /// # Errors
    /// When it does not return, fails, differs from run to run, or allocates nothing.
    pub(crate) fn record(&self) -> Result<Baseline, Trouble> {
        let campaign = self.session.campaign;
        let mut baseline = self.rounds()?;
        prepare::check_room(campaign)?;
        prepare::check_plan(campaign)?;
        let (explorer, why) = self.choose(&baseline);
        baseline.explorer = explorer as u32;
        baseline.reason = campaign.add_text(why.as_bytes());
        Ok(baseline)
    }

    /// The runs without a failure, and what they are like.
    ///
    /// # Errors
    /// When one does not return, fails, or differs from another one.
    pub(crate) fn rounds(&self) -> Result<Baseline, Trouble> {
        let campaign = self.session.campaign;
        let mut baseline = Baseline { walker: self.session.walker as u32, repeatable: true, ..Baseline::default() };
        let mut known = None;
        while known != Some(campaign.chains().len()) && baseline.rounds < ROUNDS_MAX {
            known = Some(campaign.chains().len());
            let (first, second) = self.recorded_run()?;
            if baseline.rounds > 0 && !first.same_as(&baseline.outcome) {
                let [one, two] = [baseline.outcome, first].map(|outcome| campaign.text(outcome.text));
                return Err(Trouble::Unstable(format!("two runs without a failure gave `{one}` and `{two}`")));
            }
            let slot = &self.session.campaign.header().slots[0];
            baseline.outcome = first;
            baseline.repeatable &= second.is_some_and(|second| second.same_as(&first));
            baseline.nanos = baseline.nanos.max(slot.nanos.load(Relaxed));
            baseline.allocations = slot.allocations.load(Relaxed);
            for (range, counted) in baseline.requests.iter_mut().zip(&slot.requests) {
                let counted = counted.load(Relaxed);
                let [fewest, most] = if baseline.rounds == 0 { [counted; 2] } else { *range };
                *range = [fewest.min(counted), most.max(counted)];
            }
            baseline.threads = baseline.threads.max(slot.threads.load(Relaxed));
            baseline.rounds += 1;
        }
        baseline.settled = known == Some(campaign.chains().len());
        Ok(baseline)
    }

    /// Which explorer the chains of this baseline get, and why.
    fn choose(&self, baseline: &Baseline) -> (Explorer, String) {
        let planned = self.session.campaign.chains().len() as u64;
        match self.session.settings.explorer {
            _ if self.launcher.work() == Job::One => (Explorer::Process, self.session.why.to_owned()),
            Some(Explorer::Snapshot) if baseline.threads > 0 => {
                let why = format!("the body spawns {} threads, which a snapshot would not carry", baseline.threads);
                (Explorer::Worker, why)
            }
            Some(explorer) => (explorer, "as asked for".to_owned()),
            None if baseline.threads == 0 && baseline.nanos > SNAPSHOT_PAYS && planned > 1 => {
                let why = format!("a run takes {} ms, which a fork at each chain saves", baseline.nanos / 1_000_000);
                (Explorer::Snapshot, why)
            }
            None => (Explorer::Worker, "the default".to_owned()),
        }
    }

    /// One recorder: the outcomes of its runs. One that something from outside kills has told nothing.
    fn recorded_run(&self) -> Result<(Outcome, Option<Outcome>), Trouble> {
        let (mut running, mut death) = self.recorder()?;
        for _ in 1..KILLS_MAX {
            if !running.was_killed_from_outside(death) {
                break;
            }
            (running, death) = self.recorder()?;
        }
        self.recorded(&running, death)
    }

    /// Runs a recorder to its end.
    fn recorder(&self) -> Result<(Running, Death), Trouble> {
        let slot = &self.session.campaign.header().slots[0];
        slot.finished.store(0, Relaxed);
        slot.update(|evidence| *evidence = Evidence::default());
        // The recorder before this one may have been killed at any moment.
        self.session.campaign.raw().recover();
        self.session.campaign.stable().recover();
        let mut crew = Crew::new(self.session);
        crew.launch(self.launcher, 0, Job::Record)?;
        let limit = self.session.settings.baseline_limit();
        loop {
            if let Some(dead) = crew.next_death(limit, Duration::MAX) {
                return Ok(dead);
            }
        }
    }

    /// What a recorder that has ended found out.
    fn recorded(&self, running: &Running, death: Death) -> Result<(Outcome, Option<Outcome>), Trouble> {
        let slot = &self.session.campaign.header().slots[0];
        let limit = self.session.settings.baseline_limit();
        let printed = || {
            let tail = running.launched.capture.tail(unix::OUTPUT_KEPT);
            let text = String::from_utf8_lossy(&tail).trim().to_owned();
            if text.is_empty() { String::new() } else { format!("\n  it printed: {text}") }
        };
        let evidence = slot.evidence();
        match slot.finished.load(Acquire) {
            finished::CANARY_FAILED => Err(Trouble::NotInstalled),
            finished::PANICKED => {
                let campaign = self.session.campaign;
                let (message, file) = (campaign.text(evidence.panic.message), campaign.text(evidence.panic.file));
                let (line, column) = (evidence.panic.line, evidence.panic.column);
                Err(Trouble::BaselineFails(format!("it panics at {file}:{line}:{column}: {message}")))
            }
            progress @ (finished::ONCE | finished::TWICE) => {
                let [first, second] = slot.outcomes();
                if first.gave == Gave::Error {
                    let given = self.session.campaign.text(first.text);
                    return Err(Trouble::BaselineFails(format!("it returns `{given}`")));
                }
                Ok((first, (progress == finished::TWICE).then_some(second)))
            }
            _ if running.was_late() => {
                Err(Trouble::BaselineHangs(format!("{} s have passed{}", limit.as_secs(), printed())))
            }
            _ if self.launcher.work() == Job::One && printed().contains("running 0 tests") => {
                let name = self.session.settings.name.as_deref().unwrap_or_default();
                Err(Trouble::Refused(format!(
                    "a fresh process finds no test of the name `{name}`\n  help: give `Sweep::name` what `--exact` takes for \
                     this test, or use another explorer"
                )))
            }
            _ => Err(Trouble::BaselineFails(format!("{}{}", how_it_died(&evidence, death), printed()))),
        }
    }
}

fn how_it_died(evidence: &Evidence, death: Death) -> String {
    match (evidence.end, death) {
        (End::Infallible, _) => "it runs out of memory by itself".to_owned(),
        (End::Aborted, _) => "it aborts".to_owned(),
        (_, Death::Signalled(signal)) => format!("signal {signal} kills it"),
        (_, Death::Exited(status)) => format!("it exits with status {status}"),
        (_, Death::Untold) => "its process ended".to_owned(),
    }
}
