//! A campaign as the tool sees it that has a program swept: what it asks, what is proposed to it, what came of it.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::Ordering::{Acquire, Relaxed, Release};
use std::time::Duration;

use super::entry::ORDERS;
use super::execs::ByProcesses;
use super::facts::{Address, Baseline, Chain, Ending, Evidence, Function, Module, Stage, Standing};
use crate::chain::module::split;
use crate::chain::walker::Walker;
use crate::explore::fresh::Orders;
use crate::explore::launch::Job;
use crate::memory::bell;
use crate::memory::campaign::{Campaign, Sizes};
use crate::memory::record::{self, End, Kind, NONE, Quiet, Span, stage, state};
use crate::trouble::Trouble;

/// What is asked of a program's sweep.
#[derive(Clone, Copy, Debug)]
pub struct Asked {
    /// The longest time of a run; `None` derives it from the runs without a failure.
    pub limit: Option<Duration>,
    /// How many runs may be under way at a time.
    pub workers: usize,
    /// Whether the program was built with frame pointers; if not, unwind rules find its chains.
    pub frame_pointers: bool,
    /// For how many chains there is room.
    pub chains_max: usize,
    /// 2: chains that are met only behind a failure are proposed, too, once behind each failure that leads to them.
    pub depth: u32,
}

/// The campaign of a program's sweep, followed from another process.
#[derive(Debug)]
pub struct Followed {
    pub(super) campaign: Arc<Campaign>,
    heard: u32,
}

impl Followed {
    /// A new campaign.
    ///
    /// # Errors
    /// When the operating system refuses the memory.
    pub fn begin(asked: &Asked) -> io::Result<Followed> {
        let campaign = Campaign::create(asked.chains_max, Sizes::default())?;
        let follower = &campaign.header().follower;
        follower.follows.store(1, Relaxed);
        let limit = asked.limit.map_or(0, |limit| limit.as_millis().clamp(1, u32::MAX.into()));
        follower.limit_ms.store(limit as u32, Relaxed);
        follower.depth.store(asked.depth, Relaxed);
        follower.walker.store(if asked.frame_pointers { 0 } else { Walker::UnwindRules as u32 }, Relaxed);
        let followed = Followed { campaign: Arc::new(campaign), heard: 0 };
        followed.set_workers(asked.workers);
        Ok(followed)
    }

    /// The variable that the program has to be started with, by this process and this thread: it ends with the thread.
    pub fn variable(&self) -> (&'static str, String) {
        let parent = std::process::id();
        let orders =
            Orders { job: None, request: None, slot: 0, parent, ordinal: 0, line: 0, campaign: self.campaign.path() };
        (ORDERS, orders.to_word())
    }

    /// Has the chain `number` failed in one more run, which somebody else starts: with this variable, and nobody watches it.
    /// To be called when the campaign is finished, and nothing if the chain was met no more.
    pub fn arm(&self, number: usize) -> Option<(&'static str, String)> {
        for from in [state::SKIPPED, state::DONE, state::PROPOSED] {
            self.decide(number, from, state::PLANNED);
        }
        let armed = self.standing(number) == Standing::Planned;
        let orders = Orders {
            job: Some(Job::One),
            request: None,
            slot: 0,
            parent: 0,
            ordinal: 0,
            line: 0,
            campaign: self.campaign.path(),
        };
        armed.then(|| (ORDERS, orders.to_word()))
    }

    /// What carries the campaign through from this process: where the program told [`Trouble::OwnsThreads`], and is gone.
    pub fn by_processes(&self) -> ByProcesses {
        self.campaign.header().begin_again();
        ByProcesses::new(Arc::clone(&self.campaign))
    }

    /// How many runs may be under way at a time, from now on.
    pub fn set_workers(&self, workers: usize) {
        self.campaign.header().follower.workers.store(workers.max(1) as u32, Relaxed);
    }

