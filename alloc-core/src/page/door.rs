//! The killer's door: who is let in, and what a request does with the killer's answer.

use super::course::{Course, Move, Stage, WaitFor};
use super::oom::OomOutcome;
use super::state::State;
use super::watermark::Right;
use crate::error::AllocError;
use crate::gfp::Gfp;
use crate::plan::OomStep;
use crate::policy::OnOom;

impl Course {
    /// Goes to the killer's door, where one request stands at a time.
    pub(super) fn lock(&mut self, state: &mut State) -> Move {
        if self.missed_a_move(state) {
            return self.restart(state);
        }
        if state.oom_holder.is_some() {
            return self.wait(state, WaitFor::OomLock);
        }
        state.oom_holder = Some(self.id);
        self.notified = false;
        self.go(Stage::OomLook(0))
    }

    /// Has somebody killed, as far as the plan lets it, and goes on with what that came to.
    pub(super) fn kill(&mut self, state: &mut State) -> Move {
        if self.missed_a_move(state) {
            self.unlock(state);
            return self.restart(state);
        }
        if state.notifies_oom && !self.notified && self.plan.oom != OomStep::GiveUp {
            // A driver that does not call them has gained nothing, and comes here again.
            self.notified = true;
            return Move::NotifyOom;
        }
        let nodes = self.nodes(state, self.plan.flags.contains(Gfp::HARDWALL));
        let outcome = match self.plan.oom {
            OomStep::GiveUp => OomOutcome::Nobody,
            OomStep::Pretend => OomOutcome::Progress,
            OomStep::Kill => {
                let kills = state.stats.kills;
                let outcome = state.kill_for(self.policy, self.task, nodes, self.plan.order, self.plan.flags);
                let needless = state.could_admit(nodes, self.plan.order, self.highest, Right::PLAIN, 0);
                state.stats.premature_kills += u64::from(needless && state.stats.kills > kills);
                outcome
            }
        };
        self.unlock(state);
        match (outcome, self.policy(state).on_oom) {
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

    /// Tells how many pages the OOM notifiers gave back. With any, nobody is killed, and the request looks again.
    pub(crate) fn notified(&mut self, state: &mut State, pages: u64) {
        if pages > 0 {
            self.unlock(state);
            self.idle = 0;
            self.stage = Stage::SlowStart;
        }
    }

    fn stop(&mut self, state: &mut State) -> Move {
        state.dead = Some("out of memory");
        self.fail(state, AllocError::Dead)
    }
}
