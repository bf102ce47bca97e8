//! The judge: what was seen of one failure in, one verdict and the facts behind it out.

use camino::Utf8Path;
use firsthit::Verdict;
use firsthit::program::facts::{Ending, Evidence};
use firsthit::program::words;

use crate::chains::frame::{Frame, Owner};
use crate::chains::test_code::TestCode;
use crate::results::outcome::Panic;

/// What is known beside the evidence itself.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Case<'a> {
    pub(crate) evidence: &'a Evidence,
    /// Where the first panic was raised, innermost first.
    pub(crate) panicked_in: &'a [Frame],
    /// Where it aborted or hung, innermost first.
    pub(crate) stood_in: &'a [Frame],
    /// The status of runs without a failure.
    pub(crate) usual_status: i32,
    pub(crate) code: &'a TestCode,
}

/// A verdict, and what it rests on.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Judged {
    pub(crate) verdict: Verdict,
    pub(crate) panic: Option<Panic>,
    /// What was seen, a fact an entry.
    pub(crate) facts: Vec<String>,
}

/// Functions that a failed infallible allocation ends in.
const INFALLIBLE: [&str; 4] =
    ["alloc::alloc::handle_alloc_error", "alloc::raw_vec::handle_error", "__rust_alloc_error_handler", "__rdl_oom"];
/// What a panic runs through on its way to `abort`.
const PANICKING: [&str; 4] = ["std::panicking::", "core::panicking::", "rust_panic", "panic_abort::"];
/// What std says when a failed infallible allocation ends the process.
const OUT_OF_MEMORY: [&str; 2] = ["memory allocation of ", " bytes failed"];
/// Functions through which `unwrap` and `expect` panic.
const UNWRAPS: [&str; 3] = ["unwrap_failed", "expect_failed", "expect_none_failed"];
/// What an assertion says when it stopped on an error that it was given, not on another value.
const ERRORS: [&str; 10] = [
    "Err(",
    "None",
    "is_ok(",
    "is_err(",
    "unwrap_err(",
    "expect_err(",
    "is_some(",
    "is_none(",
    "OutOfMemory",
    "AllocError",
];

/// Judges one failure.
pub(crate) fn judge(case: &Case<'_>) -> Judged {
    let evidence = case.evidence;
    let mut facts = Vec::new();
    let panic = (evidence.panics > 0).then(|| panic(case));
    if let Some(panic) = &panic {
        facts.push(told(panic));
    }
    let verdict = match evidence.ending {
        Ending::NotMet => Verdict::Unreached,
        Ending::Hung => Verdict::Hung,
        Ending::Aborted => aborted(case, &mut facts),
        Ending::Killed(signal) => {
            facts.push(format!("killed by {}", words::signal(signal)));
            killed(evidence)
        }
        Ending::Untold => {
            facts.push("its process ended, and something else took its status".to_owned());
            Verdict::Crashed
        }
        // Runs without a failure come to their end. As if it had, this one stopped before.
        Ending::Left(status) if status == case.usual_status => {
            facts.push(format!("called _exit({status}), as if all were well: what comes behind that did not run"));
            Verdict::Crashed
        }
        Ending::Exited(status) | Ending::Left(status) => exited(case, status, panic.as_ref(), &mut facts),
    };
    Judged { verdict, panic, facts }
}

/// A signal's verdict, by what the C library said before it.
fn killed(evidence: &Evidence) -> Verdict {
    if evidence.heap_report {
        return Verdict::Corrupted;
    }
    // The C library's own infallible calls, such as registering a thread's destructor.
    let gave_up = evidence.printed.lines().any(|line| line.contains("Fatal glibc error") && line.contains("memory"));
    if gave_up { Verdict::Aborted } else { Verdict::Crashed }
}

fn aborted(case: &Case<'_>, facts: &mut Vec<String>) -> Verdict {
    // What runs a test, and what calls back, catches panics: that it is on the stack tells nothing of one.
    let stood_in = || case.stood_in.iter().filter(|frame| !frame.is_loud());
    let through = |names: &[&str]| stood_in().any(|frame| names.iter().any(|name| frame.function.starts_with(name)));
    // Where nobody could walk the stack, what std says before it aborts tells as well.
    let said = || case.evidence.printed.lines().any(|line| OUT_OF_MEMORY.iter().all(|part| line.contains(part)));
    if through(&INFALLIBLE) || (case.stood_in.is_empty() && said()) {
        return Verdict::Aborted;
    }
    if through(&PANICKING) {
        facts.push(match case.evidence.panics {
            0 => "panicked, and this build aborts on a panic".to_owned(),
            1 => "the panic could not unwind, which aborts".to_owned(),
            _ => "panicked while panicking, which aborts".to_owned(),
        });
        return Verdict::Panicked;
    }
    facts.push("called abort".to_owned());
    Verdict::Crashed
}

