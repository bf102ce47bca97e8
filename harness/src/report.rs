//! What a sweep found, for the test that asked and for people.

use std::collections::HashMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering::{Acquire, Relaxed};

use crate::chain::module::split;
use crate::chain::walker::Walker;
use crate::earlier::Earlier;
use crate::explain::finding::{self, Chain as Shown, Finding};
use crate::explain::frames::{self, Frames};
use crate::explain::{name, report as text};
use crate::explorer::Explorer;
use crate::memory::campaign::Campaign;
use crate::memory::record::{Chain, End, Evidence, Facts, Gave, Kind, NONE, Quiet, Retry, Span, state};
use crate::oracle::judge::judge;
use crate::settings::Settings;
use crate::symbols::{Address, Module, Symbols};
use crate::token::Token;
use crate::trouble::Trouble;
use crate::verdict::Verdict;
use crate::whose::TestCode;

/// What a sweep found.
#[derive(Debug)]
pub struct Report {
    verdicts: Vec<Verdict>,
    failing: usize,
    trouble: Option<Trouble>,
    text: String,
}

impl Report {
    /// Whether every failure that was injected ended well, or in a way that was allowed, and there was one.
    pub fn is_clean(&self) -> bool {
        self.failing == 0 && self.trouble.is_none()
    }

    /// The verdict of every chain that was failed, in the order in which the chains were first met.
    pub fn verdicts(&self) -> &[Verdict] {
        &self.verdicts
    }

    /// How many chains have this verdict.
    pub fn count(&self, verdict: Verdict) -> usize {
        self.verdicts.iter().filter(|found| **found == verdict).count()
    }

    /// What kept the sweep from being carried through.
    pub fn trouble(&self) -> Option<&Trouble> {
        self.trouble.as_ref()
    }

    /// A report that says nothing but why there was no sweep.
    pub(crate) fn troubled(settings: &Settings, trouble: Trouble) -> Report {
        let text = format!("firsthit: {}\n{trouble}", title(settings));
        Report { verdicts: Vec::new(), failing: 0, trouble: Some(trouble), text }
    }

    /// The report of a sweep that another process has done, or is to do: this one only goes past it.
    pub(crate) fn passed_over(settings: &Settings, earlier: Earlier) -> Report {
        let text = format!("firsthit: {}: not swept in this process", title(settings));
        Report { verdicts: earlier.verdicts, failing: usize::from(!earlier.clean), trouble: None, text }
    }

