//! A list that only grows: what is in it stays there for ever, and whoever looks through it waits for nobody.
#![expect(unsafe_code, reason = "reads entries, which are never freed")]

use alloc::boxed::Box;
use core::ptr;
use core::sync::atomic::AtomicPtr;
use core::sync::atomic::Ordering::{Acquire, Relaxed, Release};

/// A list, the value that was added last first. A fork, and a signal's handler, may look through it at any moment.
pub(crate) struct Growing<T: 'static> {
    first: AtomicPtr<Entry<T>>,
}

struct Entry<T: 'static> {
    value: T,
    next: AtomicPtr<Entry<T>>,
}

impl<T: Sync> Growing<T> {
    pub(crate) const fn new() -> Growing<T> {
        Growing { first: AtomicPtr::new(ptr::null_mut()) }
    }

    /// Every value that was added by now.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &'static T> {
        let mut next = &self.first;
        core::iter::from_fn(move || {
            // SAFETY: null, or an entry, which is never freed.
            let entry: &'static Entry<T> = unsafe { next.load(Acquire).as_ref() }?;
            next = &entry.next;
            Some(&entry.value)
        })
    }

    /// Adds a value, which stays there for ever.
    pub(crate) fn add(&self, value: T) -> &'static T {
        let entry: &'static Entry<T> = Box::leak(Box::new(Entry { value, next: AtomicPtr::new(ptr::null_mut()) }));
        let mut first = self.first.load(Relaxed);
        loop {
            entry.next.store(first, Relaxed);
            match self.first.compare_exchange(first, ptr::from_ref(entry).cast_mut(), Release, Relaxed) {
                Ok(_) => return &entry.value,
                Err(now) => first = now,
            }
        }
    }
}

#[cfg(all(test, feature = "std"))]
mod tests {
    use super::*;

    #[test]
    fn what_several_threads_add_is_all_there() {
        static LIST: Growing<usize> = Growing::new();
        let each = if cfg!(miri) { 10 } else { 1000 };
        std::thread::scope(|scope| {
            for thread in 0..4 {
                scope.spawn(move || {
                    (0..each).for_each(|number| assert_eq!(*LIST.add(thread * each + number), thread * each + number));
                    assert!(LIST.iter().count() >= each);
                });
            }
        });
        let mut all: std::vec::Vec<usize> = LIST.iter().copied().collect();
        all.sort_unstable();
        assert!(all.into_iter().eq(0..4 * each));
    }
}
