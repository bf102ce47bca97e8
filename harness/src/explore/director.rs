//! The director: records the baseline, plans, keeps workers busy, and settles what dead ones left.

use std::sync::atomic::Ordering::{AcqRel, Acquire, Relaxed, Release};
use std::time::Duration;

use super::child;
use super::launch::{Launch, Launched};
use super::process::{Job, STDERR_KEPT};
use super::record::finished;
use super::session::Session;
use super::unix::{self, Death};
use crate::memory::campaign::{Baseline, SLOTS, Slot};
use crate::memory::record::{Chain, End, Evidence, Gave, Outcome, Quiet, Retry, state};
use crate::memory::seen::Inserted;
use crate::trouble::Trouble;

/// Where a campaign stands, as its header says.
pub(crate) mod stage {
    /// A base process has found the sweep.
    pub(crate) const ATTACHED: u32 = 1;
    /// The baseline is known.
    pub(crate) const EXPLORING: u32 = 2;
    /// Every chain of the plan has its evidence, or there is trouble.
    pub(crate) const FINISHED: u32 = 3;
}

/// Runs without a failure, at most, until no new chain appears.
const ROUNDS_MAX: u32 = 10;
/// How often something from outside may kill a chain's process, or a recorder, before that is the chain's doing.
const KILLS_MAX: u32 = 8;
/// How long a process that is asked where it hangs may take to answer.
const ANSWER: Duration = Duration::from_millis(500);
/// A process that others keep from running is given this many times its limit.
const STARVED_FACTOR: u32 = 10;

/// A child at work.
struct Running {
    slot: usize,
    job: Job,
    launched: Launched,
    /// When it was asked where it hangs.
    asked: Option<u64>,
    killed: bool,
}

/// Carries a campaign through with children of one kind.
pub(crate) struct Director<'a> {
    session: Session<'a>,
    launcher: &'a dyn Launch,
    running: Vec<Running>,
    /// How many records of chains have been looked at for new ones.
    looked_at: usize,
}