    /// Waits until something has happened since the last time, at most for `limit`.
    pub fn wait(&mut self, limit: Duration) {
        self.heard = bell::wait(&self.campaign.header().follower.news, self.heard, limit);
    }

    /// Wakes the director, which does what was planned since.
    pub fn ring(&self) {
        bell::ring(&self.campaign.header().follower.bell);
    }

    /// Says that nothing more will be planned: when all that is planned is done, the program ends.
    pub fn close(&self) {
        self.campaign.header().follower.closed.store(1, Release);
        self.ring();
    }

    /// How far it has come.
    pub fn stage(&self) -> Stage {
        match self.campaign.header().stage.load(Acquire) {
            0 => Stage::Starting,
            stage::ATTACHED => Stage::Recording,
            stage::EXPLORING => Stage::Exploring,
            _ => Stage::Finished,
        }
    }

    /// What stopped it.
    pub fn trouble(&self) -> Option<Trouble> {
        let header = self.campaign.header();
        Trouble::from_record(header.trouble.load(Acquire), self.campaign.text(header.trouble_text()))
    }

    /// What runs without a failure are like, from [`Stage::Exploring`] on.
    pub fn baseline(&self) -> Baseline {
        let known = self.campaign.header().baseline();
        Baseline {
            status: known.outcome.digest as i32,
            printed: self.campaign.text(known.outcome.text),
            allocations: known.allocations,
            rounds: known.rounds,
            settled: known.settled,
            nanos: known.nanos,
            threads: known.threads,
            walker: Walker::from_number(self.campaign.header().follower.walker.load(Relaxed)).as_str(),
        }
    }

    /// The files that addresses lie in.
    pub fn modules(&self) -> Vec<Module> {
        let modules = self.campaign.modules().into_iter();
        modules.map(|(build, path)| Module { build, path: PathBuf::from(path) }).collect()
    }

    /// How many chains are known by now.
    pub fn chains(&self) -> usize {
        self.campaign.chains().len()
    }

    /// What the chain `number` is; `None` while it is being written.
    pub fn chain(&self, number: usize) -> Option<Chain> {
        let chain = self.campaign.chains().get(number)?;
        let facts = self.campaign.facts(chain)?;
        Some(Chain {
            id: [facts.id.lo, facts.id.hi],
            frames: self.addresses(facts.frames),
            function: function(facts.request.kind),
            size: facts.request.size,
            align: facts.request.align.into(),
            spawned_by: (facts.spawned_by != NONE).then_some(facts.spawned_by as usize),
            behind: (facts.after != NONE).then_some(facts.after as usize),
            quiet: chain.quiet.load(Relaxed) != Quiet::No as u32,
        })
    }

    /// Where the thread of a chain was spawned, where the thread that did it was, and so on: return addresses, innermost
    /// first.
    pub fn spawners(&self, chain: &Chain) -> Vec<Vec<Address>> {
        let mut spawners: Vec<Vec<Address>> = Vec::new();
        let mut by = chain.spawned_by;
        // A chain is recorded behind its spawner's, so this ends; a record that is damaged must not keep it from that.
        while let Some(spawner) = by.filter(|_| spawners.len() < self.chains()).and_then(|number| self.chain(number)) {
            by = spawner.spawned_by;
            spawners.push(spawner.frames);
        }
        spawners
    }

    /// Where the chain `number` stands.
    pub fn standing(&self, number: usize) -> Standing {
        match self.campaign.chains().get(number).map_or(state::EMPTY, |chain| chain.state.load(Acquire)) {
            state::EMPTY => Standing::Unknown,
            state::FOUND => Standing::Met,
            state::PROPOSED => Standing::Proposed,
            state::SKIPPED if self.is_beside(number) => Standing::Beside,
            state::SKIPPED => Standing::LeftOut,
            state::DONE => Standing::Done,
            _ => Standing::Planned,
        }
    }

