//! Trials of recovery code: a call site is run, and if something failed there, the machine looks at what is left.

use alloc::vec::Vec;

use crate::event::EventKind;
use crate::gfp::Gfp;
use crate::held::{Held, Holder, OpenCall, OpenScope};
use crate::ledger::{Ledger, Recovery, Standing};
use crate::left_behind::LeftBehind;
use crate::lock_order::HeldLock;
use crate::machine::Machine;
use crate::policy::{Policy, Small};
use crate::units::Order;

/// What was held when a site was entered, and what had failed.
struct Before<'m> {
    machine: &'m Machine,
    site: &'static str,
    held: Vec<Held>,
    objects: usize,
    scopes: Vec<OpenScope>,
    calls: Vec<OpenCall>,
    locks: Vec<HeldLock>,
    bad_frees: u64,
    failures: u64,
}

impl<'m> Before<'m> {
    fn of(machine: &'m Machine, site: &'static str) -> Before<'m> {
        let stats = machine.stats();
        Before {
            machine,
            site,
            held: held(machine),
            objects: objects(machine),
            scopes: machine.open_scopes(),
            calls: machine.open_calls(),
            locks: machine.held_locks(),
            bad_frees: stats.bad_frees,
            failures: stats.sites.failures_within(site),
        }
    }

    /// Whether a request failed in the site since.
    fn has_failed(&self) -> bool {
        self.machine.stats().sites.failures_within(self.site) > self.failures
    }

    /// What is there now and was not before. Who was given memory may have it.
    fn left(&self, keeps_memory: bool) -> LeftBehind {
        let machine = self.machine;
        let new: Vec<_> = held(machine)
            .into_iter()
            .filter(|held| self.held.binary_search_by_key(&held.frame, |before| before.frame).is_err())
            .collect();
        let memory = if keeps_memory {
            (0, 0, 0)
        } else {
            let pages = new.iter().map(|held| held.order.pages()).sum();
            (new.len(), pages, objects(machine).saturating_sub(self.objects))
        };
        let guards = |scopes: &[OpenScope]| scopes.iter().map(|open| open.guards as usize).sum::<usize>();
        let scopes = guards(&machine.open_scopes()).saturating_sub(guards(&self.scopes));
        let calls = machine.open_calls().iter().filter(|call| !self.calls.contains(call)).count();
        LeftBehind {
            blocks: memory.0,
            pages: memory.1,
            objects: memory.2,
            scopes: scopes + calls,
            locks: machine.held_locks().iter().filter(|lock| !self.locks.contains(lock)).count(),
            bad_frees: machine.stats().bad_frees - self.bad_frees,
            damage: machine.audit().err().map(|error| error.what),
            panicked: false,
        }
    }
}

/// A site that is run. Dropped before its end, its body panicked.
struct Trial<'m>(Option<Before<'m>>);

impl Trial<'_> {
    /// The body returned.
    fn end(mut self, succeeded: bool) {
        let Some(before) = self.0.take().filter(Before::has_failed) else { return };
        let left = before.left(succeeded);
        // What succeeded says nothing of recovery: the core may have made up for what failed. But damage is damage.
        if !succeeded || !left.is_nothing() {
            before.machine.judge(before.site, left);
        }
    }
}

impl Drop for Trial<'_> {
    fn drop(&mut self) {
        if let Some(before) = self.0.take().filter(Before::has_failed) {
            before.machine.judge(before.site, LeftBehind { panicked: true, ..before.left(false) });
        }
    }
}

/// The blocks that code has of a machine, in the order of their frames.
fn held(machine: &Machine) -> Vec<Held> {
    let is_codes = |held: &Held| {
        matches!(held.holder, Holder::Owner | Holder::Number | Holder::Area | Holder::Kmalloc | Holder::Hoard)
    };
    machine.held().into_iter().filter(is_codes).collect()
}

/// The objects that code has of a machine's caches.
fn objects(machine: &Machine) -> usize {
    machine.held_objects().iter().map(|held| held.objects).sum()
}

