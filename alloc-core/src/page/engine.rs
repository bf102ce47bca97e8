//! The request, step by step: free lists, background reclaim, reserves, direct reclaim, the killer, and when to give up.
//!
//! A course is a state machine that touches nothing but the machine's state. What takes place outside of it, calling
//! shrinkers and sleeping, it asks its driver for; so every place where a request can be overtaken is a step's end.

use super::frame;
use super::oom::OomOutcome;
use super::state::State;
use super::watermark::{Mark, Right};
use super::zone::ZoneKind;
use crate::context::{Context, Place};
use crate::error::AllocError;
use crate::event::EventKind;
use crate::gfp::Gfp;
use crate::numa::node_mask::NodeMask;
use crate::plan::{Effort, OomStep, Plan};
use crate::policy::OnOom;
use crate::task::{Task, TaskId};
use crate::units::{FrameNumber, NodeId, Order};

/// Rounds of direct reclaim that may give nothing before the killer is asked.
const IDLE_ROUNDS_MAX: u32 = 16;

/// What a course wants from its driver.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Move {
    /// To go on; anything may happen before.
    Next,
    /// A pass of direct reclaim, for these flags and so many pages; its gain is told to `reclaimed`.
    Reclaim(Gfp, u64),
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
enum Stage {
    Fast(usize),
    SlowStart,
    AtMin(usize),
    Decide,
    Reclaiming,
    AfterReclaim(usize),
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

/// A request under way.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Course {
    id: u64,
    task: TaskId,
    node: NodeId,
    plan: Plan,
    highest: ZoneKind,
    stage: Stage,
    /// What it remembers of its task's nodes.
    cookie: u32,
    /// Rounds of reclaim in a row that gave nothing.
    idle: u32,
    /// Rounds in all.
    rounds: u32,
    /// Whether the last pass of reclaim gave something.
    gained: bool,
    /// Whether it has looked with a victim's rights.
    looked_as_victim: bool,
}

/// What looking at one zone came to.
enum Look {
    Taken(FrameNumber),
    More,
    End,
}

impl Course {
    /// A request at its beginning.
    pub(super) fn at_the_beginning(id: u64, task: TaskId, node: NodeId, plan: Plan, highest: ZoneKind) -> Course {
        Course {
            id,
            task,
            node,
            plan,
            highest,
            stage: Stage::Fast(0),
            cookie: 0,
            idle: 0,
            rounds: 0,
            gained: false,
            looked_as_victim: false,
        }
    }

    /// Fails the request because a fault source says so.
    pub(crate) fn inject(&mut self, state: &mut State) -> AllocError {
        state.stats.injected += 1;
        self.fail(state, AllocError::Injected);
        AllocError::Injected
    }

    /// The flags, as the scopes and the policy left them.
    pub(crate) fn flags(&self) -> Gfp {
        self.plan.flags
    }

    /// The task that asked.
    pub(crate) fn task(&self) -> TaskId {
        self.task
    }

