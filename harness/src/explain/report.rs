//! The whole report of one test: counts, what was found, and how to see it again.

use std::fmt::{self, Formatter};
use std::path::Path;

use super::finding::{Finding, What};
use super::frames::{Frames, Owner};
use super::group::{Group, groups};
use super::what::what;
use super::{chain, escape, leaks, summary};
use crate::symbols::Symbol;
use crate::verdict::Verdict;

/// What a sweep of one test found, as plain text without a line break at its end.
#[derive(Clone, Copy)]
pub(crate) struct Report<'a> {
    /// The test's name.
    pub(crate) test: &'a str,
    /// All that was found, the good included.
    pub(crate) findings: &'a [Finding],
    /// What else is to be said of the sweep, an entry each.
    pub(crate) notes: &'a [String],
    /// The folder that paths are shown from; see [`super::frames::base`].
    pub(crate) base: &'a Path,
    /// How many more were found and are accepted.
    pub(crate) allowed: usize,
    /// Verdicts of which only the places are listed.
    pub(crate) brief: &'a dyn Fn(Verdict) -> bool,
}

impl fmt::Display for Report<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "firsthit: {}", escape::name(self.test))?;
        for line in summary::lines(self.findings, self.allowed) {
            write!(f, "\n{line}")?;
        }
        for note in self.notes {
            write!(f, "\nnote: {}", escape::message(note, "      "))?;
        }
        let frames = Frames { base: self.base };
        let (listed, told): (Vec<_>, Vec<_>) =
            groups(frames, self.findings).into_iter().partition(|group| (self.brief)(group.shown.verdict));
        for group in told {
            f.write_str("\n\n")?;
            block(f, frames, &group)?;
        }
        list(f, frames, &listed)
    }
}

/// Where the user's own code calls what a chain ends in, if that is a dependency's.
fn user_place(frames: Frames<'_>, chain: &[Symbol]) -> Option<String> {
    let (_, owner) = chain::cause(frames, chain)?;
    let own = chain.iter().find(|symbol| matches!(frames.owner(symbol), Owner::User))?;
    matches!(owner, Owner::Dependency(_)).then(|| frames.place(own)).flatten()
}

