//! From the records of a campaign to findings that can be told: evidence in words, addresses by their names.

use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering::{Acquire, Relaxed};

use crate::annotation::registry::{self, Declared};
use crate::chain::module::split;
use crate::explain::finding::{self, Chain as Shown, Finding, What};
use crate::explain::frames::{self, Frames};
use crate::explain::name;
use crate::memory::campaign::Campaign;
use crate::memory::record::{Chain, End, Evidence, Facts, Gave, Kind, NONE, Request, Retry, Span, state};
use crate::second_failures::SecondFailures;
use crate::settings::Settings;
use crate::symbols::{Address, Module, Symbols};
use crate::token::Token;
use crate::verdict::Verdict;
use crate::whose::TestCode;

/// One chain that was failed, or planned and not met again.
pub(crate) struct Failed<'a> {
    pub(crate) facts: Facts,
    pub(crate) evidence: Evidence,
    before: Option<&'a Chain>,
    /// The verdict that it had got before, as the record numbers it.
    pub(crate) suspected: u32,
}

/// Every chain that was failed, in the order in which they were first met.
pub(crate) fn failed(campaign: &Campaign) -> Vec<Failed<'_>> {
    let chains = campaign.chains();
    let done = chains.iter().filter(|chain| chain.state.load(Acquire) == state::DONE);
    let failed = done.filter_map(|chain| {
        let facts = campaign.facts(chain)?;
        let before = (facts.after != NONE).then(|| chains.get(facts.after as usize)).flatten();
        let suspected = chain.suspected.load(Relaxed);
        Some(Failed { facts, evidence: campaign.evidence(chain), before, suspected })
    });
    failed.collect()
}

/// Looks up the function of each panic whose file is the test's and may hold more than tests.
pub(crate) fn settle_whose_panic(settings: &Settings, campaign: &Campaign, failed: &mut [Failed<'_>]) {
    let code = TestCode::new(settings.body, settings.name.as_deref());
    let mut open: Vec<_> =
        failed.iter_mut().map(|failed| &mut failed.evidence.panic).filter(|panic| panic.frames.len > 0).collect();
    if open.is_empty() {
        return;
    }
    let addresses: Vec<_> = open.iter().flat_map(|panic| addresses_of(campaign, panic.frames)).collect();
    let symbols = Symbols::resolve(&modules(campaign), &addresses);
    for panic in &mut open {
        let frames = symbols.chain(&addresses_of(campaign, panic.frames));
        panic.in_test = code.has(&campaign.text(panic.file), panic.line, &frames);
    }
}

fn modules(campaign: &Campaign) -> Vec<Module> {
    campaign.modules().into_iter().map(|(_, path)| Module { path: PathBuf::from(path) }).collect()
}

/// Turns records into findings, with the symbols of everything that will be shown.
pub(crate) struct Narrator<'a> {
    settings: &'a Settings,
    campaign: &'a Campaign,
    symbols: Symbols,
    /// Where the test runs.
    pub(crate) folder: PathBuf,
}