    /// Makes the next step.
    pub(crate) fn step(&mut self, state: &mut State) -> Move {
        if state.dead.is_some() {
            return self.fail(state, AllocError::Dead);
        }
        match self.stage {
            Stage::Fast(at) => match self.look(state, at, Mark::Low, Right::PLAIN, true) {
                Look::Taken(frame) => self.taken(state, frame),
                Look::More => self.go(Stage::Fast(at + 1)),
                Look::End => self.go(Stage::SlowStart),
            },
            Stage::SlowStart => {
                self.cookie = state.task(self.task).map_or(0, |task| task.mems.cookie());
                self.go(Stage::AtMin(0))
            }
            Stage::AtMin(at) => {
                if at == 0 {
                    self.wake_kswapd(state);
                }
                let right = self.right(state);
                self.looked_as_victim |= right.victim;
                match self.look(state, at, Mark::Min, right, self.keeps_walls(state, right)) {
                    Look::Taken(frame) => self.taken(state, frame),
                    Look::More => self.go(Stage::AtMin(at + 1)),
                    Look::End => self.go(Stage::Decide),
                }
            }
            Stage::Decide if self.plan.effort == Effort::NoWait => self.go(Stage::NoPage),
            Stage::Decide => {
                self.stage = Stage::Reclaiming;
                Move::Reclaim(self.plan.flags, self.plan.order.pages())
            }
            // A driver that does not tell what came of the pass has gained nothing.
            Stage::Reclaiming => self.go(Stage::Retry),
            Stage::AfterReclaim(at) => {
                let right = self.right(state);
                match self.look(state, at, Mark::Min, right, self.keeps_walls(state, right)) {
                    Look::Taken(frame) => self.taken(state, frame),
                    Look::More => self.go(Stage::AfterReclaim(at + 1)),
                    Look::End => self.go(Stage::Retry),
                }
            }
            Stage::Retry => self.retry(state),
            Stage::OomLock => self.lock(state),
            Stage::OomLook(at) => match self.look(state, at, Mark::High, Right::PLAIN, true) {
                Look::Taken(frame) => self.taken(state, frame),
                Look::More => self.go(Stage::OomLook(at + 1)),
                Look::End => self.go(Stage::OomKill),
            },
            Stage::OomKill => self.kill(state),
            Stage::Unbound(at, walls) => match self.look(state, at, Mark::Min, Right::EVERYTHING, walls) {
                Look::Taken(frame) => self.taken(state, frame),
                Look::More => self.go(Stage::Unbound(at + 1, walls)),
                Look::End if walls => self.go(Stage::Unbound(0, false)),
                Look::End => self.wait(state, WaitFor::Victim),
            },
            Stage::NoPage => self.no_page(state),
            Stage::Half(at, walls) => match self.look(state, at, Mark::Min, Right::HALF, walls) {
                Look::Taken(frame) => self.taken(state, frame),
                Look::More => self.go(Stage::Half(at + 1, walls)),
                Look::End if walls => self.go(Stage::Half(0, false)),
                Look::End => self.wait(state, WaitFor::Memory),
            },
            Stage::Over => Move::Failed(AllocError::NoMemory),
        }
    }

    /// Tells what the pass of reclaim that was asked for came to, in pages.
    pub(crate) fn reclaimed(&mut self, state: &mut State, pages: u64) {
        state.stats.direct_passes += 1;
        state.events.note(EventKind::Reclaimed(pages), self.task, self.plan.order, self.plan.flags);
        self.gained = pages > 0;
        self.stage = if self.gained { Stage::AfterReclaim(0) } else { Stage::Retry };
    }

    /// Ends the request because nobody is left to help it.
    pub(crate) fn hang(&mut self, state: &mut State) -> AllocError {
        state.stats.hangs += 1;
        self.fail(state, AllocError::Hang);
        AllocError::Hang
    }

    /// Gives up what it holds, when its driver does not go on with it.
    pub(crate) fn abandon(&mut self, state: &mut State) {
        self.unlock(state);
        self.stage = Stage::Over;
    }

    fn go(&mut self, stage: Stage) -> Move {
        self.stage = stage;
        Move::Next
    }

    fn wait(&mut self, state: &mut State, why: WaitFor) -> Move {
        if self.rounds >= state.policy.rounds_max {
            let error = self.hang(state);
            return Move::Failed(error);
        }
        self.rounds += 1;
        state.stats.sleeps += 1;
        self.stage = Stage::SlowStart;
        Move::Wait(why)
    }

    /// What flags and context allow at this moment: the task may have become a victim since.
    fn right(&self, state: &State) -> Right {
        Right::of(self.plan.flags, self.context(state))
    }

    fn context(&self, state: &State) -> Context {
        state.task(self.task).map_or(Context::default(), Task::context)
    }

