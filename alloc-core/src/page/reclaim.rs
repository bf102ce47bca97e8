//! Reclaim: who can give memory back, in which order they are asked, and how much.

use super::pages::Pages;
use crate::gfp::Gfp;

/// What a shrinker does to give memory back, which decides who may call it.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum ReclaimClass {
    /// It drops what can be dropped.
    Clean,
    /// It calls the file system: only for requests with FS.
    Fs,
    /// It starts input or output: only for requests with IO.
    Io,
}

impl ReclaimClass {
    /// Every class.
    pub const ALL: [ReclaimClass; 3] = [ReclaimClass::Clean, ReclaimClass::Fs, ReclaimClass::Io];

    /// Whether a request with these flags may have shrinkers of this class called.
    pub const fn is_open_to(self, flags: Gfp) -> bool {
        match self {
            ReclaimClass::Clean => true,
            ReclaimClass::Fs => flags.contains(Gfp::FS),
            ReclaimClass::Io => flags.contains(Gfp::IO),
        }
    }
}

/// A cache that can give memory back.
///
/// It is called with no lock of the machine held. It may ask the machine for memory: the task that reclaims may use every
/// reserve meanwhile, and does not reclaim again.
pub trait Shrinker: Send + Sync {
    /// What it does to give memory back.
    fn class(&self) -> ReclaimClass;

    /// How many pages it could give back.
    fn count(&self) -> u64;

    /// What it costs to make one of its pages again, in seeks of a disk, as the kernel counts it: 2 is usual. Of what is dear
    /// less is asked for at once, and half of all that costs nothing.
    fn seeks(&self) -> u32 {
        SEEKS_USUAL
    }

    /// Gives up to `pages` pages back, through `free`. What it says elsewhere is not believed: pages are counted as they come.
    fn scan(&self, pages: u64, free: &mut dyn FnMut(Pages));
}

/// What a page of a shrinker costs if it says nothing else.
const SEEKS_USUAL: u32 = 2;

/// How many of the `count` pages of a shrinker are asked for at a priority: at the last one all, whatever they cost.
pub(crate) fn share(count: u64, priority: u32, seeks: u32) -> u64 {
    match u64::from(seeks) {
        _ if priority == 0 => count,
        0 => count / 2,
        seeks => (count >> priority).saturating_mul(u64::from(SEEKS_USUAL)) / seeks,
    }
}

/// Pages that a pass tries to gain at least.
pub(crate) const BATCH: u64 = 32;

/// The first and gentlest priority: a shrinker is asked for its count divided by two to the power of it.
pub(crate) const PRIORITY_FIRST: u32 = 12;

/// The number of a registered shrinker.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct ShrinkerId(pub(crate) u32);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn row_122_of_what_is_dear_less_is_asked_for() {
        assert_eq!([0, 1, 2, 4].map(|seeks| share(1000, 3, seeks)), [500, 250, 125, 62]);
        assert_eq!([0, 1, 2, u32::MAX].map(|seeks| share(u64::MAX, 1, seeks) > 0), [true; 4]);
        assert_eq!([0, 1, 2, u32::MAX].map(|seeks| share(9, 0, seeks)), [9; 4], "nothing is kept for ever");
        assert_eq!((share(8, 3, 2), share(8, 3, 3), share(7, 3, 1)), (1, 0, 0));
    }
}
