//! The data of a page: all that lists, tree, sources and search show, in columns of numbers beside one list of texts.

use std::collections::{BTreeMap, BTreeSet};

use camino::Utf8PathBuf;
use firsthit::Verdict;
use firsthit::coverage::door::Point;
use serde::Serialize;

use super::clean;
use super::columns::{Columns, Entry};
use super::details::Details;
use super::source::{self, Source};
use super::subject::{State, Subject};
use super::tables::{Frames, NONE, Strings, number};
use super::tree::Tree;
use crate::chains::frame::{Frame, Owner};
use crate::contents::arms;
use crate::contents::cause::{Level, asked_by};
use crate::contents::second_failures;
use crate::results::outcome::Outcome;
use crate::results::swept::Ended;

/// As many chains have their details in one file.
pub(crate) const CHUNK: usize = 200;
/// As many bytes of sources are in one report.
const SOURCES: usize = 64 << 20;

/// What stands in `data/report.js`.
#[derive(Debug, Serialize)]
pub(crate) struct Report {
    title: String,
    chunk: usize,
    /// Whether there is a run to compare with.
    trend: bool,
    verdicts: Vec<Word>,
    strings: Vec<String>,
    frames: Frames,
    nodes: Tree,
    tests: Vec<Test>,
    chains: Columns,
    causes: Causes,
    files: Vec<File>,
    points: Vec<Placed>,
}

/// The report, and what is read only when it is asked for.
pub(crate) struct Data {
    pub(crate) report: Report,
    /// In the order of the chains.
    pub(crate) details: Vec<Details>,
    /// By the numbers of the files.
    pub(crate) sources: Vec<Option<Vec<String>>>,
    /// The numbers of the files by their paths.
    pub(crate) files: BTreeMap<Utf8PathBuf, usize>,
}

#[derive(Debug, Serialize)]
struct Word {
    word: &'static str,
    /// How urgent it is; the greatest is the worst.
    rank: usize,
    next: &'static str,
}

#[derive(Debug, Serialize)]
struct Test {
    name: i32,
    ended: &'static str,
}

#[derive(Default, Debug, Serialize)]
struct Causes {
    fingerprint: Vec<String>,
    /// The chain that stands for all.
    first: Vec<i32>,
    /// 0 for what is not looked for, 1 for what is expected, 2 for a finding.
    level: Vec<u8>,
    /// 1 for a finding that the run before had not.
    new: Vec<u8>,
}

#[derive(Debug, Serialize)]
struct File {
    path: i32,
    /// How many lines it has; 0 where it is not there.
    lines: usize,
    why: i32,
}

#[derive(Debug, Serialize)]
struct Placed {
    file: usize,
    line: u32,
    kind: &'static str,
    text: String,
    state: &'static str,
    words: String,
}

/// All verdicts, the worst first.
pub(crate) fn worst_first() -> Vec<Verdict> {
    let mut verdicts = Verdict::ALL.to_vec();
    verdicts.sort_unstable_by(|one, other| other.cmp(one));
    verdicts
}

impl Data {
    pub(crate) fn of(subject: &Subject<'_>) -> Data {
        let outcomes = subject.outcomes();
        let (mut strings, mut frames, mut nodes) = (Strings::default(), Frames::default(), Tree::new());
        let verdicts = worst_first();
        let contents = subject.contents;
        let mut tests: BTreeMap<_, _> = contents.tests.iter().map(|test| (&test.test, word(&test.ended))).collect();
        for outcome in &outcomes {
            tests.entry(&outcome.test).or_insert("unknown");
        }
        let places: BTreeMap<_, i32> = tests.keys().enumerate().map(|(place, test)| (*test, number(place))).collect();
        let rows = tests.iter().map(|(test, ended)| Test { name: strings.line(&test.to_string()), ended }).collect();

        let order = order(subject, &outcomes);
        let mut cause_of = vec![NONE; outcomes.len()];
        for (nth, cause) in contents.causes.iter().enumerate() {
            subject.places(cause).into_iter().for_each(|place| cause_of[place] = number(nth));
        }
        let (mut chains, mut details, mut place_of) = (Columns::default(), Vec::new(), vec![NONE; outcomes.len()]);
        for (nth, &place) in order.iter().enumerate() {
            let outcome = outcomes[place];
            let entry = Entry {
                outcome,
                test: places.get(&outcome.test).copied().unwrap_or(NONE),
                verdict: verdicts.iter().position(|verdict| *verdict == outcome.verdict).map_or(NONE, number),
                cause: cause_of[place],
                standing: &contents.standings[place],
            };
            chains.add(&entry, &mut nodes, &mut frames, &mut strings);
            place_of[place] = number(nth);
        }
        // The frames of the tree come first, so that those in std, which only details have, stand behind them.
        for &place in &order {
            details.push(Details::of(outcomes[place], &mut frames, &mut strings));
        }
        let mut causes = Causes::default();
        for cause in &contents.causes {
            causes.fingerprint.push(cause.fingerprint.to_string());
            causes.first.push(subject.places(cause).first().map_or(NONE, |&place| place_of[place]));
            causes.level.push(match cause.level {
                Level::Passed => 0,
                Level::Expected => 1,
                Level::Finding => 2,
            });
            causes.new.push(u8::from(subject.is_new(cause)));
        }
        let Sources { files, lines, paths } = sources(subject, &outcomes, &mut strings);
        let behind = second_failures::by_arm(&contents.result, &contents.tests);
        let placed = |point: &Point| {
            let (state, excuse) = (State::of(point), point.excuse.as_ref());
            let words = excuse.map_or_else(|| state.words().to_owned(), |why| format!("excused: {why}"));
            let deep = behind.get(&point.id).map(|second| format!("; depth 2: {second}")).unwrap_or_default();
            paths.get(&arms::file(point, contents.root.as_deref())).map(|&file| Placed {
                file,
                line: point.line,
                kind: point.kind,
                text: clean::line(&point.text),
                state: state.class(),
                words: clean::line(&(words + &deep)),
            })
        };
        let report = Report {
            title: clean::line(&subject.title),
            chunk: CHUNK,
            trend: contents.previous.is_some(),
            verdicts: verdicts
                .iter()
                .enumerate()
                .map(|(nth, verdict)| Word {
                    word: verdict.as_str(),
                    rank: verdicts.len() - nth,
                    next: verdict.next_step(),
                })
                .collect(),
            points: subject.points().iter().filter_map(placed).collect(),
            strings: strings.texts(),
            frames,
            nodes,
            tests: rows,
            chains,
            causes,
            files,
        };
        Data { report, details, sources: lines, files: paths }
    }
}

