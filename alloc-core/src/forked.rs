//! What a fork does to a machine: no other thread is inside of it as parent and child part.
//!
//! The fork waits for other threads to leave, which they do in no time: what is done under a machine's locks calls nobody's code
//! but the allocator of the surrounding process. So the child finds every list whole, and nothing locked.
//!
//! What it cannot make right, and who notices:
//! - A thread that does not leave within two seconds, for it waits for the one that forks (an allocator that forks under a machine's
//!   lock) or has no processor. It may have left something half changed. Whoever needs that in the child ends it, with a message.
//! - Pools and fault sources with locks of their own, used by another thread in that moment: the same.
//! - A request of another thread that is *between* two of its steps has begun, and never ends in the child. What it holds there,
//!   it holds for ever, as any thread's memory in a forked process: blocks, its place at the killer's door, the rights of a task
//!   that reclaims. Who waits for that gets [`AllocError::Hang`](crate::AllocError::Hang).
//! - A live machine's threads do not exist in the child: who sleeps there does the background's work, as in steps.
#![expect(unsafe_code, reason = "vouches that a machine stays where it is")]

use alloc::sync::Arc;

use crate::machine::Core;
use crate::sync::still::{Deadline, Registered, Still};

impl Core {
    /// Makes forks stop the machine.
    pub(crate) fn make_known(self: &Arc<Core>) {
        // Miri knows no forks.
        if !cfg!(any(miri, alloc_core_shuttle)) {
            // SAFETY: what is shared stays where it is, and drops the registration first of all.
            let known = unsafe { Registered::new(&**self) };
            let _ = self.known_to_forks.set(known);
        }
    }
}

/// Outer locks are stopped before inner ones, so that who is inside of both can leave.
impl Still for Core {
    fn stop(&self, deadline: Deadline) {
        self.slabs.stop(&self.cpus, deadline);
        self.shrinkers.stop(deadline);
        self.oom_notifiers.stop(deadline);
        self.faults.stop(deadline);
        self.faults_at_hand.stop(&self.cpus, deadline);
        self.addresses.stop(deadline);
        self.state.stop(deadline);
        self.per_cpu.stop(&self.cpus, deadline);
    }

    fn go_on(&self, _: bool) {
        self.per_cpu.go_on();
        self.state.go_on();
        self.addresses.go_on();
        self.faults_at_hand.go_on();
        self.faults.go_on();
        self.oom_notifiers.go_on();
        self.shrinkers.go_on();
        self.slabs.go_on();
    }
}
