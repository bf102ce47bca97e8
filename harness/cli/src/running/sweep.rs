//! The sweep of one test: its program is started, followed to its end, and what became of it is told.

use std::collections::HashSet;
use std::path::Path;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering::Relaxed;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use camino::Utf8PathBuf;
use firsthit::Trouble;
use firsthit::program::facts::{Stage, Standing};
use firsthit::program::followed::{Asked, Followed};

use crate::chains::chain_id::ChainId;
use crate::chains::named::{Identities, Named};
use crate::chains::symbols::Symbols;
use crate::chains::test_code::TestCode;
use crate::results::outcome::Outcome;
use crate::results::swept::{Chains, Ended, Second, Swept};
use crate::running::base::Base;
use crate::running::located::Located;
use crate::running::subject::Subject;

/// How long the tool sleeps at most before it looks after the program.
const GLANCE: Duration = Duration::from_millis(20);
/// How long a program may take to its `main`: the loader's work, and that of its constructors.
const START_LIMIT: Duration = Duration::from_secs(30);
/// How many programs of one test are killed from outside until that is told: the system does so when memory is short.
const KILLS_MAX: u32 = 8;

/// What every sweep of a run has in common.
#[derive(Debug)]
pub(crate) struct Common<'a> {
    pub(crate) symbols: Symbols,
    /// The library that is preloaded.
    pub(crate) library: &'a Path,
    /// Files or modules of tests' own code, as the configuration names them.
    pub(crate) test_code: &'a [String],
    /// Where the packages lie, relative to the workspace.
    pub(crate) packages: &'a [Utf8PathBuf],
    /// How long a run may take.
    pub(crate) limit: Option<Duration>,
    /// How many failures a run gets: 1, or 2.
    pub(crate) depth: u32,
    /// How many pairs of failures each test gets at the most.
    pub(crate) pairs_max: u32,
    /// Whether every run is a fresh process of the program, and none a fork of one that stands before its `main`.
    pub(crate) apart: bool,
    /// Set when the user asks to stop.
    pub(crate) stop: &'a AtomicBool,
}

/// What is done with a chain that could be failed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Choice {
    Fail,
    /// An earlier part of this run has failed it.
    Done,
    /// An earlier run has.
    SeenBefore,
    OtherShard,
    NotAskedFor,
}

/// Who hears of a sweep while it goes on, and has a word in it.
pub(crate) trait Listener {
    /// Whether a chain is to be failed.
    fn choose(&self, id: ChainId, named: &Named) -> Choice;
    /// How many runs of this test may be under way at a time, asked again and again.
    fn workers(&self) -> usize;
    /// So many chains are planned by now.
    fn planned(&self, chains: usize);
    /// What came of one, and the end of what the run printed.
    fn outcome(&self, outcome: Outcome, printed: &str);
}

/// Sweeps one test. If something from outside kills its program, what is left to do is done by a new one.
pub(crate) fn sweep(subject: &Subject, common: &Common<'_>, listener: &dyn Listener) -> Swept {
    sweep_and_keep(subject, common, listener).0
}

/// Sweeps one test, and keeps what was recorded of it, if it could be.
pub(crate) fn sweep_and_keep(
    subject: &Subject,
    common: &Common<'_>,
    listener: &dyn Listener,
) -> (Swept, Option<Recorded>) {
    let (mut told, mut kills) = (HashSet::new(), 0);
    loop {
        let mut sweep = match Sweep::begin(subject, common, listener) {
            Ok(sweep) => Sweep { told, ..sweep },
            Err(why) => return (refused(subject, why), None),
        };
        let swept = sweep.follow();
        kills += 1;
        if kills >= KILLS_MAX || !sweep.was_killed_from_outside() {
            let ids = sweep.known.into_iter().map(|known| known.map(|known| known.id)).collect();
            return (swept, Some(Recorded { followed: sweep.followed, ids }));
        }
        told = sweep.told;
    }
}

/// The chains of a test whose sweep is over.
pub(crate) struct Recorded {
    followed: Followed,
    /// By the campaign's numbers.
    ids: Vec<Option<ChainId>>,
}

impl Recorded {
    /// The campaign.
    pub(crate) fn followed(&self) -> &Followed {
        &self.followed
    }

