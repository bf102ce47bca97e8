//! By what a point is known again in another process, another program, or after an edit somewhere else.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use crate::annotation::registry::Declared;
use crate::chain::id::Id;

/// A point of annotated code: a hash of its crate, module, function, kind, text, and which of several such it is.
///
/// Two items of one name (in macros, or behind `cfg`) can hold points that all this does not tell apart. They are
/// numbered in the order of their file, line and column. Points at the very same place are the same one.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(crate) struct PointId {
    hash: [u64; 2],
    /// Which of the points with this hash it is, from 1.
    copy: u32,
}

impl PointId {
    /// The first point with these names.
    pub(crate) fn of(Declared { function, point }: &Declared) -> PointId {
        let texts = [function.krate(), function.module, function.name, point.kind.as_str(), point.text];
        let hash = texts.into_iter().fold(Id::EMPTY, |id, text| {
            // The length keeps `ab`, `c` and `a`, `bc` apart.
            text.bytes().fold(id.with(text.len() as u64), |id, byte| id.with(u64::from(byte)))
        });
        let hash = hash.with(u64::from(point.ordinal));
        PointId { hash: [hash.hi, hash.lo], copy: 1 }
    }

    /// The identities of all `declared`, in their order.
    pub(crate) fn of_all(declared: &[Declared]) -> Vec<PointId> {
        let place = |declared: &Declared| (declared.function.file, declared.point.line, declared.point.column);
        let mut alike: BTreeMap<PointId, Vec<_>> = BTreeMap::new();
        for point in declared {
            alike.entry(PointId::of(point)).or_default().push(place(point));
        }
        for places in alike.values_mut() {
            places.sort_unstable();
            places.dedup();
        }
        let ids = declared.iter().map(|point| {
            let id = PointId::of(point);
            let copy = alike[&id].iter().position(|known| *known == place(point));
            PointId { copy: copy.map_or(1, |before| before as u32 + 1), ..id }
        });
        ids.collect()
    }
}

impl fmt::Display for PointId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}{:016x}", self.hash[0], self.hash[1])?;
        if self.copy > 1 { write!(f, "~{}", self.copy) } else { Ok(()) }
    }
}

impl FromStr for PointId {
    type Err = ();

    fn from_str(word: &str) -> Result<PointId, ()> {
        let (hash, copy) = match word.split_once('~') {
            Some((hash, copy)) => (hash, copy.parse().ok().filter(|copy| *copy > 1).ok_or(())?),
            None => (word, 1),
        };
        if hash.len() != 32 || !hash.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f')) {
            return Err(());
        }
        let half = |from: usize| u64::from_str_radix(&hash[from..from + 16], 16).map_err(drop);
        Ok(PointId { hash: [half(0)?, half(16)?], copy })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::annotation::{Cell, Excuse, Function, Kind, Point};

    fn declared(name: &'static str, file: &'static str, text: &'static str, line: u32) -> Declared {
        let point = Point {
            kind: Kind::Question,
            text,
            ordinal: 0,
            line,
            column: 1,
            site: None,
            excuse: Excuse::None,
            place: 0,
            cell: Box::leak(Box::new(Cell::NEW)),
        };
        let function = Function { module: "demo::room", name, file, table: "", conditions: &[], cells: &[] };
        Declared { function: Box::leak(Box::new(function)), point }
    }

    #[test]
    fn a_point_is_known_again_after_edits_elsewhere() {
        let before = declared("open", "src/a.rs", "read()?", 3);
        let after = declared("open", "src/b.rs", "read()?", 30);
        assert_eq!(PointId::of(&before), PointId::of(&after));
        for other in [declared("openr", "src/a.rs", "ead()?", 3), declared("open", "src/a.rs", "write()?", 3)] {
            assert_ne!(PointId::of(&before), PointId::of(&other));
        }
    }

    #[test]
    fn points_of_one_name_are_numbered_by_their_place() {
        let all = [
            declared("open", "src/b.rs", "read()?", 1),
            declared("open", "src/a.rs", "read()?", 9),
            declared("open", "src/a.rs", "read()?", 5),
            declared("open", "src/a.rs", "read()?", 5),
            declared("close", "src/a.rs", "read()?", 7),
        ];
        let copies: Vec<u32> = PointId::of_all(&all).iter().map(|id| id.copy).collect();
        assert_eq!(copies, [3, 2, 1, 1, 1]);
    }

    #[test]
    fn every_identity_comes_back_from_its_word() {
        let id = PointId::of(&declared("open", "src/a.rs", "read()?", 3));
        for id in [id, PointId { copy: 2, ..id }] {
            assert_eq!(id.to_string().parse(), Ok(id));
        }
        let word = id.to_string();
        for bad in ["", "12", &word[1..], &format!("{word}~1"), &format!("{word}~x"), &word.replace(&word[..1], "+")] {
            assert!(bad.parse::<PointId>().is_err(), "{bad}");
        }
    }
}