    /// Whether the cpuset is binding: for requests that say so, unless they have rights that outweigh it.
    fn keeps_walls(&self, state: &State, right: Right) -> bool {
        let outweighed = right.everything || right.victim || (right.high && right.cannot_wait);
        self.plan.flags.contains(Gfp::HARDWALL) && !outweighed && self.context(state).place() != Place::Interrupt
    }

    /// The nodes that the request may use now.
    pub(super) fn nodes(&self, state: &State, walls: bool) -> NodeMask {
        let nodes = if self.plan.flags.contains(Gfp::THISNODE) { NodeMask::of(&[self.node]) } else { NodeMask::ALL };
        match state.task(self.task) {
            Some(task) if walls && self.context(state).place() != Place::Interrupt => {
                nodes.intersection(task.mems.allowed)
            }
            _ => nodes,
        }
    }

    /// Looks at one zone of the list.
    fn look(&self, state: &mut State, at: usize, mark: Mark, right: Right, walls: bool) -> Look {
        let Some(index) = state.zonelists[usize::from(self.node.0)].at(at) else { return Look::End };
        let nodes = self.nodes(state, walls);
        let zone = &mut state.zones[index];
        let (node, kind) = (zone.node, zone.kind);
        if kind > self.highest {
            return Look::More;
        }
        let taken = nodes
            .has(node)
            .then(|| zone.take(&mut state.frames, self.plan.order, self.highest, mark, right, frame::State::Owned))
            .flatten();
        if state.traces_looks {
            let kind = EventKind::Looked { node, zone: kind, taken: taken.is_some() };
            state.events.note(kind, self.task, self.plan.order, self.plan.flags);
        }
        taken.map_or(Look::More, Look::Taken)
    }

    fn taken(&mut self, state: &mut State, frame: FrameNumber) -> Move {
        self.unlock(state);
        self.stage = Stage::Over;
        let certain = self.plan.nofail || (self.plan.effort == Effort::Rounds && self.plan.oom != OomStep::GiveUp);
        let served = if certain { &mut state.stats.served_by_policy } else { &mut state.stats.served_by_chance };
        *served += 1;
        Move::Taken(frame)
    }

    fn fail(&mut self, state: &mut State, error: AllocError) -> Move {
        self.unlock(state);
        self.stage = Stage::Over;
        let quiet = self.plan.flags.contains(Gfp::NOWARN);
        note_failure(state, error, self.task, self.plan.order, self.plan.flags, quiet);
        Move::Failed(error)
    }

    fn wake_kswapd(&self, state: &mut State) {
        if !self.plan.flags.contains(Gfp::KSWAPD_RECLAIM) {
            return;
        }
        let nodes = self.nodes(state, self.plan.flags.contains(Gfp::HARDWALL));
        let here = state.zones.iter().filter(|zone| nodes.has(zone.node)).map(|zone| zone.node);
        let here = here.fold(NodeMask::NONE, |mask, node| mask.union(NodeMask::of(&[node])));
        if state.kswapd_wanted.union(here) != state.kswapd_wanted {
            state.kswapd_wanted = state.kswapd_wanted.union(here);
            state.stats.kswapd_wakes += 1;
            state.events.note(EventKind::KswapdWoken, self.task, self.plan.order, self.plan.flags);
        }
    }

    fn retry(&mut self, state: &mut State) -> Move {
        if self.plan.effort == Effort::OnePass {
            return self.go(Stage::NoPage);
        }
        self.rounds += 1;
        if self.rounds > state.policy.rounds_max {
            let error = self.hang(state);
            return Move::Failed(error);
        }
        let small = self.plan.order <= state.policy.costly;
        self.idle = if self.gained && small { 0 } else { self.idle + 1 };
        let right = self.right(state);
        let nodes = self.nodes(state, self.keeps_walls(state, right));
        let hope = state.could_admit(nodes, self.plan.order, self.highest, right, state.reclaimable);
        self.go(if self.idle <= IDLE_ROUNDS_MAX && hope { Stage::AtMin(0) } else { Stage::OomLock })
    }

