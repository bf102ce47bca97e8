//! The sweep of one test: its program is started, its chains are named and planned, and what comes of each is judged.

use std::collections::{HashMap, HashSet};
use std::io::{Read, Seek, SeekFrom};
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::Child;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering::Relaxed;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use camino::Utf8PathBuf;
use firsthit::program::followed::{self, Asked, Ending, Followed, Function, Stage, Standing};
use firsthit::{Mode, Trouble, Verdict};

use crate::chains::asked::asked;
use crate::chains::chain_id::ChainId;
use crate::chains::frame::Frame;
use crate::chains::judge::{Case, judge};
use crate::chains::named::{Identities, LeftOut, Named, named};
use crate::chains::symbols::{Address, Module, Place, Symbols};
use crate::chains::test_code::TestCode;
use crate::results::outcome::{Leak, Outcome};
use crate::results::swept::{Chains, Ended, Swept};
use crate::running::subject::Subject;

/// How long the tool sleeps at most before it looks after the program.
const GLANCE: Duration = Duration::from_millis(20);
/// How long a program may take to its `main`: the loader's work, and that of its constructors.
const START_LIMIT: Duration = Duration::from_secs(30);
/// How many programs of one test are killed from outside until that is told: the system does so when memory is short.
const KILLS_MAX: u32 = 8;
/// The number of SIGKILL.
const SIGKILL: i32 = 9;

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
        notes: Vec::new(),
    }
}

/// A chain of the campaign, as this side knows it.
struct Known {
    id: ChainId,
    named: Named,
}

struct Sweep<'a> {
    subject: &'a Subject,
    common: &'a Common<'a>,
    listener: &'a dyn Listener,
    followed: Followed,
    program: Child,
    output: std::fs::File,
    code: TestCode,
    identities: Identities,
    /// The preloaded library's.
    library: Module,
    /// By the campaign's numbers.
    modules: Vec<Module>,
    /// By the campaign's numbers.
    known: Vec<Option<Known>>,
    /// How many of them have been looked at, and those of which it was not clear yet what they are.
    looked_at: usize,
    unclear: Vec<usize>,
    /// Chains that are to be failed and of which nothing has been told.
    open: Vec<usize>,
    /// How many there have been of them.
    to_fail: usize,
    chains: Chains,
    begun: Instant,
    closed: bool,
    /// Whether there are chains that were to be failed, and were taken back when the user asked to stop.
    withdrawn: bool,
    /// Chains that were told of by now.
    told: HashSet<ChainId>,
    /// Whether this process has killed the program.
    killed: bool,
}

