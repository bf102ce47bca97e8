//! Whether a machine's fault source is to be asked at the moment: the source says in which word that stands.
#![expect(unsafe_code, reason = "keeps a reference that can be replaced while others read through it")]

use core::ptr;
use core::sync::atomic::{AtomicPtr, AtomicU32, Ordering};

use super::source::FaultSource;

/// The word of a machine without a source.
static NEVER: AtomicU32 = AtomicU32::new(0);

/// The word of a machine that counts what is asked for.
static ALWAYS: AtomicU32 = AtomicU32::new(1);

/// The way to a source's word.
///
/// # Invariants
/// The pointer comes from a `&'static AtomicU32`.
#[derive(Debug)]
pub(crate) struct Gate(AtomicPtr<AtomicU32>);

impl Gate {
    /// The gate of a machine with this source, or with none.
    pub(crate) fn of(source: Option<&dyn FaultSource>) -> Gate {
        Gate(AtomicPtr::new(Gate::word(source)))
    }

    /// The source is another one; `always` keeps the gate open, whoever the source is.
    pub(crate) fn set(&self, source: Option<&dyn FaultSource>, always: bool) {
        let word = if always { ptr::from_ref(&ALWAYS).cast_mut() } else { Gate::word(source) };
        // INVARIANT: the pointer comes from a reference to a static.
        self.0.store(word, Ordering::Relaxed);
    }

    fn word(source: Option<&dyn FaultSource>) -> *mut AtomicU32 {
        // INVARIANT: both are references to statics.
        ptr::from_ref(source.map_or(&NEVER, FaultSource::gate)).cast_mut()
    }

    /// Whether the source is to be asked.
    #[inline(always)]
    pub(crate) fn is_open(&self) -> bool {
        // SAFETY: by the invariant it points to a value that is there for ever, and only shared.
        let word = unsafe { &*self.0.load(Ordering::Relaxed) };
        word.load(Ordering::Relaxed) != 0
    }
}
