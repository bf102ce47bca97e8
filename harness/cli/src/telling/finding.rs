//! One finding for people: the source where it happens, the way there, what was seen, what to do, and how to see it again.

use annotate_snippets::{AnnotationKind, Element, Level, Origin, Snippet};
use camino::Utf8Path;
use firsthit::Verdict;

use crate::chains::frame::{Frame, Owner};
use crate::contents::cause::{Cause, asked_by};
use crate::outputs::line::{Asking, one_line, place};
use crate::results::outcome::{First, Outcome};
use crate::telling::look::{Look, level_of};
use crate::telling::sources::{Sources, word};

/// Of a longer chain, the middle is left out.
const FRAMES_MAX: usize = 12;
/// Of a longer name, the end is left out.
const NAME_MAX: usize = 160;
/// How far notes stand to the right, in columns, beside the numbers of lines.
const INDENT: usize = 8;
/// Of so many chains with one cause the identities are named.
const NAMED_MAX: usize = 3;

/// What stands at a place of the source.
struct Mark<'a> {
    file: &'a Utf8Path,
    line: u32,
    column: Option<u32>,
    label: String,
}

/// The finding as a block of lines.
pub(super) fn finding(cause: &Cause, shows: &Outcome, sources: &Sources<'_>, look: Look) -> String {
    let (marks, here) = (marks(shows), asked_by(shows));
    let texts: Vec<_> = marks.iter().map(|mark| sources.text(mark.file)).collect();
    let mut group = level_of(cause.verdict).primary_title(title(shows)).elements(None::<Element<'_>>);
    // Each file once, the one that asked first.
    let mut shown: Vec<&Utf8Path> = Vec::new();
    for (mark, text) in marks.iter().zip(&texts) {
        let Some(text) = text.as_deref().filter(|_| !shown.contains(&mark.file)) else { continue };
        let of_file = marks.iter().filter(|other| other.file == mark.file);
        let annotations: Vec<_> = of_file
            .filter_map(|other| {
                let is_first = std::ptr::eq(other, &raw const marks[0]);
                let kind = if is_first { AnnotationKind::Primary } else { AnnotationKind::Context };
                Some(kind.span(word(text, other.line, other.column)?).label(other.label.clone()))
            })
            .collect();
        if !annotations.is_empty() {
            group = group.element(Snippet::source(text).path(mark.file.as_str()).annotations(annotations));
            shown.push(mark.file);
        }
    }
    if let Some(Frame { file: Some(file), line: Some(line), .. }) = here.filter(|_| shown.is_empty()) {
        let origin = Origin::path(one_line(file.as_str())).line(usize::try_from(*line).unwrap_or(usize::MAX));
        group = group.element(origin);
    }
    for note in notes(cause, shows) {
        group = group.element(Level::NOTE.no_name().message(look.wrapped(&note, INDENT)));
    }
    let of = |name: &'static str, text: String| Level::NOTE.with_name(name).message(text);
    let group = group
        .element(of("test", tests(cause)))
        .element(Level::HELP.message(cause.verdict.next_step()))
        .element(of("again", format!("cargo firsthit replay {}", shows.id.short())));
    look.renderer().render(&[group])
}

fn title(shows: &Outcome) -> String {
    let through = shows.asked.as_ref().map(|asked| format!(", through {}", name(&asked.function)));
    let behind = if shows.behind.is_some() { ", behind another failure" } else { "" };
    let mark = if shows.is_unconfirmed() { " (unconfirmed)" } else { "" };
    format!("{} fails{}{behind}{mark}", Asking(&shows.request), through.unwrap_or_default())
}

/// The places of the workspace's sources that have a part in it, the one that asked first; none if that is none of them.
fn marks(shows: &Outcome) -> Vec<Mark<'_>> {
    let asked = asked_by(shows).and_then(|frame| Mark::of(frame, "this request fails"));
    let Some(asked) = asked else { return Vec::new() };
    let panic = shows.panic.as_ref().and_then(|panic| {
        let file = panic.file.as_deref().filter(|file| file.is_relative())?;
        let label = if panic.in_test { "the test stops here" } else { "it panics here" };
        Some(Mark { file, line: panic.line?, column: panic.column, label: label.to_owned() })
    });
    let own = |chain: &'_ [Frame]| chain.iter().position(|frame| frame.owner == Owner::Workspace);
    let stood = own(&shows.stood).and_then(|at| {
        let label = match shows.verdict {
            Verdict::Hung => "it stands here when its time is over",
            Verdict::Corrupted => "freed memory is used here",
            _ => "it is ended here",
        };
        Mark::of(&shows.stood[at], label)
    });
    let leaks = shows.leaks.iter().filter_map(|leak| {
        let blocks = if leak.count == 1 { String::new() } else { format!(" in {} blocks", leak.count) };
        let bytes = if leak.bytes == 1 { "byte" } else { "bytes" };
        Mark::of(&leak.chain[own(&leak.chain)?], &format!("{} {bytes}{blocks}, made here, are lost", leak.bytes))
    });
    [asked].into_iter().chain(panic).chain(stood).chain(leaks).collect()
}

