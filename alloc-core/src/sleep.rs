//! Sleeping: in steps it is the background's turn; in live time the thread waits until something moves.

use crate::machine::Machine;
use crate::time::{Patience, Slept};

/// How long those in the queue wait for something to move before the first of them asks the killer.
#[cfg(feature = "std")]
const TICK: std::time::Duration = std::time::Duration::from_millis(10);

impl Machine {
    /// A request sleeps until something has moved since it last looked. The first sleep is none: what moved while the
    /// request was looking is not known.
    pub(crate) fn sleep(&self, patience: &mut Patience) -> Slept {
        #[cfg(feature = "std")]
        if let Some(live) = &self.live {
            return self.sleep_live(live, patience);
        }
        self.background();
        let state = self.state();
        let progress = Some(state.progress);
        patience.rounds += 1;
        // Others may move for ever without any good to this one.
        let moved = progress != patience.seen && patience.rounds <= state.policy.rounds_max;
        patience.seen = progress;
        if moved { Slept::Moved } else { Slept::Hung }
    }

    #[cfg(feature = "std")]
    fn sleep_live(&self, live: &crate::threads::Live, patience: &mut Patience) -> Slept {
        use std::time::Instant;
        if live.is_left_behind() {
            self.background();
        }
        // What was at hand is on the free lists, and what comes free goes there as long as somebody sleeps.
        let mut state = self.state();
        let since = *patience.since.get_or_insert_with(Instant::now);
        if patience.seen != Some(state.progress) {
            (patience.seen, patience.since) = (Some(state.progress), Some(Instant::now()));
            return Slept::Moved;
        }
        let Some(left) = live.watchdog.checked_sub(since.elapsed()).filter(|left| !left.is_zero()) else {
            return Slept::Hung;
        };
        state.sleepers += 1;
        let listening = live.signals.moved.listen();
        drop(state);
        live.signals.moved.wait(listening, Some(left.min(TICK)));
        let mut state = self.raw();
        state.sleepers -= 1;
        if patience.seen != Some(state.progress) || state.dead.is_some() { Slept::Moved } else { Slept::Still }
    }

    /// Waits until the background reclaimers that were woken have done their pass.
    pub(crate) fn await_kswapd(&self) {
        #[cfg(feature = "std")]
        if let Some(live) = self.live.as_ref().filter(|live| !live.is_left_behind()) {
            let begun = std::time::Instant::now();
            while begun.elapsed() < live.watchdog {
                let mut state = self.raw();
                if state.kswapd_wanted.union(state.kswapd_running) == crate::NodeMask::NONE || state.dead.is_some() {
                    return;
                }
                state.sleepers += 1;
                let listening = live.signals.moved.listen();
                drop(state);
                live.signals.moved.wait(listening, Some(TICK));
                self.raw().sleepers -= 1;
            }
            return;
        }
        self.background();
    }
}