    /// What stands in a finished campaign.
    pub(crate) fn of(settings: &Settings, campaign: &Campaign, mut notes: Vec<String>) -> Report {
        let header = campaign.header();
        let trouble = Trouble::from_record(header.trouble.load(Acquire), campaign.text(header.trouble_text()));
        let baseline = header.baseline();
        let build = campaign.modules().first().map_or(0, |(id, _)| *id as u32);
        let mut failed: Vec<Failed<'_>> = failed(campaign);
        settle_whose_panic(settings, campaign, &mut failed);
        let verdicts: Vec<Verdict> = failed.iter().map(|failed| judge(&failed.evidence, &baseline.outcome)).collect();
        let narrator = Narrator::new(settings, campaign, &failed, &verdicts);
        let mut allowed_by = vec![0; settings.allowed.len()];
        let mut findings = Vec::new();
        let mut failing = 0;
        for (failed, verdict) in failed.iter().zip(&verdicts) {
            let finding = narrator.finding(failed, *verdict, build);
            let allowed = settings.allowed.iter().position(|allowed| {
                !verdict.is_good() && finding.chain.iter().any(|frame| name::matches(&frame.function, &allowed.pattern))
            });
            if let Some(place) = allowed {
                allowed_by[place] += 1;
                continue;
            }
            failing += usize::from(fails(settings, *verdict));
            findings.push(finding);
        }
        if let Some(explorer) = Explorer::from_number(baseline.explorer) {
            notes.insert(0, format!("explored by {explorer}: {}", campaign.text(baseline.reason)));
        }
        let ambiguous = header.ambiguous.load(Relaxed);
        if ambiguous > 0 {
            notes.push(format!(
                "{ambiguous} chains pass through code without frame pointers: each of their hits was walked exactly"
            ));
        }
        if header.disturbed.load(Relaxed) != 0 {
            notes.push(
                "the run that was split for snapshots did not end as the baseline: workers did it all again".to_owned(),
            );
        }
        notes.push(format!(
            "frames are found by {}; {} allocation{} in a run of {}",
            Walker::from_number(baseline.walker).as_str(),
            baseline.allocations,
            if baseline.allocations == 1 { "" } else { "s" },
            time(baseline.nanos)
        ));
        notes.extend(left_out(campaign));
        if !baseline.repeatable && trouble.is_none() {
            notes
                .push("a second run in one process does not give what the first gives: no retry was judged".to_owned());
        }
        let mut shown = findings.iter().filter(|finding| !finding.verdict.is_good()).flat_map(|finding| &finding.chain);
        let blind =
            shown.all(|symbol| symbol.line.is_none()) && findings.iter().any(|finding| !finding.verdict.is_good());
        // A replay fails one chain: what matches none of the others says nothing.
        for (allowed, count) in settings.allowed.iter().zip(allowed_by) {
            let (pattern, reason) = (&allowed.pattern, &allowed.reason);
            notes.push(match count {
                0 if settings.replay.is_some() => continue,
                0 if blind => format!(
                    "`allow(\"{pattern}\")` matches no finding; this build has no debugging information, without which \
                     inlined functions have no names (`debug = \"limited\"` in the profile adds it)"
                ),
                0 => format!("`allow(\"{pattern}\")` matches no finding any more: remove it"),
                _ => format!("{count} allowed by \"{pattern}\": {reason}"),
            });
        }
        let brief = |verdict: Verdict| !fails(settings, verdict);
        let report = text::Report {
            test: &title(settings),
            findings: &findings,
            notes: &notes,
            base: frames::base(&narrator.folder),
            brief: &brief,
        };
        let mut text = report.to_string();
        if let Some(trouble) = &trouble {
            text = format!("firsthit: {}\n{trouble}", title(settings));
        }
        Report { verdicts, failing, trouble, text }
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// Whether a verdict fails the test.
fn fails(settings: &Settings, verdict: Verdict) -> bool {
    match verdict {
        Verdict::Aborted => settings.denied.contains(&verdict),
        _ => !verdict.is_good(),
    }
}

fn title(settings: &Settings) -> String {
    let name = settings.name.as_deref();
    name.map_or_else(|| format!("{}:{}", settings.file, settings.line), str::to_owned)
}

fn time(nanos: u64) -> String {
    match nanos {
        0..1_000_000 => format!("{} µs", nanos / 1000),
        1_000_000..10_000_000_000 => format!("{} ms", nanos / 1_000_000),
        _ => format!("{} s", nanos / 1_000_000_000),
    }
}

/// One chain that was failed, or planned and not met again.
struct Failed<'a> {
    facts: Facts,
    evidence: Evidence,
    before: Option<&'a Chain>,
}

fn failed(campaign: &Campaign) -> Vec<Failed<'_>> {
    let chains = campaign.chains();
    let done = chains.iter().filter(|chain| chain.state.load(Acquire) == state::DONE);
    let failed = done.filter_map(|chain| {
        let facts = campaign.facts(chain)?;
        let before = (facts.after != NONE).then(|| chains.get(facts.after as usize)).flatten();
        Some(Failed { facts, evidence: campaign.evidence(chain), before })
    });
    failed.collect()
}