impl<'a> Mark<'a> {
    fn of(frame: &'a Frame, label: &str) -> Option<Mark<'a>> {
        let file = frame.file.as_deref().filter(|_| frame.owner == Owner::Workspace)?;
        Some(Mark { file, line: frame.line?, column: frame.column, label: label.to_owned() })
    }
}

/// What is said beside the source: the way there, what was seen, what the expectations say.
fn notes(cause: &Cause, shows: &Outcome) -> Vec<String> {
    let mut notes = vec![frames(&shows.chain)];
    if !shows.spawned_by.is_empty() {
        notes.push(format!("on a thread that was spawned\n{}", frames(&shows.spawned_by)));
    }
    if let Some(First { request, chain, .. }) = &shows.behind {
        notes.push(format!("behind the failure of {}\n{}", Asking(request), frames(chain)));
    }
    notes.extend(shows.facts().iter().map(|fact| fact.lines().map(one_line).collect::<Vec<_>>().join("\n")));
    if !shows.stood.is_empty() {
        notes.push(format!("where it stood:\n{}", frames(&shows.stood)));
    }
    notes.extend(shows.leaks.iter().map(|leak| format!("lost: {} bytes, made\n{}", leak.bytes, frames(&leak.chain))));
    notes.extend(cause.note.as_deref().map(one_line));
    notes.extend(others(cause));
    notes.retain(|note| !note.is_empty());
    notes
}

/// A chain, innermost first, without std's frames and what lies beyond the workspace: a line each.
fn frames(chain: &[Frame]) -> String {
    let outermost = chain.iter().rposition(|frame| frame.owner == Owner::Workspace);
    let chain = &chain[..outermost.map_or(chain.len(), |place| place + 1)];
    let mut told: Vec<&Frame> = chain.iter().filter(|frame| frame.owner != Owner::Std).collect();
    // `#[test]` wraps the function in a closure of its own.
    if let [.., test, closure] = told[..]
        && closure.function.strip_suffix("::{{closure}}") == Some(&test.function)
    {
        told.pop();
    }
    let lines = told.iter().enumerate().map(|(number, frame)| {
        let place = if frame.file.is_some() { place(Some(frame)) } else { String::new() };
        let word = if number == 0 { "at" } else { "by" };
        format!("{word} {}  {}", name(&frame.function), one_line(&place)).trim_end().to_owned()
    });
    let mut lines: Vec<String> = lines.collect();
    if lines.len() > FRAMES_MAX {
        let left_out = lines.len() - FRAMES_MAX + 1;
        lines.splice(FRAMES_MAX / 2..FRAMES_MAX / 2 + left_out, [format!("… {left_out} more")]);
    }
    lines.join("\n")
}

/// Of which test, or of how many.
fn tests(cause: &Cause) -> String {
    let mut tests: Vec<String> = cause.chains.iter().map(|(test, _)| one_line(&test.to_string())).collect();
    tests.dedup();
    let first = tests.first().map(|test| name(test)).unwrap_or_default();
    match tests.len() {
        0 | 1 => first,
        2 => format!("{first} and 1 other"),
        count => format!("{first} and {} others", count - 1),
    }
}

/// With how many chains in all, if there are others.
fn others(cause: &Cause) -> Option<String> {
    let others = cause.chains.get(1..).filter(|others| !others.is_empty())?;
    let named: Vec<String> = others.iter().take(NAMED_MAX).map(|(_, id)| id.short()).collect();
    let rest = if others.len() > NAMED_MAX { ", …" } else { "" };
    Some(format!("{} chains, one cause: also {}{rest}", cause.chains.len(), named.join(", ")))
}

/// A name in one line that is not too long.
fn name(text: &str) -> String {
    let text = one_line(text);
    match text.char_indices().nth(NAME_MAX) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::contents::cause::causes;
    use crate::expectations::apply::Standing;
    use crate::results::outcome::Leak;
    use crate::results::sample::{frame, outcome};

    fn shown(outcomes: &[Outcome], sources: &Sources<'_>) -> String {
        let standing = Standing::Finding(None);
        let found = causes(outcomes.iter().map(|outcome| (outcome, &standing)));
        let by_key: BTreeMap<_, _> =
            outcomes.iter().map(|outcome| ((outcome.test.clone(), outcome.id), outcome)).collect();
        found.iter().map(|cause| finding(cause, by_key[&cause.chains[0]], sources, Look::PLAIN) + "\n").collect()
    }

    fn leaked() -> Outcome {
        let mut leaked = outcome("a", 1, Verdict::Leaked);
        let own = |line, column| Frame { column: Some(column), ..frame("demo::f", "store.rs", line, Owner::Workspace) };
        let closure = frame("demo::f::{{closure}}", "store.rs", 8, Owner::Workspace);
        leaked.chain = vec![frame("alloc::push", "vec.rs", 9, Owner::Std), own(3, 10), own(9, 1), closure];
        leaked.asked.as_mut().unwrap().by = Some(own(3, 10));
        leaked.leaks = vec![Leak { bytes: 8, count: 2, chain: vec![own(2, 13)] }];
        leaked.evidence = vec!["16 bytes\nin \u{1b}[2J".to_owned()];
        leaked
    }

    #[test]
    fn the_source_shows_what_fails_and_what_is_lost() {
        let folder = tempfile::tempdir().unwrap();
        let root = Utf8Path::from_path(folder.path()).unwrap();
        std::fs::write(root.join("store.rs"), "fn f() {\n    let a = keep();\n    rows.push(1);\n}\n").unwrap();
        let sources = Sources::new(Some(root), crate::results::plan::now() + 1_000_000);
        let told = "\
            = at demo::f  store.rs:3\n    by demo::f  store.rs:9\n  \
            = 16 bytes\n    in \u{fffd}[2J\n  \
            = lost: 8 bytes, made\n    at demo::f  store.rs:2\n  ";
        let advice = "= help: Release this memory before the error is returned.\n  = again: cargo firsthit replay 9e3779b97f4a\n";
        assert_eq!(
            shown(&[leaked()], &sources),
            format!(
                "leaked: malloc of 64 bytes fails, through Vec::push\n \
                 --> store.rs:3:10\n  |\n\
                 2 |     let a = keep();\n  |             ---- 8 bytes in 2 blocks, made here, are lost\n\
                 3 |     rows.push(1);\n  |          ^^^^ this request fails\n  |\n  {told}= test: demo a\n  {advice}"
            )
        );
        // Where there is no source, the place is named; and chains with one cause are one finding.
        let others = [2, 3, 4, 5, 6].map(|id| {
            let other = outcome(if id == 2 { "a" } else { "b" }, id, Verdict::Leaked);
            Outcome { id: other.id, test: other.test, ..leaked() }
        });
        let all: Vec<Outcome> = [leaked()].into_iter().chain(others).collect();
        let shown = shown(&all, &Sources::new(None, 0));
        assert!(shown.starts_with("leaked: malloc of 64 bytes fails, through Vec::push\n--> store.rs:3\n"), "{shown}");
        let named = all[1..4].iter().map(|outcome| outcome.id.short()).collect::<Vec<_>>().join(", ");
        assert!(
            shown.contains(&format!(" = 6 chains, one cause: also {named}, …\n = test: demo a and 1 other\n")),
            "{shown}"
        );
    }

    #[test]
    fn names_of_any_length_and_chains_of_any_depth_stay_readable() {
        let mut deep = leaked();
        let long = frame(&format!("demo::{}\u{1b}", "x".repeat(10_000)), "store.rs", 7, Owner::Workspace);
        deep.chain = vec![long; 2_000];
        deep.test.name = "t".repeat(10_000);
        let shown = shown(&[deep], &Sources::new(None, 0));
        assert!(shown.contains("   … 1989 more\n"), "{shown}");
        assert!(shown.lines().count() < 30 && shown.lines().all(|line| line.chars().count() < 240), "{shown}");
        assert!(!shown.contains('\u{1b}'));
    }
}
