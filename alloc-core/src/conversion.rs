//! The move from KERNEL to new names: which call sites still ask by the old one.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;
use core::sync::atomic::Ordering::Relaxed;

use crate::machine::Machine;
use crate::retries::RetryLoop;

/// Which call sites still say [`Gfp::KERNEL`](crate::Gfp::KERNEL): see [`Machine::conversion`].
///
/// As text it has a line for each chain of sites, those with the most requests first, and equal ones by name:
/// `fsck > read_block: 12 requests for pages, 3 for objects`.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Conversion {
    sites: Vec<OldName>,
}

/// Requests of one chain of sites that said KERNEL.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct OldName {
    /// The names of the sites, outermost first; empty outside of all.
    pub chain: Vec<&'static str>,
    /// Requests for pages, those that kmalloc and vmalloc made for it included.
    pub pages: u64,
    /// Requests for objects, while they were counted.
    pub objects: u64,
}

impl Conversion {
    /// The chains, in the order of the text.
    pub fn sites(&self) -> &[OldName] {
        &self.sites
    }

    /// Whether nobody has asked by the old name.
    pub fn is_done(&self) -> bool {
        self.sites.is_empty()
    }
}

impl fmt::Display for OldName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let place = if self.chain.is_empty() { String::from("outside of all sites") } else { self.chain.join(" > ") };
        write!(f, "{place}: {} requests for pages, {} for objects", self.pages, self.objects)
    }
}

impl fmt::Display for Conversion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_done() {
            return f.write_str("no site asks by the name KERNEL\n");
        }
        writeln!(f, "{} sites still ask by the name KERNEL", self.sites.len())?;
        self.sites.iter().try_for_each(|site| writeln!(f, "  {site}"))
    }
}

impl Machine {
    /// Which chains of call sites still ask by the name [`Gfp::KERNEL`](crate::Gfp::KERNEL), alone or with other flags but
    /// HARDWALL (which is another name, USER), instead of [`Gfp::DEFAULT`](crate::Gfp::DEFAULT).
    ///
    /// Requests for pages are always counted, those for objects only if [`Machine::count_objects`] says so.
    ///
    /// ```
    /// use alloc_core::{Gfp, Machine, NodePages, Order};
    /// let machine = Machine::builder().node(NodePages::new(256)).build()?;
    /// machine.count_objects(true);
    /// {
    ///     let _fsck = machine.site("fsck");
    ///     drop(machine.alloc_pages(Order::ZERO, Gfp::DEFAULT)?);
    ///     let _read = machine.site("read_block");
    ///     drop((machine.alloc_pages(Order::ZERO, Gfp::KERNEL)?, machine.kmalloc(64, Gfp::KERNEL | Gfp::NOFAIL)?));
    /// }
    /// let report = machine.conversion().to_string();
    /// assert_eq!(report, "1 sites still ask by the name KERNEL\n  fsck > read_block: 2 requests for pages, 1 for objects\n");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn conversion(&self) -> Conversion {
        let stats = self.stats();
        let all = stats.sites.outcomes().map(|(chain, outcome)| (chain, outcome.old_names));
        let old = all.map(|(chain, names)| OldName { chain, pages: names.pages, objects: names.objects });
        let mut sites: Vec<_> = old.filter(|site| site.pages + site.objects > 0).collect();
        let most = |site: &OldName| core::cmp::Reverse(site.pages + site.objects);
        sites.sort_by(|one, other| (most(one), &one.chain).cmp(&(most(other), &other.chain)));
        Conversion { sites }
    }

    /// Whether requests for objects are counted for [`Machine::conversion`] from now on. While they are, they take the slower way
    /// of a machine whose fault source is asked, so that the ordinary way has nothing to count.
    pub fn count_objects(&self, counts: bool) {
        self.counts_objects.store(counts, Relaxed);
        let faults = self.faults.lock();
        self.gate.set(faults.as_deref(), counts);
    }

    /// The retry loops written by hand that were found, in the order in which they were found: at most 32 of them.
    ///
    /// A loop is one task's failures for one size, in one chain of sites, more than [`Policy::retries_max`](crate::Policy::retries_max) in a row, without one
    /// that was served between them. [`EventKind::OpenCodedNofail`](crate::EventKind::OpenCodedNofail) tells it once, at the failure by which
    /// it is found. Failures of requests that say NOWARN do not count: their callers expect them, as kvmalloc expects that of its first attempt.
    ///
    /// ```
    /// use alloc_core::{Gfp, Machine, NodeId, NodePages, Order, Policy};
    /// let machine = Machine::builder().node(NodePages::new(256)).policy(Policy::small_may_fail()).build()?;
    /// let hoard = machine.exhaust(NodeId(0), 0);
    /// let _site = machine.site("journal");
    /// let mut tries = 0;
    /// while machine.alloc_pages(Order::ZERO, Gfp::KERNEL).is_err() && tries < 100 {
    ///     tries += 1;
    /// }
    /// let found = &machine.retry_loops()[0];
    /// assert_eq!((found.chain.as_slice(), found.bytes, found.failures), (&["journal"][..], 4096, 101));
    /// # drop(hoard);
    /// # Ok::<(), alloc_core::BuildError>(())
    /// ```
    pub fn retry_loops(&self) -> Vec<RetryLoop> {
        let state = self.raw();
        let of = |(what, failures): (crate::retries::Retried, u32)| {
            let chain = what.site.map_or(Vec::new(), |site| state.stats.sites.names_of(site));
            RetryLoop { chain, bytes: what.bytes, failures }
        };
        state.retries.found().map(of).collect()
    }
}
