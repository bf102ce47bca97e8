//! What the threads of a live machine share with it, and how they end: with their owner.

use alloc::sync::Arc;
use alloc::vec::Vec;
use core::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use crate::page::locked::Signals;

/// What a live machine has beyond one in steps.
#[derive(Debug)]
pub(crate) struct Live {
    pub(crate) signals: Signals,
    /// How long nothing may move before whoever sleeps hangs.
    pub(crate) watchdog: Duration,
    /// Whether the machine's threads are to end.
    pub(crate) stopping: AtomicBool,
}

impl Live {
    pub(crate) fn new(watchdog: Duration) -> Live {
        Live { signals: Signals::default(), watchdog, stopping: AtomicBool::new(false) }
    }

    /// Whether the machine's threads were left behind by a fork: who would wait for them does their work.
    pub(crate) fn is_left_behind(&self) -> bool {
        self.signals.work.is_left_behind()
    }
}

/// A machine's threads; told to end on drop, and waited for.
#[derive(Debug)]
pub(crate) struct Threads {
    pub(crate) live: Arc<Live>,
    pub(crate) handles: Vec<JoinHandle<()>>,
}

impl Drop for Threads {
    fn drop(&mut self) {
        if self.live.is_left_behind() {
            // There are none to be waited for, and even to let go of them would be to touch what is not there.
            return self.handles.drain(..).for_each(core::mem::forget);
        }
        self.live.stopping.store(true, Relaxed);
        self.live.signals.work.ring();
        for thread in self.handles.drain(..) {
            // A shrinker may be the last to let go of a machine, and then this is one of its threads: it ends by itself.
            if thread.thread().id() != thread::current().id() {
                let _ = thread.join();
            }
        }
    }
}
