//! A program whose requests fail by their numbers: a fresh process for each, and nothing of what a sweep decides by.
//!
//! What it shares with a sweep is what it is compared by: the accounts of what is lost, and how an end is written down.
//! There is no fork, no plan, and no set of chains that says what fails: a counter does.

use std::cell::Cell;
use std::collections::{HashMap, VecDeque};
use std::io;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::Ordering::{Acquire, Relaxed};
use std::time::Duration;

use super::entry::{ORDERS, settings};
use super::facts::{Address, Baseline, Chain, Ending, Evidence, Module};
use super::followed::{Asked, Followed, function};
use crate::chain::walker::Walker;
use crate::explore::baseline::Recording;
use crate::explore::crew::{Crew, KILLS_MAX};
use crate::explore::fresh::Orders;
use crate::explore::launch::{Job, Launch, Launched};
use crate::explore::session::Session;
use crate::explore::unix::{Capture, Child, Death};
use crate::memory::campaign::Campaign;
use crate::memory::header::SLOTS;
use crate::memory::record::{self, End, NONE, finished};
use crate::settings::Settings;
use crate::trouble::Trouble;

/// How long a death is waited for before more is started.
const PATIENCE: Duration = Duration::from_millis(20);

/// Makes the program's command, with the variable of this name and value.
pub type Commands<'a> = dyn Fn(&str, String) -> Command + 'a;

/// One run whose request of some number was to fail.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Numbered {
    /// The request's number; of the program's first thread a negative one, for those are counted apart.
    pub number: i64,
    /// What failed; `None` if there were not so many requests.
    pub failed: Option<Failed>,
    /// How the process ended, as the system tells it.
    pub own_end: Ending,
    /// What was seen, and written down by the library.
    pub evidence: Evidence,
}

/// The request that failed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Failed {
    /// As an exact walk found it where it failed; its number among chains is not known.
    pub chain: Chain,
    /// Where its thread was spawned, where the thread that did it was, and so on: return addresses, innermost first.
    pub spawners: Vec<Vec<Address>>,
}

/// Runs of one program, each in a fresh process.
#[derive(Debug)]
pub struct ByNumber {
    followed: Followed,
}

/// Starts the program for a request's number.
struct Starts<'a> {
    campaign: &'a Campaign,
    command: &'a Commands<'a>,
    number: Cell<i64>,
}

impl Launch for Starts<'_> {
    fn launch(&self, slot: usize, job: Job) -> io::Result<Launched> {
        let capture = Capture::create()?;
        let request = Some(if job == Job::Record { 0 } else { self.number.get() });
        let (parent, campaign) = (std::process::id(), self.campaign.path());
        let orders = Orders { job: Some(job), request, slot, parent, ordinal: 0, line: 0, campaign };
        let mut command = (self.command)(ORDERS, orders.to_word());
        let child = command.stdin(Stdio::null()).stdout(capture.stream()?).stderr(capture.stream()?).spawn()?;
        Ok(Launched { child: Child::watch(child.id())?, capture })
    }

    fn work(&self) -> Job {
        Job::One
    }
}

impl ByNumber {
    /// Nothing has run yet.
    ///
    /// # Errors
    /// When the operating system refuses the memory.
    pub fn begin(asked: &Asked) -> io::Result<ByNumber> {
        Ok(ByNumber { followed: Followed::begin(asked)? })
    }

    /// Runs the program without a failure, twice at least, and counts its requests.
    ///
    /// The processes end with the thread that calls it.
    ///
    /// # Errors
    /// When a run fails, does not end, or differs from another one in how it ends.
    pub fn record(&self, command: &Commands<'_>) -> Result<(), Trouble> {
        let campaign = &self.followed.campaign;
        let launcher = Starts { campaign, command, number: Cell::new(0) };
        let settings = settings(campaign);
        let baseline = Recording { session: self.session(&settings), launcher: &launcher }.rounds()?;
        campaign.header().set_baseline(baseline);
        Ok(())
    }

    /// What runs without a failure are like.
    pub fn baseline(&self) -> Baseline {
        self.followed.baseline()
    }

    /// The fewest and the most requests that a run without a failure made: on its first thread, and on all others.
    pub fn requests(&self) -> [[u64; 2]; 2] {
        self.followed.campaign.header().baseline().requests
    }

