//! A bell for threads that wait: whoever began to listen before it rang is woken.

use std::sync::{Condvar, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use super::numbers;

/// How often those look around who wait in a process that a fork has parted from the bell's own.
const LOOK: Duration = Duration::from_millis(1);

/// A bell. In the child of a fork it is left alone: a thread that is gone may have its lock, and nobody it could wake is left.
#[derive(Debug)]
pub(crate) struct Signal {
    rings: Mutex<u64>,
    rung: Condvar,
    forks: u64,
}

/// From when on a thread listens.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Listening(u64);

impl Default for Signal {
    fn default() -> Signal {
        Signal { rings: Mutex::default(), rung: Condvar::new(), forks: numbers::forks() }
    }
}

impl Signal {
    /// Whether a fork lies between this process and the one that the bell was made in.
    pub(crate) fn is_left_behind(&self) -> bool {
        self.forks != numbers::forks()
    }

    /// Begins to listen: what rings from now on ends the wait.
    pub(crate) fn listen(&self) -> Listening {
        if self.is_left_behind() {
            return Listening(0);
        }
        Listening(*self.rings.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Waits until it rings, or has rung since the thread listens, or for so long.
    pub(crate) fn wait(&self, since: Listening, most: Option<Duration>) {
        if self.is_left_behind() {
            return thread::sleep(most.unwrap_or(LOOK).min(LOOK));
        }
        let rings = self.rings.lock().unwrap_or_else(PoisonError::into_inner);
        let silent = |rings: &mut u64| *rings == since.0;
        match most {
            Some(most) => drop(self.rung.wait_timeout_while(rings, most, silent)),
            None => drop(self.rung.wait_while(rings, silent)),
        }
    }

    /// Wakes all who listen.
    pub(crate) fn ring(&self) {
        if self.is_left_behind() {
            return;
        }
        *self.rings.lock().unwrap_or_else(PoisonError::into_inner) += 1;
        self.rung.notify_all();
    }
}
