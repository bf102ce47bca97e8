//! The calls that annotated code makes at its sites and recovery arms.

use std::sync::atomic::Ordering::Relaxed;

use super::failed::Failed;
use super::point::{Function, Point, seen};
use crate::coverage::leaving;
use crate::scope::armed::armed;
use crate::scope::passing;

/// Where the sites of a thread stood when one was entered.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct Entered {
    /// Which thread of a sweep that is; 0 if it is none.
    mark: usize,
    depth: u32,
}

impl Function {
    /// A site's call is about to be made.
    #[inline(always)]
    pub fn enter(&'static self, point: u32) -> Entered {
        if let Some(declared) = self.points.get(point as usize)
            && is_news(declared, seen::REACHED)
        {
            return enter(declared);
        }
        Entered { mark: 0, depth: 0 }
    }

    /// The call of a site came back with `value`.
    #[inline(always)]
    pub fn leave<T>(&'static self, entered: Entered, value: T) -> T {
        if entered.mark != 0 {
            leave(entered.mark, entered.depth);
        }
        value
    }

    /// The code behind a site's arguments leaves the function, `depth` calls deep in sites of its own.
    #[inline(always)]
    pub fn abandon(&'static self, depth: u32) {
        if armed() {
            abandon(depth);
        }
    }

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
            && is_news(declared, what)
        {
            pass(declared, what);
        }
    }
}

/// Whether anybody has to be told that a point is passed: outside of sweeps, once.
#[inline(always)]
fn is_news(point: &Point, what: u8) -> bool {
    point.seen.load(Relaxed) & what != what || armed()
}

// None of these unwinds, so that the code around gets no landing pads; none takes a lock or allocates.

#[cold]
#[inline(never)]
extern "C" fn pass(point: &'static Point, what: u8) {
    point.seen.fetch_or(what, Relaxed);
    leaving::begin();
    passing::count(point.number.load(Relaxed), what, what & seen::RAN != 0 && !point.kind.is_site());
}

#[cold]
#[inline(never)]
extern "C" fn enter(point: &'static Point) -> Entered {
    pass(point, seen::REACHED);
    let (mark, depth) = passing::enter(point.number.load(Relaxed));
    Entered { mark, depth }
}

#[cold]
#[inline(never)]
extern "C" fn leave(mark: usize, depth: u32) {
    passing::leave(mark, depth);
}

#[cold]
#[inline(never)]
extern "C" fn abandon(depth: u32) {
    passing::abandon(depth);
}
