//! The calls that annotated code makes at its sites and recovery arms.

use std::sync::atomic::Ordering::Relaxed;

use super::failed::Failed;
use super::point::{Cell, Function, seen};
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
    #[inline]
    pub fn enter(&'static self, point: u32) -> Entered {
        if let Some(cell) = self.cells.get(point as usize)
            && is_news(cell, seen::REACHED)
        {
            return enter(cell);
        }
        Entered { mark: 0, depth: 0 }
    }

    /// The future that a site's call has made is about to be polled.
    pub(super) fn enter_again(&'static self, point: u32) -> Entered {
        match self.cells.get(point as usize) {
            Some(cell) if armed() => enter_again(cell),
            _ => Entered { mark: 0, depth: 0 },
        }
    }

    /// The call of a site came back with `value`.
    #[inline]
    pub fn leave<T>(&'static self, entered: Entered, value: T) -> T {
        if entered.mark != 0 {
            leave(entered.mark, entered.depth);
        }
        value
    }

    /// The code behind a site's arguments leaves the function, `depth` calls deep in sites of its own.
    #[inline]
    pub fn abandon(&'static self, depth: u32) {
        if armed() {
            abandon(depth);
        }
    }

    /// The code behind a site's arguments leaves with `value`, `depth` calls deep.
    #[inline]
    pub fn abandoned<T>(&'static self, depth: u32, value: T) -> T {
        self.abandon(depth);
        value
    }

    /// The value in front of a `?` that is no arm, `depth` calls deep.
    #[inline]
    pub fn abandon_if<T: Failed>(&'static self, depth: u32, value: T) -> T {
        if value.failed() {
            self.abandon(depth);
        }
        value
    }

    /// Gives `value` back, behind a note that was made before it was evaluated.
    #[inline]
    pub fn pass<T>(&'static self, _noted: (), value: T) -> T {
        value
    }

    /// What an arm deals with was evaluated, or a call was made that no failure is traced to.
    #[inline]
    pub fn reached(&'static self, point: u32) {
        self.note(point, seen::REACHED);
    }

    /// An arm runs.
    #[inline]
    pub fn ran(&'static self, point: u32) {
        self.note(point, seen::REACHED | seen::RAN);
    }

    /// A fail point fails: it is a site, and no arm that runs.
    pub(crate) fn fails(&'static self, point: u32) {
        if let Some(cell) = self.cells.get(point as usize) {
            note(cell, seen::REACHED | seen::RAN, false);
        }
    }

    /// What an arm deals with was evaluated; it runs if `failed`.
    #[inline]
    pub fn ran_if(&'static self, point: u32, failed: bool) -> bool {
        self.note(point, if failed { seen::REACHED | seen::RAN } else { seen::REACHED });
        failed
    }

    /// The value in front of a `?`.
    #[inline]
    pub fn tried<T: Failed>(&'static self, point: u32, value: T) -> T {
        self.ran_if(point, value.failed());
        value
    }

    /// The value in front of a `?` behind a site's arguments, `depth` calls deep.
    #[inline]
    pub fn tried_in<T: Failed>(&'static self, point: u32, depth: u32, value: T) -> T {
        if self.ran_if(point, value.failed()) {
            self.abandon(depth);
        }
        value
    }

    #[inline]
    fn note(&'static self, point: u32, what: u8) {
        if let Some(cell) = self.cells.get(point as usize)
            && is_news(cell, what)
        {
            pass(cell, what);
        }
    }
}

/// Whether anybody has to be told that a point is passed: outside of sweeps, once.
#[inline]
fn is_news(cell: &Cell, what: u8) -> bool {
    cell.seen.load(Relaxed) & what != what || armed()
}

// None of these unwinds, so that the code around gets no landing pads; none takes a lock or allocates.

#[cold]
#[inline(never)]
extern "C" fn pass(cell: &'static Cell, what: u8) {
    note(cell, what, what & seen::RAN != 0);
}

fn note(cell: &'static Cell, what: u8, arm_ran: bool) {
    cell.seen.fetch_or(what, Relaxed);
    leaving::begin();
    passing::count(cell.number.load(Relaxed), what, arm_ran);
}

#[cold]
#[inline(never)]
extern "C" fn enter(cell: &'static Cell) -> Entered {
    pass(cell, seen::REACHED);
    enter_again(cell)
}

#[cold]
#[inline(never)]
extern "C" fn enter_again(cell: &'static Cell) -> Entered {
    let (mark, depth) = passing::enter(cell.number.load(Relaxed));
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
