//! How a request begins: it is counted, planned, and refused if the policy does not let it through.

use super::course::Course;
use super::state::State;
use super::zone::ZoneKind;
use crate::calls::PolicyId;
use crate::context::{Context, Place};
use crate::error::AllocError;
use crate::event::EventKind;
use crate::gfp::Gfp;
use crate::misuse::Misuse;
use crate::plan::{Effort, Plan, Refusal};
use crate::task::{Task, TaskId};
use crate::units::{NodeId, Order};

impl Course {
    /// Begins a request: plans it, and counts it.
    ///
    /// # Errors
    /// When the policy does not let it through, the machine has stopped, or task or node are unknown.
    pub(crate) fn begin(
        state: &mut State,
        task: TaskId,
        node: Option<NodeId>,
        order: Order,
        flags: Gfp,
    ) -> Result<Course, AllocError> {
        let site = state.site_of(task);
        state.stats.count(site, order, flags, 1);
        let planned = Self::plan(state, task, node, order, flags);
        planned.inspect_err(|error| {
            state.stats.undisciplined += u64::from(*error == AllocError::Discipline);
            let context = state.task(task).map_or(Context::default(), Task::context);
            let quiet = context.effective(flags).contains(Gfp::NOWARN);
            state.note_failure(*error, task, order, flags, quiet);
        })
    }

    fn plan(
        state: &mut State,
        task: TaskId,
        node: Option<NodeId>,
        order: Order,
        flags: Gfp,
    ) -> Result<Course, AllocError> {
        if state.dead.is_some() {
            return Err(AllocError::Dead);
        }
        let asking = state.task(task).filter(|task| !task.exited).ok_or(AllocError::NoSuchTask)?;
        let home = node.unwrap_or(asking.options.node);
        if usize::from(home.0) >= state.zonelists.len() {
            return Err(AllocError::NoSuchNode);
        }
        let watched = asking.move_watch.is_some();
        let context = asking.context();
        let rules = state.policy_of(task);
        let planned = Plan::new(state.policies.at(rules), flags, order, context);
        let misuses = planned.map_or_else(|(_, misuses)| misuses, |plan| plan.misuses);
        for misuse in misuses.iter() {
            state.note_misuse(misuse, task, order, flags);
        }
        let plan = planned.map_err(|(refusal, _)| refuse(state, task, refusal))?;
        let looks_at_locks = state.locks.any_held() && context.place() == Place::Process;
        if looks_at_locks && plan.effort != Effort::NoWait && !plan.flags.contains(Gfp::NOLOCKDEP) {
            state.check_locks(task, plan.flags);
        }
        if watched && context.place() != Place::Interrupt {
            state.check_move_rules(task, plan.flags, order);
        }
        state.begun += 1;
        let highest = state.highest(ZoneKind::highest(plan.flags));
        let mut course = Course::at_the_beginning(state.begun, task, home, plan, highest);
        course.follow(state, rules);
        if context.place() != Place::Interrupt {
            course.budget = state.task(task).and_then(|task| task.budget(plan.flags));
        }
        // A request that names its node, and one that is made in nobody's name, follow no task's policy.
        if node.is_none() && !plan.flags.contains(Gfp::THISNODE) && context.place() != Place::Interrupt {
            course.follow_policy(state);
        }
        let nodes = course.nodes(state, plan.flags.contains(Gfp::HARDWALL));
        let zones = state.zones.iter().filter(|zone| nodes.has(zone.node) && zone.kind <= highest);
        if order <= state.policies.at(rules).largest && zones.map(|zone| zone.managed).sum::<u64>() < order.pages() {
            if plan.nofail {
                state.events.note(EventKind::Misused(Misuse::NofailTooBig), task, order, flags);
            }
            if let Some(refusal) = plan.impossible(state.policies.at(rules)) {
                return Err(refuse(state, task, refusal));
            }
        }
        Ok(course)
    }

    /// Follows a policy from now on, and counts for where it is made.
    fn follow(&mut self, state: &State, policy: PolicyId) {
        self.policy = policy;
        self.site = state.site_of(self.task);
        self.epoch = state.epochs.of(self.task);
    }

    /// Begins where the task's memory policy says, and is bound to its nodes, unless the request is for lower zones than
    /// the policy is about, or the task may use none of them any more.
    fn follow_policy(&mut self, state: &mut State) {
        let (ordinary, lists) = (state.highest(ZoneKind::Normal), state.zonelists.len());
        // Only a turn changes the task.
        let turns = state.task(self.task).is_some_and(|task| task.policy.takes_turns());
        let turn = if turns { state.task_mut(self.task).and_then(|task| task.policy.next_node()) } else { None };
        let Some(task) = state.task(self.task) else { return };
        self.node = turn.or(task.policy.node()).filter(|node| usize::from(node.0) < lists).unwrap_or(self.node);
        let bound = task.policy.mask().filter(|mask| mask.overlaps(task.mems.allowed));
        self.bound = bound.filter(|_| self.highest >= ordinary);
    }
}

/// Does what the policy does instead of serving a request.
fn refuse(state: &mut State, task: TaskId, refusal: Refusal) -> AllocError {
    match refusal {
        Refusal::Fail(error) => error,
        Refusal::KillTask => {
            state.make_victim(task);
            if let Some(task) = state.task_mut(task) {
                task.killed = true;
            }
            AllocError::TaskKilled
        }
        Refusal::Stop => {
            state.dead = Some("a request that cannot be served");
            AllocError::Dead
        }
    }
}