impl<'a> Narrator<'a> {
    pub(crate) fn new(
        settings: &'a Settings,
        campaign: &'a Campaign,
        failed: &[Failed<'_>],
        verdicts: &[Verdict],
    ) -> Self {
        let modules = modules(campaign);
        let mut addresses = Vec::new();
        let mut want = |span| addresses.extend(addresses_of(campaign, span));
        for (failed, _) in failed.iter().zip(verdicts).filter(|(_, verdict)| !verdict.is_good()) {
            let Evidence { leaks, lost_by, forbidden, .. } = failed.evidence;
            let stood = stood_in(&failed.evidence);
            let leaks = campaign.leaks(leaks).iter().chain(campaign.leaks(lost_by));
            let owners = leaks.filter_map(|leak| frames_of(campaign, leak.chain));
            let others = [failed.facts.spawned_by].into_iter().filter_map(|chain| frames_of(campaign, chain));
            let before = failed.before.and_then(|chain| campaign.facts(chain)).map(|facts| facts.frames);
            [failed.facts.frames, stood, forbidden].into_iter().for_each(&mut want);
            owners.chain(others).chain(before).for_each(&mut want);
        }
        let folder = std::env::current_dir().unwrap_or_default();
        Narrator { settings, campaign, symbols: Symbols::resolve(&modules, &addresses), folder }
    }

    fn shown(&self, span: Span) -> Shown {
        let mut chain = self.symbols.chain(&addresses_of(self.campaign, span));
        if let Some(test) = &self.settings.name {
            for symbol in &mut chain {
                if let Some(function) = name::swept(&symbol.function, test) {
                    symbol.function = function;
                }
            }
        }
        chain
    }

    pub(crate) fn finding(&self, failed: &Failed<'_>, verdict: Verdict, build: u32) -> Finding {
        let Failed { facts, evidence, before, .. } = failed;
        let first = before.and_then(|chain| self.campaign.facts(chain));
        let token = match first {
            Some(first) => Token { chain: first.id.lo, second: Some(facts.id.lo), build },
            None => Token { chain: facts.id.lo, second: None, build },
        };
        let leaks = self.campaign.leaks(evidence.leaks).iter().chain(self.campaign.leaks(evidence.lost_by));
        let leaks = leaks.map(|leak| finding::Leak {
            bytes: leak.bytes as usize,
            count: leak.count as usize,
            chain: frames_of(self.campaign, leak.chain).map(|span| self.shown(span)).unwrap_or_default(),
        });
        let dropped = self.dropper(evidence, verdict).map(|arm| self.dropped_by(arm));
        let present = |span: Span| (span.len > 0).then(|| self.shown(span));
        Finding {
            verdict,
            failed: self.what(&first.unwrap_or(*facts)),
            chain: self.shown(first.map_or(facts.frames, |first| first.frames)),
            spawned_by: frames_of(self.campaign, facts.spawned_by).map(|span| self.shown(span)),
            second: first.map(|_| self.shown(facts.frames)),
            second_failed: first.map(|_| self.what(facts)).filter(|what| !matches!(what, What::Request(_))),
            evidence: dropped.into_iter().chain(self.told(evidence)).collect(),
            leaks: leaks.collect(),
            stood: present(stood_in(evidence)),
            forbidden: present(evidence.forbidden),
            replay: self.replay(token),
        }
    }

    /// What failed.
    fn what(&self, facts: &Facts) -> What {
        let Request { kind, align, size, old_size } = facts.request;
        let (kind, size, new_size) = match kind {
            Kind::AllocZeroed => (finding::Kind::AllocZeroed, size, 0),
            Kind::Realloc => (finding::Kind::Realloc, old_size, size),
            Kind::Told => return What::Told(self.campaign.text(facts.point[0])),
            Kind::Alloc | Kind::Spawn | Kind::FailPoint => (finding::Kind::Alloc, size, 0),
        };
        let (size, align, new_size) = (size as usize, align as usize, new_size as usize);
        self.point(facts).map_or(What::Request(finding::Request { kind, size, align, new_size }), What::Point)
    }

    /// The fail point, if it was one.
    fn point(&self, facts: &Facts) -> Option<finding::Point> {
        let Request { kind, size, old_size, .. } = facts.request;
        let [name, text] = facts.point.map(|text| self.campaign.text(text));
        let point = finding::Point { name, number: size as usize, count: old_size as usize, text };
        (kind == Kind::FailPoint).then_some(point)
    }

    /// The arm that dropped a swallowed failure, as far as annotated code knows: the last one that could.
    pub(crate) fn dropper(&self, evidence: &Evidence, verdict: Verdict) -> Option<&'static Declared> {
        let arms = self.campaign.arms(evidence.arms).into_iter().rev();
        let mut declared = arms.filter_map(|arm| registry::declared().get(arm as usize));
        declared.find(|declared| verdict == Verdict::Swallowed && declared.point.kind.drops())
    }

    /// What is told of the arm that dropped a failure.
    pub(crate) fn dropped_by(&self, Declared { function, point }: &Declared) -> String {
        let file = Frames { base: frames::base(&self.folder) }.shown(Path::new(function.file));
        format!("dropped by `{}` at {file}:{}:{}", point.kind.as_str(), point.line, point.column)
    }

    /// Of each recovery arm that ran because of a failure: how many of the chains behind that failure failed, too.
    pub(crate) fn second_by_arm(&self) -> Vec<String> {
        let by_arm = SecondFailures::by_arm(self.campaign).into_iter();
        let told = by_arm.filter_map(|(arm, second)| {
            let Declared { function, point } = registry::declared().get(arm as usize)?;
            let file = Frames { base: frames::base(&self.folder) }.shown(Path::new(function.file));
            let (kind, place) = (point.kind.as_str(), format!("{file}:{}:{}", point.line, point.column));
            Some(format!("depth 2: behind the arm `{kind}` at {place}: {second}"))
        });
        told.collect()
    }

