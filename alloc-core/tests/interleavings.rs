//! Locks and counters under every interleaving of their steps, and every order that the memory model allows: the same sources, with
//! loom's atomics in place of core's. Whole requests are too many steps for that: see the folder `schedules`.
#![expect(dead_code, unreachable_pub, reason = "the files are compiled a second time, for a part of what they hold")]

#[path = "../src/sync/asymmetric.rs"]
mod asymmetric;
#[path = "../src/epochs.rs"]
mod epochs;
#[path = "../src/sync/lock.rs"]
mod lock;
#[path = "../src/sync/mark.rs"]
mod mark;
#[path = "../src/numa/mems.rs"]
mod mems;
#[path = "../src/numa/node_mask.rs"]
mod node_mask;
#[path = "../src/sync/read_write.rs"]
mod read_write;
#[path = "../src/units.rs"]
mod units;

/// Nobody looks how many locks a thread has.
mod inside {
    pub(super) fn enter() {}
    pub(super) fn leave() {}
}

mod steps {
    pub(crate) use loom::sync::atomic::{AtomicPtr, AtomicU64, AtomicUsize};
    use loom::sync::atomic::{Ordering::SeqCst, fence};

    pub(super) fn relax(_: u32) {
        loom::thread::yield_now();
    }

    /// Which thread it is matters to forks alone.
    pub(super) fn me() -> usize {
        1
    }

    pub(super) fn wait_for(_: usize, tries: u32) {
        relax(tries);
    }

    pub(super) fn give_up() -> ! {
        unreachable!("there are no forks here")
    }

    /// The owner's half of the barrier. In the product it is the compiler's alone, for the visitor's half reaches into the
    /// owner's processor; here both are fences.
    pub(super) fn light_barrier() {
        fence(SeqCst);
    }

    /// The visitor's half.
    pub(super) fn barrier() -> bool {
        fence(SeqCst);
        true
    }
}

use asymmetric::Asymmetric;
use epochs::Epochs;
use lock::Lock;
use loom::cell::UnsafeCell;
use loom::sync::Arc;
use loom::thread;
use mark::Mark;
use mems::{Mems, MemsMove, MoveKind};
use node_mask::NodeMask;
use read_write::ReadWrite;
use units::NodeId;

mod sync {
    pub(crate) use super::steps;
}

mod task {
    #[derive(Clone, Copy)]
    pub(crate) struct TaskId(pub(crate) u32);
}

/// Forks are not looked at here.
mod numbers {
    pub(super) fn is_gone(_: usize) -> bool {
        false
    }
}

mod still {
    #[derive(Clone, Copy)]
    pub(super) struct Deadline;

    impl Deadline {
        pub(super) fn is_over(self) -> bool {
            true
        }
    }
}

/// A number that loom watches: two threads that use it at once are an error.
struct Watched(UnsafeCell<u32>);

impl Watched {
    fn new() -> Watched {
        Watched(UnsafeCell::new(0))
    }

    fn add(&self) {
        // SAFETY: whether anybody else uses it at the same time is what loom is asked here.
        #[expect(unsafe_code, reason = "loom's cell hands out a pointer")]
        self.0.with_mut(|at| unsafe { *at += 1 });
    }

    fn get(&self) -> u32 {
        // SAFETY: as above.
        #[expect(unsafe_code, reason = "loom's cell hands out a pointer")]
        self.0.with(|at| unsafe { *at })
    }
}

/// A thread's mark, which lives for ever.
fn mark() -> &'static Mark {
    let (place, cpu) = (steps::AtomicUsize::new(0), core::sync::atomic::AtomicUsize::new(0));
    Box::leak(Box::new(Mark { place, cpu }))
}

#[test]
fn a_lock_has_one_holder_at_a_time() {
    loom::model(|| {
        let lock = Arc::new(Lock::new(Watched::new()));
        let other = {
            let lock = Arc::clone(&lock);
            thread::spawn(move || lock.lock().add())
        };
        lock.lock().add();
        let tried = lock.try_lock().map(|guard| guard.add()).is_some();
        other.join().unwrap();
        assert_eq!(lock.lock().get(), 2 + u32::from(tried));
    });
}

#[test]
fn an_owner_and_a_visitor_are_never_inside_together() {
    loom::model(|| {
        let place = Arc::new(Asymmetric::new(Watched::new()));
        let me = mark();
        place.visit(Some(me), steps::barrier, |value| value.add()).unwrap();
        let visitor = {
            let place = Arc::clone(&place);
            thread::spawn(move || place.visit(None, steps::barrier, |value| value.add()).unwrap())
        };
        let mut entered = 0;
        for _ in 0..2 {
            if let Some(owner) = place.enter(me) {
                owner.add();
                entered += 1;
            }
        }
        visitor.join().unwrap();
        assert!(place.enter(me).is_none(), "the visitor left the place without an owner");
        assert_eq!(place.visit(None, steps::barrier, |value| value.get()), Some(3 - 2 + entered + 1));
    });
}