fn exited(case: &Case<'_>, status: i32, panic: Option<&Panic>, facts: &mut Vec<String>) -> Verdict {
    let evidence = case.evidence;
    let usual = status == case.usual_status;
    if !evidence.damage.is_empty() {
        facts.push(evidence.damage.clone());
    }
    if panic.is_some_and(|panic| !panic.in_test && !usual) {
        return Verdict::Panicked;
    }
    if !evidence.damage.is_empty() {
        return Verdict::Corrupted;
    }
    for (_, count, bytes) in &evidence.leaks {
        facts.push(format!("{bytes} bytes in {count} block{} are lost", if *count == 1 { "" } else { "s" }));
    }
    if evidence.descriptors > 0 {
        let count = evidence.descriptors;
        facts.push(format!("left {count} file descriptor{} open", if count == 1 { "" } else { "s" }));
    }
    if !evidence.leaks.is_empty() || evidence.descriptors > 0 {
        return Verdict::Leaked;
    }
    match panic {
        _ if usual => Verdict::Absorbed,
        None => {
            facts.push(format!("it ended with status {status}, without a panic: it reported an error"));
            Verdict::Recovered
        }
        Some(panic) => {
            let place = panic.file.as_ref().zip(panic.line).map(|(file, line)| format!(" at {file}:{line}"));
            let place = place.unwrap_or_default();
            facts.push(format!("the test stopped{place}: what it checks behind that was not checked"));
            if went_on(case, panic) { Verdict::Swallowed } else { Verdict::Recovered }
        }
    }
}

/// Whether the test's own comparison failed on a value: the code under test went on, and came to another result.
fn went_on(case: &Case<'_>, panic: &Panic) -> bool {
    let before: Vec<_> = case.panicked_in.iter().take_while(|frame| frame.owner != Owner::Workspace).collect();
    let through = |name: &str| before.iter().any(|frame| frame.function.contains(name));
    if UNWRAPS.iter().any(|name| through(name)) {
        return false;
    }
    let message = panic.message.as_deref().unwrap_or_default();
    let compares = through("assert_failed") || message.starts_with("assertion failed: ");
    compares && !ERRORS.iter().any(|error| message.contains(error))
}

/// The first panic: where it was raised, whose it is, what it said.
fn panic(case: &Case<'_>) -> Panic {
    let by = case.panicked_in.iter().find(|frame| frame.owner != Owner::Std);
    let said = by.and_then(|by| said(&case.evidence.printed, by.file.as_deref()?, by.line?));
    let (line, column, message) = match said {
        Some(Said { line, column, message }) => (Some(line), Some(column), message),
        None => (by.and_then(|by| by.line), by.and_then(|by| by.column), None),
    };
    Panic {
        file: by.and_then(|by| by.file.clone()),
        line,
        column,
        message,
        in_test: by.is_some_and(|by| case.code.has(by)),
    }
}

/// What std's panic hook printed of a panic.
struct Said {
    line: u32,
    column: u32,
    message: Option<String>,
}

/// What was printed of the panic in this line; or of the first one in this file: in a macro's body code has the lines of
/// the body, and a panic that of where the macro is used.
fn said(printed: &str, file: &Utf8Path, line: u32) -> Option<Said> {
    let lines: Vec<_> = printed.lines().collect();
    let place = |text: &str| {
        let mut parts = text.split_once("panicked at ")?.1.trim_end_matches(':').rsplitn(3, ':');
        let (column, line) = (parts.next()?.parse::<u32>().ok()?, parts.next()?.parse::<u32>().ok()?);
        let same_file = Utf8Path::new(parts.next()?).file_name() == file.file_name();
        same_file.then_some((line, column))
    };
    let panics: Vec<_> = lines.iter().enumerate().filter_map(|(at, text)| Some((at, place(text)?))).collect();
    let exact = panics.iter().find(|(_, place)| place.0 == line);
    let (at, (line, column)) = *exact.or(panics.first())?;
    Some(Said { line, column, message: message(&lines[at + 1..]) })
}

