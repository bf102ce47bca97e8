//! Requests for more bytes than there can be: they fail at once, and only what becomes of NOFAIL is a question.

use crate::error::AllocError;
use crate::event::EventKind;
use crate::gfp::Gfp;
use crate::machine::Machine;
use crate::misuse::Misuse;
use crate::policy::BadNofail;
use crate::units::Order;

impl Machine {
    /// What a request for too many bytes ends with: `error`, unless it says NOFAIL and the policy does something else.
    ///
    /// [`Gfp::NOFAIL`] goes the way of a block that no machine has: it waits for ever, or its task or the machine ends.
    #[cold]
    pub(crate) fn impossible(&self, error: AllocError, size: usize, flags: Gfp) -> AllocError {
        let policy = self.rules();
        let nofail = flags.contains(Gfp::NOFAIL);
        let fails = matches!(policy.bad_nofail, BadNofail::Fail | BadNofail::Promote) && !policy.strict;
        if nofail && !fails {
            return self.alloc_pages(Order::new(u32::MAX), flags).map_or_else(|other| other, |_| error);
        }
        let (task, order) = (self.current(), Order::for_layout(size, 1));
        let quiet = self.context().effective(flags).contains(Gfp::NOWARN);
        let mut state = self.raw();
        if nofail {
            state.events.note(EventKind::Misused(Misuse::NofailTooBig), task, order, flags);
        }
        state.note_failure(error, task, order, flags, quiet);
        error
    }
}
