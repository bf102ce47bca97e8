//! Made-up reports for tests: one of everyday names, and one whose names are as hostile as names can be.

use std::collections::BTreeMap;

use firsthit::Verdict;
use firsthit::coverage::door::{Point, Progress};

use crate::chains::chain_id::ChainId;
use crate::chains::frame::Owner;
use crate::contents::arms::Arms;
use crate::contents::gather::{Contents, Measures};
use crate::expectations::entry::{Entry, Which};
use crate::expectations::file::Expectations;
use crate::results::outcome::{Leak, Outcome, Panic};
use crate::results::plan::{Plan, PlannedTest};
use crate::results::run_result::RunResult;
use crate::results::sample::{chain_id, frame, outcome, swept, test_id};
use crate::results::swept::{Ended, Swept};

/// What has a meaning in some format: markup, quotes, escapes, commands, line ends, what is no character, and great length.
pub(crate) fn hostile(number: usize) -> String {
    let long = "<x>".repeat(3_500);
    [
        "<script>alert(1)</script>&amp;<!--]]><![CDATA[",
        "\u{1b}[31mred\u{1b}]0;title\u{7}\u{9b}2J",
        "a\nb\r\nc\tSF:x\nDA:1,1\nend_of_record\n",
        "::error file=x::boo %0A%25,title=y",
        "| a ``` `b` *c* [d](javascript:e) @everyone #1 ![](x) \\",
        "\0\u{1}\u{fffe}\u{ffff}\u{fffd}\u{202e}'\"\u{2028}",
        long.as_str(),
        "../../etc/passwd?x=%s&y={0}#z",
    ][number % 8]
        .to_owned()
}

/// A run in which every verdict is there, several times, in several tests, files and lines; names are made by `name`.
pub(crate) fn contents(name: &dyn Fn(usize) -> String) -> Contents {
    let mut result = RunResult::new(Plan { whole: true, ..Plan::new(BTreeMap::new(), None, Vec::new()) });
    for test in 0..3 {
        let id = test_id(&name(test));
        result.plan.tests.push(PlannedTest { test: id.clone(), build: "b1".to_owned() });
        result.swept.insert((id.clone(), 1), Swept { test: id, ..swept("t", 20) });
    }
    let refused = test_id(&name(3));
    result.plan.tests.push(PlannedTest { test: refused.clone(), build: "b1".to_owned() });
    let ended = Ended::BaselineFails(name(4));
    result.swept.insert((refused.clone(), 1), Swept { test: refused, ended, ..swept("t", 0) });
    for number in 0..130 {
        let outcome = one(number, name);
        result.outcomes.insert((outcome.test.clone(), outcome.id), outcome);
    }
    // One of each verdict is expected.
    let ids = result.outcomes.keys().filter(|(_, id)| (1..=13).any(|number| *id == chain_id(number)));
    let entry = |id: &ChainId| Entry {
        line: 1,
        which: Which::Id(id.to_string()),
        test: None,
        verdicts: Verdict::ALL.to_vec(),
        reason: name(6),
        expires: None,
    };
    let entries = ids.map(|(_, id)| entry(id)).collect();
    let expectations = Expectations { path: "firsthit-expectations.toml".into(), entries };
    let bad = |verdict: &Verdict| !verdict.is_good() && !matches!(verdict, Verdict::Aborted | Verdict::Unreached);
    let findings: Vec<Verdict> = Verdict::ALL.into_iter().filter(bad).collect();
    let measures = Measures { expectations: &expectations, findings: &findings };
    let mut contents = Contents::of(result, measures, Some("/project".into()));
    contents.arms = Some(Arms { points: (0..12).map(|number| arm(number, name)).collect(), faults: vec![name(5)] });
    contents
}

fn one(number: usize, name: &dyn Fn(usize) -> String) -> Outcome {
    let verdict = Verdict::ALL[number % Verdict::ALL.len()];
    let mut outcome = outcome(&name(number % 3), number as u128 + 1, verdict);
    // Five chains of each cause.
    let number = number % 26;
    let line = u32::try_from(number % 17).unwrap_or(0) + 1;
    let by = frame(&name(number), &format!("src/{}.rs", name(number % 5)), line, Owner::Workspace);
    outcome.chain[1] = by.clone();
    if let Some(asked) = &mut outcome.asked {
        asked.by = Some(by.clone());
        asked.function = name(number + 1);
    }
    outcome.evidence = vec![name(number + 2), "plain".to_owned()];
    outcome.leaks = vec![Leak { bytes: 7, count: 1, chain: vec![by.clone()] }];
    outcome.stood = vec![by];
    let message = Some(name(number + 3));
    outcome.panic = (verdict == Verdict::Panicked).then(|| Panic {
        file: Some(name(number).into()),
        line: Some(3),
        column: None,
        message,
        in_test: false,
    });
    outcome
}

fn arm(number: usize, name: &dyn Fn(usize) -> String) -> Point {
    let state = Progress::ALL[number % Progress::ALL.len()];
    Point {
        id: format!("{number:032x}"),
        file: format!("src/{}.rs", name(number % 5)),
        line: 30 + number as u32,
        column: 5,
        function: name(number),
        kind: "question",
        is_site: number == 11,
        text: name(number + 1),
        site: None,
        state,
        excuse: (number == 10).then(|| name(number)),
        reached: true,
        ran: true,
        hits: 1,
        chains: 0,
        verdicts: if state == Progress::Tested { vec![(Verdict::Recovered, 4)] } else { Vec::new() },
    }
}
