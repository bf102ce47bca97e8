//! The crew: the children that are at work, their limits of time, and what the dead ones left.

use std::sync::atomic::Ordering::{AcqRel, Acquire, Relaxed};
use std::time::Duration;

use super::arms;
use super::child;
use super::launch::{Job, Launch, Launched};
use super::plan::give_back;
use super::session::Session;
use super::unix::{self, Death};
use crate::memory::header::{SLOTS, Slot};
use crate::memory::record::{End, Evidence, Retry, finished, state};
use crate::trouble::Trouble;

/// How often something from outside may kill a chain's process, or a recorder, before that is the chain's doing.
pub(crate) const KILLS_MAX: u32 = 8;
/// How long a process that is asked where it hangs may take to answer.
const ANSWER: Duration = Duration::from_millis(500);
/// A process that others keep from running is given this many times its limit.
const STARVED_FACTOR: u32 = 10;

/// A child at work.
pub(crate) struct Running {
    pub(crate) slot: usize,
    pub(crate) launched: Launched,
    /// When it was asked where it hangs.
    asked: Option<u64>,
    killed: bool,
}

impl Running {
    /// Whether its time was over before it died.
    pub(crate) fn was_late(&self) -> bool {
        self.asked.is_some()
    }

    /// Whether something other than the crew's own and the code under test ended it.
    pub(crate) fn was_killed_from_outside(&self, death: Death) -> bool {
        death == Death::Signalled(libc::SIGKILL) && !self.killed
    }
}

/// The children of one process that are at work.
pub(crate) struct Crew<'a> {
    session: Session<'a>,
    running: Vec<Running>,
}

