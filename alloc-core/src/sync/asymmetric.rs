//! An asymmetric lock: its owner enters with two plain stores and a load; everybody else pays for that with a barrier.
#![expect(unsafe_code, reason = "hands out what the lock protects")]

use core::cell::UnsafeCell;
use core::ops::{Deref, DerefMut};
use core::ptr::null_mut;
use core::sync::atomic::Ordering::{Acquire, Relaxed, Release};

use super::lock::Lock;
use super::mark::Mark;
use super::steps::{AtomicPtr, light_barrier};

/// A value with an owning thread, known by its [`Mark`]. Which thread that is may change.
///
/// # Why one thread at a time has the value
/// The owner writes the place into its mark, and then reads who the owner is. A visitor writes that nobody is, makes all
/// threads pass a barrier, and then reads the former owner's mark. Of two threads that each write and then read what
/// the other wrote, with a barrier between, one at least sees the other: so either the owner finds that it is the owner no
/// longer, and leaves; or the visitor finds its mark, and waits. The owner's half of the barrier is none but the
/// compiler's, for the visitor's half makes the processors of all threads pass one (`membarrier`). Visitors take turns
/// by an ordinary lock, and only they change the owner. It does not matter which processor anybody runs on.
///
/// # Invariants
/// Who may use `value` is either the thread whose mark names this place, since it read `owner` as itself; or the holder of
/// `visitors`, with `owner` and `leaving` null.
#[repr(align(128))]
pub(crate) struct Asymmetric<T> {
    owner: AtomicPtr<Mark>,
    visitors: Lock<()>,
    /// An owner that was told to leave and may not have noticed. Touched only by the holder of `visitors`.
    leaving: AtomicPtr<Mark>,
    value: UnsafeCell<T>,
}

// SAFETY: by the invariant one thread at a time reaches the value, which is the same as sending it back and forth.
unsafe impl<T: Send> Sync for Asymmetric<T> {}
// SAFETY: marks are for everybody to look at.
unsafe impl<T: Send> Send for Asymmetric<T> {}

impl<T> Asymmetric<T> {
    /// A value without an owner.
    pub(crate) fn new(value: T) -> Asymmetric<T> {
        Asymmetric {
            owner: AtomicPtr::new(null_mut()),
            visitors: Lock::new(()),
            leaving: AtomicPtr::new(null_mut()),
            value: UnsafeCell::new(value),
        }
    }

    fn place(&self) -> usize {
        (&raw const *self).addr()
    }