#[test]
fn a_place_changes_owners_and_a_late_one_does_not_get_in() {
    loom::model(|| {
        let place = Arc::new(Asymmetric::new(Watched::new()));
        let first = mark();
        place.visit(Some(first), steps::barrier, |value| value.add()).unwrap();
        let claims = {
            let place = Arc::clone(&place);
            thread::spawn(move || {
                let second = mark();
                place.visit(Some(second), steps::barrier, |value| value.add()).unwrap();
                // Nobody else claims, so the second owner gets in, however late the first one is.
                place.enter(second).unwrap().add();
            })
        };
        let entered = place.enter(first).map(|owner| owner.add()).is_some();
        claims.join().unwrap();
        assert_eq!(place.visit(None, steps::barrier, |value| value.get()), Some(3 + u32::from(entered)));
    });
}

#[test]
fn a_reader_of_moving_nodes_that_finds_none_allowed_knows_that_it_missed_a_move() {
    loom::model(|| {
        let node = |number| NodeMask::of(&[NodeId(number)]);
        let mems = Arc::new(Lock::new(Mems::new(node(0))));
        let writer = {
            let mems = Arc::clone(&mems);
            thread::spawn(move || {
                let mut step = MemsMove::new(node(1), MoveKind::ExpandThenShrink);
                for _ in 0..2 {
                    step.step(&mut mems.lock());
                }
            })
        };
        let cookie = mems.lock().cookie();
        let found = [1, 0].into_iter().any(|number| mems.lock().allowed.has(NodeId(number)));
        assert!(found || mems.lock().moved_since(cookie), "one of them was allowed at every time");
        writer.join().unwrap();
    });
}

#[test]
fn who_knows_of_a_change_is_given_no_answer_from_before_it() {
    loom::model(|| {
        let (task, other) = (task::TaskId(3), task::TaskId(4));
        let shared = Arc::new((Lock::new(Watched::new()), Epochs::new(), steps::AtomicUsize::new(0)));
        let changes = {
            let shared = Arc::clone(&shared);
            thread::spawn(move || {
                let (state, epochs, done) = &*shared;
                let locked = state.lock();
                locked.add();
                epochs.turn(task);
                drop(locked);
                done.store(1, std::sync::atomic::Ordering::Release);
            })
        };
        let (state, epochs, done) = &*shared;
        // The engine's answer, remembered with the time at which it was given; and the quick way, which takes no lock.
        let locked = state.lock();
        let remembered = (epochs.of(task), locked.get());
        drop(locked);
        let known = done.load(std::sync::atomic::Ordering::Acquire);
        let given = if epochs.of(task) == remembered.0 { remembered.1 } else { state.lock().get() };
        assert!(given as usize >= known, "the answer is older than what the asker knows");
        assert_eq!(epochs.of(other), 0);
        changes.join().unwrap();
    });
}

#[test]
fn row_118_who_writes_is_alone_and_readers_see_all_of_it() {
    // Waiting in vain is many steps, of which three overtakings show all that there is to see.
    let mut model = loom::model::Builder::new();
    model.preemption_bound = Some(3);
    model.check(|| {
        let lock = Arc::new(ReadWrite::new((Watched::new(), Watched::new())));
        let reader = {
            let lock = Arc::clone(&lock);
            thread::spawn(move || {
                let value = lock.read();
                assert_eq!(value.0.get(), value.1.get(), "half of a change was seen");
                value.0.get()
            })
        };
        let writing = lock.write();
        writing.0.add();
        writing.1.add();
        drop(writing);
        let read = lock.read();
        assert_eq!((read.0.get(), read.1.get()), (1, 1));
        drop(read);
        assert!(reader.join().unwrap() <= 1);
        assert!(lock.try_write().is_some(), "nobody has it any more");
    });
}

#[test]
fn row_118_readers_do_not_wait_for_each_other_and_keep_a_writer_out() {
    let mut model = loom::model::Builder::new();
    model.preemption_bound = Some(3);
    model.check(|| {
        let lock = Arc::new(ReadWrite::new(Watched::new()));
        let first = lock.read();
        let reader = {
            let lock = Arc::clone(&lock);
            thread::spawn(move || lock.read().get())
        };
        assert!(lock.try_write().is_none());
        assert_eq!(reader.join().unwrap(), 0);
        assert_eq!(first.get(), 0);
    });
}
