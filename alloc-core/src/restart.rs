//! Another life of a machine: nothing of the one before is in it, and nothing of that one can reach it.

use core::fmt;

use crate::blueprint::Blueprint;
use crate::build_error::BuildError;
use crate::machine::Machine;

/// Why a machine could not be restarted.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum RestartError {
    /// The machine stands on a host that was given to it, and others have shares of it ([`Machine::share`]), behind which its
    /// memory may be in use. Nothing has changed.
    HostInUse {
        /// How many shares.
        shares: usize,
    },
    /// The new life could not be built. The machine has stopped.
    Build(BuildError),
}

impl fmt::Display for RestartError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            RestartError::HostInUse { shares } => write!(
                f,
                "the memory that the machine was given is in use behind {shares} of its shares: drop them first, or build the \
                 machine without a host of its own"
            ),
            RestartError::Build(error) => write!(f, "the machine's next life could not be built: {error}"),
        }
    }
}

impl core::error::Error for RestartError {}

impl From<BuildError> for RestartError {
    fn from(error: BuildError) -> RestartError {
        RestartError::Build(error)
    }
}

impl Machine {
    /// Ends everything that the machine is about and begins anew, as it was built: all pages are free, whoever had them; no task lives
    /// but the one that boots; budgets, cpusets, caches, pools, areas, registered shrinkers and notifiers, scopes, counts and events are gone,
    /// and so is the reason why it had stopped. What the world around it is stays: policy, time, and the fault source. It takes time
    /// in proportion to the size of the machine's memory, whatever was in it.
    ///
    /// Nothing of the old life reaches the new one:
    /// - Owners that borrow the machine ([`PageBlock`](crate::PageBlock), [`Cache`](crate::Cache), [`Area`](crate::Area), ...) cannot live
    ///   on: the machine is borrowed exclusively. What was leaked ([`core::mem::forget`]) is free again.
    /// - [`Pages`](crate::Pages) of the old life are another machine's: [`Machine::free`] hands them back.
    /// - Memory behind a [`Machine::share`] lives as long as the share. Then the new life gets memory of its own, and the other
    ///   shares stay in the old one; where the machine stands on a host that was given to it, there is none, and the
    ///   restart is refused.
    /// - Bare numbers and pointers, behind which no share was left, mean nothing any more, as after a reboot: to use one is
    ///   what the doors that take it forbid or check.
    ///
    /// ```
    /// use alloc_core::{AllocError, Gfp, Machine, NodeId, NodePages, OnOom, Order, Policy};
    /// let policy = Policy { on_oom: OnOom::Panic, ..Policy::kernel() };
    /// let mut machine = Machine::builder().node(NodePages::new(1024)).policy(policy).build()?;
    /// std::mem::forget(machine.exhaust(NodeId(0), 0));
    /// assert_eq!(machine.alloc_pages(Order::ZERO, Gfp::KERNEL).unwrap_err(), AllocError::Dead);
    /// machine.restart()?;
    /// assert_eq!((machine.stopped(), machine.free_pages(None)), (None, 1024));
    /// assert!(machine.alloc_pages(Order::ZERO, Gfp::KERNEL).is_ok());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// A block that is still owned does not let the machine restart:
    /// ```compile_fail,E0502
    /// # use alloc_core::{Gfp, Machine, NodePages, Order};
    /// let mut machine = Machine::builder().node(NodePages::new(1024)).build().unwrap();
    /// let block = machine.alloc_pages(Order::ZERO, Gfp::KERNEL).unwrap();
    /// machine.restart().unwrap();
    /// drop(block);
    /// ```
    ///
    /// # Errors
    /// See [`RestartError`].
    pub fn restart(&mut self) -> Result<(), RestartError> {
        if self.blueprint.is_given_host {
            // Each of its threads has a share as well, until they end.
            let shares = self.other_shares().saturating_sub(self.threads());
            if shares > 0 {
                return Err(RestartError::HostInUse { shares });
            }
        }
        self.end_threads();
        let begun = self.begin_anew();
        if begun.is_err() {
            self.raw().dead.get_or_insert("its restart failed");
        }
        begun
    }

    fn begin_anew(&mut self) -> Result<(), RestartError> {
        let shares = self.other_shares();
        let host = match shares {
            0 => self.arena.host(),
            _ if self.blueprint.is_given_host => return Err(RestartError::HostInUse { shares }),
            _ => self.blueprint.new_host()?,
        };
        let faults = self.faults.lock().clone();
        let next = Blueprint::clone(&self.blueprint).raise(host)?;
        // What is left of the old life ends here, or with the last of its shares.
        *self = next;
        if shares == 0 {
            self.arena.vacate();
        }
        self.set_faults(faults);
        Ok(())
    }
}