    /// What was seen, a fact a line.
    fn told(&self, evidence: &Evidence) -> Vec<String> {
        let text = |span: Span| self.campaign.text(span);
        let mut told = Vec::new();
        let panic = evidence.panic;
        if panic.count > 0 {
            let (file, message) = (text(panic.file), text(panic.message));
            let file = Frames { base: frames::base(&self.folder) }.shown(Path::new(&file));
            told.push(format!("panicked at {file}:{}:{}: {message}", panic.line, panic.column));
        }
        match evidence.end {
            End::Signalled => told.push(format!("killed by {}", name::signal(evidence.code))),
            End::Exited => told.push(format!("the process exited with status {}", evidence.code)),
            End::Aborted if panic.count > 1 => told.push("panicked while panicking, which aborts".to_owned()),
            End::Aborted if panic.count == 1 => told.push("the panic could not unwind, which aborts".to_owned()),
            End::Aborted => told.push("called abort".to_owned()),
            End::Unknown if evidence.fired > 0 => {
                told.push("the process ended, and something else took its status".to_owned());
            }
            _ => {}
        }
        let given = evidence.outcome;
        let usual = text(self.campaign.header().baseline().outcome.text);
        match given.gave {
            Gave::Value => told.push(format!("gave `{}`; without the failure `{usual}`", text(given.text))),
            Gave::Error if !given.expected => told.push(format!("gave `{}`, not an expected error", text(given.text))),
            Gave::Error => told.push(format!("gave `{}`", text(given.text))),
            Gave::Nothing => {}
        }
        match evidence.retry {
            Retry::Different => told.push(format!("a retry without a failure gave `{}`", text(evidence.retried.text))),
            Retry::Panicked => told.push("a retry without a failure panicked".to_owned()),
            Retry::Begun => {
                told.push(format!("a retry without a failure ended the process ({})", ended(evidence.code)));
            }
            Retry::NotRun | Retry::Same => {}
        }
        let held = [(evidence.fds, "file descriptor"), (evidence.threads, "thread")];
        for (count, what) in held.into_iter().filter(|(count, _)| *count > 0) {
            told.push(format!("left {count} {what}{} behind", if count == 1 { "" } else { "s" }));
        }
        if evidence.invariant.len > 0 {
            told.push(format!("the invariant \"{}\" does not hold", text(evidence.invariant)));
        }
        let of_its_own = [evidence.damage, evidence.lost].into_iter().filter(|span| span.len > 0);
        told.extend(of_its_own.map(text));
        if evidence.doubtful && evidence.end == End::Hung {
            told.push(
                "seen in a process that was forked beside other threads, whose locks it may have found held: run the test \
                 alone, or set FIRSTHIT_EXPLORER=process, to be sure"
                    .to_owned(),
            );
        }
        if evidence.stderr.len > 0 && evidence.end != End::Infallible {
            told.push(format!("printed:\n{}", text(evidence.stderr).trim_end()));
        }
        told
    }

    /// The command that repeats one chain.
    fn replay(&self, token: Token) -> String {
        let package = std::env::var("CARGO_PKG_NAME").map(|name| format!(" -p {name}")).unwrap_or_default();
        let release = if cfg!(debug_assertions) { "" } else { " --release" };
        let test = self.settings.name.as_deref().unwrap_or("TEST");
        format!("FIRSTHIT_REPLAY={token} cargo test{package}{release} -- --exact {test} --nocapture")
    }
}

fn ended(code: i32) -> String {
    if code == 0 { "it said nothing".to_owned() } else { format!("status or signal {code}") }
}

fn frames_of(campaign: &Campaign, number: u32) -> Option<Span> {
    let chain = campaign.chains().get(number as usize)?;
    campaign.facts(chain).map(|facts| facts.frames)
}

/// Where it stood when its time was over; empty if it was not.
/// Where it hung, or used freed memory.
fn stood_in(evidence: &Evidence) -> Span {
    if evidence.end == End::Hung || evidence.damage.len > 0 { evidence.stood_in } else { Span::default() }
}

fn addresses_of(campaign: &Campaign, span: Span) -> Vec<Address> {
    let split = campaign.frames(span).into_iter().filter_map(split);
    split.map(|(module, offset)| Address { module, offset }).collect()
}
