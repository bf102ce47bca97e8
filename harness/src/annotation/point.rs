//! What an annotated function declares: its sites and recovery arms, and the calls that its code makes at them.

use std::sync::atomic::AtomicU8;
use std::sync::atomic::Ordering::Relaxed;

use super::failed::Failed;
use super::kind::Kind;
use crate::scope::shared::ARMED;

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
        Point { kind, text, ordinal, line, column, site, excuse, seen: AtomicU8::new(0) }
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

/// Where the sites stood when one was entered.
#[derive(Clone, Copy, Debug)]
pub struct Entered(());

impl Function {
    /// A site's call is about to be made.
    #[inline(always)]
    pub fn enter(&'static self, point: u32) -> Entered {
        self.note(point, seen::REACHED);
        Entered(())
    }

    /// The call of a site came back with `value`.
    #[inline(always)]
    pub fn leave<T>(&'static self, _entered: Entered, value: T) -> T {
        value
    }

    /// The code behind a site's arguments leaves the function, `depth` calls deep in sites of its own.
    #[inline(always)]
    pub fn abandon(&'static self, _depth: u32) {}

    /// The code behind a site's arguments leaves with `value`, `depth` calls deep.
    #[inline(always)]
    pub fn abandoned<T>(&'static self, depth: u32, value: T) -> T {
        self.abandon(depth);
        value
    }

    /// The value in front of a `?` that is no arm, `depth` calls deep.
    #[inline(always)]
    pub fn abandon_if<T: Failed>(&'static self, depth: u32, value: T) -> T {
        if value.failed() {
            self.abandon(depth);
        }
        value
    }

    /// Gives `value` back, behind a note that was made before it was evaluated.
    #[inline(always)]
    pub fn pass<T>(&'static self, _noted: (), value: T) -> T {
        value
    }

    /// What an arm deals with was evaluated, or a call was made that no failure is traced to.
    #[inline(always)]
    pub fn reached(&'static self, point: u32) {
        self.note(point, seen::REACHED);
    }

    /// An arm runs.
    #[inline(always)]
    pub fn ran(&'static self, point: u32) {
        self.note(point, seen::REACHED | seen::RAN);
    }

    /// What an arm deals with was evaluated; it runs if `failed`.
    #[inline(always)]
    pub fn ran_if(&'static self, point: u32, failed: bool) -> bool {
        self.note(point, if failed { seen::REACHED | seen::RAN } else { seen::REACHED });
        failed
    }

    /// The value in front of a `?`.
    #[inline(always)]
    pub fn tried<T: Failed>(&'static self, point: u32, value: T) -> T {
        self.ran_if(point, value.failed());
        value
    }

    /// The value in front of a `?` behind a site's arguments, `depth` calls deep.
    #[inline(always)]
    pub fn tried_in<T: Failed>(&'static self, point: u32, depth: u32, value: T) -> T {
        if self.ran_if(point, value.failed()) {
            self.abandon(depth);
        }
        value
    }

    #[inline(always)]
    fn note(&'static self, point: u32, what: u8) {
        if let Some(declared) = self.points.get(point as usize)
            && (declared.seen.load(Relaxed) & what != what || ARMED.0.load(Relaxed) != 0)
        {
            note(declared, what);
        }
    }
}

/// Never unwinds, so that the code around it gets no landing pad.
#[cold]
#[inline(never)]
extern "C" fn note(point: &Point, what: u8) {
    point.seen.fetch_or(what, Relaxed);
}