/// The places of all outcomes as lists show them: findings by their causes, then the rest, the worst first.
fn order(subject: &Subject<'_>, outcomes: &[&Outcome]) -> Vec<usize> {
    let found: Vec<usize> = subject.contents.causes.iter().flat_map(|cause| subject.places(cause)).collect();
    let is_found: BTreeSet<usize> = found.iter().copied().collect();
    let mut rest: Vec<usize> = (0..outcomes.len()).filter(|place| !is_found.contains(place)).collect();
    let own = |outcome: &Outcome| asked_by(outcome).map(|frame| (frame.file.clone(), frame.line));
    rest.sort_by_cached_key(|&place| (std::cmp::Reverse(outcomes[place].verdict), own(outcomes[place]), place));
    [found, rest].concat()
}

struct Sources {
    files: Vec<File>,
    lines: Vec<Option<Vec<String>>>,
    paths: BTreeMap<Utf8PathBuf, usize>,
}

/// The workspace's files on any chain, and those of the points.
fn sources(subject: &Subject<'_>, outcomes: &[&Outcome], strings: &mut Strings) -> Sources {
    let own = |frame: &&Frame| frame.owner == Owner::Workspace;
    let frames = outcomes.iter().flat_map(|outcome| {
        outcome
            .chain
            .iter()
            .chain(&outcome.spawned_by)
            .chain(outcome.behind.iter().flat_map(|first| &first.chain))
            .chain(&outcome.stood)
            .chain(outcome.leaks.iter().flat_map(|leak| &leak.chain))
    });
    let root = subject.contents.root.as_deref();
    let mut paths: BTreeSet<Utf8PathBuf> = frames.filter(own).filter_map(|frame| frame.file.clone()).collect();
    paths.extend(subject.points().iter().map(|point| arms::file(point, root)));
    let mut found = Sources { files: Vec::new(), lines: Vec::new(), paths: BTreeMap::new() };
    let mut bytes = 0;
    for path in paths {
        let Source { mut lines, mut notice } = source::read(&path, root, subject.contents.result.plan.begun);
        bytes += lines.iter().flatten().map(String::len).sum::<usize>();
        if bytes > SOURCES {
            (lines, notice) =
                (None, Some("The report has too many sources: the lines of this file are left out.".to_owned()));
        }
        found.files.push(File {
            path: strings.line(path.as_str()),
            lines: lines.as_ref().map_or(0, Vec::len),
            why: notice.map_or(NONE, |notice| strings.line(&notice)),
        });
        found.paths.insert(path, found.lines.len());
        found.lines.push(lines);
    }
    found
}

/// How a test's sweep ended, in a few words.
pub(crate) fn word(ended: &Ended) -> &'static str {
    match ended {
        Ended::Swept => "swept",
        Ended::Stopped => "stopped",
        Ended::BaselineFails(_) => "fails by itself",
        Ended::BaselineHangs(_) => "hangs by itself",
        Ended::Unstable(_) => "unstable",
        Ended::NothingInjected(_) => "nothing injected",
        Ended::Refused(_) => "not swept",
    }
}
