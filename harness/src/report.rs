//! What a sweep found, for the test that asked and for people.

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::sync::atomic::Ordering::{Acquire, Relaxed};

use crate::annotation::point::Excuse;
use crate::chain::walker::Walker;
#[cfg(any(miri, target_family = "wasm"))]
use crate::coverage::leaving;
use crate::coverage::sweeps;
use crate::earlier::Earlier;
use crate::explain::{frames, name, report as text};
use crate::explorer::Explorer;
use crate::memory::campaign::Campaign;
use crate::memory::record::{Kind, Quiet, state};
use crate::narrator::{Failed, Narrator, failed, settle_whose_panic};
use crate::oracle::judge::judge;
use crate::second_failures::SecondFailures;
use crate::settings::Settings;
use crate::trouble::Trouble;
use crate::verdict::Verdict;

/// What a sweep found.
#[derive(Debug)]
pub struct Report {
    verdicts: Vec<Verdict>,
    failing: usize,
    trouble: Option<Trouble>,
    second_failures: SecondFailures,
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

    /// At depth 2: what became of the chains that are met only behind a failure.
    pub fn second_failures(&self) -> SecondFailures {
        self.second_failures
    }

    /// What kept the sweep from being carried through.
    pub fn trouble(&self) -> Option<&Trouble> {
        self.trouble.as_ref()
    }

    /// A report that says nothing but why there was no sweep.
    pub(crate) fn troubled(settings: &Settings, trouble: Trouble) -> Report {
        let text = format!("firsthit: {}\n{trouble}", title(settings));
        let second_failures = SecondFailures::default();
        Report { verdicts: Vec::new(), failing: 0, trouble: Some(trouble), second_failures, text }
    }

    /// The report of a sweep that another process has done, or is to do: this one only goes past it.
    pub(crate) fn passed_over(settings: &Settings, earlier: Earlier) -> Report {
        let text = format!("firsthit: {}: not swept in this process", title(settings));
        let second_failures = SecondFailures::default();
        Report {
            verdicts: earlier.verdicts,
            failing: usize::from(!earlier.clean),
            trouble: None,
            second_failures,
            text,
        }
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
        let injections =
            failed.iter().zip(&verdicts).map(|(failed, verdict)| (&failed.facts, &failed.evidence, *verdict));
        sweeps::take(campaign, injections);
        let narrator = Narrator::new(settings, campaign, &failed, &verdicts);
        let mut allowed_by = vec![0; settings.allowed.len()];
        let mut benign: BTreeMap<String, usize> = BTreeMap::new();
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
            if let Some(arm) = narrator.dropper(&failed.evidence, *verdict)
                && let Excuse::Benign(reason) = arm.point.excuse
            {
                *benign
                    .entry(format!("{}, which is marked benign: {reason}", narrator.dropped_by(arm)))
                    .or_default() += 1;
                continue;
            }
            failing += usize::from(fails(settings, *verdict));
            findings.push(finding);
        }
        tell_how(campaign, &failed, &verdicts, &mut notes);
        let second_failures = if settings.depth > 1 { SecondFailures::of(campaign) } else { SecondFailures::default() };
        notes.extend((settings.depth > 1).then(|| tell_second(settings, second_failures)));
        notes.extend(narrator.second_by_arm());
        let mut shown = findings.iter().filter(|finding| !finding.verdict.is_good()).flat_map(|finding| &finding.chain);
        let blind =
            shown.all(|symbol| symbol.line.is_none()) && findings.iter().any(|finding| !finding.verdict.is_good());
        for (allowed, &count) in settings.allowed.iter().zip(&allowed_by) {
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
        notes.extend(benign.iter().map(|(dropped, count)| format!("{count} {dropped}")));
        let brief = |verdict: Verdict| !fails(settings, verdict);
        let report = text::Report {
            test: &title(settings),
            findings: &findings,
            notes: &notes,
            base: frames::base(&narrator.folder),
            allowed: allowed_by.iter().chain(benign.values()).sum(),
            brief: &brief,
        };
        let mut text = report.to_string();
        match &trouble {
            Some(trouble) if verdicts.is_empty() => text = format!("firsthit: {}\n{trouble}", title(settings)),
            // What was found before it still holds.
            Some(trouble) => text = format!("{text}\n\n{trouble}"),
            None => {}
        }
        Report { verdicts, failing, trouble, second_failures, text }
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// How the sweep was done, and what has to be known of it beside its findings.
fn tell_how(campaign: &Campaign, failed: &[Failed<'_>], verdicts: &[Verdict], notes: &mut Vec<String>) {
    let header = campaign.header();
    let baseline = header.baseline();
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
    if header.allocations_pass.load(Relaxed) != 0 {
        notes.push(
            "allocations are not failed: the program's global allocator is not firsthit's; leaks of memory are not seen"
                .to_owned(),
        );
    }
    let lost = header.arms_lost.load(Relaxed);
    if lost > 0 {
        notes.push(format!(
            "the recovery arms of {lost} injections found no room and are not counted as tested: raise `chains_max`"
        ));
    }
    #[cfg(any(miri, target_family = "wasm"))]
    if leaving::has_begun() {
        notes.push(crate::annotation::registry::MISSING.to_owned());
    }
    let disturbed = failed.iter().zip(verdicts).filter(|(failed, verdict)| {
        let before = failed.suspected.checked_sub(1).and_then(|place| Verdict::ALL.get(place as usize));
        before.is_some_and(|before| before != *verdict)
    });
    let disturbed = disturbed.count();
    if disturbed > 0 {
        notes.push(format!(
            "{} ended in another way beside other workers than alone, which is what is told: the body shares something \
             with itself, such as a file of a fixed name",
            if disturbed == 1 { "1 chain".to_owned() } else { format!("{disturbed} chains") }
        ));
    }
    if !baseline.repeatable && header.trouble.load(Acquire) == 0 {
        notes.push("a second run in one process does not give what the first gives: no retry was judged".to_owned());
    }
    if !baseline.settled && baseline.rounds > 0 {
        notes.push(format!(
            "the last of {} runs without a failure still met new chains: which there are differs from run to run",
            baseline.rounds
        ));
    }
    // A replay fails one chain: what matches none of the others says nothing.
}

/// How much of depth 2 was done.
fn tell_second(settings: &Settings, second: SecondFailures) -> String {
    let most = settings.pairs_max;
    let why =
        if second.left > 0 { format!(": at most {most} are tried, see FIRSTHIT_PAIRS_MAX") } else { String::new() };
    format!("depth 2: {second}{why}")
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
        of(Quiet::Nofail).map(|n| format!("{} whose request says NOFAIL: not failed", chains(n))),
        of(Quiet::NotReplayed).map(|n| format!("{} not failed: FIRSTHIT_REPLAY names another", chains(n))),
        (too_deep > 0)
            .then(|| format!("{too_deep} allocations not failed: no walker finds the way to the sweep's frame")),
    ];
    reasons.into_iter().flatten().collect()
}
