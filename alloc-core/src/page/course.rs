//! A request under way: where it stands, what it remembers, and how it goes on, waits and ends.

use super::state::State;
use super::zone::ZoneKind;
use crate::budget::BudgetId;
use crate::calls::PolicyId;
use crate::error::AllocError;
use crate::event::EventKind;
use crate::gfp::Gfp;
use crate::numa::node_mask::NodeMask;
use crate::plan::{Effort, OomStep, Plan};
use crate::policy::Policy;
use crate::retries::Retried;
use crate::sites::SiteId;
use crate::stats::Tally;
use crate::task::TaskId;
use crate::units::{FrameNumber, NodeId, Order};

/// What a course wants from its driver.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Move {
    /// To go on; anything may happen before.
    Next,
    /// A pass of direct reclaim, for these flags and so many pages; its gain is told to `reclaimed`.
    Reclaim(Gfp, u64),
    /// A step of compaction, which [`Course::compact`] makes with the machine's memory at hand.
    Compact,
    /// To have the OOM notifiers called; what came of it is told to `notified`.
    NotifyOom,
    /// To sleep until something else has happened.
    Wait(WaitFor),
    /// Nothing: it got this block.
    Taken(FrameNumber),
    /// Nothing: it failed.
    Failed(AllocError),
}

/// What a request sleeps for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum WaitFor {
    /// Another request is at the killer's door.
    OomLock,
    /// A victim's memory.
    Victim,
    /// Anybody's freeing something.
    Memory,
    /// The end of a move of its task's nodes.
    NodesMove,
}

/// Where a course stands. The number is the place in the zonelist that it looks at next.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Stage {
    Fast(usize),
    SlowStart,
    AtMin(usize),
    Decide,
    Reclaiming,
    AfterReclaim(usize),
    Compacting,
    Retry,
    OomLock,
    OomLook(usize),
    OomKill,
    /// NOFAIL right after the killer's door: below every level, first inside of the cpuset and then outside.
    Unbound(usize, bool),
    NoPage,
    /// NOFAIL before it goes round: half of the reserve, first inside of the cpuset and then outside.
    Half(usize, bool),
    Over,
}

/// A pass of compaction over the zones of a request.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Compaction {
    /// The place in the zonelist.
    pub(super) at: usize,
    /// Where the next block to move may begin, and where the frames end that blocks are moved to; `None` before the zone was looked at.
    pub(super) cursors: Option<(u32, u32)>,
    pub(super) moved: u64,
}

/// A request under way.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Course {
    pub(super) id: u64,
    pub(super) task: TaskId,
    pub(super) node: NodeId,
    /// The nodes that the task's memory policy binds the request to, until it is forgotten.
    pub(super) bound: Option<NodeMask>,
    pub(super) plan: Plan,
    /// The policy that it follows.
    pub(super) policy: PolicyId,
    /// The chain of sites that it was made in.
    pub(super) site: Option<SiteId>,
    /// How often its task had changed when it was planned.
    pub(super) epoch: u64,
    pub(super) highest: ZoneKind,
    /// What its block is charged to.
    pub(super) budget: Option<BudgetId>,
    /// What its block is marked with: a fault source's word for who asked.
    pub(super) mark: u32,
    pub(super) stage: Stage,
    /// What it remembers of its task's nodes.
    pub(super) cookie: u32,
    /// Rounds of reclaim in a row that gave nothing.
    pub(super) idle: u32,
    /// Steps made.
    pub(super) steps: u32,
    /// Rounds in all.
    pub(super) rounds: u32,
    /// The pass of compaction that it makes, and whether it has made one in this round.
    pub(super) compaction: Option<Compaction>,
    pub(super) compacted: bool,
    /// Whether the last pass of reclaim gave something.
    pub(super) gained: bool,
    /// Whether the OOM notifiers were called since it came to the killer's door.
    pub(super) notified: bool,
    /// Whether it has looked with a victim's rights.
    pub(super) looked_as_victim: bool,
    /// Whether it counts among those on their slow path.
    slow: bool,
}

impl Course {
    /// A request at its beginning.
    pub(super) fn at_the_beginning(id: u64, task: TaskId, node: NodeId, plan: Plan, highest: ZoneKind) -> Course {
        Course {
            id,
            task,
            node,
            bound: None,
            plan,
            policy: PolicyId::OWN,
            site: None,
            epoch: 0,
            highest,
            budget: None,
            mark: 0,
            stage: Stage::Fast(0),
            cookie: 0,
            idle: 0,
            steps: 0,
            rounds: 0,
            compaction: None,
            compacted: false,
            gained: false,
            notified: false,
            looked_as_victim: false,
            slow: false,
        }
    }

    /// The flags, as the scopes and the policy left them.
    pub(crate) fn flags(&self) -> Gfp {
        self.plan.flags
    }

    /// The order that is asked for.
    pub(crate) fn order(&self) -> Order {
        self.plan.order
    }

    /// The task that asked.
    pub(crate) fn task(&self) -> TaskId {
        self.task
    }

    pub(super) fn go(&mut self, stage: Stage) -> Move {
        self.stage = stage;
        Move::Next
    }

    pub(super) fn wait(&mut self, state: &mut State, why: WaitFor) -> Move {
        if self.rounds >= self.policy(state).rounds_max {
            let error = self.hang(state);
            return Move::Failed(error);
        }
        self.rounds += 1;
        state.stats.sleeps += 1;
        self.stage = Stage::SlowStart;
        Move::Wait(why)
    }

