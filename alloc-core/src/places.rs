//! Whose memory an address lies in: a list of ranges for the whole process, read and changed without a lock.
//!
//! Nothing is kept still for a fork: a place that was being changed in that moment is lost in the child, and nobody waits for it.
#![expect(unsafe_code, reason = "reads places of the list, which are never freed")]

use core::fmt;
use core::ops::Range;
use core::ptr;
use core::sync::atomic::Ordering::{AcqRel, Acquire, Relaxed, Release};
use core::sync::atomic::{AtomicPtr, AtomicUsize, fence};

use crate::sync::growing::Growing;

/// A place of the list. Places are never taken out of it; they are used again.
///
/// # Invariants
/// `version` is odd while the place is changed, by the thread that made it odd. An even version means that the ranges and the
/// owner belong together. A place without an owner has empty ranges.
struct Place {
    version: AtomicUsize,
    bounds: [AtomicUsize; 4],
    owner: AtomicPtr<()>,
}

/// Every place that there is.
static PLACES: Growing<Place> = Growing::new();

impl Place {
    /// Changes the place, whose version the caller has just made odd.
    fn change(&self, ranges: &[Range<usize>; 2], owner: *mut ()) {
        // Who reads a value that is stored from here on sees the odd version afterwards.
        fence(Release);
        let [frames, window] = ranges;
        let bounds = [frames.start, frames.end, window.start, window.end];
        self.bounds.iter().zip(bounds).for_each(|(bound, value)| bound.store(value, Relaxed));
        self.owner.store(owner, Relaxed);
        // INVARIANT: the version is even again, and all of it belongs together.
        self.version.fetch_add(1, Release);
    }

    /// The owner, if an address lies in its ranges. What is just being changed has no memory in use.
    fn owner_of(&self, address: usize) -> Option<*mut ()> {
        let version = self.version.load(Acquire);
        let [first, behind, window, window_behind] = [0, 1, 2, 3].map(|bound: usize| self.bounds[bound].load(Relaxed));
        let owner = self.owner.load(Relaxed);
        fence(Acquire);
        let stable = version.is_multiple_of(2) && self.version.load(Relaxed) == version;
        let within = (first..behind).contains(&address) || (window..window_behind).contains(&address);
        (stable && within).then_some(owner)
    }
}

/// That an owner's ranges are in the list: until it is dropped.
#[derive(Default)]
pub(crate) struct Registered(AtomicPtr<Place>);

impl fmt::Debug for Registered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Registered")
    }
}

impl Registered {
    /// Puts an owner into the list. Called once.
    pub(crate) fn enter(&self, ranges: &[Range<usize>; 2], owner: *mut ()) {
        let vacant = PLACES.iter().find(|place| {
            let version = place.version.load(Acquire);
            let is_free = version.is_multiple_of(2) && place.owner.load(Relaxed).is_null();
            is_free && place.version.compare_exchange(version, version + 1, AcqRel, Relaxed).is_ok()
        });
        let place = vacant.unwrap_or_else(|| {
            PLACES.add(Place {
                version: AtomicUsize::new(1),
                bounds: [const { AtomicUsize::new(0) }; 4],
                owner: AtomicPtr::default(),
            })
        });
        place.change(ranges, owner);
        self.0.store(ptr::from_ref(place).cast_mut(), Release);
    }
}

impl Drop for Registered {
    fn drop(&mut self) {
        // SAFETY: null, or a place, which is never freed.
        if let Some(place) = unsafe { self.0.load(Acquire).as_ref() } {
            // INVARIANT: the place has an owner, so nobody else makes its version odd.
            place.version.fetch_add(1, Relaxed);
            place.change(&[0..0, 0..0], ptr::null_mut());
        }
    }
}

/// Whose memory an address lies in. Right if its owner is in the list during the whole call; otherwise nobody's, or anybody's.
pub(crate) fn owner_of(address: usize) -> Option<*mut ()> {
    PLACES.iter().find_map(|place| place.owner_of(address))
}

#[cfg(all(test, feature = "std"))]
mod tests {
    use super::*;

    /// Addresses that nobody has: they end at the top.
    fn ranges(number: usize) -> [Range<usize>; 2] {
        let begin = usize::MAX - 1000 * (number + 1);
        [begin..begin + 400, begin + 500..begin + 900]
    }

    #[test]
    fn an_address_is_its_owners_as_long_as_that_is_registered() {
        let rounds = if cfg!(miri) { 30 } else { 20_000 };
        std::thread::scope(|scope| {
            for number in 0..4 {
                scope.spawn(move || {
                    let [frames, window] = ranges(number);
                    for _ in 0..rounds {
                        let owner = ptr::without_provenance_mut(number + 1);
                        let registered = Registered::default();
                        registered.enter(&ranges(number), owner);
                        for address in [frames.start, frames.end - 1, window.start, window.end - 1] {
                            assert_eq!(owner_of(address), Some(owner));
                        }
                        assert_eq!(owner_of(frames.end), None);
                        drop(registered);
                        assert_eq!(owner_of(frames.start), None);
                    }
                });
            }
        });
    }
}