/// Looks up the function of each panic whose file is the test's and may hold more than tests.
fn settle_whose_panic(settings: &Settings, campaign: &Campaign, failed: &mut [Failed<'_>]) {
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

/// What was known and not failed, and why.
fn left_out(campaign: &Campaign) -> Vec<String> {
    let mut counts: HashMap<u32, usize> = HashMap::new();
    for chain in campaign.chains() {
        let spawn = campaign.facts(chain).is_some_and(|facts| facts.request.kind == Kind::Spawn);
        if chain.state.load(Acquire) == state::SKIPPED && !spawn {
            *counts.entry(chain.quiet.load(Relaxed)).or_default() += 1;
        }
    }
    let too_deep = campaign.header().too_deep.load(Relaxed);
    let of = |quiet: Quiet| counts.get(&(quiet as u32)).copied().filter(|count| *count > 0);
    let chains = |count: usize| format!("{count} {}", if count == 1 { "chain" } else { "chains" });
    let reasons = [
        of(Quiet::Panicking).map(|n| format!("{} met only while panicking: not failed", chains(n))),
        of(Quiet::Backtrace).map(|n| format!("{} inside std's backtrace capture: not failed", chains(n))),
        of(Quiet::NotReplayed).map(|n| format!("{} not failed: FIRSTHIT_REPLAY names another", chains(n))),
        (too_deep > 0)
            .then(|| format!("{too_deep} allocations not failed: no walker finds the way to the sweep's frame")),
    ];
    reasons.into_iter().flatten().collect()
}

/// Turns records into findings, with the symbols of everything that will be shown.
struct Narrator<'a> {
    settings: &'a Settings,
    campaign: &'a Campaign,
    symbols: Symbols,
    /// Where the test runs.
    folder: PathBuf,
}

impl<'a> Narrator<'a> {
    fn new(settings: &'a Settings, campaign: &'a Campaign, failed: &[Failed<'_>], verdicts: &[Verdict]) -> Self {
        let modules = modules(campaign);
        let mut addresses = Vec::new();
        let mut want = |span| addresses.extend(addresses_of(campaign, span));
        for (failed, _) in failed.iter().zip(verdicts).filter(|(_, verdict)| !verdict.is_good()) {
            let Evidence { leaks, hung_in, forbidden, .. } = failed.evidence;
            let owners = campaign.leaks(leaks).iter().filter_map(|leak| frames_of(campaign, leak.chain));
            let others = [failed.facts.spawned_by].into_iter().filter_map(|chain| frames_of(campaign, chain));
            let before = failed.before.and_then(|chain| campaign.facts(chain)).map(|facts| facts.frames);
            [failed.facts.frames, hung_in, forbidden].into_iter().for_each(&mut want);
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

    fn finding(&self, failed: &Failed<'_>, verdict: Verdict, build: u32) -> Finding {
        let Failed { facts, evidence, before } = failed;
        let request = facts.request;
        let kind = match request.kind {
            Kind::AllocZeroed => finding::Kind::AllocZeroed,
            Kind::Realloc => finding::Kind::Realloc,
            Kind::Alloc | Kind::Spawn => finding::Kind::Alloc,
        };
        let realloc = request.kind == Kind::Realloc;
        let first = before.and_then(|chain| self.campaign.facts(chain));
        let token = match first {
            Some(first) => Token { chain: first.id.lo, second: Some(facts.id.lo), build },
            None => Token { chain: facts.id.lo, second: None, build },
        };
        let leaks = self.campaign.leaks(evidence.leaks).iter().map(|leak| finding::Leak {
            bytes: leak.bytes as usize,
            count: leak.count as usize,
            chain: frames_of(self.campaign, leak.chain).map(|span| self.shown(span)).unwrap_or_default(),
        });
        let present = |span: Span| (span.len > 0).then(|| self.shown(span));
        Finding {
            verdict,
            request: finding::Request {
                kind,
                size: if realloc { request.old_size } else { request.size } as usize,
                align: request.align as usize,
                new_size: request.size as usize,
            },
            chain: self.shown(first.map_or(facts.frames, |first| first.frames)),
            spawned_by: frames_of(self.campaign, facts.spawned_by).map(|span| self.shown(span)),
            second: first.map(|_| self.shown(facts.frames)),
            evidence: self.told(evidence),
            leaks: leaks.collect(),
            hang: present(evidence.hung_in),
            forbidden: present(evidence.forbidden),
            replay: self.replay(token),
        }
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
            End::Signalled => told.push(format!("killed by {}", signal(evidence.code))),
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

fn signal(number: i32) -> String {
    // As Linux numbers them: where there is no fork, no process is known to have died of one.
    let name = match number {
        11 => "SIGSEGV",
        7 => "SIGBUS",
        4 => "SIGILL",
        8 => "SIGFPE",
        6 => "SIGABRT",
        5 => "SIGTRAP",
        9 => "SIGKILL",
        _ => "",
    };
    if name.is_empty() { format!("signal {number}") } else { format!("signal {number} ({name})") }
}

fn frames_of(campaign: &Campaign, number: u32) -> Option<Span> {
    let chain = campaign.chains().get(number as usize)?;
    campaign.facts(chain).map(|facts| facts.frames)
}

fn addresses_of(campaign: &Campaign, span: Span) -> Vec<Address> {
    let split = campaign.frames(span).into_iter().filter_map(split);
    split.map(|(module, offset)| Address { module, offset }).collect()
}
