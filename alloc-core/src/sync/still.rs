//! What is kept still while the process is forked, so that nothing of it is in the middle of a change in the child.
#![expect(unsafe_code, reason = "keeps pointers to what is registered, in a list that asks nobody for memory")]

use alloc::boxed::Box;
use core::cell::Cell;
use core::hint;
use core::ptr;
use core::sync::atomic::{AtomicBool, AtomicPtr, Ordering};
use std::time::{Duration, Instant};

use super::{inside, numbers, threads};

/// How long a fork waits for other threads at most: they are done in no time, unless they wait for the one that forks.
const LONGEST: Duration = Duration::from_secs(2);

/// Until when a fork waits.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Deadline(Instant);

impl Deadline {
    pub(super) fn is_over(self) -> bool {
        Instant::now() >= self.0
    }
}

/// What a fork has to do with.
pub(crate) trait Still: Sync {
    /// Before a fork: keeps all other threads out, and waits until none is inside. What the calling thread is inside of stays
    /// as it is.
    fn stop(&self, deadline: Deadline);

    /// Behind it, in the parent or in the child: lets everybody in again that [`Still::stop`] kept out.
    fn go_on(&self, in_child: bool);
}

/// All that is registered, the last first. While a fork is under way, nothing comes or goes.
///
/// # Invariants
/// Every pointer is that of a node whose [`Registered`] lives.
struct List {
    locked: AtomicBool,
    first: AtomicPtr<Node>,
    /// Whether the C library knows the handlers.
    handled: AtomicBool,
}

static LIST: List =
    List { locked: AtomicBool::new(false), first: AtomicPtr::new(ptr::null_mut()), handled: AtomicBool::new(false) };

impl List {
    fn lock(&self) {
        while self.locked.compare_exchange_weak(false, true, Ordering::Acquire, Ordering::Relaxed).is_err() {
            hint::spin_loop();
        }
    }

    fn unlock(&self) {
        self.locked.store(false, Ordering::Release);
    }

    /// Every node, for a caller that holds the lock.
    fn each(&self) -> impl Iterator<Item = &Node> {
        let mut next: *const Node = self.first.load(Ordering::Relaxed);
        core::iter::from_fn(move || {
            // SAFETY: null, or a node that lives: it leaves the list before it ends, under the lock.
            let node = unsafe { next.as_ref() }?;
            next = node.next.get();
            Some(node)
        })
    }
}

struct Node {
    still: *const dyn Still,
    next: Cell<*const Node>,
}

impl Node {
    fn still(&self) -> &dyn Still {
        // SAFETY: what is registered lives as long as its node.
        unsafe { &*self.still }
    }
}

/// Keeps something registered until it is dropped.
pub(crate) struct Registered(Box<Node>);

// SAFETY: the node is used under the list's lock alone, and what it leads to is for all threads.
unsafe impl Send for Registered {}
// SAFETY: as above.
unsafe impl Sync for Registered {}

impl core::fmt::Debug for Registered {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("Registered")
    }
}

impl Registered {
    /// Registers something: from now on forks stop it. What is registered later is stopped earlier.
    ///
    /// # Safety
    /// It stays where it is, and lives longer than what is given back.
    pub(crate) unsafe fn new(still: &(dyn Still + 'static)) -> Registered {
        // Nothing is allocated under the lock: an allocator may fork.
        let node = Box::new(Node { still, next: Cell::new(ptr::null()) });
        LIST.lock();
        if !LIST.handled.swap(true, Ordering::Relaxed) {
            // SAFETY: the three have the signature that is asked for, and stay.
            unsafe { libc::pthread_atfork(Some(before), Some(behind_in_parent), Some(behind_in_child)) };
        }
        node.next.set(LIST.first.load(Ordering::Relaxed));
        LIST.first.store((&raw const *node).cast_mut(), Ordering::Relaxed);
        LIST.unlock();
        Registered(node)
    }
}

impl Drop for Registered {
    fn drop(&mut self) {
        LIST.lock();
        let before = LIST.each().find(|node| ptr::eq(node.next.get(), &raw const *self.0));
        match before {
            Some(before) => before.next.set(self.0.next.get()),
            None => LIST.first.store(self.0.next.get().cast_mut(), Ordering::Relaxed),
        }
        LIST.unlock();
    }
}

// A fork's handlers: the first two run in the parent, and the child's calls nothing but the operating system.

extern "C" fn before() {
    // Handlers of others, between these, may ask for memory: not a machine that is kept still.
    inside::enter();
    LIST.lock();
    let deadline = Deadline(Instant::now() + LONGEST);
    LIST.each().for_each(|node| node.still().stop(deadline));
}

extern "C" fn behind_in_parent() {
    LIST.each().for_each(|node| node.still().go_on(false));
    LIST.unlock();
    inside::leave();
}

extern "C" fn behind_in_child() {
    numbers::leave_behind();
    threads::leave_behind();
    LIST.each().for_each(|node| node.still().go_on(true));
    LIST.unlock();
    inside::leave();
}

#[cfg(not(miri))]
#[cfg(test)]
mod tests {
    use super::*;
    use crate::sync::asymmetric::Asymmetric;
    use crate::sync::lock::Lock;
    use alloc::string::String;
    use std::fs::File;
    use std::io::Read;
    use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};
    use std::sync::Barrier;
    use std::thread;

