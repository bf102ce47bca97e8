//! Which machine serves a thread's requests: the one that was named for the moment, or one that everybody shares.
#![expect(unsafe_code, reason = "keeps a pointer to a machine that is borrowed on the thread's own stack")]

use core::cell::Cell;
use core::ptr::NonNull;
use std::sync::OnceLock;

use alloc_core::{Machine, NodePages, PAGE_SIZE};

/// What the machine has that serves where none was named: 64 MiB.
const DEFAULT_PAGES: usize = (64 << 20) / PAGE_SIZE;

thread_local! {
    /// The machine of the innermost [`with_machine`].
    ///
    /// # Invariants
    /// `None`, or a machine that a call of `with_machine` on this thread borrows, which has not returned: a call sets it, and
    /// sets it back before it returns or unwinds.
    static SERVING: Cell<Option<NonNull<Machine>>> = const { Cell::new(None) };
}

/// Sets back what served before.
struct Before(Option<NonNull<Machine>>);

impl Drop for Before {
    fn drop(&mut self) {
        // INVARIANT: what served before was the machine of a call further out.
        SERVING.set(self.0);
    }
}

/// Runs `body`; all memory that this thread asks for meanwhile comes from `machine`. Calls may be nested.
///
/// What was asked for may outlive the call, and is given back from any thread, whatever serves there: its address tells whose it
/// is. The machine's memory lives until the last of it is given back. Threads that `body` starts do not inherit the machine.
///
/// ```
/// use alloc_core::{Machine, NodePages};
/// use alloc_core_rfl as kernel;
/// use kernel::alloc::{KBox, flags::GFP_KERNEL};
/// let machine = Machine::builder().node(NodePages::new(256)).build()?;
/// let number = kernel::with_machine(&machine, || KBox::new(7, GFP_KERNEL))?;
/// drop(machine);
/// assert_eq!(*number, 7);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn with_machine<R>(machine: &Machine, body: impl FnOnce() -> R) -> R {
    // INVARIANT: `machine` is borrowed until this function ends, and the guard's end comes before that.
    let _before = Before(SERVING.replace(Some(NonNull::from(machine))));
    body()
}

/// Calls `ask` with the machine that serves this thread; `None` if the one for all could not be built.
pub(crate) fn serving<R>(ask: impl FnOnce(&Machine) -> R) -> Option<R> {
    static DEFAULT: OnceLock<Option<Machine>> = OnceLock::new();
    if let Some(machine) = SERVING.get() {
        // SAFETY: by the invariant the machine is borrowed by a call on this thread that this one is inside of.
        return Some(ask(unsafe { machine.as_ref() }));
    }
    let build = || Machine::builder().node(NodePages::new(DEFAULT_PAGES as u32)).build().ok();
    DEFAULT.get_or_init(build).as_ref().map(ask)
}