impl<'a> Crew<'a> {
    pub(crate) fn new(session: Session<'a>) -> Crew<'a> {
        Crew { session, running: Vec::new() }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.running.is_empty()
    }

    /// How many children are at work.
    pub(crate) fn len(&self) -> usize {
        self.running.len()
    }

    /// How many of them have taken a chain.
    pub(crate) fn busy(&self) -> usize {
        self.running.iter().filter(|running| self.slot(running.slot).chain.load(Relaxed) != 0).count()
    }

    /// A record from `first` on that no child works in.
    pub(crate) fn free_slot(&self, first: usize) -> Option<usize> {
        (first..SLOTS).find(|slot| self.running.iter().all(|running| running.slot != *slot))
    }

    /// Starts a child.
    ///
    /// # Errors
    /// When the system refuses it.
    pub(crate) fn launch(&mut self, launcher: &dyn Launch, slot: usize, job: Job) -> Result<(), Trouble> {
        let record = self.slot(slot);
        record.chain.store(0, Relaxed);
        record.began.store(0, Relaxed);
        record.finished.store(0, Relaxed);
        let launched = launcher.launch(slot, job).map_err(|error| {
            Trouble::Refused(format!(
                "a process to run the body in was refused: {error}\n  help: raise the limit of processes (`ulimit -u`) or \
                 of open files (`ulimit -n`), or set FIRSTHIT_EXPLORER=inline"
            ))
        })?;
        self.adopt(slot, launched);
        Ok(())
    }

    /// Watches a child that was started elsewhere.
    pub(crate) fn adopt(&mut self, slot: usize, launched: Launched) {
        self.running.push(Running { slot, launched, asked: None, killed: false });
    }

    /// Waits for a child and settles what it left; false if there is none.
    pub(crate) fn settle_next(&mut self, limit: Duration) -> bool {
        if self.running.is_empty() {
            return false;
        }
        if let Some((running, death)) = self.next_death(limit, Duration::MAX) {
            // A canary that was silent in a split-off process is told by the workers.
            let _ = self.settle(&running, death);
        }
        true
    }

    /// Waits for a child's death until the next limit, at most for `patience`; asks and kills those that are over theirs.
    pub(crate) fn next_death(&mut self, limit: Duration, patience: Duration) -> Option<(Running, Death)> {
        // First those that have died: this process may have slept through their limits itself.
        if let Some(dead) = self.dead(Duration::ZERO) {
            return Some(dead);
        }
        let now = unix::now();
        let mut wait = limit.min(patience);
        for running in &mut self.running {
            let slot = &self.session.campaign.header().slots[running.slot];
            let began = slot.began.load(Relaxed);
            let left = remaining(running, began, limit, now);
            match left {
                Some(left) => wait = wait.min(left),
                None if running.asked.is_none() => {
                    running.asked = Some(now);
                    running.launched.child.signal_thread(slot.thread.load(Relaxed), child::hang_signal());
                    wait = wait.min(ANSWER);
                }
                None => {
                    running.killed = true;
                    running.launched.child.kill();
                }
            }
        }
        self.dead(wait.max(Duration::from_millis(1)))
    }

    /// A child that has died, or does so within `wait`.
    fn dead(&mut self, wait: Duration) -> Option<(Running, Death)> {
        let children: Vec<_> = self.running.iter().map(|running| &running.launched.child).collect();
        let place = *unix::wait_for_deaths(&children, wait).first()?;
        let running = self.running.swap_remove(place);
        let death = running.launched.child.reap();
        Some((running, death))
    }

    /// Completes, or plans again, what a dead child was at.
    ///
    /// # Errors
    /// When the child found that failures are not delivered.
    pub(crate) fn settle(&self, running: &Running, death: Death) -> Result<(), Trouble> {
        let campaign = self.session.campaign;
        let slot = self.slot(running.slot);
        if slot.finished.load(Acquire) == finished::CANARY_FAILED {
            return Err(Trouble::NotInstalled);
        }
        let number = slot.chain.swap(0, AcqRel);
        let Some(chain) = number.checked_sub(1).and_then(|number| campaign.chains().get(number as usize)) else {
            return Ok(());
        };
        if chain.state.load(Acquire) != state::RUNNING {
            return Ok(());
        }
        if running.was_killed_from_outside(death) && chain.kills.fetch_add(1, Relaxed) < KILLS_MAX {
            give_back(chain);
            return Ok(());
        }
        if slot.evidence().retry == Retry::NotRun {
            arms::note(campaign, running.slot);
        }
        let (mut evidence, printed) = self.ended(running, death);
        evidence.stderr = campaign.add_text(&printed);
        campaign.complete(chain, evidence);
        Ok(())
    }

    /// What a dead child has written down, with how it died where that says more, and the end of what it printed.
    pub(crate) fn ended(&self, running: &Running, death: Death) -> (Evidence, Vec<u8>) {
        let mut evidence = self.slot(running.slot).evidence();
        let told = matches!(evidence.end, End::Infallible | End::Aborted | End::Hung);
        match death {
            // How the attempt ended is known: this is the end of the retry.
            Death::Signalled(code) | Death::Exited(code) if evidence.retry == Retry::Begun => evidence.code = code,
            _ if evidence.retry == Retry::Begun || told => {}
            _ if running.killed => evidence.end = End::Hung,
            Death::Signalled(signal) => (evidence.end, evidence.code) = (End::Signalled, signal),
            Death::Exited(status) => (evidence.end, evidence.code) = (End::Exited, status),
            Death::Untold => evidence.end = End::Unknown,
        }
        evidence.doubtful = self.session.campaign.header().doubtful.load(Relaxed) != 0;
        let printed = running.launched.capture.tail(unix::OUTPUT_KEPT);
        evidence.heap_report = evidence.end == End::Signalled && reports_a_damaged_heap(&printed);
        (evidence, printed)
    }

    fn slot(&self, slot: usize) -> &'a Slot {
        &self.session.campaign.header().slots[slot]
    }
}

/// How much of its limit a run has left; `None` if it is over.
///
/// A run that is over its limit of time and has not had that much of a processor's is given more of it, for
/// as long as it is ready to run: the machine is busy, not the code stuck.
fn remaining(running: &Running, began: u64, limit: Duration, now: u64) -> Option<Duration> {
    let (began, limit) = running.asked.map_or((began, limit), |asked| (asked, ANSWER));
    if began == 0 {
        return Some(limit);
    }
    let passed = Duration::from_nanos(now.saturating_sub(began));
    if passed < limit {
        return Some(limit - passed);
    }
    let (used, waits) = unix::activity(running.launched.child.pid)?;
    let starved = running.asked.is_none() && !waits && Duration::from_nanos(used) < limit / 2;
    (starved && passed < limit * STARVED_FACTOR).then_some(limit / 4)
}

/// Whether the end of what a process printed is glibc's report of a damaged heap.
fn reports_a_damaged_heap(printed: &[u8]) -> bool {
    let text = String::from_utf8_lossy(printed);
    let marks =
        ["free(): ", "malloc(): ", "realloc(): ", "double free or corruption", "corrupted size", "munmap_chunk(): "];
    marks.iter().any(|mark| text.contains(mark))
}
