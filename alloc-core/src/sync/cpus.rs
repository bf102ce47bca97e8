//! The processors of a machine: which one a request is made on, and the barrier that all of them pass.

use alloc::sync::Arc;
use core::sync::atomic::Ordering::Relaxed;

use super::mark::Mark;
use super::steps::AtomicUsize;
use crate::host::contract::Host;

/// No processor was set: the host says where a thread runs.
const HOST_SAYS: usize = usize::MAX;

/// A machine's processors.
pub(crate) struct Cpus {
    host: Arc<dyn Host>,
    count: usize,
    /// The processor that all requests are made on, if it was set.
    set: AtomicUsize,
    /// Whether the host has barriers, so that there can be owners.
    asymmetric: bool,
}

impl Cpus {
    /// `count` processors, at least one. Requests are made on number 0 until another is set, or where the host says.
    pub(crate) fn new(host: Arc<dyn Host>, count: usize, host_says: bool) -> Cpus {
        // What cannot be had now is not relied on later.
        let asymmetric = cfg!(feature = "std") && host.barrier();
        let set = AtomicUsize::new(if host_says { HOST_SAYS } else { 0 });
        Cpus { host, count: count.max(1), set, asymmetric }
    }

    /// How many there are.
    pub(crate) fn count(&self) -> usize {
        self.count
    }

    /// From now on, all requests are made on this one.
    pub(crate) fn set(&self, cpu: usize) {
        self.set.store(cpu % self.count, Relaxed);
    }

    /// The calling thread's mark, if it was asked for before, and the processor that a request is made on: where the host
    /// says, this is where the thread was last seen. Reading it costs nothing, and a thread that moved is as right there as
    /// before until another one claims the place. A machine of fewer processors may have no such one.
    #[cfg(feature = "std")]
    #[inline(always)]
    pub(crate) fn here(&self) -> (&'static Mark, usize) {
        let (me, set) = (super::threads::mark(), self.set.load(Relaxed));
        (me, if set == HOST_SAYS { me.cpu() } else { set })
    }

    /// The processor that a request is made on. Where the host says, it is asked, and a thread that can be an owner remembers
    /// the answer.
    pub(crate) fn look(&self, me: Option<&Mark>) -> usize {
        let set = self.set.load(Relaxed);
        if set != HOST_SAYS {
            return set;
        }
        let cpu = self.host.cpu() % self.count;
        if let Some(me) = me {
            me.seen_on(cpu);
        }
        cpu
    }

    /// The calling thread's mark, if it can be an owner.
    pub(crate) fn me(&self) -> Option<&'static Mark> {
        #[cfg(feature = "std")]
        if self.asymmetric {
            return super::threads::lease();
        }
        None
    }

    /// Whether values have owners. Otherwise they are locked for each use.
    pub(crate) fn have_owners(&self) -> bool {
        self.asymmetric
    }

    /// Makes all threads pass a barrier; false if that cannot be had.
    pub(crate) fn barrier(&self) -> bool {
        self.host.barrier()
    }
}
