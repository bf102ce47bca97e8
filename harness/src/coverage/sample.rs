//! Made-up points for this room's tests.

use super::entry::{Entry, Facts, Mark, Place, Word};
use super::id::PointId;
use super::tally::Tally;
use crate::annotation::Kind;
use crate::verdict::Verdict;

/// Numbers that look random and are the same in every run.
pub(super) struct Random(pub(super) u64);

impl Random {
    pub(super) fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % end
    }
}

pub(super) fn id(number: u64) -> PointId {
    format!("{number:032x}").parse().unwrap()
}

/// A point of this kind, with this text, in line `line`.
pub(super) fn plain(kind: Kind, text: &str, line: u32) -> Entry {
    let place = Place { file: "src/cache.rs".to_owned(), line, column: 9 };
    let (function, text) = ("cache::Cache<K, V>::insert".to_owned(), text.to_owned());
    let facts = Facts { place, function, kind: Word(kind), text, site: None, mark: None };
    Entry { facts, tally: Tally::default() }
}

/// Any point: with characters that a file has to escape, too.
pub(super) fn entry(random: &mut Random) -> Entry {
    let texts = ["a()?", "tab\there", "line\nbreak\r", "back\\slash\\t", "", "-", "ünï \u{202e}code"];
    let mut text = || texts[random.below(texts.len() as u64) as usize].to_owned();
    let (word, function, reason) = (text(), text(), text());
    let mut entry = plain(Kind::ALL[random.below(20) as usize], &word, random.below(99) as u32);
    entry.facts.function = function;
    entry.facts.site = (random.below(2) == 0).then(|| id(random.below(4)));
    entry.facts.mark = match random.below(3) {
        0 => Some(Mark::Untested(reason)),
        1 => Some(Mark::Benign(reason)),
        _ => None,
    };
    entry.tally = Tally { reached: random.below(2) == 0, ran: random.below(2) == 0, ..Tally::default() };
    (entry.tally.hits, entry.tally.chains) = (random.below(9), random.below(9));
    for _ in 0..random.below(4) {
        entry.tally.add(Verdict::ALL[random.below(13) as usize]);
    }
    entry
}
