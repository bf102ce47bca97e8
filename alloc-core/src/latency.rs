//! How long requests took, in steps: a histogram for each kind of promise.

/// Requests by what they are promised: those that may not end without memory take as long as it takes.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum RequestClass {
    /// They look at the free lists and do not wait.
    NoWait,
    /// One pass of direct reclaim.
    OnePass,
    /// They give up when reclaim gives nothing.
    Rounds,
    /// They go round until they are served or are victims.
    Loop,
    /// They go round until they are served.
    Nofail,
}

/// Requests that are over, by class and by the number of their steps.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Latency([[u64; Latency::BUCKETS]; 5]);

impl Latency {
    /// Numbers of steps that are told apart: 1, 2 to 3, 4 to 7 and so on, and all beyond.
    pub const BUCKETS: usize = 24;

    /// How many requests of a class took how many steps: bucket `n` has those of `2^n` to `2^(n + 1) - 1`, and the last
    /// one all beyond. A step is a look at a zone, a pass of reclaim, or a decision.
    pub fn of(&self, class: RequestClass) -> [u64; Latency::BUCKETS] {
        self.0[class as usize]
    }

    /// All requests that are over.
    pub fn total(&self) -> u64 {
        self.0.iter().flatten().sum()
    }

    /// So many requests are over.
    pub(crate) fn record(&mut self, class: RequestClass, steps: u32, requests: u64) {
        let bucket = steps.max(1).ilog2() as usize;
        self.0[class as usize][bucket.min(Latency::BUCKETS - 1)] += requests;
    }
}
