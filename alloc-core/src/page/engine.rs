//! The request, step by step: free lists, background reclaim, reserves, direct reclaim, compaction, the killer, and when to give up.
//!
//! A course is a state machine that touches nothing but the machine's state. What takes place outside of it, calling
//! shrinkers and sleeping, it asks its driver for; so every place where a request can be overtaken is a step's end.

use super::course::{Course, Move, Stage, WaitFor};
use super::state::State;
use super::view::Look;
use super::watermark::{Mark, Right};
use crate::error::AllocError;
use crate::event::EventKind;
use crate::plan::Effort;

/// Rounds of direct reclaim that may give nothing before the killer is asked.
const IDLE_ROUNDS_MAX: u32 = 16;

impl Course {
    /// Makes the next step.
    pub(crate) fn step(&mut self, state: &mut State) -> Move {
        self.steps = self.steps.saturating_add(1);
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
                self.slow_down(state);
                let mems = state.task(self.task).map(|task| task.mems);
                if self.policy(state).mems_retry && mems.is_some_and(|mems| mems.is_moving()) {
                    return self.wait(state, WaitFor::NodesMove);
                }
                self.cookie = mems.map_or(0, |mems| mems.cookie());
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
                    // What outweighs the cpuset outweighs the task's policy, once its own nodes gave nothing.
                    Look::End if right.outweighs_nodes() && self.bound.take().is_some() => self.go(Stage::AtMin(0)),
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
                    Look::End if self.wants_compaction(state) => self.begin_compaction(state),
                    Look::End => self.go(Stage::Retry),
                }
            }
            Stage::Compacting => Move::Compact,
            Stage::Retry if self.wants_compaction(state) => self.begin_compaction(state),
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

    fn retry(&mut self, state: &mut State) -> Move {
        if self.plan.effort == Effort::OnePass {
            return self.go(Stage::NoPage);
        }
        self.compacted = false;
        self.rounds += 1;
        if self.rounds > self.policy(state).rounds_max {
            let error = self.hang(state);
            return Move::Failed(error);
        }
        let small = self.plan.order <= self.policy(state).costly;
        self.idle = if self.gained && small { 0 } else { self.idle + 1 };
        let right = self.right(state);
        let nodes = self.nodes(state, self.keeps_walls(state, right));
        let hope = state.could_admit(nodes, self.plan.order, self.highest, right, state.reclaimable);
        self.go(if self.idle <= IDLE_ROUNDS_MAX && hope { Stage::AtMin(0) } else { Stage::OomLock })
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
}