impl<'a> Director<'a> {
    pub(crate) fn new(session: Session<'a>, launcher: &'a dyn Launch) -> Director<'a> {
        Director { session, launcher, running: Vec::new(), looked_at: 0 }
    }

    /// Records, explores, and finishes the campaign; what stopped it stands in the header as well.
    pub(crate) fn direct(mut self) {
        let header = self.session.campaign.header();
        let result = if header.stage.load(Acquire) < stage::EXPLORING { self.record() } else { self.take_over() };
        let result = result.and_then(|()| self.explore());
        if let Err(trouble) = result {
            let (number, text) = trouble.to_record();
            header.set_trouble(number, self.session.campaign.add_text(text.as_bytes()));
        }
        header.stage.store(stage::FINISHED, Release);
    }

    fn slot(&self, slot: usize) -> &'a Slot {
        &self.session.campaign.header().slots[slot]
    }

    /// Runs the body without a failure until no new chain appears.
    fn record(&mut self) -> Result<(), Trouble> {
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
            let slot = self.slot(0);
            baseline.outcome = first;
            baseline.repeatable &= second.is_some_and(|second| second.same_as(&first));
            baseline.nanos = baseline.nanos.max(slot.nanos.load(Relaxed));
            baseline.allocations = slot.allocations.load(Relaxed);
            baseline.threads = baseline.threads.max(slot.threads.load(Relaxed));
            baseline.rounds += 1;
        }
        if campaign.overflowed() {
            return Err(Trouble::TooManyChains(format!(
                "the body makes more call chains than there is room for ({})\n  help: raise `chains_max`",
                campaign.chains_max()
            )));
        }
        if !campaign.chains().iter().any(|chain| chain.state.load(Acquire) == state::PLANNED) {
            return Err(Trouble::NothingToFail);
        }
        campaign.header().set_baseline(baseline);
        self.looked_at = campaign.chains().len();
        self.keep_replayed()?;
        campaign.header().stage.store(stage::EXPLORING, Release);
        Ok(())
    }

    /// One recorder: the outcomes of its runs. One that something from outside kills has told nothing.
    fn recorded_run(&mut self) -> Result<(Outcome, Option<Outcome>), Trouble> {
        let (mut running, mut death) = self.recorder()?;
        for _ in 1..KILLS_MAX {
            if !is_from_outside(&running, death) {
                break;
            }
            (running, death) = self.recorder()?;
        }
        self.recorded(&running, death)
    }

    /// Runs a recorder to its end.
    fn recorder(&mut self) -> Result<(Running, Death), Trouble> {
        let slot = self.slot(0);
        slot.finished.store(0, Relaxed);
        slot.update(|evidence| *evidence = Evidence::default());
        self.launch(0, Job::Record)?;
        let limit = self.session.settings.baseline_limit();
        loop {
            if let Some(dead) = self.next_death(limit) {
                return Ok(dead);
            }
        }
    }

    /// What a recorder that has ended found out.
    fn recorded(&self, running: &Running, death: Death) -> Result<(Outcome, Option<Outcome>), Trouble> {
        let slot = self.slot(0);
        let limit = self.session.settings.baseline_limit();
        let printed = || {
            let tail = running.launched.capture.tail(STDERR_KEPT);
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
            _ if running.killed || running.asked.is_some() => {
                Err(Trouble::BaselineHangs(format!("{} s have passed{}", limit.as_secs(), printed())))
            }
            _ => Err(Trouble::BaselineFails(format!("{}{}", how_it_died(&evidence, death), printed()))),
        }
    }

    /// Goes on with a campaign whose base process died.
    fn take_over(&mut self) -> Result<(), Trouble> {
        self.take_back_orphans();
        Ok(())
    }

    /// Plans again what no process is at any more: a process can be killed between its claim of a chain and
    /// the note that tells which.
    fn take_back_orphans(&self) -> usize {
        let running = |chain: &&Chain| chain.state.load(Acquire) == state::RUNNING;
        self.session.campaign.chains().iter().filter(running).map(|chain| self.give_back(chain)).count()
    }

    /// Leaves only what the replay token names in the plan.
    fn keep_replayed(&self) -> Result<(), Trouble> {
        let Some(token) = self.session.settings.replay else { return Ok(()) };
        let campaign = self.session.campaign;
        let mut found = false;
        for chain in campaign.chains() {
            let Some(facts) = campaign.facts(chain) else { continue };
            if facts.id.lo == token.chain {
                found = true;
            } else {
                skip(chain, Quiet::NotReplayed);
            }
        }
        if found {
            return Ok(());
        }
        Err(Trouble::NotReplayed(format!(
            "FIRSTHIT_REPLAY={token}: this sweep meets no such chain\n  help: run the test that printed the token, with \
             `--exact`; after a change of the code, sweep again for new tokens"
        )))
    }

    /// Fails every chain of the plan.
    fn explore(&mut self) -> Result<(), Trouble> {
        let baseline = self.session.campaign.header().baseline();
        let limit = self.session.settings.limit(Duration::from_nanos(baseline.nanos));
        loop {
            self.look_for_new_chains();
            while self.running.len() < self.wanted_workers() {
                let taken = |slot: &usize| self.running.iter().any(|running| running.slot == *slot);
                let Some(slot) = (0..SLOTS).find(|slot| !taken(slot)) else { break };
                let launched = self.launch(slot, self.launcher.work());
                // With a worker at work the rest of the plan gets done, if more slowly.
                if launched.is_err() && self.running.is_empty() {
                    return launched;
                }
                if launched.is_err() {
                    break;
                }
            }
            if self.running.is_empty() {
                if self.take_back_orphans() == 0 {
                    return Ok(());
                }
                continue;
            }
            if let Some((running, death)) = self.next_death(limit) {
                self.settle(&running, death)?;
            }
        }
    }

    /// How many workers the rest of the plan is worth.
    fn wanted_workers(&self) -> usize {
        let open = [state::PLANNED, state::PLANNED_FRESH, state::PLANNED_ACCOUNT];
        let chains = self.session.campaign.chains();
        let left = chains.iter().filter(|chain| open.contains(&chain.state.load(Acquire)));
        let most = self.session.settings.workers.min(SLOTS);
        // A worker that is between two chains is counted with the one it will take next.
        let busy = self.running.iter().filter(|running| self.slot(running.slot).chain.load(Relaxed) != 0).count();
        left.take(most).count().saturating_add(busy).min(most)
    }

    fn launch(&mut self, slot: usize, job: Job) -> Result<(), Trouble> {
        let record = self.slot(slot);
        record.chain.store(0, Relaxed);
        record.began.store(0, Relaxed);
        record.finished.store(0, Relaxed);
        let launched = self.launcher.launch(slot, job).map_err(|error| {
            Trouble::Refused(format!(
                "a process to run the body in was refused: {error}\n  help: raise the limit of processes (`ulimit -u`) or \
                 of open files (`ulimit -n`), or set FIRSTHIT_EXPLORER=inline"
            ))
        })?;
        self.running.push(Running { slot, job, launched, asked: None, killed: false });
        Ok(())
    }

    /// Waits for a child's death until the next limit, asks and kills those that are over theirs.
    fn next_death(&mut self, limit: Duration) -> Option<(Running, Death)> {
        let now = unix::now();
        let mut wait = limit;
        for running in &mut self.running {
            let slot = &self.session.campaign.header().slots[running.slot];
            let began = slot.began.load(Relaxed);
            let left = remaining(running, began, limit, now);
            match left {
                Some(left) => wait = wait.min(left),
                None if running.asked.is_none() => {
                    running.asked = Some(now);
                    running.launched.child.signal_main_thread(child::hang_signal());
                    wait = wait.min(ANSWER);
                }
                None => {
                    running.killed = true;
                    running.launched.child.kill();
                }
            }
        }
        let children: Vec<_> = self.running.iter().map(|running| &running.launched.child).collect();
        let place = *unix::wait_for_deaths(&children, wait.max(Duration::from_millis(1))).first()?;
        let running = self.running.swap_remove(place);
        let death = running.launched.child.reap();
        Some((running, death))
    }

    /// Completes, or plans again, what a dead child was at.
    fn settle(&mut self, running: &Running, death: Death) -> Result<(), Trouble> {
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
        if is_from_outside(running, death) && chain.kills.fetch_add(1, Relaxed) < KILLS_MAX {
            self.give_back(chain);
            return Ok(());
        }
        let mut evidence = slot.evidence();
        if running.asked.is_some() {
            evidence.end = if evidence.retry == Retry::Begun { evidence.end } else { End::Hung };
        } else if !matches!(evidence.end, End::Infallible | End::Aborted | End::Hung) && evidence.retry != Retry::Begun
        {
            (evidence.end, evidence.code) = match death {
                Death::Signalled(signal) => (End::Signalled, signal),
                Death::Exited(status) => (End::Exited, status),
                Death::Untold => (End::Unknown, 0),
            };
        } else if let Death::Signalled(code) | Death::Exited(code) = death {
            evidence.code = code;
        }
        let printed = running.launched.capture.tail(STDERR_KEPT);
        evidence.heap_report = evidence.end == End::Signalled && reports_a_damaged_heap(&printed);
        evidence.stderr = campaign.add_text(&printed);
        campaign.complete(chain, evidence);
        Ok(())
    }

    fn give_back(&self, chain: &Chain) {
        let used_before = chain.attempts.load(Relaxed) > 0;
        chain.state.store(if used_before { state::PLANNED_FRESH } else { state::PLANNED }, Release);
    }

    /// Puts what children met outside of the plan into it, or leaves it out with a reason.
    fn look_for_new_chains(&mut self) {
        let campaign = self.session.campaign;
        while let Some(chain) = campaign.chains().get(self.looked_at) {
            let facts = campaign.facts(chain);
            if facts.is_none() && !self.running.is_empty() {
                return;
            }
            let number = self.looked_at as u32;
            self.looked_at += 1;
            // Its writer was killed in the middle.
            let Some(facts) = facts else { continue };
            if chain.state.load(Acquire) != state::FOUND {
                continue;
            }
            let inserted = loop {
                match campaign.stable().insert(facts.id, number) {
                    Inserted::Later => std::thread::yield_now(),
                    done => break done,
                }
            };
            let in_recovery = facts.after != crate::memory::record::NONE;
            let replayed =
                self.session.settings.replay.is_none_or(|token| in_recovery && token.second == Some(facts.id.lo));
            if inserted != Inserted::New {
                skip(chain, Quiet::Duplicate);
            } else if in_recovery && self.session.settings.depth < 2 {
                skip(chain, Quiet::RecoveryOnly);
            } else if !replayed {
                skip(chain, Quiet::NotReplayed);
            } else {
                chain.state.store(state::PLANNED, Release);
            }
        }
    }
}

