//! Simulated tasks: who asks, who holds user pages, and whom the OOM killer may choose.

use alloc::boxed::Box;
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;

use crate::budget::BudgetId;
use crate::calls::Calls;
use crate::context::{Context, Place, Scope};
use crate::fault::source::TaskFaults;
use crate::gfp::Gfp;
use crate::numa::mem_policy::TaskPolicy;
use crate::numa::mems::Mems;
use crate::numa::move_rules::MoveWatch;
use crate::numa::node_mask::NodeMask;
use crate::page::frame::FrameList;
use crate::passes::Passes;
pub use crate::units::TaskId;
use crate::units::{FrameNumber, NodeId, Order};

/// What a new task is like.
///
/// ```
/// use alloc_core::{Machine, NodePages, TaskOptions};
/// let machine = Machine::builder().node(NodePages::new(1024)).build()?;
/// let hog = machine.spawn(TaskOptions { oom_score_adj: 500, ..TaskOptions::named("hog") });
/// assert_eq!(machine.grow(hog, 100)?, 100);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TaskOptions {
    /// For reports.
    pub name: String,
    /// From -1000, which exempts the task from being killed, to 1000: thousandths of all memory that are added to its size.
    pub oom_score_adj: i16,
    /// Whether the task has no user memory and is never killed.
    pub kernel_thread: bool,
    /// Pages of it in swap.
    pub swapped_pages: u64,
    /// Pages that its page tables take.
    pub page_table_pages: u64,
    /// The node that it runs on, whose zones are visited first.
    pub node: NodeId,
    /// The nodes that it may use.
    pub mems: NodeMask,
}

impl TaskOptions {
    /// An ordinary task.
    pub fn named(name: &str) -> TaskOptions {
        TaskOptions {
            name: String::from(name),
            oom_score_adj: 0,
            kernel_thread: false,
            swapped_pages: 0,
            page_table_pages: 0,
            node: NodeId(0),
            mems: NodeMask::ALL,
        }
    }
}

/// A task's place in the queue of those who wait without bound. A task that sleeps sleeps in one place, so the queue
/// needs no memory of its own.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Ticket {
    pub(crate) number: u64,
    pub(crate) order: Order,
    /// What was handed over to it, and waits to be collected.
    pub(crate) handed: Option<FrameNumber>,
}

/// A task.
#[derive(Debug)]
pub(crate) struct Task {
    pub(crate) options: TaskOptions,
    pub(crate) user_pages: FrameList,
    pub(crate) mems: Mems,
    pub(crate) policy: TaskPolicy,
    /// The cpuset that it belongs to.
    pub(crate) cpuset: Option<u32>,
    pub(crate) faults: Arc<TaskFaults>,
    /// How many guards of each scope are alive.
    scopes: [u32; Scope::ALL.len()],
    /// Inside of those of which one is.
    inside_of: Context,
    /// The passes of reclaim that are under way in its name.
    pub(crate) passes: Passes,
    /// What its requests with ACCOUNT are charged to.
    pub(crate) memcg: Option<BudgetId>,
    /// What all of its requests are charged to: the last one counts.
    pub(crate) accounts: Vec<(u64, BudgetId)>,
    /// What its calls are part of.
    pub(crate) calls: Calls,
    /// The flags of the call of vmalloc that its requests are part of.
    pub(crate) outer: Option<Gfp>,
    pub(crate) ticket: Option<Ticket>,
    pub(crate) victim: bool,
    /// It was killed in the middle of a request, by policy: what it holds is never given back.
    pub(crate) killed: bool,
    /// Something else already ends the task.
    pub(crate) dying: bool,
    pub(crate) exited: bool,
    /// The reaper is done with it: another victim may be chosen.
    pub(crate) reaped: bool,
    /// Its memory's lock is held by somebody, and the reaper cannot get it.
    pub(crate) memory_locked: bool,
    pub(crate) reap_tries: u32,
    /// Whether it keeps the rules for those whose nodes move, if that is watched.
    pub(crate) move_watch: Option<Box<MoveWatch>>,
}

impl Task {
    pub(crate) fn new(options: TaskOptions) -> Task {
        Task {
            mems: Mems::new(options.mems),
            policy: TaskPolicy::none(options.mems),
            cpuset: None,
            options,
            user_pages: FrameList::EMPTY,
            faults: Arc::default(),
            scopes: [0; Scope::ALL.len()],
            inside_of: Context::default(),
            passes: Passes::default(),
            memcg: None,
            accounts: Vec::new(),
            calls: Calls::default(),
            outer: None,
            ticket: None,
            victim: false,
            killed: false,
            dying: false,
            exited: false,
            reaped: false,
            memory_locked: false,
            reap_tries: 0,
            move_watch: None,
        }
    }

    /// Opens a scope once more, or closes it once.
    pub(crate) fn count_scope(&mut self, scope: Scope, open: bool) {
        let count = &mut self.scopes[scope as usize];
        *count = if open { count.saturating_add(1) } else { count.saturating_sub(1) };
        self.inside_of = if *count > 0 { self.inside_of.inside(scope) } else { self.inside_of.outside(scope) };
    }

    /// How many guards of a scope are alive.
    pub(crate) fn guards(&self, scope: Scope) -> u32 {
        self.scopes[scope as usize]
    }

    /// All that requests of this task depend on.
    pub(crate) fn context(&self) -> Context {
        let mut context = self.inside_of;
        context.victim = self.victim;
        context.reclaiming = self.passes.any_is_mine();
        context
    }

    /// Whether an interrupt hides the task.
    pub(crate) fn is_in_interrupt(&self) -> bool {
        self.context().place() == Place::Interrupt
    }

    /// The nodes that its memory comes from: those that it may use, as far as its memory policy is not narrower.
    pub(crate) fn reach(&self) -> NodeMask {
        let allowed = self.mems.allowed;
        self.policy
            .mask()
            .map(|mask| mask.intersection(allowed))
            .filter(|mask| *mask != NodeMask::NONE)
            .unwrap_or(allowed)
    }

    /// What a request with these flags is charged to.
    pub(crate) fn budget(&self, flags: Gfp) -> Option<BudgetId> {
        let inner = self.accounts.last().map(|(_, budget)| *budget);
        inner.or(self.memcg.filter(|_| flags.contains(Gfp::ACCOUNT)))
    }

    /// Whether the reaper, or its own end, will still free what it has.
    pub(crate) fn is_going(&self) -> bool {
        self.victim && !self.reaped && !self.exited
    }
}
