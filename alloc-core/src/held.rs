//! What is held of a machine: the blocks that were given out and the scopes that are open, for whoever looks for leaks.

use alloc::string::String;
use alloc::vec::Vec;

use crate::context::Scope;
use crate::machine::Machine;
use crate::page::frame::State;
use crate::task::TaskId;
use crate::units::{FrameNumber, Order};

/// Who has a block.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub enum Holder {
    /// A safe owner: a [`PageBlock`](crate::PageBlock) or a [`Pages`](crate::Pages).
    Owner,
    /// Nobody but who knows its number: see [`Machine::into_raw`].
    Number,
    /// A simulated task has it as a user page.
    Task(TaskId),
    /// It is set aside to make memory scarce.
    Hoard,
    /// It is part of a mapped area.
    Area,
    /// Nobody but who knows its address: kmalloc gave it.
    Kmalloc,
    /// A cache has it, for its objects.
    Slab,
    /// It is a page table of mapped areas.
    PageTable,
    /// An owner of pages that can be moved: a [`MovablePages`](crate::MovablePages) or a [`Vma`](crate::Vma).
    Movable,
}

/// Objects of one cache that were given out and have not come back.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct HeldObjects {
    /// The cache's name.
    pub cache: &'static str,
    /// How many objects.
    pub objects: usize,
}

/// A block that was given out and has not come back.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Held {
    /// The first frame.
    pub frame: FrameNumber,
    /// The order.
    pub order: Order,
    /// Who has it.
    pub holder: Holder,
    /// What [`FaultSource::mark`](crate::FaultSource::mark) said of the request that it was given to; 0 if nothing did. Of a block
    /// that was given while the source was not to be asked, it may be that of an earlier request.
    pub mark: u32,
}

/// A scope of a task of which guards are alive.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct OpenScope {
    /// The task.
    pub task: TaskId,
    /// The scope.
    pub scope: Scope,
    /// How many guards are alive.
    pub guards: u32,
}

/// A stretch of a task's calls that has not ended: see [`Machine::site`] and [`Machine::policy_scope`].
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct OpenCall {
    /// The task.
    pub task: TaskId,
    /// The site's name; none stands for a policy's scope.
    pub site: Option<&'static str>,
    /// By which stretches are told apart: each has one of its own.
    pub number: u64,
}

impl Machine {
    /// Every block that was given out and has not come back, in the order of their frames.
    ///
    /// ```
    /// use alloc_core::{Gfp, Holder, Machine, NodePages, Order};
    /// let machine = Machine::builder().node(NodePages::new(64)).build()?;
    /// let block = machine.alloc_pages(Order::new(1), Gfp::KERNEL)?;
    /// let held = machine.held();
    /// assert_eq!((held.len(), held[0].frame, held[0].holder), (1, block.frame(), Holder::Owner));
    /// drop(block);
    /// assert!(machine.held().is_empty());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn held(&self) -> Vec<Held> {
        let state = self.state();
        let frames = 0..state.frames.len() as u32;
        let held = frames.filter_map(|frame| {
            let entry = state.frames.get(frame)?;
            let holder = match entry.state {
                State::Inside | State::Free => return None,
                State::Owned => Holder::Owner,
                State::Raw => Holder::Number,
                State::User => Holder::Task(TaskId(entry.owner)),
                State::Hoarded => Holder::Hoard,
                State::Mapped => Holder::Area,
                State::Kmalloc => Holder::Kmalloc,
                State::Slab => Holder::Slab,
                State::PageTable => Holder::PageTable,
                State::Movable => Holder::Movable,
            };
            let marked =
                matches!(holder, Holder::Owner | Holder::Number | Holder::Area | Holder::Kmalloc | Holder::PageTable);
            let mark = match holder {
                Holder::Movable => state.movables.mark(entry.owner),
                _ if marked => entry.owner,
                _ => 0,
            };
            Some(Held { frame: FrameNumber(frame), order: entry.order, holder, mark })
        });
        held.collect()
    }

    /// Objects that were given out and have not come back, by caches that have given any.
    pub fn held_objects(&self) -> Vec<HeldObjects> {
        let of = |id| {
            self.slabs.with(id, |cache| {
                // What processors have at hand is nobody's.
                let lists = self.collect_sheaves(cache);
                HeldObjects { cache: cache.options.name, objects: lists.objects - lists.free }
            })
        };
        self.slabs.ids().filter_map(of).filter(|held| held.objects > 0).collect()
    }

    /// Every scope that is open, by tasks.
    pub fn open_scopes(&self) -> Vec<OpenScope> {
        let state = self.state();
        let tasks = (0..).map(TaskId).zip(&state.tasks);
        let scopes = tasks.flat_map(|(task, known)| {
            let scopes =
                Scope::ALL.into_iter().map(move |scope| OpenScope { task, scope, guards: known.guards(scope) });
            scopes.filter(|open| open.guards > 0)
        });
        scopes.collect()
    }

    /// Every stretch of calls that has not ended, by tasks, outermost first.
    pub fn open_calls(&self) -> Vec<OpenCall> {
        let state = self.raw();
        let tasks = (0..).map(TaskId).zip(&state.tasks);
        let calls = tasks.flat_map(|(task, known)| known.calls.iter().map(move |call| (task, call)));
        calls.map(|(task, call)| OpenCall { task, site: call.name, number: call.number }).collect()
    }

    /// The name that a task was spawned with, or `None` if there is no such task.
    pub fn task_name(&self, task: TaskId) -> Option<String> {
        self.state().task(task).map(|task| task.options.name.clone())
    }
}