    /// Whether its task's nodes moved since it began to look, so that what it saw may never have been so. If the policy's
    /// nodes and the task's do not meet any more, the policy is forgotten.
    pub(super) fn missed_a_move(&mut self, state: &mut State) -> bool {
        let retries = self.policy(state).mems_retry;
        let Some(mems) = state.task(self.task).map(|task| task.mems).filter(|_| retries) else { return false };
        let forgets = self.bound.take_if(|bound| !bound.overlaps(mems.allowed)).is_some();
        if forgets {
            state.events.note(EventKind::PolicyForgotten, self.task, self.plan.order, self.plan.flags);
        }
        forgets || mems.moved_since(self.cookie)
    }

    pub(super) fn restart(&mut self, state: &mut State) -> Move {
        state.stats.mems_restarts += 1;
        state.events.note(EventKind::Restarted, self.task, self.plan.order, self.plan.flags);
        self.go(Stage::SlowStart)
    }

    /// Whether it gets its memory by policy, and not by chance.
    pub(crate) fn is_certain(&self) -> bool {
        self.plan.nofail || (self.plan.effort == Effort::Rounds && self.plan.oom != OomStep::GiveUp)
    }

    pub(super) fn taken(&mut self, state: &mut State, frame: FrameNumber) -> Move {
        if !self.charge(state, frame) {
            state.put_back(frame);
            return self.fail(state, AllocError::OverLimit);
        }
        self.end(state);
        let served =
            if self.is_certain() { &mut state.stats.served_by_policy } else { &mut state.stats.served_by_chance };
        *served += 1;
        state.stats.latency.record(self.plan.class(), self.steps, 1);
        state.frames.at(frame.0).owner = self.mark;
        let what = Retried { site: self.site, bytes: self.plan.order.bytes(), area: false };
        state.retries.served(self.task, what);
        Move::Taken(frame)
    }

    /// Charges a block that was found to the request's budget, if it has one; whether there was room.
    fn charge(&self, state: &mut State, frame: FrameNumber) -> bool {
        let Some(budget) = self.budget else { return true };
        let must = self.plan.nofail
            || self.plan.flags.contains(Gfp::HIGH)
            || self.plan.flags.contains(Gfp::MEMALLOC)
            || state.task(self.task).is_some_and(|task| task.context().frees_memory());
        let charged = state.budgets.at(budget).charge(self.plan.order.pages(), must);
        state.frames.at(frame.0).budget = charged.then_some(budget);
        charged
    }

    /// Whether its block's entry in the table says more than that it has an owner, which is to go when it comes back.
    pub(crate) fn is_noted(&self) -> bool {
        self.budget.is_some() || self.mark != 0
    }

    /// How it counts: where it was made, the class that its time counts in, and how long it took.
    pub(crate) fn tally(&self) -> Tally {
        Tally { site: self.site, class: self.plan.class(), steps: self.steps }
    }

    /// The policy that it follows.
    pub(super) fn policy<'s>(&self, state: &'s State) -> &'s Policy {
        state.policies.at(self.policy)
    }

    /// Whether a budget is charged for the request.
    pub(crate) fn is_charged(&self) -> bool {
        self.budget.is_some()
    }

    /// Fails the request because a fault source says so.
    pub(crate) fn inject(&mut self, state: &mut State) -> AllocError {
        self.fail(state, AllocError::Injected);
        AllocError::Injected
    }

    /// Keeps what its block is to be marked with.
    pub(crate) fn mark(&mut self, mark: u32) {
        self.mark = mark;
    }

    /// Ends the request because nobody is left to help it.
    pub(crate) fn hang(&mut self, state: &mut State) -> AllocError {
        state.stats.hangs += 1;
        self.fail(state, AllocError::Hang);
        AllocError::Hang
    }

    pub(super) fn fail(&mut self, state: &mut State, error: AllocError) -> Move {
        self.end(state);
        let quiet = self.plan.flags.contains(Gfp::NOWARN);
        state.stats.latency.record(self.plan.class(), self.steps, 1);
        state.note_failure(error, self.task, self.plan.order, self.plan.flags, quiet);
        Move::Failed(error)
    }

    /// Binds it to nodes before its first step, instead of its task's policy. Once they and the task's meet no more, they are forgotten.
    pub(crate) fn bind(&mut self, state: &State, nodes: Option<NodeMask>) {
        let allowed = state.task(self.task).map_or(NodeMask::NONE, |task| task.mems.allowed);
        self.bound = nodes.filter(|nodes| nodes.overlaps(allowed));
    }

    /// Gives up what it holds, when its driver does not go on with it.
    pub(crate) fn abandon(&mut self, state: &mut State) {
        self.end(state);
    }

    /// Whether all that it has done was to look at free lists.
    pub(crate) fn is_fast(&self) -> bool {
        matches!(self.stage, Stage::Fast(_))
    }

    /// It is on its slow path from now on, until it ends.
    pub(super) fn slow_down(&mut self, state: &mut State) {
        state.slow += u32::from(!self.slow);
        self.slow = true;
    }

    fn end(&mut self, state: &mut State) {
        self.unlock(state);
        self.stage = Stage::Over;
        state.slow -= u32::from(self.slow);
        self.slow = false;
    }

    /// Leaves the killer's door.
    pub(super) fn unlock(&self, state: &mut State) {
        if state.oom_holder == Some(self.id) {
            state.oom_holder = None;
        }
    }
}
