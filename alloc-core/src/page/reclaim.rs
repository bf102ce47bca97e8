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

    /// Gives up to `pages` pages back, through `free`. What it says elsewhere is not believed: pages are counted as they come.
    fn scan(&self, pages: u64, free: &mut dyn FnMut(Pages));
}

/// Pages that a pass tries to gain at least.
pub(crate) const BATCH: u64 = 32;

/// The first and gentlest priority: a shrinker is asked for its count divided by two to the power of it.
pub(crate) const PRIORITY_FIRST: u32 = 12;

/// The number of a registered shrinker.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct ShrinkerId(pub(crate) u32);
