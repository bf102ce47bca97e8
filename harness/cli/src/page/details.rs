//! What is known of one chain beyond the lists: told in files of their own, which are read when its page is opened.

use serde::Serialize;

use super::clean;
use super::tables::{Frames, Strings};
use crate::outputs::line::Asking;
use crate::results::outcome::{Leak, Outcome, Panic};

/// One chain; frames by their numbers, innermost first.
#[derive(Debug, Serialize)]
pub(crate) struct Details {
    chain: Vec<i32>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    spawned: Vec<i32>,
    /// The failure that it is met behind.
    #[serde(skip_serializing_if = "Option::is_none")]
    behind: Option<Before>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    stood: Vec<i32>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    leaks: Vec<Lost>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    evidence: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    panic: Option<Panicked>,
    /// Whether what was asked can report a failure.
    #[serde(skip_serializing_if = "Option::is_none")]
    fallible: Option<bool>,
    build: String,
    /// What a fresh process showed of the same failure.
    #[serde(skip_serializing_if = "Option::is_none")]
    second_opinion: Option<String>,
}

#[derive(Debug, Serialize)]
struct Before {
    request: String,
    chain: Vec<i32>,
}

#[derive(Debug, Serialize)]
struct Lost {
    bytes: u64,
    count: u64,
    chain: Vec<i32>,
}

#[derive(Debug, Serialize)]
struct Panicked {
    file: Option<String>,
    line: Option<u32>,
    column: Option<u32>,
    message: Option<String>,
    in_test: bool,
}

impl Details {
    pub(crate) fn of(outcome: &Outcome, frames: &mut Frames, strings: &mut Strings) -> Details {
        let lost = |leak: &Leak, frames: &mut Frames, strings: &mut Strings| Lost {
            bytes: leak.bytes,
            count: leak.count,
            chain: frames.chain(&leak.chain, strings),
        };
        Details {
            chain: frames.chain(&outcome.chain, strings),
            spawned: frames.chain(&outcome.spawned_by, strings),
            behind: outcome.behind.as_ref().map(|first| Before {
                request: clean::line(&Asking(&first.request).to_string()),
                chain: frames.chain(&first.chain, strings),
            }),
            stood: frames.chain(&outcome.stood, strings),
            leaks: outcome.leaks.iter().map(|leak| lost(leak, frames, strings)).collect(),
            evidence: outcome.evidence.iter().map(|fact| clean::lines(fact)).collect(),
            panic: outcome.panic.as_ref().map(panicked),
            fallible: outcome.asked.as_ref().map(|asked| asked.fallible),
            build: clean::line(&outcome.build),
            second_opinion: outcome.second_opinion.as_ref().map(|opinion| clean::line(&opinion.sentence())),
        }
    }
}

fn panicked(panic: &Panic) -> Panicked {
    Panicked {
        file: panic.file.as_ref().map(|file| clean::line(file.as_str())),
        line: panic.line,
        column: panic.column,
        message: panic.message.as_deref().map(clean::lines),
        in_test: panic.in_test,
    }
}
