//! Which locks are held where memory may be reclaimed, and which ones reclaim takes: both together can deadlock.

use alloc::vec::Vec;

use crate::gfp::Gfp;
use crate::page::reclaim::ReclaimClass;
use crate::task::TaskId;

/// A lock that somebody holds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct HeldLock {
    /// The lock's name.
    pub name: &'static str,
    /// Who holds it.
    pub holder: TaskId,
}

/// One lock.
#[derive(Debug)]
struct Entry {
    kind: usize,
    holder: Option<TaskId>,
}

/// What is known of all locks of one name, as sets of classes of reclaim.
#[derive(Debug)]
struct Kind {
    name: &'static str,
    /// Held by tasks whose requests could have called shrinkers of these classes.
    held_over: u8,
    /// Taken by shrinkers of these classes.
    taken_in: u8,
    reported: u8,
}

impl Kind {
    /// The classes in which both are known, and were not before.
    fn news(&mut self) -> impl Iterator<Item = ReclaimClass> + use<> {
        let news = self.held_over & self.taken_in & !self.reported;
        self.reported |= news;
        ReclaimClass::ALL.into_iter().filter(move |class| news & bit(*class) != 0)
    }
}

fn bit(class: ReclaimClass) -> u8 {
    1 << class as u8
}

/// The locks of a machine, by number, and what was seen of them.
#[derive(Debug, Default)]
pub(crate) struct LockOrder {
    locks: Vec<Entry>,
    kinds: Vec<Kind>,
    held: u32,
}

impl LockOrder {
    /// The number of a new lock. Locks of one name are one kind: what is seen of one holds for all.
    pub(crate) fn add(&mut self, name: &'static str) -> usize {
        let kind = self.kinds.iter().position(|kind| kind.name == name).unwrap_or_else(|| {
            self.kinds.push(Kind { name, held_over: 0, taken_in: 0, reported: 0 });
            self.kinds.len() - 1
        });
        self.locks.push(Entry { kind, holder: None });
        self.locks.len() - 1
    }

    /// The name of a lock, and who holds it.
    pub(crate) fn at(&self, lock: usize) -> (&'static str, Option<TaskId>) {
        let entry = &self.locks[lock];
        (self.kinds[entry.kind].name, entry.holder)
    }

    /// A lock that nobody holds is held by a task.
    pub(crate) fn take(&mut self, lock: usize, task: TaskId) {
        self.locks[lock].holder = Some(task);
        self.held += 1;
    }

    /// A lock is held no longer.
    pub(crate) fn release(&mut self, lock: usize) {
        self.locks[lock].holder = None;
        self.held -= 1;
    }

    /// Whether any lock is held.
    pub(crate) fn any_held(&self) -> bool {
        self.held > 0
    }

    /// Notes that shrinkers of a class take a lock; whether it can deadlock, and that was not known.
    pub(crate) fn note_taken_in(&mut self, lock: usize, class: ReclaimClass) -> bool {
        let kind = &mut self.kinds[self.locks[lock].kind];
        kind.taken_in |= bit(class);
        kind.news().next().is_some()
    }

    /// Notes that a request of a task may call shrinkers, and tells which locks can deadlock, if that was not known.
    pub(crate) fn note_request(&mut self, task: TaskId, flags: Gfp, mut tell: impl FnMut(&'static str, ReclaimClass)) {
        let open = ReclaimClass::ALL.into_iter().filter(|class| class.is_open_to(flags)).map(bit);
        let open = open.fold(0, |open, class| open | class);
        for entry in self.locks.iter().filter(|entry| entry.holder == Some(task)) {
            let kind = &mut self.kinds[entry.kind];
            kind.held_over |= open;
            let name = kind.name;
            kind.news().for_each(|class| tell(name, class));
        }
    }

    /// The locks that are held.
    pub(crate) fn held(&self) -> impl Iterator<Item = HeldLock> {
        let held = self.locks.iter().filter_map(|entry| Some((entry.kind, entry.holder?)));
        held.map(|(kind, holder)| HeldLock { name: self.kinds[kind].name, holder })
    }
}
