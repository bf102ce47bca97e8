//! Passes of reclaim and the background's work: where the machine calls its users' code, with no lock held.

use alloc::sync::Arc;

use crate::event::EventKind;
use crate::gfp::Gfp;
use crate::machine::Machine;
use crate::numa::node_mask::NodeMask;
use crate::page::notifier::{OomNotifier, OomNotifierId};
use crate::page::reclaim::{BATCH, PRIORITY_FIRST, Shrinker, ShrinkerId, share};
use crate::page::state::State;
use crate::task::TaskId;
use crate::units::{NodeId, Order};

/// A task that frees memory.
struct Reclaiming<'m>(&'m Machine, TaskId);

impl Drop for Reclaiming<'_> {
    fn drop(&mut self) {
        let mut state = self.0.raw();
        state.slow -= 1;
        if let Some(task) = state.task_mut(self.1) {
            task.passes.end();
        }
    }
}

impl Machine {
    /// Registers a shrinker.
    pub fn register_shrinker(&self, shrinker: Arc<dyn Shrinker>) -> ShrinkerId {
        ShrinkerId(self.shrinkers.lock().add(shrinker))
    }

    /// Gives a registered shrinker back, or `None` if it was given back before.
    pub fn unregister_shrinker(&self, id: ShrinkerId) -> Option<Arc<dyn Shrinker>> {
        self.shrinkers.lock().remove(id.0)
    }

    /// Registers an OOM notifier.
    pub fn register_oom_notifier(&self, notifier: Arc<dyn OomNotifier>) -> OomNotifierId {
        let id = self.oom_notifiers.lock().add(notifier);
        self.raw().notifies_oom = true;
        OomNotifierId(id)
    }

    /// Gives a registered notifier back, or `None` if it was given back before.
    pub fn unregister_oom_notifier(&self, id: OomNotifierId) -> Option<Arc<dyn OomNotifier>> {
        self.oom_notifiers.lock().remove(id.0)
    }

    /// Calls all OOM notifiers in the name of a task, and says how many pages came back meanwhile.
    pub(crate) fn notify_oom(&self, task: TaskId) -> u64 {
        if self.oom_notifiers.lock().is_empty() {
            return 0;
        }
        let _reclaiming = self.reclaiming(task);
        let before = self.state().stats.freed_pages;
        let notifier = |place| self.oom_notifiers.lock().at(place);
        for notifier in (0..).map_while(notifier) {
            self.run_as(task, || {
                notifier.notify(&mut |pages| {
                    // A block of another machine is not this one's gain, and is lost to both.
                    let _ = self.free(pages);
                });
            });
        }
        let mut state = self.state();
        let gained = state.stats.freed_pages - before;
        state.stats.kills_averted += u64::from(gained > 0);
        state.events.note(EventKind::OomNotified(gained), task, Order::ZERO, Gfp::NONE);
        gained
    }