impl Machine {
    /// Runs a call site that is on its way from "too small to fail" to "may fail": its small requests loop until its recovery has
    /// been seen to work, and may fail from then on. Everything else is as inside of [`Machine::site`].
    ///
    /// How far each site is, the machine's [`Ledger`] says; one that a project keeps as text is put in by [`Machine::set_ledger`].
    /// Requests of a site that still loops fail when a fault source says so, when their task is a victim, or when they are not
    /// small. If some did and `body` returned an error, then its recovery ran, and the machine looks what is left.
    ///
    /// # What counts as clean
    /// Only what the machine can see, by comparing what is held after `body` and after its error was made with what was held before:
    /// - no new blocks, areas, memory of kmalloc or objects of caches;
    /// - no open scope, site or policy, and no held lock that was not there before;
    /// - no number given back that was no block, and nothing that [`Machine::audit`] objects to.
    ///
    /// A panic is not clean. A success after failures proves nothing, for the core itself makes up for some of them (kvmalloc's first
    /// attempt, a cache's larger slabs), and its caller may keep what it was given; only damage counts then. What the machine cannot see, such as
    /// whether a file system is still right, is told by [`Machine::record_recovery`].
    ///
    /// The whole machine is looked at: an error that owns memory of it looks like a loss, and so does what other threads take
    /// meanwhile. Every frame is looked at before and after a failure, and the surrounding process is asked for memory to note them:
    /// this is for tests.
    ///
    /// ```
    /// use alloc_core::{AllocError, Gfp, Machine, NodeId, NodePages, Order, Standing};
    /// let machine = Machine::builder().node(NodePages::new(256)).build()?;
    /// let _nothing_left = machine.exhaust(NodeId(0), 0);
    /// // Order 4 is not small, and fails; the page before it is given back.
    /// let commit = || {
    ///     machine.convert("journal", || machine.alloc_pages(Order::new(4), Gfp::KERNEL).map(drop))
    /// };
    /// (0..3).for_each(|_| assert!(commit().is_err()));
    /// assert_eq!(machine.ledger().standing("journal"), Some(Standing::MayFail));
    /// // From now on its small requests fail as well, and nobody is killed for them.
    /// let small = machine.convert("journal", || machine.alloc_pages(Order::ZERO, Gfp::KERNEL).map(drop));
    /// assert_eq!(small, Err(AllocError::NoMemory));
    /// # Ok::<(), alloc_core::BuildError>(())
    /// ```
    ///
    /// # Errors
    /// Those of `body`.
    pub fn convert<T, E>(&self, site: &'static str, body: impl FnOnce() -> Result<T, E>) -> Result<T, E> {
        let trial = Trial(Some(Before::of(self, site)));
        let result = {
            let _site = self.site(site);
            let may_fail = self.raw().converted.ledger.standing(site) == Some(Standing::MayFail);
            let small = if may_fail { Small::MayFail } else { Small::Loop };
            let _policy = self.policy_scope(Policy { small, default_small: small, ..self.current_policy() });
            body()
        };
        trial.end(result.is_ok());
        result
    }

    /// How far each call site is that was run by [`Machine::convert`].
    pub fn ledger(&self) -> Ledger {
        self.raw().converted.ledger.clone()
    }

    /// Goes on from another ledger, as one that was kept. A machine begins with an empty one, in which three clean recoveries are enough.
    pub fn set_ledger(&self, ledger: Ledger) {
        let before = core::mem::replace(&mut self.raw().converted.ledger, ledger);
        drop(before);
    }

    /// Takes down what came of a recovery of a site, for those who see more than the machine does, and says how far the site is now.
    ///
    /// A site that relapses is told by [`EventKind::SiteRelapsed`], and stands in the ledger as such.
    pub fn record_recovery(&self, site: &'static str, recovery: Recovery) -> Standing {
        let task = self.current();
        let mut state = self.raw();
        let before = state.converted.ledger.standing(site);
        let after = state.converted.ledger.record(site, recovery);
        let fell = before == Some(Standing::MayFail) && after != Standing::MayFail;
        let rose = before != Some(Standing::MayFail) && after == Standing::MayFail;
        if fell || rose {
            let kind = if fell { EventKind::SiteRelapsed(site) } else { EventKind::SitePromoted(site) };
            state.events.note(kind, task, Order::ZERO, Gfp::NONE);
        }
        after
    }

    /// What the last recovery of a site that was not clean left behind.
    pub fn left_behind(&self, site: &str) -> Option<LeftBehind> {
        let state = self.raw();
        state.converted.left.iter().find(|(name, _)| *name == site).map(|(_, left)| *left)
    }

    fn judge(&self, site: &'static str, left: LeftBehind) {
        if !left.is_nothing() {
            self.raw().converted.note_left(site, left);
        }
        self.record_recovery(site, if left.is_nothing() { Recovery::Clean } else { Recovery::Unclean });
    }
}