    /// The number of each chain's first request in runs without a failure, in no order.
    pub fn firsts(&self) -> Vec<i64> {
        let firsts = self.followed.campaign.chains().iter().map(|chain| chain.first.load(Relaxed));
        firsts.filter(|first| *first != 0).collect()
    }

    /// The files that addresses lie in.
    pub fn modules(&self) -> Vec<Module> {
        self.followed.modules()
    }

    /// The frames of a chain that is named as the owner of what was lost.
    pub fn owner(&self, number: usize) -> Vec<Address> {
        self.followed.chain(number).map(|chain| chain.frames).unwrap_or_default()
    }

    /// Fails the requests of these numbers, each in a process of its own, `workers` at a time, and tells `hear` of each in
    /// the order in which they end. What is under way is heard of, too, when no more numbers come.
    ///
    /// The processes end with the thread that calls it.
    ///
    /// # Errors
    /// When the system refuses a process, or the program has another allocator than the C library's.
    pub fn run(
        &self,
        numbers: &mut dyn Iterator<Item = i64>,
        workers: &dyn Fn() -> usize,
        command: &Commands<'_>,
        hear: &mut dyn FnMut(Numbered),
    ) -> Result<(), Trouble> {
        let header = self.followed.campaign.header();
        let launcher = Starts { campaign: &self.followed.campaign, command, number: Cell::new(0) };
        let settings = settings(&self.followed.campaign);
        let limit = settings.limit(Duration::from_nanos(header.baseline().nanos));
        let mut crew = Crew::new(self.session(&settings));
        // By slots. What something from outside killed is run again.
        let mut under_way: HashMap<usize, i64> = HashMap::new();
        let (mut again, mut kills): (VecDeque<i64>, u32) = (VecDeque::new(), 0);
        loop {
            while crew.len() < workers().clamp(1, SLOTS) {
                let Some(slot) = crew.free_slot(0) else { break };
                let Some(number) = again.pop_front().or_else(|| numbers.next()) else { break };
                header.slots[slot].update(|evidence| *evidence = record::Evidence::default());
                launcher.number.set(number);
                match crew.launch(&launcher, slot, Job::One) {
                    Ok(()) => drop(under_way.insert(slot, number)),
                    // With one at work the rest gets done, if more slowly.
                    Err(_) if !crew.is_empty() => {
                        again.push_back(number);
                        break;
                    }
                    Err(trouble) => return Err(trouble),
                }
            }
            if crew.is_empty() {
                return Ok(());
            }
            let Some((running, death)) = crew.next_death(limit, PATIENCE) else { continue };
            let slot = &header.slots[running.slot];
            if slot.finished.load(Acquire) == finished::CANARY_FAILED {
                return Err(Trouble::NotInstalled);
            }
            let Some(number) = under_way.remove(&running.slot) else { continue };
            if running.was_killed_from_outside(death) && kills < KILLS_MAX {
                kills += 1;
                again.push_back(number);
                continue;
            }
            let (mut seen, printed) = crew.ended(&running, death);
            if seen.end == End::Exited && slot.finished.load(Acquire) == finished::ONCE {
                // It came to all that runs when a program exits.
                seen.end = End::Returned;
            }
            let evidence = self.followed.told(&seen, String::from_utf8_lossy(&printed).into_owned());
            let own_end = match death {
                _ if running.was_late() => Ending::Hung,
                Death::Exited(status) => Ending::Exited(status),
                Death::Signalled(signal) => Ending::Killed(signal),
                Death::Untold => Ending::Untold,
            };
            let failed = (seen.fired > 0).then(|| self.failed(&slot.struck()));
            hear(Numbered { number, failed, own_end, evidence });
        }
    }

    fn session<'a>(&'a self, settings: &'a Settings) -> Session<'a> {
        let campaign: &Arc<Campaign> = &self.followed.campaign;
        let walker = Walker::from_number(campaign.header().follower.walker.load(Relaxed).max(1));
        Session { shares_std: false, ..Session::new(settings, campaign, walker) }
    }

    fn failed(&self, struck: &record::Struck) -> Failed {
        let spawner = (struck.spawned_by != NONE).then_some(struck.spawned_by as usize);
        let chain = Chain {
            behind: None,
            id: [0; 2],
            frames: self.followed.addresses(struck.frames),
            function: function(struck.request.kind),
            size: struck.request.size,
            align: struck.request.align.into(),
            spawned_by: spawner,
            quiet: false,
        };
        let spawners = self.followed.spawners(&chain);
        Failed { chain, spawners }
    }
}