    /// Something that is registered, so that forks are handled, and that nobody can use.
    struct Nothing;

    impl Still for Nothing {
        fn stop(&self, _: Deadline) {}
        fn go_on(&self, _: bool) {}
    }

    /// Runs `body` in a fork, and says by which signal the child ended, and what it printed.
    fn forked(body: impl FnOnce()) -> (i32, String) {
        let mut ends = [0; 2];
        // SAFETY: the array has room for two descriptors.
        assert_eq!(unsafe { libc::pipe2(ends.as_mut_ptr(), libc::O_CLOEXEC) }, 0);
        // SAFETY: both are new and nobody else's.
        let [mut reader, writer] = ends.map(|end| File::from(unsafe { OwnedFd::from_raw_fd(end) }));
        // SAFETY: the child does what its body does, and ends.
        let pid = unsafe { libc::fork() };
        if pid == 0 {
            // SAFETY: the process is this test's own.
            unsafe {
                libc::dup2(writer.as_raw_fd(), libc::STDERR_FILENO);
                libc::setrlimit(libc::RLIMIT_CORE, &libc::rlimit { rlim_cur: 0, rlim_max: 0 });
                libc::alarm(60);
            }
            body();
            // SAFETY: ends the process.
            unsafe { libc::_exit(0) }
        }
        drop(writer);
        let (mut printed, mut status) = (String::new(), 0);
        reader.read_to_string(&mut printed).unwrap();
        // SAFETY: waits for the child that was just made.
        assert_eq!(unsafe { libc::waitpid(pid, &raw mut status, 0) }, pid);
        (if libc::WIFSIGNALED(status) { libc::WTERMSIG(status) } else { 0 }, printed)
    }

    /// Forks while another thread runs `inside`, which is told by a barrier when it may end.
    fn forked_while(inside: impl Fn(&Barrier) + Sync, body: impl FnOnce()) -> (i32, String) {
        static NOTHING: Nothing = Nothing;
        // SAFETY: it lives for ever.
        let _handled = unsafe { Registered::new(&NOTHING) };
        let turns = Barrier::new(2);
        thread::scope(|scope| {
            scope.spawn(|| inside(&turns));
            turns.wait();
            let found = forked(body);
            turns.wait();
            found
        })
    }

    fn is_message(found: &(i32, String)) -> bool {
        found.0 == libc::SIGABRT && found.1.starts_with("alloc-core: another thread was inside of a machine")
    }

    #[test]
    fn a_lock_whose_holder_was_left_behind_says_so() {
        let lock = Lock::new(0);
        let inside = |turns: &Barrier| {
            let _held = lock.lock();
            turns.wait();
            turns.wait();
        };
        let found = forked_while(inside, || drop(lock.lock()));
        assert!(is_message(&found), "{found:?}");
        assert_eq!(forked(|| drop(lock.lock())), (0, String::new()), "nobody has it now");
    }

    #[test]
    fn a_lock_that_the_forking_thread_holds_stays_its_own() {
        let lock = Lock::new(0);
        let mut held = Some(lock.lock());
        let found = forked_while(
            |turns| {
                turns.wait();
                turns.wait();
            },
            || {
                assert!(lock.try_lock().is_none());
                held.take();
                drop(lock.lock());
            },
        );
        assert_eq!(found, (0, String::new()));
    }

    #[test]
    fn a_place_whose_owner_was_left_behind_inside_says_so() {
        let place = Asymmetric::new(0);
        let inside = |turns: &Barrier| {
            let me = threads::lease().unwrap();
            place.visit(Some(me), || true, |_| ()).unwrap();
            let owner = place.enter(me).unwrap();
            turns.wait();
            turns.wait();
            drop(owner);
        };
        let found = forked_while(inside, || _ = place.visit(None, || true, |_| ()));
        assert!(is_message(&found), "{found:?}");
        assert_eq!(place.visit(None, || true, |value| *value), Some(0));
    }
}
