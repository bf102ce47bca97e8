//! The work of a live machine's threads: one for each node reclaims, and one reaps.

use alloc::sync::Arc;
use alloc::vec::Vec;
use std::format;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::Ordering::Relaxed;
use std::thread;
use std::time::Duration;

use crate::host::contract::HostError;
use crate::machine::Machine;
use crate::task::Task;
use crate::threads::{Live, Threads};
use crate::units::NodeId;

/// How long the reaper waits before it tries again to get at a victim's memory.
const REAP_AGAIN: Duration = Duration::from_millis(10);

impl Machine {
    /// The machine with its threads; in steps it has none.
    ///
    /// # Errors
    /// When the operating system has no more threads.
    pub(crate) fn start(self) -> Result<Machine, HostError> {
        let Some(live) = self.live.clone() else { return Ok(self) };
        let mut threads = Threads { live, handles: Vec::new() };
        for node in (0..self.raw().zonelists.len() as u8).map(NodeId) {
            let reclaims = move |machine: &Machine| machine.kswapd(node).then_some(Duration::ZERO);
            self.start_thread(&mut threads, &format!("kswapd{}", node.0), reclaims)?;
        }
        let reaps = |machine: &Machine| machine.reaps_again().then_some(REAP_AGAIN);
        self.start_thread(&mut threads, "oom_reaper", reaps)?;
        Ok(self.owning(threads))
    }

    /// Starts one thread, which makes turns whenever there may be something to do. A turn says after what time to make
    /// another one if nobody wakes it.
    fn start_thread(
        &self,
        threads: &mut Threads,
        name: &str,
        turn: impl Fn(&Machine) -> Option<Duration> + Send + 'static,
    ) -> Result<(), HostError> {
        let (machine, live) = (self.unowned(), Arc::clone(&threads.live));
        let thread = thread::Builder::new().name(name.into()).spawn(move || work(&machine, &live, turn));
        let handle = thread.map_err(|error| HostError::System(error.raw_os_error().unwrap_or(0)))?;
        threads.handles.push(handle);
        Ok(())
    }

    /// Lets the reaper do what it can. Whether a victim is left whose memory it could not get at.
    fn reaps_again(&self) -> bool {
        let mut state = self.raw();
        if !state.tasks.iter().any(Task::is_going) {
            return false;
        }
        self.collect(&mut state);
        state.reap();
        state.tasks.iter().any(Task::is_going)
    }
}

fn work(machine: &Machine, live: &Live, turn: impl Fn(&Machine) -> Option<Duration>) {
    loop {
        let listening = live.signals.work.listen();
        if live.stopping.load(Relaxed) {
            return;
        }
        // A shrinker that panics has said so, and the machine goes on without its gain.
        match catch_unwind(AssertUnwindSafe(|| turn(machine))).unwrap_or(Some(REAP_AGAIN)) {
            Some(Duration::ZERO) => {}
            most => live.signals.work.wait(listening, most),
        }
    }
}
