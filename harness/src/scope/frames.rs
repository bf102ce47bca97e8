//! Where a thread stands: its frames, kept in the campaign.
#![expect(unsafe_code, reason = "uses the thread's own walker state")]

use std::sync::{Mutex, MutexGuard, PoisonError, TryLockError};
use std::time::Duration;

use super::thread::{FRAMES_MAX, ThreadScope};
use crate::chain::cycles;
use crate::chain::registers::Registers;
use crate::chain::walker;
use crate::memory::record::Span;

/// How often a lock is looked at that another thread holds: for a second.
const LOOKS_MAX: u32 = 5000;

impl ThreadScope {
    /// The frames from the caller of the function that `here` is of, kept in the campaign.
    pub(crate) fn frames_of(&self, here: Registers) -> Span {
        let mut frames = vec![0; FRAMES_MAX];
        let Some((count, _)) = walker::exact(here, &self.place.get().boundary, &mut frames) else {
            return Span::default();
        };
        let kept = cycles::collapse(&mut frames[..count]);
        let modules = self.scope.modules.lock().unwrap_or_else(PoisonError::into_inner);
        self.scope.campaign.add_frames(frames[..kept].iter().map(|frame| modules.relative(*frame)))
    }

    /// The frames of this thread where a signal interrupted it, kept in the campaign; allocates nothing.
    pub(crate) fn interrupted_frames(&self, at: Registers) -> Span {
        // SAFETY: the room is this thread's own; a walk that was interrupted is not gone on with.
        let scratch = unsafe { std::slice::from_raw_parts_mut(self.scratch.cast::<usize>(), FRAMES_MAX) };
        let (innermost, outer) = scratch.split_at_mut(1);
        // Symbols are looked up one byte before an address, which suits return addresses.
        innermost[0] = at.ip + 1;
        let walked = walker::exact_at(at, &self.place.get().boundary, outer);
        let (Some((count, _)), Ok(modules)) = (walked, self.scope.modules.try_lock()) else { return Span::default() };
        let kept = cycles::collapse(&mut scratch[..count + 1]);
        self.scope.campaign.add_frames(scratch[..kept].iter().map(|frame| modules.relative(*frame)))
    }

    /// Frames of this thread, kept in the campaign; allocates nothing.
    pub(crate) fn kept(&self, frames: &[usize]) -> Span {
        let Some(modules) = held_soon(&self.scope.modules) else { return Span::default() };
        self.scope.campaign.add_frames(frames.iter().map(|frame| modules.relative(*frame)))
    }
}

/// The lock, when another thread gives it back soon; one that is held by this very thread is not waited for without end.
fn held_soon<T>(lock: &Mutex<T>) -> Option<MutexGuard<'_, T>> {
    for _ in 0..LOOKS_MAX {
        match lock.try_lock() {
            Ok(guard) => return Some(guard),
            Err(TryLockError::Poisoned(poisoned)) => return Some(poisoned.into_inner()),
            Err(TryLockError::WouldBlock) => std::thread::sleep(Duration::from_micros(200)),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::channel;

    use super::*;

    #[test]
    fn a_lock_that_another_thread_is_about_to_give_back_is_waited_for() {
        let (lock, (held, is_held)) = (Mutex::new(7), channel());
        std::thread::scope(|scope| {
            scope.spawn(|| {
                let guard = lock.lock().unwrap();
                held.send(()).unwrap();
                std::thread::sleep(Duration::from_millis(5));
                drop(guard);
            });
            is_held.recv().unwrap();
            assert_eq!(held_soon(&lock).map(|value| *value), Some(7));
        });
    }

    #[test]
    fn a_lock_that_nobody_gives_back_is_given_up() {
        let lock = Mutex::new(7);
        let _guard = lock.lock().unwrap();
        assert!(held_soon(&lock).is_none());
    }
}