/// Whether something other than the director and the code under test ended a process.
fn is_from_outside(running: &Running, death: Death) -> bool {
    death == Death::Signalled(libc::SIGKILL) && !running.killed
}

/// Takes a chain out of the plan.
fn skip(chain: &Chain, why: Quiet) {
    if chain.state.load(Acquire) != state::SKIPPED {
        chain.quiet.store(why as u32, Relaxed);
        chain.state.store(state::SKIPPED, Release);
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

fn how_it_died(evidence: &Evidence, death: Death) -> String {
    match (evidence.end, death) {
        (End::Infallible, _) => "it runs out of memory by itself".to_owned(),
        (End::Aborted, _) => "it aborts".to_owned(),
        (_, Death::Signalled(signal)) => format!("signal {signal} kills it"),
        (_, Death::Exited(status)) => format!("it exits with status {status}"),
        (_, Death::Untold) => "its process ended".to_owned(),
    }
}

/// Whether the end of what a process printed is glibc's report of a damaged heap.
fn reports_a_damaged_heap(printed: &[u8]) -> bool {
    let text = String::from_utf8_lossy(printed);
    let marks =
        ["free(): ", "malloc(): ", "realloc(): ", "double free or corruption", "corrupted size", "munmap_chunk(): "];
    marks.iter().any(|mark| text.contains(mark))
}
