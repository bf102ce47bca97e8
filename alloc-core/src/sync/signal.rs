//! A bell for threads that wait: whoever began to listen before it rang is woken.

use std::sync::{Condvar, Mutex, PoisonError};
use std::time::Duration;

/// A bell.
#[derive(Debug, Default)]
pub(crate) struct Signal {
    rings: Mutex<u64>,
    rung: Condvar,
}

/// From when on a thread listens.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Listening(u64);

impl Signal {
    /// Begins to listen: what rings from now on ends the wait.
    pub(crate) fn listen(&self) -> Listening {
        Listening(*self.rings.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Waits until it rings, or has rung since the thread listens, or for so long.
    pub(crate) fn wait(&self, since: Listening, most: Option<Duration>) {
        let rings = self.rings.lock().unwrap_or_else(PoisonError::into_inner);
        let silent = |rings: &mut u64| *rings == since.0;
        match most {
            Some(most) => drop(self.rung.wait_timeout_while(rings, most, silent)),
            None => drop(self.rung.wait_while(rings, silent)),
        }
    }

    /// Wakes all who listen.
    pub(crate) fn ring(&self) {
        *self.rings.lock().unwrap_or_else(PoisonError::into_inner) += 1;
        self.rung.notify_all();
    }
}
