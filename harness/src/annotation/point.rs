//! What an annotated function declares: its sites and recovery arms, written into one text that is read when they are counted.

use std::sync::atomic::{AtomicU8, AtomicU32};

use super::kind::Kind;

/// The number of a point before points are numbered.
const UNNUMBERED: u32 = u32::MAX;

/// What stands between the fields of a point; no field has it.
const BETWEEN: char = '\u{1f}';
/// What stands behind each point; no field has it.
const BEHIND: char = '\u{1e}';

/// A function with its sites and arms, as the attribute registers it.
///
/// The compiler looks at everything that a crate declares, whether anybody asks for it or not: that is why the points
/// are one text, and not a value each.
#[derive(Debug)]
pub struct Function {
    /// The module, from `module_path!`.
    pub module: &'static str,
    /// Inside of the module: `Cache<K, V>::insert`.
    pub name: &'static str,
    /// The file, from `file!`.
    pub file: &'static str,
    /// The points, in the order of the source, as [`Point::read`] reads them.
    pub table: &'static str,
    /// Whether the conditions are met that the table speaks of.
    pub conditions: &'static [bool],
    /// What this process knows of each point.
    pub cells: &'static [Cell],
}

/// What a process knows of a point.
#[derive(Debug)]
pub struct Cell {
    /// What it has seen in this process: [`seen`].
    pub seen: AtomicU8,
    /// Which point of the program it is, once they are numbered.
    pub number: AtomicU32,
}

impl Cell {
    /// Of a point that has seen nothing.
    #[expect(clippy::declare_interior_mutable_const, reason = "what every cell begins as")]
    pub const NEW: Cell = Cell { seen: AtomicU8::new(0), number: AtomicU32::new(UNNUMBERED) };
}

/// A site or a recovery arm.
#[derive(Clone, Copy, Debug)]
pub struct Point {
    /// What it is.
    pub kind: Kind,
    /// Its own tokens, by which it is known again.
    pub text: &'static str,
    /// How many points of its kind with the same text stand before it in the function.
    pub ordinal: u32,
    /// From 1.
    pub line: u32,
    /// From 1, in characters.
    pub column: u32,
    /// For an arm: the place of the site whose failure leads straight to it, if there is one.
    pub site: Option<u32>,
    /// Why nobody has to test it.
    pub excuse: Excuse,
    /// Its place among the function's points.
    pub place: u32,
    /// What this process knows of it.
    pub cell: &'static Cell,
}

impl Function {
    /// The crate: every module's path begins with it.
    pub fn krate(&self) -> &'static str {
        self.module.split("::").next().unwrap_or_default()
    }

    /// The points, in the order of the source. Nothing is allocated.
    pub fn points(&'static self) -> impl Iterator<Item = Point> {
        self.table.split_terminator(BEHIND).zip(self.cells).zip(0..).filter_map(|((text, cell), place)| {
            let point = Point::read(text, self.conditions, place, cell);
            debug_assert!(point.is_some(), "{text:?}");
            point
        })
    }
}

impl Point {
    /// Reads a point: kind, ordinal, line, column, site, mark, reason, condition, its text, text.
    fn read(point: &'static str, conditions: &[bool], place: u32, cell: &'static Cell) -> Option<Point> {
        let mut fields = point.split(BETWEEN);
        let mut field = || fields.next();
        let kind = Kind::from_name(field()?)?;
        let (ordinal, line, column) = (field()?.parse().ok()?, field()?.parse().ok()?, field()?.parse().ok()?);
        let site = field()?.parse().ok();
        let (mark, reason) = (field()?, field()?);
        let (condition, missing) = (field()?, field()?);
        let is_missing = condition.parse().ok().and_then(|number: usize| conditions.get(number)) == Some(&false);
        let excuse = match mark {
            _ if is_missing => Excuse::Untested(missing),
            "Untested" => Excuse::Untested(reason),
            "Benign" => Excuse::Benign(reason),
            _ => Excuse::None,
        };
        Some(Point { kind, text: field()?, ordinal, line, column, site, excuse, place, cell })
    }
}

/// What its author says of an arm.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Excuse {
    /// Nothing: it is to be tested.
    None,
    /// `#[firsthit::untested(reason = "..")]`: no test can reach it, or none needs to; or it is not compiled in.
    Untested(&'static str),
    /// `#[firsthit::benign(reason = "..")]`: what failed may be dropped here.
    Benign(&'static str),
}

/// What a point has seen in this process, whether a sweep was on or not.
pub mod seen {
    /// The call was made; for an arm, what it deals with was evaluated.
    pub const REACHED: u8 = 1;
    /// The arm ran.
    pub const RAN: u8 = 2;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn points_are_read_as_they_are_written() {
        static CELLS: [Cell; 3] = [Cell::NEW; 3];
        static FUNCTION: Function = Function {
            module: "demo::room",
            name: "open",
            file: "src/room.rs",
            table: "Site\u{1f}0\u{1f}3\u{1f}5\u{1f}\u{1f}\u{1f}\u{1f}\u{1f}\u{1f}read(\"a\nb\")\u{1e}\
                    Question\u{1f}1\u{1f}4\u{1f}6\u{1f}0\u{1f}Benign\u{1f}why\u{1f}1\u{1f}not in\u{1f}read()?\u{1e}\
                    Ok\u{1f}0\u{1f}4\u{1f}6\u{1f}\u{1f}Untested\u{1f}so\u{1f}0\u{1f}not in\u{1f}\u{1e}",
            conditions: &[false, true],
            cells: &CELLS,
        };
        assert_eq!(FUNCTION.krate(), "demo");
        let read: Vec<_> = FUNCTION.points().map(|p| (p.kind, p.ordinal, p.line, p.column, p.site, p.excuse)).collect();
        let expected = [
            (Kind::Site, 0, 3, 5, None, Excuse::None),
            (Kind::Question, 1, 4, 6, Some(0), Excuse::Benign("why")),
            (Kind::Ok, 0, 4, 6, None, Excuse::Untested("not in")),
        ];
        assert_eq!(read, expected);
        let texts: Vec<_> = FUNCTION.points().map(|point| (point.place, point.text)).collect();
        assert_eq!(texts, [(0, "read(\"a\nb\")"), (1, "read()?"), (2, "")]);
        assert!(FUNCTION.points().zip(&CELLS).all(|(point, cell)| std::ptr::eq(point.cell, cell)));
    }
}
