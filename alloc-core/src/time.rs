//! How a machine's time passes: in steps that its callers make, or by itself.

/// How time passes. The engine is the same.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub enum Time {
    /// In steps: background work is done when a request would sleep, and the same steps give the same results. A request
    /// that would sleep twice without anything having moved in between hangs.
    #[default]
    Stepped,
    /// By itself: requests really sleep, every node has a thread that reclaims, and one reaps. Requests are made on the
    /// processor that their thread runs on, and a request hangs when nothing has moved for the watchdog's time.
    ///
    /// As in the kernel, what one thread does is one task's: let each thread that makes requests have a task of its own
    /// ([`Machine::run_as`](crate::Machine::run_as)), or they share the rights of one that reclaims.
    #[cfg(feature = "std")]
    Live,
}

/// What a sleep came to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Slept {
    /// Something moved.
    Moved,
    /// Nothing has moved so far.
    #[cfg_attr(not(feature = "std"), allow(dead_code, reason = "steps know only whether something moved"))]
    Still,
    /// Nothing will.
    Hung,
}

/// What a request remembers between its sleeps.
#[derive(Debug, Default)]
pub(crate) struct Patience {
    /// How much had moved when it was last looked at.
    pub(crate) seen: Option<u64>,
    /// How often it slept in steps.
    pub(crate) rounds: u32,
    /// When that was new.
    #[cfg(feature = "std")]
    pub(crate) since: Option<std::time::Instant>,
}