/// The places of findings that do not fail the test, a line each.
fn list(f: &mut Formatter<'_>, frames: Frames<'_>, groups: &[Group<'_>]) -> fmt::Result {
    let Some(first) = groups.first() else { return Ok(()) };
    let verdict = first.shown.verdict;
    write!(f, "\n\n{verdict}, which fails the test only where `{verdict}` is denied:")?;
    for group in groups {
        let chain = &group.shown.chain;
        let asker = chain::asker(frames, chain);
        match (&group.shown.failed, asker) {
            (What::Request(_), asker) => write!(f, "\n  {}", asker.as_deref().unwrap_or("an allocation"))?,
            (of, Some(asker)) => write!(f, "\n  {} in {asker}", what(of))?,
            (of, None) => write!(f, "\n  {}", what(of))?,
        }
        if let Some(place) = chain::cause(frames, chain).and_then(|(symbol, _)| frames.place(symbol)) {
            write!(f, " at {place}")?;
        }
        if let Some(place) = user_place(frames, chain) {
            write!(f, ", from {place}")?;
        }
        if group.others > 0 {
            write!(f, " ({} chains)", group.others + 1)?;
        }
    }
    Ok(())
}

fn block(f: &mut Formatter<'_>, frames: Frames<'_>, group: &Group<'_>) -> fmt::Result {
    let Finding {
        verdict,
        failed,
        chain: first,
        spawned_by,
        second,
        second_failed,
        evidence,
        leaks: lost,
        stood,
        forbidden,
        replay,
    } = group.shown;
    write!(f, "{verdict}: {}", what(failed))?;
    let state = if *verdict == Verdict::Unreached { "planned" } else { "failed" };
    match chain::asker(frames, first) {
        Some(asker) => write!(f, " {state} in {asker}")?,
        None => write!(f, " {state}")?,
    }
    if let Some(place) = chain::cause(frames, first).and_then(|(symbol, _)| frames.place(symbol)) {
        write!(f, "\n  --> {place}")?;
    }
    for line in evidence {
        write!(f, "\n  {}", escape::message(line, "    "))?;
    }
    section(f, frames, "call chain, innermost first:", first)?;
    if let Some(spawned_by) = spawned_by {
        section(f, frames, "in a thread spawned by:", spawned_by)?;
    }
    if let Some(second) = second {
        let what = second_failed.as_ref().map(|of| format!(" {}", what(of))).unwrap_or_default();
        section(f, frames, &format!("then{what} failed as well, during the recovery:"), second)?;
    }
    if let Some(stood) = stood {
        let hung = *verdict == Verdict::Hung;
        let title = if hung { "stood here when its time was over:" } else { "used freed memory here:" };
        section(f, frames, title, stood)?;
    }
    if let Some(forbidden) = forbidden {
        section(f, frames, "allocated again, which mode `forbid` says it must not:", forbidden)?;
    }
    leaks::told(f, frames, lost)?;
    match group.others {
        0 => {}
        1 => f.write_str("\n  (and 1 more chain with the same cause)")?,
        others => write!(f, "\n  (and {others} more chains with the same cause)")?,
    }
    write!(f, "\n  next: {}", verdict.next_step())?;
    write!(f, "\n  replay: {}", escape::line(replay))
}

fn section(f: &mut Formatter<'_>, frames: Frames<'_>, title: &str, chain: &[Symbol]) -> fmt::Result {
    write!(f, "\n  {title}")?;
    chain::indented(f, &chain::lines(frames, chain))
}

#[cfg(test)]
mod tests {
    use super::Report;
    use crate::explain::finding::{Finding, Kind, Leak, Point, Request, What};
    use crate::explain::sample::{chain, finding};
    use crate::verdict::Verdict;
    use std::path::Path;

    fn text(findings: &[Finding], notes: &[String]) -> String {
        let base = Path::new("/home/ann/demo");
        Report { test: "parser::tests::nested", findings, notes, base, allowed: 0, brief: &|_| false }.to_string()
    }

    const RAW_VEC: &str = "alloc::raw_vec::RawVec<T,A>::grow_one alloc/src/raw_vec.rs:340:29";
    const PUSH: &str = "alloc::vec::Vec<T,A>::push alloc/src/vec/mod.rs:2600:9";
    const TOKEN: &str = "demo::Parser<R>::token src/parser.rs:41:18";
    const RUN: &str = "demo::Parser<R>::run src/parser.rs:20:9";
    const TEST: &str = "demo::tests::nested src/tests.rs:7:5";

    #[test]
    fn a_full_report_reads_like_this() {
        let mut findings = vec![finding(Verdict::Recovered, &[TEST]); 28];
        findings.extend([
            finding(Verdict::Aborted, &[RAW_VEC, PUSH, TOKEN, RUN, TEST]),
            finding(Verdict::Aborted, &[RAW_VEC, PUSH, TOKEN, TEST]),
            Finding {
                failed: What::Request(Request { kind: Kind::Realloc, size: 64, align: 64, new_size: 128 }),
                evidence: vec!["leaked 72 bytes in 3 allocations".to_owned()],
                leaks: vec![
                    Leak { bytes: 8, count: 1, chain: chain(&["demo::Name::new src/name.rs:9:12", TEST]) },
                    Leak { bytes: 64, count: 2, chain: chain(&[RAW_VEC, PUSH, TOKEN, TEST]) },
                ],
                ..finding(
                    Verdict::Leaked,
                    &[
                        "alloc::vec::Vec<T,A>::try_reserve alloc/src/vec/mod.rs:1400:9",
                        "arena::Arena<T>::grow dep/arena-1.2.0/src/lib.rs:88:13",
                        RUN,
                        TEST,
                    ],
                )
            },
            Finding {
                spawned_by: Some(chain(&["std::thread::spawn std/src/thread/mod.rs:1:1", TEST])),
                evidence: vec![
                    "panicked at src/worker.rs:14:27: called `Option::unwrap()` on a `None` value\nsecond line"
                        .to_owned(),
                ],
                replay: "cargo firsthit replay 89ab4567".to_owned(),
                ..finding(Verdict::Panicked, &["demo::worker::run::{{closure}} src/worker.rs:14:9"])
            },
        ]);
        let notes = ["3 chains end in assembly without unwind information".to_owned()];
        let expected = "\
firsthit: parser::tests::nested
32 chains failed once each: 28 recovered, 2 aborted, 1 panicked, 1 leaked
note: 3 chains end in assembly without unwind information

aborted: alloc of 64 bytes failed in Vec::push
  --> src/parser.rs:41:18
  call chain, innermost first:
    … 2 frames in alloc (Vec::push)
    demo::Parser::token at src/parser.rs:41:18
    demo::tests::nested at src/tests.rs:7:5
  (and 1 more chain with the same cause)
  next: Call what can fail instead, where there is such a call: `try_reserve` before `push`, say.
  replay: cargo firsthit replay 0123abcd

panicked: alloc of 64 bytes failed in demo::worker::run::{{closure}}
  --> src/worker.rs:14:9
  panicked at src/worker.rs:14:27: called `Option::unwrap()` on a `None` value
    second line
  call chain, innermost first:
    demo::worker::run::{{closure}} at src/worker.rs:14:9
  in a thread spawned by:
    … 1 frame in std (thread::spawn)
    demo::tests::nested at src/tests.rs:7:5
  next: Return an error where the code panics.
  replay: cargo firsthit replay 89ab4567

leaked: realloc from 64 to 128 bytes, aligned to 64, failed in Vec::try_reserve
  --> arena-1.2.0/src/lib.rs:88:13
  leaked 72 bytes in 3 allocations
  call chain, innermost first:
    … 1 frame in alloc (Vec::try_reserve)
    arena::Arena::grow at arena-1.2.0/src/lib.rs:88:13 (dependency)
    demo::Parser::run at src/parser.rs:20:9
    demo::tests::nested at src/tests.rs:7:5
  leaked 64 bytes in 2 allocations, made here:
    … 2 frames in alloc (Vec::push)
    demo::Parser::token at src/parser.rs:41:18
    demo::tests::nested at src/tests.rs:7:5
  leaked 8 bytes in 1 allocation, made here:
    demo::Name::new at src/name.rs:9:12
    demo::tests::nested at src/tests.rs:7:5
  next: Release this memory before the error is returned.
  replay: cargo firsthit replay 0123abcd";
        assert_eq!(text(&findings, &notes), expected, "\n{}", text(&findings, &notes));
    }

    fn at_point(count: usize, text: &str) -> What {
        What::Point(Point { name: "disk is full".to_owned(), number: 2, count, text: text.to_owned() })
    }

    #[test]
    fn a_fail_point_is_told_by_its_name_and_what_it_returned() {
        let failed = |count, text: &str| Finding {
            failed: at_point(count, text),
            ..finding(Verdict::Panicked, &["demo::write<W> src/log.rs:3:5", TEST])
        };
        let one = text(&[failed(1, "Err(\n    b\n)")], &[]);
        assert!(one.contains("\npanicked: fail point \"disk is full\" (`Err( b )`) failed in demo::write\n"), "{one}");
        let several = text(&[failed(3, "Err(b)")], &[]);
        let told =
            "fail point \"disk is full\" (alternative 2 of 3: `Err(b)`) failed in demo::write\n  --> src/log.rs:3:5";
        assert!(several.contains(told), "{several}");
        let second = Finding {
            second: Some(chain(&[TOKEN])),
            second_failed: Some(at_point(1, "None")),
            ..finding(Verdict::Panicked, &[PUSH, RUN])
        };
        let second = text(&[second], &[]);
        let told =
            "  then fail point \"disk is full\" (`None`) failed as well, during the recovery:\n    demo::Parser::token";
        assert!(second.contains(told), "{second}");
    }

    #[test]
    fn where_findings_are_only_listed_a_fail_point_is_named_too() {
        let aborted = Finding { failed: at_point(1, "None"), ..finding(Verdict::Aborted, &[TOKEN]) };
        let report = Report {
            test: "t",
            findings: &[aborted],
            notes: &[],
            base: Path::new("/home/ann/demo"),
            allowed: 0,
            brief: &|_| true,
        };
        let text = report.to_string();
        assert!(
            text.ends_with("\n  fail point \"disk is full\" (`None`) in demo::Parser::token at src/parser.rs:41:18"),
            "{text}"
        );
    }

    #[test]
    fn good_findings_are_counted_and_not_shown() {
        let findings = vec![finding(Verdict::Absorbed, &[TEST]); 2];
        assert_eq!(text(&findings, &[]), "firsthit: parser::tests::nested\n2 chains failed once each: 2 absorbed");
    }

    #[test]
    fn hangs_and_second_failures_show_their_chains() {
        let hung = Finding {
            second: Some(chain(&[PUSH, RUN])),
            stood: Some(chain(&["std::thread::sleep std/src/thread/mod.rs:1:1", "demo::retry src/retry.rs:5:9"])),
            ..finding(Verdict::Hung, &[PUSH, TOKEN])
        };
        let text = text(&[hung], &[]);
        assert!(text.contains(
            "\n  then failed as well, during the recovery:\n    … 1 frame in alloc (Vec::push)\n    demo::Parser::run"
        ));
        assert!(
            text.contains(
                "\n  stood here when its time was over:\n    … 1 frame in std (thread::sleep)\n    demo::retry"
            )
        );
    }

    #[test]
    fn of_many_leaks_the_largest_are_shown() {
        let leak = |bytes| Leak { bytes, count: 1, chain: chain(&[TOKEN]) };
        let leaked = Finding { leaks: [1, 2, 30, 4, 50].map(leak).into(), ..finding(Verdict::Leaked, &[TOKEN]) };
        let text = text(&[leaked], &[]);
        let shown: Vec<&str> = text.lines().filter(|line| line.contains("  leaked ")).collect();
        assert_eq!(shown.len(), 3);
        assert!(shown[0].contains("leaked 50 bytes in 1 allocation,"), "{text}");
        assert!(text.contains("\n  and 3 bytes leaked by 2 more chains\n"), "{text}");
    }

    #[test]
    fn nothing_from_outside_reaches_the_terminal_raw() {
        let raw = "\u{1b}[2J\u{7}\u{202e}";
        let named = format!("demo::{raw}{} src/{raw}.rs:1:1", "x".repeat(10_240));
        let bad = Finding {
            evidence: vec![format!("{raw}\n{raw}")],
            leaks: vec![Leak { bytes: 1, count: 1, chain: chain(&[&named]) }],
            stood: Some(chain(&[&named])),
            spawned_by: Some(chain(&[&named])),
            replay: raw.to_owned(),
            ..finding(Verdict::Leaked, &[&format!("alloc::{raw} alloc/{raw}.rs:1:1"), &named])
        };
        let notes = [format!("{raw}\n{raw}")];
        let text = Report {
            test: raw,
            findings: &[bad],
            notes: &notes,
            base: Path::new("/home/ann/demo"),
            allowed: 0,
            brief: &|_| false,
        }
        .to_string();
        assert!(text.chars().all(|character| character == '\n' || !character.is_control()), "{text}");
        assert!(!text.contains('\u{202e}') && text.contains(r"\u{1b}[2J\u{7}\u{202e}"), "{text}");
        assert!(text.lines().all(|line| line.chars().count() < 400), "{text}");
    }

    #[test]
    fn a_finding_without_frames_is_still_reported() {
        let text = text(&[finding(Verdict::Unreached, &[])], &[]);
        assert!(
            text.contains(
                "\nunreached: alloc of 64 bytes planned\n  call chain, innermost first:\n    … no frames are known\n"
            ),
            "{text}"
        );
    }
}
