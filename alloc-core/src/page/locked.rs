//! The state under its lock; when the lock is given back, memory beyond a budget is, too, and those are woken who wait for what was done.

use core::ops::{Deref, DerefMut};

use super::state::State;
use crate::host::arena::Arena;
use crate::sync::lock::Guard;
#[cfg(feature = "std")]
use crate::{numa::node_mask::NodeMask, sync::signal::Signal};

/// What the threads of a live machine wait for.
#[cfg(feature = "std")]
#[derive(Debug, Default)]
pub(crate) struct Signals {
    /// Something moved that can help a request that sleeps.
    pub(crate) moved: Signal,
    /// There is work for the background.
    pub(crate) work: Signal,
}

/// What is looked at to know whom to wake.
#[cfg(feature = "std")]
#[derive(Clone, Copy, PartialEq, Eq)]
struct Seen {
    progress: u64,
    door_is_free: bool,
    stopped: bool,
    kswapd_running: NodeMask,
}

#[cfg(feature = "std")]
impl Seen {
    fn of(state: &State) -> Seen {
        Seen {
            progress: state.progress,
            door_is_free: state.oom_holder.is_none(),
            stopped: state.dead.is_some(),
            kswapd_running: state.kswapd_running,
        }
    }
}

/// The state, locked.
pub(crate) struct Locked<'m> {
    /// `None` only while it is dropped.
    state: Option<Guard<'m, State>>,
    arena: &'m Arena,
    #[cfg(feature = "std")]
    live: Option<(&'m Signals, Seen, NodeMask)>,
}

impl<'m> Locked<'m> {
    /// The state in steps: nobody is to be woken.
    pub(crate) fn stepped(state: Guard<'m, State>, arena: &'m Arena) -> Locked<'m> {
        Locked {
            state: Some(state),
            arena,
            #[cfg(feature = "std")]
            live: None,
        }
    }

    /// The state of a live machine.
    #[cfg(feature = "std")]
    pub(crate) fn live(state: Guard<'m, State>, arena: &'m Arena, signals: &'m Signals) -> Locked<'m> {
        let live = Some((signals, Seen::of(&state), state.kswapd_wanted));
        Locked { state: Some(state), arena, live }
    }
}

impl Deref for Locked<'_> {
    type Target = State;

    fn deref(&self) -> &State {
        self.state.as_deref().unwrap_or_else(|| unreachable!("a lock is held until it is dropped"))
    }
}

impl DerefMut for Locked<'_> {
    fn deref_mut(&mut self) -> &mut State {
        self.state.as_deref_mut().unwrap_or_else(|| unreachable!("a lock is held until it is dropped"))
    }
}

impl Drop for Locked<'_> {
    fn drop(&mut self) {
        // Before those who took it write to what was taken.
        if let Some(state) = self.state.as_deref_mut().filter(|state| state.has_budget) {
            state.give_back_beyond_budget(self.arena);
        }
        #[cfg(feature = "std")]
        self.wake();
    }
}

#[cfg(feature = "std")]
impl Locked<'_> {
    fn wake(&mut self) {
        let Some(((signals, seen, wanted), state)) = self.live.zip(self.state.as_deref_mut()) else { return };
        let moved = state.sleepers > 0 && Seen::of(state) != seen;
        let work = state.kswapd_wanted != wanted || state.reap_wanted;
        state.reap_wanted = false;
        // Whoever is woken finds the lock free.
        self.state = None;
        if moved {
            signals.moved.ring();
        }
        if work {
            signals.work.ring();
        }
    }
}