    fn lock(&mut self, state: &mut State) -> Move {
        if self.missed_a_move(state) {
            return self.restart(state);
        }
        if state.oom_holder.is_some() {
            return self.wait(state, WaitFor::OomLock);
        }
        state.oom_holder = Some(self.id);
        self.go(Stage::OomLook(0))
    }

    fn unlock(&self, state: &mut State) {
        if state.oom_holder == Some(self.id) {
            state.oom_holder = None;
        }
    }

    fn kill(&mut self, state: &mut State) -> Move {
        if self.missed_a_move(state) {
            self.unlock(state);
            return self.restart(state);
        }
        let nodes = self.nodes(state, self.plan.flags.contains(Gfp::HARDWALL));
        let outcome = match self.plan.oom {
            OomStep::GiveUp => OomOutcome::Nobody,
            OomStep::Pretend => OomOutcome::Progress,
            OomStep::Kill => {
                let kills = state.stats.kills;
                let outcome = state.kill_for(self.task, nodes, self.plan.order, self.plan.flags);
                let needless = state.could_admit(nodes, self.plan.order, self.highest, Right::PLAIN, 0);
                state.stats.premature_kills += u64::from(needless && state.stats.kills > kills);
                outcome
            }
        };
        self.unlock(state);
        match (outcome, state.policy.on_oom) {
            (OomOutcome::Progress, _) => {
                self.idle = 0;
                let nomemalloc = self.plan.flags.contains(Gfp::NOMEMALLOC);
                if self.context(state).is_victim() && (self.looked_as_victim || nomemalloc) {
                    return self.go(Stage::NoPage);
                }
                if self.plan.nofail { self.go(Stage::Unbound(0, true)) } else { self.wait(state, WaitFor::Victim) }
            }
            (OomOutcome::Stop, _) => self.stop(state),
            (OomOutcome::Nobody, OnOom::Panic) if self.plan.oom == OomStep::Kill => self.stop(state),
            (OomOutcome::Nobody, OnOom::Wait) if self.plan.oom == OomStep::Kill && !self.plan.nofail => {
                self.wait(state, WaitFor::Memory)
            }
            (OomOutcome::Nobody, _) => self.go(Stage::NoPage),
        }
    }

    fn stop(&mut self, state: &mut State) -> Move {
        state.dead = Some("out of memory");
        self.fail(state, AllocError::Dead)
    }

    fn no_page(&mut self, state: &mut State) -> Move {
        if self.missed_a_move(state) {
            return self.restart(state);
        }
        if self.plan.nofail {
            return self.go(Stage::Half(0, true));
        }
        let victim = self.context(state).is_victim() && self.plan.flags.may_wait();
        self.fail(state, if victim { AllocError::VictimReservesGone } else { AllocError::NoMemory })
    }

    /// Whether its task's nodes moved since it began to look, so that what it saw may never have been so.
    fn missed_a_move(&self, state: &State) -> bool {
        let moved = state.task(self.task).is_some_and(|task| task.mems.moved_since(self.cookie));
        moved && state.policy.mems_retry
    }

    fn restart(&mut self, state: &mut State) -> Move {
        state.stats.mems_restarts += 1;
        state.events.note(EventKind::Restarted, self.task, self.plan.order, self.plan.flags);
        if state.task(self.task).is_some_and(|task| task.mems.is_moving()) {
            return self.wait(state, WaitFor::NodesMove);
        }
        self.go(Stage::SlowStart)
    }
}

/// Counts a failure, and notes it.
pub(super) fn note_failure(state: &mut State, error: AllocError, task: TaskId, order: Order, flags: Gfp, quiet: bool) {
    state.stats.failures += 1;
    state.stats.warnings += u64::from(!quiet);
    state.events.note(EventKind::Failed(error), task, order, flags);
}
