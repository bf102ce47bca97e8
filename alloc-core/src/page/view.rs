//! What a request may see and take at the moment: its rights, its nodes, and one zone of its list.

use super::course::Course;
use super::frame;
use super::state::State;
use super::watermark::{Mark, Right};
use crate::context::{Context, Place};
use crate::event::EventKind;
use crate::gfp::Gfp;
use crate::numa::node_mask::NodeMask;
use crate::task::Task;
use crate::units::FrameNumber;

/// What looking at one zone came to.
pub(super) enum Look {
    Taken(FrameNumber),
    More,
    End,
}

impl Course {
    /// What flags and context allow at this moment: the task may have become a victim since.
    pub(super) fn right(&self, state: &State) -> Right {
        Right::of(self.plan.flags, self.context(state))
    }

    pub(super) fn context(&self, state: &State) -> Context {
        state.task(self.task).map_or(Context::default(), Task::context)
    }

    /// Whether the cpuset is binding: for requests that say so, unless they have rights that outweigh it.
    pub(super) fn keeps_walls(&self, state: &State, right: Right) -> bool {
        let holds = self.plan.flags.contains(Gfp::HARDWALL) && !right.outweighs_nodes();
        holds && self.context(state).place() != Place::Interrupt
    }

    /// The nodes that the request may use now.
    pub(super) fn nodes(&self, state: &State, walls: bool) -> NodeMask {
        let this = self.plan.flags.contains(Gfp::THISNODE).then(|| NodeMask::of(&[self.node]));
        let nodes = this.or(self.bound).unwrap_or(NodeMask::ALL);
        match state.task(self.task) {
            Some(task) if walls && self.context(state).place() != Place::Interrupt => {
                nodes.intersection(task.mems.allowed)
            }
            _ => nodes,
        }
    }

    /// Whether the same request, made again at once, would be served from this zone, and nothing else would come of it: those
    /// that it looks at before have nothing for it, and processors have none of their blocks at hand.
    pub(crate) fn would_repeat(&self, state: &State, zone: usize) -> bool {
        let turns = state.task(self.task).is_some_and(|task| task.policy.takes_turns());
        // What was planned before the task changed says nothing about the same request now.
        let is_old = self.epoch != state.epochs.of(self.task);
        if is_old || self.is_noted() || turns || !self.plan.misuses.is_empty() {
            return false;
        }
        let gives_nothing = |index: usize| {
            let zone = &state.zones[index];
            !zone.at_hand && !zone.admits(self.plan.order, self.highest, Mark::Low, Right::PLAIN)
        };
        self.looks_at(state).any(|index| index == zone) && self.before(state, zone).all(gives_nothing)
    }

    /// The zones that its first look is allowed at, in order.
    fn looks_at<'s>(&self, state: &'s State) -> impl Iterator<Item = usize> + use<'s> {
        let (nodes, highest) = (self.nodes(state, true), self.highest);
        let list = &state.zonelists[usize::from(self.node.0)];
        let zones = (0..).map_while(|at| list.at(at));
        zones.filter(move |index| state.zones[*index].kind <= highest && nodes.has(state.zones[*index].node))
    }

    /// Those before a zone.
    pub(crate) fn before<'s>(&self, state: &'s State, zone: usize) -> impl Iterator<Item = usize> + use<'s> {
        self.looks_at(state).take_while(move |index| *index != zone)
    }

    /// Looks at one zone of the list.
    pub(super) fn look(&self, state: &mut State, at: usize, mark: Mark, right: Right, walls: bool) -> Look {
        let Some(index) = state.zonelists[usize::from(self.node.0)].at(at) else { return Look::End };
        let nodes = self.nodes(state, walls);
        let zone = &mut state.zones[index];
        let (node, kind, at_hand) = (zone.node, zone.kind, zone.at_hand);
        if kind > self.highest {
            return Look::More;
        }
        let taken = nodes
            .has(node)
            .then(|| zone.take(&mut state.frames, self.plan.order, self.highest, mark, right, frame::State::Owned))
            .flatten();
        state.missed |= taken.is_none() && nodes.has(node) && at_hand;
        if state.traces_looks {
            let kind = EventKind::Looked { node, zone: kind, taken: taken.is_some() };
            state.events.note(kind, self.task, self.plan.order, self.plan.flags);
        }
        taken.map_or(Look::More, Look::Taken)
    }

    /// Wakes the background's work on the nodes that the request may use.
    pub(super) fn wake_kswapd(&self, state: &mut State) {
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
}