    /// The identity of the chain `number` of the campaign, if it is one that could be failed.
    pub(crate) fn id(&self, number: usize) -> Option<ChainId> {
        self.ids.get(number).copied().flatten()
    }

    /// The variable by which the program, started with it, runs once with this chain failing, as long as this lives. Nothing
    /// if there is no such chain.
    pub(crate) fn arm(&self, id: ChainId) -> Option<(&'static str, String)> {
        let number = self.ids.iter().position(|known| *known == Some(id))?;
        self.followed.arm(number)
    }
}

/// What is told of a test that cannot be swept.
pub(crate) fn refused(subject: &Subject, why: String) -> Swept {
    Swept {
        test: subject.test.clone(),
        build: subject.build.clone(),
        ended: Ended::Refused(why),
        walker: String::new(),
        allocations: 0,
        rounds: 0,
        nanos: 0,
        chains: Chains::default(),
        second: None,
        notes: Vec::new(),
    }
}

/// A chain of the campaign, as this side knows it.
pub(super) struct Known {
    pub(super) id: ChainId,
    pub(super) named: Named,
}

pub(super) struct Sweep<'a> {
    pub(super) subject: &'a Subject,
    pub(super) common: &'a Common<'a>,
    pub(super) listener: &'a dyn Listener,
    pub(super) followed: Followed,
    base: Base,
    pub(super) code: TestCode,
    pub(super) identities: Identities,
    pub(super) located: Located,
    /// By the campaign's numbers.
    pub(super) known: Vec<Option<Known>>,
    /// How many of them have been looked at, and those of which it was not clear yet what they are.
    pub(super) looked_at: usize,
    pub(super) unclear: Vec<usize>,
    /// Chains that are to be failed and of which nothing has been told.
    pub(super) open: Vec<usize>,
    /// How many there have been of them.
    pub(super) to_fail: usize,
    pub(super) chains: Chains,
    pub(super) second: Second,
    begun: Instant,
    pub(super) closed: bool,
    /// Whether there are chains that were to be failed, and were taken back when the user asked to stop.
    withdrawn: bool,
    /// Chains that were told of by now.
    pub(super) told: HashSet<ChainId>,
}