impl<'a> Sweep<'a> {
    /// Starts the program.
    fn begin(subject: &'a Subject, common: &'a Common<'a>, listener: &'a dyn Listener) -> Result<Sweep<'a>, String> {
        let asked = Asked {
            mode: Mode::Once,
            limit: common.limit,
            workers: listener.workers(),
            frame_pointers: subject.frame_pointers,
            chains_max: 1 << 17,
        };
        let memory = |error| {
            format!("memory for the record of the sweep was refused: {error}\n  help: raise `ulimit -v` and `-n`")
        };
        let followed = Followed::begin(&asked).map_err(memory)?;
        let refused = |error| format!("{} cannot be started: {error}", subject.program.display());
        let output = tempfile::tempfile().map_err(refused)?;
        let mut command = subject.command(common.library, followed.variable());
        command.stdout(output.try_clone().map_err(refused)?).stderr(output.try_clone().map_err(refused)?);
        let program = command.spawn().map_err(refused)?;
        let code = match subject.must_succeed {
            true => TestCode::new(&subject.krate, &subject.test, common.test_code, common.packages),
            false => TestCode::none(),
        };
        Ok(Sweep {
            subject,
            common,
            listener,
            followed,
            program,
            output,
            code,
            identities: Identities::default(),
            library: common.symbols.module(common.library),
            modules: Vec::new(),
            known: Vec::new(),
            looked_at: 0,
            unclear: Vec::new(),
            open: Vec::new(),
            to_fail: 0,
            chains: Chains::default(),
            begun: Instant::now(),
            closed: false,
            withdrawn: false,
            told: HashSet::new(),
            killed: false,
        })
    }

    /// Follows the program to its end.
    fn follow(&mut self) -> Swept {
        let mut died = false;
        // Where the program has threads before its `main`, this process directs, and every run is a process of its own.
        let mut directing: Option<JoinHandle<()>> = None;
        loop {
            self.followed.wait(GLANCE);
            // First whether it lives: what it wrote before its death is then all there.
            died = died || !matches!(self.program.try_wait(), Ok(None));
            let stage = self.followed.stage();
            self.followed.set_workers(self.listener.workers());
            if stage == Stage::Finished
                && directing.is_none()
                && matches!(self.followed.trouble(), Some(Trouble::OwnsThreads(_)))
            {
                let (direct, subject, library) =
                    (self.followed.by_processes(), self.subject.clone(), self.common.library.to_owned());
                let command = move |variable: &str, orders: String| subject.command(&library, (variable, orders));
                directing = Some(std::thread::spawn(move || direct.direct(&command)));
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
                self.killed = true;
                let _ = self.program.kill();
                died = true;
            }
        }
        let _ = self.program.wait();
        if let Some(directing) = directing {
            let _ = directing.join();
        }
        let ended = self.ended();
        self.swept(ended)
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
        let killed = matches!(self.program.try_wait(), Ok(Some(status)) if status.signal() == Some(SIGKILL));
        killed && !self.killed && !self.stopped() && self.followed.stage() < Stage::Finished
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
            self.killed = true;
            let _ = self.program.kill();
        }
    }

    /// Names and plans what was recorded since the last time, and tells what is done.
    fn hear(&mut self) {
        let new = self.looked_at..self.followed.chains();
        self.looked_at = new.end;
        let mut proposed = Vec::new();
        for number in std::mem::take(&mut self.unclear).into_iter().chain(new) {
            match self.followed.standing(number) {
                Standing::Unknown => self.unclear.push(number),
                // It says something of the code that deals with failures, and nothing of runs without one.
                Standing::Beside => {}
                _ => proposed.push(number),
            }
        }
        if !proposed.is_empty() {
            self.decide(&proposed);
        }
        for number in std::mem::take(&mut self.open) {
            match self.followed.evidence(number) {
                Some(evidence) => self.tell(number, &evidence),
                None => self.open.push(number),
            }
        }
        if self.open.is_empty() && !self.closed {
            self.closed = true;
            self.followed.close();
        } else if !proposed.is_empty() {
            self.followed.ring();
        }
    }

    fn decide(&mut self, proposed: &[usize]) {
        let chains: Vec<_> = proposed.iter().filter_map(|number| self.followed.chain(*number)).collect();
        let frames = self.frames(&chains.iter().map(|chain| chain.frames.as_slice()).collect::<Vec<_>>());
        let named: Vec<_> =
            chains.iter().zip(&frames).map(|(chain, frames)| named(chain, frames, &self.code)).collect();
        // A spawner is recorded before what its thread does, and may be recorded together with it.
        let mut ids: HashMap<usize, ChainId> = HashMap::new();
        let has_id = |place: &usize| named[*place].left_out.is_none() || chains[*place].function == Function::Spawn;
        let mut waves: Vec<usize> = (0..named.len()).filter(has_id).collect();
        while !waves.is_empty() {
            let spawner =
                |place: usize| chains[place].spawned_by.map(|by| (by, self.id_of(by).or(ids.get(&by).copied())));
            let (ready, later): (Vec<_>, Vec<_>) = waves
                .iter()
                .partition(|place| spawner(**place).is_none_or(|(by, id)| id.is_some() || !proposed.contains(&by)));
            let ready = if ready.is_empty() { later.clone() } else { ready };
            let with: Vec<_> =
                ready.iter().map(|place| (&named[*place], spawner(*place).and_then(|(_, id)| id))).collect();
            let given = self.identities.of(&self.subject.test, &with);
            ids.extend(ready.iter().map(|place| proposed[*place]).zip(given));
            waves.retain(|place| !ready.contains(place));
        }
        self.known.resize_with(self.followed.chains().max(self.known.len()), || None);
        for (number, named) in proposed.iter().zip(named) {
            let id = ids.get(number).copied().unwrap_or(ChainId(0));
            let open = self.plan(*number, id, &named);
            self.open.extend(open.then_some(*number));
            self.to_fail += usize::from(open || self.told.contains(&id));
            self.known[*number] = Some(Known { id, named });
        }
        self.listener.planned(self.to_fail);
    }

    fn id_of(&self, number: usize) -> Option<ChainId> {
        self.known.get(number)?.as_ref().map(|known| known.id)
    }

    /// Whether the chain is failed; one that is not is left out and counted.
    fn plan(&mut self, number: usize, id: ChainId, named: &Named) -> bool {
        if named.request.function == "pthread_create" {
            return false;
        }
        self.chains.known += 1;
        let choice = match named.left_out {
            Some(why) => Err(why),
            None if self.told.contains(&id) => Ok(Choice::Done),
            None => Ok(self.listener.choose(id, named)),
        };
        let chains = &mut self.chains;
        let count = match choice {
            Err(LeftOut::OutOfScope) => &mut chains.out_of_scope,
            Err(LeftOut::OfTheTest) => &mut chains.of_the_test,
            Err(LeftOut::Quiet) => &mut chains.quiet,
            Ok(Choice::Fail | Choice::Done) => &mut chains.planned,
            Ok(Choice::SeenBefore) => &mut chains.seen_before,
            Ok(Choice::OtherShard) => &mut chains.other_shards,
            Ok(Choice::NotAskedFor) => &mut chains.not_asked_for,
        };
        *count += 1;
        let fails = choice == Ok(Choice::Fail);
        if fails {
            self.followed.plan(number);
        } else {
            self.followed.leave_out(number);
        }
        fails
    }

    /// The frames of each list of addresses, innermost first, without those of the preloaded library.
    fn frames(&mut self, lists: &[&[followed::Address]]) -> Vec<Vec<Arc<Place>>> {
        self.learn_modules();
        let module = |address: &followed::Address| address.module.and_then(|module| self.modules.get(module)).copied();
        let own = |address: &&followed::Address| module(address) == Some(self.library);
        let lists: Vec<Vec<_>> =
            lists.iter().map(|list| list.iter().filter(|address| !own(address)).collect()).collect();
        let place = |address: &&followed::Address| Address { module: module(address), offset: address.offset };
        let mut frames = self.common.symbols.of(lists.iter().flatten().map(place).collect()).into_iter();
        lists.iter().map(|list| frames.by_ref().take(list.len()).collect()).collect()
    }

    /// Takes note of the files that the program has loaded since the last time.
    fn learn_modules(&mut self) {
        let modules = self.followed.modules();
        let new = modules.iter().skip(self.modules.len());
        self.modules.extend(new.map(|module| self.common.symbols.module(&module.path)));
    }

    /// Judges what came of a chain, and tells the listener.
    fn tell(&mut self, number: usize, evidence: &followed::Evidence) {
        let mut lists = vec![evidence.panicked_in.as_slice(), evidence.stood_in.as_slice()];
        let owners: Vec<_> = evidence.leaks.iter().filter_map(|(chain, ..)| self.followed.chain(*chain)).collect();
        lists.extend(owners.iter().map(|chain| chain.frames.as_slice()));
        let frames = self.frames(&lists);
        let mut frames = frames.iter().map(|frames| whole(frames));
        let (panicked_in, stood_in) = (frames.next().unwrap_or_default(), frames.next().unwrap_or_default());
        let leaks = evidence.leaks.iter().zip(frames);
        let leaks = leaks.map(|((_, count, bytes), chain)| Leak { bytes: *bytes, count: u64::from(*count), chain });
        let leaks = leaks.collect();
        let usual_status = self.followed.baseline().status;
        let case = Case { evidence, panicked_in: &panicked_in, stood_in: &stood_in, usual_status, code: &self.code };
        let judged = judge(&case);
        let spawner = self.followed.chain(number).and_then(|chain| chain.spawned_by);
        let spawned_by = spawner.and_then(|by| self.known.get(by)?.as_ref()).filter(|by| by.named.left_out.is_none());
        let spawned_by = spawned_by.map(|by| by.named.frames.clone()).unwrap_or_default();
        let Some(known) = self.known[number].as_ref() else { return };
        let went_on = match evidence.ending {
            Ending::Aborted => (judged.verdict == Verdict::Aborted).then_some(true),
            Ending::Exited(_) => Some(false),
            _ => None,
        };
        let stands = matches!(evidence.ending, Ending::Hung | Ending::Aborted) && judged.verdict != Verdict::Aborted;
        let mut facts = judged.facts;
        let printed = evidence.printed.trim();
        // What a panic says is told already.
        let says_why = judged.panic.as_ref().is_some_and(|panic| panic.message.is_some());
        if !printed.is_empty() && !says_why && !judged.verdict.is_good() && judged.verdict != Verdict::Aborted {
            facts.push(format!("printed:\n{printed}"));
        }
        let outcome = Outcome {
            id: known.id,
            test: self.subject.test.clone(),
            verdict: judged.verdict,
            build: self.subject.build.clone(),
            request: known.named.request.clone(),
            asked: asked(&known.named.frames, went_on),
            chain: known.named.frames.clone(),
            spawned_by,
            panic: judged.panic,
            stood: if stands { stood_in } else { Vec::new() },
            leaks,
            evidence: facts,
        };
        self.told.insert(outcome.id);
        self.listener.outcome(outcome, printed);
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
                let printed = self.printed();
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

    /// The end of what the program printed before its `main`.
    fn printed(&mut self) -> String {
        let mut text = Vec::new();
        let read = self.output.seek(SeekFrom::Start(0)).and_then(|_| self.output.read_to_end(&mut text));
        let text = String::from_utf8_lossy(&text);
        let text = text.trim();
        if read.is_err() || text.is_empty() { String::new() } else { format!(": it printed:\n{text}") }
    }

    fn swept(&self, ended: Ended) -> Swept {
        let baseline = self.followed.baseline();
        Swept {
            test: self.subject.test.clone(),
            build: self.subject.build.clone(),
            ended,
            walker: baseline.walker.to_owned(),
            allocations: baseline.allocations,
            rounds: baseline.rounds,
            nanos: baseline.nanos,
            chains: self.chains,
            notes: Vec::new(),
        }
    }
}

/// A chain of its own.
fn whole(places: &[Arc<Place>]) -> Vec<Frame> {
    places.iter().flat_map(|place| place.frames.iter().cloned()).collect()
}
