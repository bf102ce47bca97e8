//! One chain explained: what it came to, when, how often, what that means and what is to be done.

use std::collections::BTreeSet;
use std::fmt::Write;

use crate::in_words::moment;
use crate::ledger::history::Seen;
use crate::results::outcome::Outcome;
use crate::telling::shown::Shown;

use super::word;

/// The latest outcome with its whole chain, and the times that it was seen, the first one first.
pub(crate) fn chain(outcome: &Outcome, history: &[Seen]) -> String {
    let mut text = format!("chain {}\n\n{}\n", outcome.id, Shown(outcome));
    for line in told(history) {
        let _ = writeln!(text, "{line}");
    }
    let _ = write!(text, "\n{}", word::verdict(outcome.verdict));
    let _ = writeln!(text, "See it again: cargo firsthit replay {}", outcome.id.short());
    text
}

/// The history in words, a sentence an entry.
fn told(history: &[Seen]) -> Vec<String> {
    let (Some(first), Some(last)) = (history.first(), history.last()) else { return Vec::new() };
    let count = |number: usize, one: &str| if number == 1 { format!("1 {one}") } else { format!("{number} {one}s") };
    let runs: BTreeSet<&str> = history.iter().map(|seen| seen.run.as_str()).collect();
    let builds: BTreeSet<&str> = history.iter().map(|seen| seen.build.as_str()).collect();
    let mut lines = vec![
        format!("First seen {}, last seen {}.", moment(first.at), moment(last.at)),
        format!("Failed in {} of {}.", count(runs.len(), "run"), count(builds.len(), "build")),
    ];
    // Times with the same verdict are one part of the story.
    let parts: Vec<&[Seen]> = history.chunk_by(|one, next| one.verdict == next.verdict).collect();
    if parts.len() == 1 {
        lines.push(format!("It has always been {}.", last.verdict));
        return lines;
    }
    for (nth, part) in parts.iter().enumerate() {
        let (verdict, when) = (part[0].verdict, moment(part[0].at));
        lines.push(match nth {
            0 => format!("At first it was {verdict}."),
            _ if part[0].build == parts[nth - 1][parts[nth - 1].len() - 1].build => {
                format!("From {when} on it was {verdict}, in the same build: it does not always come to the same.")
            }
            _ => format!("From {when} on it was {verdict}, in another build."),
        });
    }
    lines
}

#[cfg(test)]
mod tests {
    use firsthit::Verdict;

    use super::*;
    use crate::results::sample::outcome;

    fn seen(at: u64, build: &str, verdict: Verdict) -> Seen {
        Seen { at: at * 60_000_000, run: format!("r{at}"), build: build.to_owned(), verdict }
    }

    #[test]
    fn the_history_is_told_in_words() {
        let always = [seen(0, "b1", Verdict::Leaked), seen(1500, "b2", Verdict::Leaked)];
        assert_eq!(
            told(&always),
            [
                "First seen 1970-01-01 00:00 UTC, last seen 1970-01-02 01:00 UTC.",
                "Failed in 2 runs of 2 builds.",
                "It has always been leaked."
            ]
        );
        let changing = [
            seen(0, "b1", Verdict::Leaked),
            seen(1, "b1", Verdict::Hung),
            seen(2, "b2", Verdict::Recovered),
            seen(3, "b3", Verdict::Recovered),
        ];
        assert_eq!(
            told(&changing)[1..],
            [
                "Failed in 4 runs of 3 builds.",
                "At first it was leaked.",
                "From 1970-01-01 00:01 UTC on it was hung, in the same build: it does not always come to the same.",
                "From 1970-01-01 00:02 UTC on it was recovered, in another build."
            ]
        );
        assert!(told(&[]).is_empty());
    }

    #[test]
    fn chain_meaning_and_what_to_do_are_in_it() {
        let text = chain(&outcome("a", 1, Verdict::Leaked), &[seen(0, "b1", Verdict::Leaked)]);
        for part in ["chain 9e3779b97f4a7c15", "always been leaked", "What to do next: Release", "replay 9e3779b97f4a"]
        {
            assert!(text.contains(part), "{part}: {text}");
        }
    }
}