impl<'a> Sweep<'a> {
    /// Starts the program.
    fn begin(subject: &'a Subject, common: &'a Common<'a>, listener: &'a dyn Listener) -> Result<Sweep<'a>, String> {
        let asked = Asked {
            limit: common.limit,
            workers: listener.workers(),
            frame_pointers: subject.frame_pointers,
            chains_max: 1 << 17,
            depth: common.depth,
        };
        let memory = |error| {
            format!("memory for the record of the sweep was refused: {error}\n  help: raise `ulimit -v` and `-n`")
        };
        let followed = Followed::begin(&asked).map_err(memory)?;
        let refused = |error| format!("{} cannot be started: {error}", subject.program.display());
        let base = match common.apart {
            true => Base::none(),
            false => Base::start(subject.command(common.library, followed.variable())).map_err(refused)?,
        };
        let code = match subject.must_succeed {
            true => TestCode::new(&subject.krate, &subject.test, common.test_code, common.packages),
            false => TestCode::none(),
        };
        Ok(Sweep {
            subject,
            common,
            listener,
            followed,
            base,
            code,
            identities: Identities::default(),
            located: Located::new(&common.symbols, common.library),
            known: Vec::new(),
            looked_at: 0,
            unclear: Vec::new(),
            open: Vec::new(),
            to_fail: 0,
            chains: Chains::default(),
            second: Second::default(),
            begun: Instant::now(),
            closed: false,
            withdrawn: false,
            told: HashSet::new(),
        })
    }

    /// Follows the program to its end.
    fn follow(&mut self) -> Swept {
        let mut died = false;
        // Where the program has threads before its `main`, this process directs, and every run is a process of its own.
        let mut directing: Option<JoinHandle<()>> = (!self.base.is_there()).then(|| self.direct());
        loop {
            self.followed.wait(GLANCE);
            // First whether it lives: what it wrote before its death is then all there.
            died = died || self.base.is_dead();
            let stage = self.followed.stage();
            self.followed.set_workers(self.listener.workers());
            if stage == Stage::Finished
                && directing.is_none()
                && matches!(self.followed.trouble(), Some(Trouble::OwnsThreads(_)))
            {
                directing = Some(self.direct());
                continue;
            }
            if stage >= Stage::Exploring && !self.baseline_fails() {
                self.hear();
            }
            if self.stopped() {
                self.withdraw();
            }
            let over = directing.as_ref().map_or(died, JoinHandle::is_finished);
            if stage == Stage::Finished || over {
                break;
            }
            if stage == Stage::Starting && directing.is_none() && self.begun.elapsed() > START_LIMIT {
                self.base.kill();
                died = true;
            }
        }
        self.base.wait();
        if let Some(directing) = directing {
            let _ = directing.join();
        }
        let ended = self.ended();
        self.swept(ended)
    }

    /// Carries the campaign through from this process, on a thread of its own, with a fresh process for each run.
    fn direct(&self) -> JoinHandle<()> {
        let (direct, subject, library) =
            (self.followed.by_processes(), self.subject.clone(), self.common.library.to_owned());
        let command = move |variable: &str, orders: String| subject.command(&library, (variable, orders));
        std::thread::spawn(move || direct.direct(&command))
    }

    /// Whether the program fails by itself, so that nothing can be told of its failures; then it is let go.
    fn baseline_fails(&mut self) -> bool {
        let fails = self.subject.must_succeed && self.followed.baseline().status != 0;
        if fails && !self.closed {
            self.closed = true;
            self.followed.close();
        }
        fails
    }

    /// Whether the program was killed, by neither this process nor itself, before all was done.
    fn was_killed_from_outside(&mut self) -> bool {
        self.base.was_killed_from_outside() && !self.stopped() && self.followed.stage() < Stage::Finished
    }

    fn stopped(&self) -> bool {
        self.common.stop.load(Relaxed)
    }

    /// Takes back what nobody has begun with.
    fn withdraw(&mut self) {
        let followed = &self.followed;
        let before = self.open.len();
        self.open.retain(|number| {
            followed.leave_out(*number);
            followed.standing(*number) != Standing::LeftOut
        });
        self.withdrawn |= self.open.len() < before;
        if !self.closed && self.followed.stage() < Stage::Exploring {
            // There is nothing yet that could be lost.
            self.base.kill();
        }
    }

    fn ended(&mut self) -> Ended {
        if self.stopped() && (self.withdrawn || !self.open.is_empty() || !self.closed) {
            return Ended::Stopped;
        }
        match self.followed.trouble() {
            Some(Trouble::BaselineFails(how)) => Ended::BaselineFails(how),
            Some(Trouble::BaselineHangs(how)) => Ended::BaselineHangs(how),
            Some(Trouble::Unstable(how)) => Ended::Unstable(how),
            Some(Trouble::NotInstalled) => Ended::NothingInjected(
                "failures are not delivered: the program has an allocator of its own in the place of the C library's\n  \
                 help: switch it off for tests"
                    .to_owned(),
            ),
            Some(trouble) => Ended::Refused(trouble.to_string()),
            None if self.followed.stage() < Stage::Finished => {
                let printed = self.base.printed();
                let how = if self.followed.stage() == Stage::Starting { "did not come to its main" } else { "died on the way" };
                Ended::Refused(format!("the program {how}{printed}"))
            }
            None if self.stopped() && !self.open.is_empty() => Ended::Stopped,
            None if self.subject.must_succeed && self.followed.baseline().status != 0 => {
                let baseline = self.followed.baseline();
                Ended::BaselineFails(format!("it ends with status {}\n{}", baseline.status, baseline.printed.trim()))
            }
            None => Ended::Swept,
        }
    }

    fn swept(&self, ended: Ended) -> Swept {
        let baseline = self.followed.baseline();
        let unsettled = (baseline.rounds > 0 && !baseline.settled).then(|| {
            let runs = baseline.rounds;
            format!("the last of {runs} runs without a failure still met new chains: which there are differs from run to run")
        });
        Swept {
            test: self.subject.test.clone(),
            build: self.subject.build.clone(),
            ended,
            walker: baseline.walker.to_owned(),
            allocations: baseline.allocations,
            rounds: baseline.rounds,
            nanos: baseline.nanos,
            chains: self.chains,
            second: (self.common.depth > 1).then(|| self.second.clone()),
            notes: unsettled.into_iter().collect(),
        }
    }
}