    /// The task frees memory until the guard is dropped: what it asks for meanwhile does not reclaim again.
    fn reclaiming(&self, task: TaskId) -> Reclaiming<'_> {
        let mut state = self.state();
        state.slow += 1;
        if let Some(task) = state.task_mut(task) {
            task.passes.begin();
        }
        Reclaiming(self, task)
    }

    /// One pass of reclaim in the name of a task: shrinkers that the flags are open to, gently first, until enough is gained.
    ///
    /// `outer` are the flags of the caller that the pass serves in the end, if they are not `flags`.
    pub(crate) fn reclaim_pass(
        &self,
        task: TaskId,
        flags: Gfp,
        outer: Option<Gfp>,
        enough: impl Fn(&State, u64) -> bool,
    ) -> u64 {
        let _reclaiming = self.reclaiming(task);
        let before = self.state().stats.freed_pages;
        let gained = || self.state().stats.freed_pages - before;
        // What the machine itself holds and nobody needs is given back before anybody is asked for more.
        if self.shrink_slabs() > 0 {
            let gained = gained();
            if enough(&self.state(), gained) {
                return gained;
            }
        }
        for priority in (0..=PRIORITY_FIRST).rev() {
            let (mut place, mut reclaimable) = (0, 0_u64);
            while let Some(shrinker) = self.shrinker_at(place) {
                place += 1;
                let count = shrinker.count();
                reclaimable = reclaimable.saturating_add(count);
                let pages = share(count, priority, shrinker.seeks());
                if pages == 0 || !shrinker.class().is_open_to(flags) {
                    continue;
                }
                if outer.is_some_and(|outer| !outer.may_wait() || !shrinker.class().is_open_to(outer)) {
                    let mut state = self.state();
                    state.stats.reclaims_beyond_caller += 1;
                    state.events.note(EventKind::ReclaimedBeyondCaller(shrinker.class()), task, Order::ZERO, flags);
                }
                let scans = |class| {
                    if let Some(task) = self.state().task_mut(task) {
                        task.passes.scans(class);
                    }
                };
                scans(Some(shrinker.class()));
                self.run_as(task, || {
                    shrinker.scan(pages, &mut |pages| {
                        // A block of another machine is not this one's gain, and is lost to both.
                        let _ = self.free(pages);
                    });
                });
                scans(None);
                let gained = gained();
                if enough(&self.state(), gained) {
                    return gained;
                }
            }
            self.state().reclaimable = reclaimable;
        }
        gained()
    }

    fn shrinker_at(&self, place: usize) -> Option<Arc<dyn Shrinker>> {
        self.shrinkers.lock().at(place)
    }

    /// The pass that a request asks for.
    pub(crate) fn direct_reclaim(&self, task: TaskId, flags: Gfp, pages: u64) -> u64 {
        let target = pages.max(BATCH);
        let outer = self.state().task(task).and_then(|task| task.outer);
        self.reclaim_pass(task, flags, outer, |_, gained| gained >= target)
    }

    /// Does the background's work: the reaper takes the pages of victims, and the reclaimers of the nodes that were woken
    /// run until their zones are above the high level or nothing more can be gained.
    ///
    /// Requests that are driven to their end call it whenever they would sleep. Returns whether there was anything to do.
    /// Called by a shrinker that is being scanned it leaves the reclaimers asleep: reclaim never enters itself.
    pub fn background(&self) -> bool {
        let reaped = self.state().reap();
        let current = self.current();
        let nodes = {
            let state = self.raw();
            if state.task(current).is_some_and(|task| task.passes.any_is_mine()) {
                return reaped;
            }
            state.zonelists.len() as u8
        };
        (0..nodes).map(NodeId).fold(reaped, |acted, node| self.kswapd(node) | acted)
    }

    /// Does the work of one node's reclaimer, if it was woken.
    pub(crate) fn kswapd(&self, node: NodeId) -> bool {
        struct Running<'m>(&'m Machine, NodeMask);
        impl Drop for Running<'_> {
            fn drop(&mut self) {
                let mut state = self.0.raw();
                state.kswapd_running = state.kswapd_running.without(self.1);
            }
        }
        let mask = NodeMask::of(&[node]);
        let mut state = self.raw();
        if !state.kswapd_wanted.has(node) {
            return false;
        }
        self.collect(&mut state);
        state.kswapd_wanted = state.kswapd_wanted.without(mask);
        state.kswapd_running = state.kswapd_running.union(mask);
        state.stats.kswapd_passes += 1;
        let balanced = state.is_balanced(node);
        drop(state);
        let _running = Running(self, mask);
        if !balanced {
            self.reclaim_pass(self.reclaimer(node), Gfp::KERNEL, None, |state, _| state.is_balanced(node));
        }
        true
    }

    /// The task that reclaims in the background: in steps, the one that boots.
    fn reclaimer(&self, node: NodeId) -> TaskId {
        #[cfg(feature = "std")]
        if self.live.is_some() {
            return TaskId(u32::from(node.0) + 1);
        }
        let _ = node;
        Machine::BOOT
    }
}