    /// Enters as the owner, by the calling thread's mark; `None` if it is not the owner, or is inside of any place already.
    #[inline(always)]
    pub(crate) fn enter(&self, me: &'static Mark) -> Option<Owner<'_, T>> {
        if !me.is_nowhere() {
            return None;
        }
        me.enter(self.place());
        // INVARIANT: whether this thread has the value, what it reads next says.
        let owner = Owner { place: self, me };
        light_barrier();
        // An owner that is told to leave is dropped here, and its mark says so.
        core::ptr::eq(self.owner.load(Acquire), me).then_some(owner)
    }

    /// Whether nobody is the owner. It may have changed when the caller looks.
    pub(crate) fn is_unowned(&self) -> bool {
        self.owner.load(Relaxed).is_null()
    }

    /// Tells the owner to leave, if there is one. The caller holds `visitors`.
    fn dismiss(&self) {
        let owner = self.owner.load(Relaxed);
        if !owner.is_null() {
            self.leaving.store(owner, Relaxed);
            self.owner.store(null_mut(), Relaxed);
        }
    }

    /// Behind a fork: ends what [`stop_all`] began.
    #[cfg(all(feature = "std", target_os = "linux"))]
    pub(super) fn go_on(&self) {
        self.visitors.go_on();
    }

    /// Uses the value as a visitor, and makes `next` its owner. `None` if the barrier could not be had.
    pub(crate) fn visit<R>(
        &self,
        next: Option<&'static Mark>,
        barrier: impl FnOnce() -> bool,
        body: impl FnOnce(&mut T) -> R,
    ) -> Option<R> {
        let mut body = Some(body);
        let mut result = None;
        visit_all(core::slice::from_ref(self), barrier, |_, value| {
            result = body.take().map(|body| body(value));
            next
        });
        result
    }
}

/// Visits places in their order, with one barrier for all of them; `body` is given each one's number and value, and names
/// its next owner. Whether the barrier could be had: nothing was visited otherwise.
///
/// Nobody may visit who is inside of one of the places.
pub(crate) fn visit_all<T>(
    places: &[Asymmetric<T>],
    barrier: impl FnOnce() -> bool,
    mut body: impl FnMut(usize, &mut T) -> Option<&'static Mark>,
) -> bool {
    /// So many of the places are held.
    struct Held<'p, T>(&'p [Asymmetric<T>], usize);
    impl<T> Drop for Held<'_, T> {
        fn drop(&mut self) {
            for place in &self.0[..self.1] {
                // SAFETY: it was held by `visit_all`, whose use of the value has ended.
                unsafe { place.visitors.let_go() };
            }
        }
    }
    let mut held = Held(places, 0);
    let mut owned = false;
    for place in places {
        place.visitors.hold();
        held.1 += 1;
        place.dismiss();
        owned |= !place.leaving.load(Relaxed).is_null();
    }
    if owned && !barrier() {
        return false;
    }
    for (number, place) in places.iter().enumerate() {
        // SAFETY: an owner's pointer is a mark's that lives for ever.
        if let Some(leaving) = unsafe { place.leaving.load(Relaxed).as_ref() } {
            leaving.wait_outside(place.place());
            place.leaving.store(null_mut(), Relaxed);
        }
        // SAFETY: `visitors` is held, and there is neither an owner nor one that is leaving.
        let next = body(number, unsafe { &mut *place.value.get() });
        // INVARIANT: the use of the value has ended; from here on it is the next owner's.
        place.owner.store(next.map_or(null_mut(), |next| (&raw const *next).cast_mut()), Release);
    }
    true
}

/// Before a fork: keeps everybody out of the places until [`Asymmetric::go_on`], and waits until no owner is inside.
#[cfg(all(feature = "std", target_os = "linux"))]
pub(super) fn stop_all<T>(places: &[Asymmetric<T>], barrier: impl FnOnce() -> bool, deadline: super::still::Deadline) {
    let mut owned = false;
    for place in places {
        if place.visitors.stop(deadline) {
            place.dismiss();
            owned |= !place.leaving.load(Relaxed).is_null();
        }
    }
    // Where there is no barrier, nobody knows who is inside: whoever visits next finds out.
    if !owned || !barrier() {
        return;
    }
    for place in places.iter().filter(|place| place.visitors.is_stopped()) {
        // SAFETY: an owner's pointer is a mark's that lives for ever.
        if let Some(leaving) = unsafe { place.leaving.load(Relaxed).as_ref() }
            && leaving.is_outside_until(place.place(), || deadline.is_over())
        {
            place.leaving.store(null_mut(), Relaxed);
        }
    }
}

/// The owner, inside.
///
/// # Invariants
/// Handed out only after `place.owner` was read as `me`, with `me` naming the place.
pub(crate) struct Owner<'p, T> {
    place: &'p Asymmetric<T>,
    me: &'static Mark,
}

impl<T> Deref for Owner<'_, T> {
    type Target = T;

    #[inline(always)]
    fn deref(&self) -> &T {
        // SAFETY: by the invariants of both types the value is this thread's as long as the guard lives.
        unsafe { &*self.place.value.get() }
    }
}

impl<T> DerefMut for Owner<'_, T> {
    #[inline(always)]
    fn deref_mut(&mut self) -> &mut T {
        // SAFETY: as in `deref`, and the guard is borrowed exclusively.
        unsafe { &mut *self.place.value.get() }
    }
}

impl<T> Drop for Owner<'_, T> {
    #[inline(always)]
    fn drop(&mut self) {
        self.me.leave();
    }
}