/// The text of a panic, up to what std adds to it.
fn message(lines: &[&str]) -> Option<String> {
    let ends = ["note: run with", "note: Some details", "stack backtrace:"];
    let said = lines.iter().take_while(|text| !ends.iter().any(|end| text.starts_with(end)));
    let said = said.copied().collect::<Vec<_>>().join("\n").trim_end().to_owned();
    (!said.is_empty()).then_some(said)
}

fn told(panic: &Panic) -> String {
    let mut told = "panicked".to_owned();
    if let Some(file) = &panic.file {
        told += &format!(" at {file}");
        for number in [panic.line, panic.column].into_iter().map_while(|number| number) {
            told += &format!(":{number}");
        }
    }
    if let Some(message) = &panic.message {
        told += &format!(": {message}");
    }
    told
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_id::TestId;

    fn frame(function: &str, owner: Owner) -> Frame {
        let file = (owner == Owner::Workspace).then(|| "src/lib.rs".into());
        Frame { function: function.to_owned(), file, line: Some(13), column: Some(5), owner }
    }

    fn seen(ending: Ending) -> Evidence {
        Evidence {
            ending,
            panics: 0,
            panicked_in: Vec::new(),
            stood_in: Vec::new(),
            descriptors: 0,
            leaks: Vec::new(),
            damage: String::new(),
            printed: String::new(),
            heap_report: false,
            arms: Vec::new(),
        }
    }

    fn verdict(evidence: &Evidence, panicked_in: &[(&str, Owner)], stood_in: &[(&str, Owner)]) -> Verdict {
        let named = |frames: &[(&str, Owner)]| -> Vec<Frame> {
            frames.iter().map(|(function, owner)| frame(function, owner.clone())).collect()
        };
        let (panicked_in, stood_in) = (named(panicked_in), named(stood_in));
        let test = TestId { binary: "demo".to_owned(), name: "tests::grows".to_owned() };
        let code = TestCode::new("demo", &test, &[], &["".into()]);
        let case = Case { evidence, panicked_in: &panicked_in, stood_in: &stood_in, usual_status: 0, code: &code };
        judge(&case).verdict
    }

    #[test]
    fn how_it_ended_decides_first() {
        let oom = [("alloc::alloc::handle_alloc_error", Owner::Std)];
        let panicking = [("std::panicking::panic_with_hook", Owner::Std)];
        assert_eq!(verdict(&seen(Ending::NotMet), &[], &[]), Verdict::Unreached);
        assert_eq!(verdict(&seen(Ending::Hung), &[], &[]), Verdict::Hung);
        assert_eq!(verdict(&seen(Ending::Aborted), &[], &oom), Verdict::Aborted);
        assert_eq!(verdict(&seen(Ending::Aborted), &[], &panicking), Verdict::Panicked);
        assert_eq!(verdict(&seen(Ending::Aborted), &[], &[("f", Owner::Foreign)]), Verdict::Crashed);
        let under_a_test = [("allocate", Owner::Foreign), ("std::panicking::catch_unwind::do_call", Owner::Std)];
        assert_eq!(verdict(&seen(Ending::Aborted), &[], &under_a_test), Verdict::Crashed, "C called abort");
        let called = [
            ("std::process::abort", Owner::Std),
            ("demo::grow", Owner::Workspace),
            ("std::panicking::catch_unwind::do_call", Owner::Std),
        ];
        assert_eq!(
            verdict(&seen(Ending::Aborted), &[], &called),
            Verdict::Crashed,
            "the runner would have caught a panic"
        );
        assert_eq!(verdict(&seen(Ending::Killed(11)), &[], &[]), Verdict::Crashed);
        let said = "test a ... Fatal glibc error: failed to register TLS destructor: out of memory\n".to_owned();
        assert_eq!(verdict(&Evidence { printed: said, ..seen(Ending::Killed(6)) }, &[], &[]), Verdict::Aborted);
        assert_eq!(verdict(&Evidence { heap_report: true, ..seen(Ending::Killed(6)) }, &[], &[]), Verdict::Corrupted);
        let damage = "a block of 32 bytes was freed twice".to_owned();
        assert_eq!(verdict(&Evidence { damage, ..seen(Ending::Exited(0)) }, &[], &[]), Verdict::Corrupted);
        assert_eq!(verdict(&seen(Ending::Exited(0)), &[], &[]), Verdict::Absorbed);
        assert_eq!(verdict(&seen(Ending::Exited(101)), &[], &[]), Verdict::Recovered);
        assert_eq!(verdict(&seen(Ending::Left(0)), &[], &[]), Verdict::Crashed);
        assert_eq!(verdict(&seen(Ending::Left(1)), &[], &[]), Verdict::Recovered);
        assert_eq!(verdict(&Evidence { descriptors: 1, ..seen(Ending::Exited(0)) }, &[], &[]), Verdict::Leaked);
        assert_eq!(
            verdict(&Evidence { leaks: vec![(1, 1, 64)], ..seen(Ending::Exited(0)) }, &[], &[]),
            Verdict::Leaked
        );
    }

    #[test]
    fn a_panic_of_the_test_on_an_error_is_a_recovery_and_one_of_the_code_is_not() {
        let said = |message: &str| Evidence {
            panics: 1,
            printed: format!(
                "thread 'x' (7) panicked at src/lib.rs:13:5:\n{message}\nnote: run with `RUST_BACKTRACE=1`\n"
            ),
            ..seen(Ending::Exited(101))
        };
        let (test, krate) = (("demo::tests::grows", Owner::Workspace), ("demo::grow", Owner::Workspace));
        let unwrap = ("core::result::unwrap_failed", Owner::Std);
        let assert = ("core::panicking::assert_failed", Owner::Std);
        let direct = ("core::panicking::panic_fmt", Owner::Std);
        let of = |message: &str, frames: [(&str, Owner); 2]| verdict(&said(message), &frames, &[]);
        assert_eq!(of("called `Result::unwrap()`", [unwrap.clone(), test.clone()]), Verdict::Recovered);
        assert_eq!(of("called `Result::unwrap()`", [unwrap, krate.clone()]), Verdict::Panicked);
        let compared = |left: &str| format!("assertion `left == right` failed\n  left: {left}\n right: 3");
        assert_eq!(of(&compared("2"), [assert.clone(), test.clone()]), Verdict::Swallowed);
        assert_eq!(of(&compared("Err(AllocError)"), [assert, test.clone()]), Verdict::Recovered);
        assert_eq!(of("assertion failed: full", [direct.clone(), test.clone()]), Verdict::Swallowed);
        assert_eq!(of("assertion failed: made.is_ok()", [direct.clone(), test.clone()]), Verdict::Recovered);
        let another = "assertion failed: found.unwrap_err().to_string().contains(\"no such\")";
        assert_eq!(of(another, [direct.clone(), test.clone()]), Verdict::Recovered, "an error came, if another one");
        assert_eq!(of("it cannot go on", [direct.clone(), test]), Verdict::Recovered);
        assert_eq!(of("it cannot go on", [direct, krate]), Verdict::Panicked);
    }

    #[test]
    fn a_panic_in_a_macro_is_told_where_the_macro_is_used() {
        let printed = "thread 'x' (7) panicked at src/lib.rs:40:9:\nassertion `left == right` failed\n  left: Err(())\n \
                       right: Ok(3)\nnote: run with `RUST_BACKTRACE=1`\n";
        let found = |file: &str, line| said(printed, file.into(), line).map(|said| (said.line, said.column));
        assert_eq!(found("demo/src/lib.rs", 13), Some((40, 9)));
        assert_eq!((found("src/other.rs", 13), found("src/other.rs", 40)), (None, None));
        let two = format!("thread 'y' panicked at src/lib.rs:5:1:\nplanned\n{printed}");
        assert_eq!(said(&two, "src/lib.rs".into(), 40).map(|said| said.line), Some(40), "the line itself comes first");

        let evidence = Evidence { panics: 1, printed: printed.to_owned(), ..seen(Ending::Exited(101)) };
        let frames = [("core::panicking::assert_failed", Owner::Std), ("demo::tests::grows", Owner::Workspace)];
        assert_eq!(verdict(&evidence, &frames, &[]), Verdict::Recovered);
    }

    #[test]
    fn without_a_stack_what_std_says_tells_that_an_infallible_allocation_failed() {
        let said = |printed: &str| Evidence { printed: printed.to_owned(), ..seen(Ending::Aborted) };
        let out_of_memory = said("test a ... memory allocation of 72 bytes failed\n");
        assert_eq!(verdict(&out_of_memory, &[], &[]), Verdict::Aborted);
        assert_eq!(verdict(&said("test a ... "), &[], &[]), Verdict::Crashed);
        assert_eq!(verdict(&out_of_memory, &[], &[("f", Owner::Foreign)]), Verdict::Crashed, "the stack knows better");
    }

    #[test]
    fn a_panic_that_is_caught_and_mended_is_none() {
        let caught = Evidence { panics: 1, ..seen(Ending::Exited(0)) };
        assert_eq!(verdict(&caught, &[("demo::grow", Owner::Workspace)], &[]), Verdict::Absorbed);
    }
}
