//! What an annotated function declares: its sites and recovery arms.

use std::sync::atomic::{AtomicU8, AtomicU32};

use super::kind::Kind;

/// The number of a point before points are numbered.
#[doc(hidden)]
pub const UNNUMBERED: u32 = u32::MAX;

/// A function with its sites and arms, as the attribute registers it.
#[derive(Debug)]
pub struct Function {
    /// The crate, as the compiler knows it.
    pub krate: &'static str,
    /// The module, from `module_path!`.
    pub module: &'static str,
    /// Inside of the module: `Cache<K, V>::insert`.
    pub name: &'static str,
    /// The file, from `file!`.
    pub file: &'static str,
    /// In the order of the source.
    pub points: &'static [Point],
}

/// A site or a recovery arm.
#[derive(Debug)]
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
    /// What is known of it in this process: [`seen`].
    pub seen: AtomicU8,
    /// Which point of the program it is, once they are numbered.
    pub number: AtomicU32,
}

impl Point {
    /// A point that has seen nothing.
    pub const fn new(
        kind: Kind,
        text: &'static str,
        ordinal: u32,
        line: u32,
        column: u32,
        site: Option<u32>,
        excuse: Excuse,
    ) -> Point {
        let (seen, number) = (AtomicU8::new(0), AtomicU32::new(UNNUMBERED));
        Point { kind, text, ordinal, line, column, site, excuse, seen, number }
    }

    /// A point that no site leads to, without an excuse.
    pub const fn at(kind: Kind, text: &'static str, ordinal: u32, line: u32, column: u32) -> Point {
        Point::new(kind, text, ordinal, line, column, None, Excuse::None)
    }

    /// The same, which a site leads to.
    pub const fn behind(self, site: u32) -> Point {
        let Point { kind, text, ordinal, line, column, excuse, .. } = self;
        Point::new(kind, text, ordinal, line, column, Some(site), excuse)
    }

    /// The same, which nobody has to test.
    pub const fn excused(self, excuse: Excuse) -> Point {
        let Point { kind, text, ordinal, line, column, site, .. } = self;
        Point::new(kind, text, ordinal, line, column, site, excuse)
    }
}

/// What its author says of an arm.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Excuse {
    /// Nothing: it is to be tested.
    None,
    /// `#[firsthit::untested(reason = "..")]`: no test can reach it, or none needs to.
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
