//! Whether the calling thread is inside of a machine, or aside: then a global allocator must not ask a machine for memory.

#[cfg(feature = "std")]
pub(crate) use counted::{enter, is_aside, is_inside, leave, stands_aside};
#[cfg(not(feature = "std"))]
pub(crate) use uncounted::{enter, leave};

#[cfg(feature = "std")]
mod counted {
    use core::cell::Cell;
    use core::marker::PhantomData;

    /// One call of [`stands_aside`], above what locks can count to: no thread has so many at once.
    const ASIDE: u64 = 1 << 32;

    std::thread_local! {
        /// How many locks of machines the thread has, and above that how often it stands aside.
        static DEPTH: Cell<u64> = const { Cell::new(0) };
    }

    /// The thread took a lock.
    #[inline(always)]
    pub(crate) fn enter() {
        DEPTH.set(DEPTH.get().wrapping_add(1));
    }

    /// It gave one back.
    #[inline(always)]
    pub(crate) fn leave() {
        DEPTH.set(DEPTH.get().wrapping_sub(1));
    }

    /// Whether the thread has a lock of any machine: whoever asks one then may wait for itself.
    #[inline(always)]
    pub(crate) fn is_inside() -> bool {
        !DEPTH.get().is_multiple_of(ASIDE)
    }

    /// Whether the thread is not to be served by a machine: it is inside of one, or stands aside.
    #[inline(always)]
    pub(crate) fn is_aside() -> bool {
        DEPTH.get() != 0
    }

    /// That the thread stands aside: until it is dropped, on the same thread.
    pub(crate) struct Aside(PhantomData<*const ()>);

    /// The thread's memory comes from elsewhere until the guard is dropped.
    pub(crate) fn stands_aside() -> Aside {
        DEPTH.set(DEPTH.get().wrapping_add(ASIDE));
        Aside(PhantomData)
    }

    impl Drop for Aside {
        fn drop(&mut self) {
            DEPTH.set(DEPTH.get().wrapping_sub(ASIDE));
        }
    }
}

#[cfg(not(feature = "std"))]
mod uncounted {
    /// Nobody looks.
    #[inline(always)]
    pub(crate) fn enter() {}

    #[inline(always)]
    pub(crate) fn leave() {}
}
