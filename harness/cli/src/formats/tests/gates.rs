//! The gates: what of a run's findings and coverage its exit code stands for.

use camino::Utf8Path;

use super::{plain, written};
use crate::contents::gather::Contents;
use crate::contents::previous::{Previous, Trend};
use crate::contents::summary::Class;
use crate::exit_code::ExitCode;
use crate::gates::{Gates, Passage};
use crate::options::format::Format;
use crate::options::gates::GateOptions;
use crate::options::value::Percent;

fn pass(options: &GateOptions, contents: &Contents, code: ExitCode) -> Passage {
    Gates::load(options).unwrap().pass(contents, code)
}

/// A report whose baseline does not fail.
fn hung() -> Contents {
    let mut contents = plain();
    contents.summary.class = Class::Hung;
    contents
}

#[test]
fn nothing_is_new_against_a_run_itself_and_all_is_without_one() {
    let folder = tempfile::tempdir().unwrap();
    let path = Utf8Path::from_path(folder.path()).unwrap().join("baseline.json");
    let mut contents = hung();
    std::fs::write(&path, written(Format::Json, &contents)).unwrap();
    let against = GateOptions { baseline: Some(path.clone()), ..GateOptions::default() };
    let passage = pass(&against, &contents, ExitCode::Hung);
    assert_eq!(passage.code, ExitCode::Clean, "{passage:?}");
    assert!(passage.told[0].starts_with("0 of ") && passage.told[0].contains("baseline.json"), "{passage:?}");
    // Lines that have moved, and chains that are others, are nothing new.
    for cause in &mut contents.causes {
        cause.by.as_mut().unwrap().line = Some(1_000);
    }
    assert_eq!(pass(&against, &contents, ExitCode::Hung).code, ExitCode::Clean);
    // What excuses nothing any more is a finding of its own.
    contents.out_of_date.push("stale".to_owned());
    assert_eq!(pass(&against, &contents, ExitCode::Hung).code, ExitCode::Findings);
    contents.out_of_date.clear();
    // One that is not in it.
    let last = contents.findings().count() - 1;
    let number = u128::from_str_radix(&contents.causes[last].fingerprint.to_string(), 16).unwrap();
    contents.causes[last].fingerprint = crate::chains::chain_id::ChainId(number ^ 1);
    let passage = pass(&against, &contents, ExitCode::Hung);
    assert_eq!((passage.code, passage.told.len()), (ExitCode::Findings, 2), "{passage:?}");

    let any = GateOptions { fail_new: true, ..GateOptions::default() };
    let passage = pass(&any, &contents, ExitCode::Hung);
    assert_eq!(passage.code, ExitCode::Hung);
    assert!(passage.told[0].contains("no run before"), "{passage:?}");
}

#[test]
fn the_run_before_is_what_findings_are_new_against() {
    let mut contents = hung();
    let new = contents.causes[1].fingerprint;
    let trend = Trend { new: [new].into(), ..Trend::default() };
    contents.previous =
        Some(Previous { name: "r".to_owned(), begun: 1, verdicts: contents.verdicts(), trend, causes: Vec::new() });
    let any = GateOptions { fail_new: true, ..GateOptions::default() };
    let passage = pass(&any, &contents, ExitCode::Findings);
    assert_eq!((passage.code, passage.told.len()), (contents_code(&contents, 1), 2), "{passage:?}");
    // What is worse stays.
    for code in [ExitCode::Usage, ExitCode::Stopped, ExitCode::BaselineFails] {
        assert_eq!(pass(&any, &contents, code).code, code);
    }
}

fn contents_code(contents: &Contents, cause: usize) -> ExitCode {
    if contents.causes[cause].verdict == firsthit::Verdict::Hung { ExitCode::Hung } else { ExitCode::Findings }
}

#[test]
fn the_bar_is_of_arms_where_there_are_any_and_else_of_chains() {
    let mut contents = plain();
    let bar = |hundredths| GateOptions { fail_under: Some(Percent(hundredths)), ..GateOptions::default() };
    // 2 of 10: 11 arms, one of which is excused.
    assert_eq!(contents.recovery().to_string(), "20.00 % (2 of 10 recovery arms)");
    assert_eq!(pass(&bar(2_000), &contents, ExitCode::Clean).code, ExitCode::Clean);
    let passage = pass(&bar(2_001), &contents, ExitCode::Clean);
    assert_eq!(passage.code, ExitCode::CoverageUnderBar);
    assert_eq!(passage.told, ["recovery coverage is 20.00 % (2 of 10 recovery arms), and 20.01 % is asked for"]);
    assert_eq!(pass(&bar(2_001), &contents, ExitCode::Findings).code, ExitCode::Findings);
    contents.arms = None;
    // 2 of 13 verdicts are good, and each is there 10 times.
    assert_eq!(contents.recovery().to_string(), "15.38 % (20 of 130 call chains)");
    assert_eq!(pass(&bar(1_539), &contents, ExitCode::Clean).code, ExitCode::CoverageUnderBar);
    contents.result.outcomes.clear();
    assert_eq!(pass(&bar(10_000), &contents, ExitCode::Clean).code, ExitCode::Clean);
}

#[test]
fn a_baseline_that_is_none_is_refused_with_the_cure() {
    let folder = tempfile::tempdir().unwrap();
    let path = Utf8Path::from_path(folder.path()).unwrap().join("b.json");
    let told = || Gates::load(&GateOptions { baseline: Some(path.clone()), ..GateOptions::default() }).unwrap_err();
    assert_eq!(told().code, ExitCode::Usage);
    assert!(told().message.contains("b.json"));
    for (text, cure) in [
        ("", "report --format json"),
        ("{}", "report --format json"),
        ("{\"version\": 1}", "causes"),
        ("{\"version\": 99, \"causes\": []}", "update cargo-firsthit"),
        ("{\"version\": 1, \"causes\": [{\"fingerprint\": \"x\"}]}", "report --format json"),
        ("\u{0}", "report --format json"),
    ] {
        std::fs::write(&path, text).unwrap();
        assert!(told().message.contains(cure), "{text}: {}", told().message);
    }
    std::fs::write(&path, "{\"version\": 1, \"causes\": [], \"more\": 1}").unwrap();
    assert!(Gates::load(&GateOptions { baseline: Some(path), ..GateOptions::default() }).is_ok());
}