    fn is_beside(&self, number: usize) -> bool {
        let beside = [Quiet::RecoveryOnly, Quiet::Duplicate].map(|quiet| quiet as u32);
        let quiet = self.campaign.chains().get(number).map(|chain| chain.quiet.load(Relaxed));
        quiet.is_some_and(|quiet| beside.contains(&quiet))
    }

    /// Has the chain `number` failed, if it is proposed; [`ring`](Followed::ring) when all are named.
    pub fn plan(&self, number: usize) {
        self.decide(number, state::PROPOSED, state::PLANNED);
    }

    /// Has the chain `number` failed once more, in a process of its own, if it is done.
    pub fn plan_again(&self, number: usize) {
        self.decide(number, state::DONE, state::PLANNED_FRESH);
    }

    /// Leaves the chain `number` out, if it is proposed, or planned and nobody is at it.
    pub fn leave_out(&self, number: usize) {
        for from in [state::PROPOSED, state::PLANNED, state::PLANNED_FRESH] {
            self.decide(number, from, state::SKIPPED);
        }
    }

    fn decide(&self, number: usize, from: u32, to: u32) {
        if let Some(chain) = self.campaign.chains().get(number) {
            let _ = chain.state.compare_exchange(from, to, Release, Relaxed);
        }
    }

    /// What came of the chain `number`, if it is done.
    pub fn evidence(&self, number: usize) -> Option<Evidence> {
        let chain = self.campaign.chains().get(number).filter(|_| self.standing(number) == Standing::Done)?;
        let seen = self.campaign.evidence(chain);
        Some(self.told(&seen, self.campaign.text(seen.stderr)))
    }

    pub(super) fn told(&self, seen: &record::Evidence, printed: String) -> Evidence {
        let leaks = self.campaign.leaks(seen.leaks).iter();
        Evidence {
            ending: ending(seen),
            panics: seen.panic.count,
            panicked_in: self.addresses(seen.panic.frames),
            stood_in: self.addresses(seen.stood_in),
            descriptors: seen.fds.max(0).cast_unsigned(),
            leaks: leaks.map(|leak| (leak.chain as usize, leak.count, leak.bytes)).collect(),
            damage: self.campaign.text(seen.damage),
            printed,
            heap_report: seen.heap_report,
            arms: self.arms(seen.ran),
        }
    }

    fn arms(&self, ran: Span) -> Vec<String> {
        let usual = self.campaign.header().usual_arms.load(Relaxed);
        let usual = self.campaign.text(Span { start: (usual >> 32) as u32, len: usual as u32 });
        let usual: Vec<&str> = usual.split_whitespace().collect();
        let ran = self.campaign.text(ran);
        // Of which there were too many, it is not known which of them are new.
        if usual.contains(&"*") || ran == "*" {
            return Vec::new();
        }
        ran.split_whitespace().filter(|arm| !usual.contains(arm)).map(str::to_owned).collect()
    }

    pub(super) fn addresses(&self, span: Span) -> Vec<Address> {
        let frames = self.campaign.frames(span).into_iter();
        let known = |(module, offset)| Address { module: Some(module), offset };
        frames.map(|frame| split(frame).map_or(Address { module: None, offset: frame }, known)).collect()
    }
}

pub(super) fn function(kind: Kind) -> Function {
    match kind {
        Kind::AllocZeroed => Function::Calloc,
        Kind::Realloc => Function::Realloc,
        Kind::Spawn => Function::Spawn,
        Kind::Alloc | Kind::FailPoint | Kind::Told => Function::Malloc,
    }
}

fn ending(seen: &record::Evidence) -> Ending {
    match seen.end {
        End::Unknown if seen.fired == 0 => Ending::NotMet,
        End::Returned => Ending::Exited(seen.code),
        End::Exited => Ending::Left(seen.code),
        End::Aborted | End::Infallible => Ending::Aborted,
        End::Signalled => Ending::Killed(seen.code),
        End::Hung => Ending::Hung,
        End::Panicked | End::Unknown => Ending::Untold,
    }
}
