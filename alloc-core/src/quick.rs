//! The quick way: requests that were answered before are answered again from what the processor has at hand.
//!
//! # Why the answers are those of the engine
//! 1. An answer is remembered only of a request that the engine served without looking at any zone twice, and that it had
//!    nothing to note about. Zones and distances never change, and whatever changes about a task, the policy that it follows
//!    included, makes its answers old (`Epochs`): so asked again, the engine would look at the same zones in the same
//!    order. Those that it looked at in vain have no blocks at hand, and what comes free there makes the answers old as well;
//!    what is taken there does not help. So it would go past them again.
//! 2. While blocks of a zone are at hand, its free lists alone have the level below which that look could fail, whatever the
//!    flags: after every take it is looked whether this is still so, and if not, everything at hand is collected. So the zone,
//!    with the blocks at hand counted, would admit the request; and it would have a block of the order, for one is at hand.
//! 3. Everybody else sees the machine with everything collected: `Machine::state` does that. Who only wants to take from the
//!    free lists, and finds enough there, need not: with more pages free it would have been served as well.
//! 4. Nothing is at hand while a request is on its slow path, a pass of reclaim is under way, or somebody is in the
//!    queue: what comes free then is seen by those who wait for it.

use crate::asking::Decision;
use crate::block::PageBlock;
use crate::epochs::Epochs;
use crate::gfp::Gfp;
use crate::machine::Machine;
use crate::page::course::Course;
use crate::page::frame;
use crate::page::pages::Pages;
use crate::page::per_cpu::{Asked, ORDERS, PerCpu};
use crate::page::state::State;
use crate::task::TaskId;
use crate::units::{FrameNumber, NodeId, Order};

/// What came of asking for a block where that is not quick at once.
pub(crate) enum Claimed<'m> {
    Block(PageBlock<'m>),
    /// Nothing but the fault source's decision, who is not to be asked again.
    Decided(Decision),
    Nothing,
}

impl Machine {
    /// A block for the current task, if that is quick.
    #[inline(always)]
    pub(crate) fn quick(&self, node: Option<NodeId>, order: Order, flags: Gfp) -> Option<PageBlock<'_>> {
        if self.has_faults() || flags.contains(Gfp::ZERO) {
            return None;
        }
        let asked = self.asked(self.current(), node, order, flags);
        let (frame, list) = self.per_cpu.enter(&self.cpus)?.take(&asked)?;
        Some(PageBlock::at_hand(self, frame, list))
    }

    /// The same, by a thread that may have to become the owner of the processor's pages first, zeroed if the flags say so,
    /// and after the fault source was asked, if it is to be: it sees the flags that the engine would show it.
    pub(crate) fn claim_quickly(&self, node: Option<NodeId>, order: Order, flags: Gfp) -> Claimed<'_> {
        let task = self.current();
        let asked = self.asked(task, node, order, flags);
        let mut decision = None;
        if self.has_faults() {
            let Some(planned) = self.per_cpu.with(&self.cpus, |pages| pages.planned(&asked)).flatten() else {
                return Claimed::Nothing;
            };
            match self.asks_for_pages(task, planned, order) {
                Decision::Passes(0) => decision = Some(Decision::Passes(0)),
                // What is marked, and what fails, is the engine's to note.
                other => return Claimed::Decided(other),
            }
        }
        match self.per_cpu.with(&self.cpus, |pages| pages.take(&asked)).flatten() {
            Some((frame, list)) => {
                let pages = self.token_in(PerCpu::zone_of_list(list), frame, order, flags);
                Claimed::Block(PageBlock::new(self, pages))
            }
            None => decision.map_or(Claimed::Nothing, Claimed::Decided),
        }
    }

    #[inline(always)]
    fn asked(&self, task: TaskId, node: Option<NodeId>, order: Order, flags: Gfp) -> Asked {
        Asked::new(task, self.epochs.of(task), node, order, flags)
    }

    /// Takes a block back, if that is quick. The number is that of the list of its zone and order.
    #[inline(always)]
    pub(crate) fn give_quickly(&self, list: u32, frame: FrameNumber) -> bool {
        self.per_cpu.enter(&self.cpus).is_some_and(|mut pages| pages.give(list, frame))
    }

    /// Takes a block back by a thread that may have to become the owner of the processor's pages first; or else to the free
    /// lists, with some more of what is at hand if that is too much.
    #[cold]
    #[inline(never)]
    pub(crate) fn give_slowly(&self, pages: &Pages) {
        let list = PerCpu::list(pages.zone(), pages.order());
        if self.per_cpu.with(&self.cpus, |at_hand| at_hand.give(list, pages.frame())) == Some(true) {
            return;
        }
        let state = &mut *self.raw();
        state.give(pages.frame());
        if state.at_hand && pages.order().index() < ORDERS && pages.zone() < state.zones.len() {
            self.per_cpu.with(&self.cpus, |at_hand| {
                at_hand.spill(list, |frame| state.zones[pages.zone()].buddy.give(&mut state.frames, frame));
            });
        }
    }

    /// A request was served at its first look, from a zone with plenty left: remembers the answer if it would be the same
    /// again, and fetches more. `asked_node` and `asked_flags` are what the caller said.
    pub(crate) fn remember(
        &self,
        state: &mut State,
        course: &Course,
        asked_node: Option<NodeId>,
        asked_flags: Gfp,
        zone: usize,
    ) {
        let order = course.order();
        let repeats = PerCpu::room(state.zones[zone].managed, self.cpus(), order) > 0 && state.is_at_ease();
        if !repeats || !course.would_repeat(state, zone) {
            return;
        }
        if state.zones[zone].passed != 0 {
            // From now on its blocks come free without a word.
            state.epochs.turn_all(core::mem::take(&mut state.zones[zone].passed));
        }
        let nth = |state: &State, place| course.before(state, zone).nth(place);
        let mut place = 0;
        while let Some(passed) = nth(state, place) {
            state.zones[passed].passed |= Epochs::bit(course.task());
            place += 1;
        }
        let asked = self.asked(course.task(), asked_node, order, asked_flags);
        let State { zones, frames, stats, at_hand, .. } = state;
        let zone_state = &mut zones[zone];
        zone_state.at_hand = true;
        let remembered = self.per_cpu.with(&self.cpus, |pages| {
            pages.remember(asked, zone, course, stats, || {
                let enough = zone_state.free() >= zone_state.plenty() + order.pages();
                enough.then(|| zone_state.take_any(frames, order, frame::State::Owned)).flatten()
            });
        });
        *at_hand |= remembered.is_some();
    }

    /// Gives back to the free lists what all processors have at hand, and counts what they did with it.
    #[cold]
    pub(crate) fn collect(&self, state: &mut State) {
        if !state.at_hand {
            return;
        }
        let State { zones, frames, stats, progress, .. } = state;
        let all = self.per_cpu.each(&self.cpus, |_, pages| {
            *progress += pages.close(stats, |frame, order| {
                let entry = frames.get(frame.0);
                // What was spoilt meanwhile would spoil the lists.
                let whole = entry.is_some_and(|entry| entry.state == frame::State::Owned && entry.order == order);
                let zone = entry.filter(|_| whole).and_then(|entry| zones.get_mut(usize::from(entry.zone)));
                if let Some(zone) = zone {
                    zone.buddy.give(frames, frame);
                }
            });
        });
        state.at_hand = !all;
        state.zones.iter_mut().for_each(|zone| zone.at_hand &= !all);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::context::Scope;
    use crate::node_pages::NodePages;
    use crate::numa::mem_policy::{Interleave, MemPolicy, Rebind};
    use crate::numa::mems::MoveKind;
    use crate::numa::node_mask::NodeMask;
    use crate::page::course::Move;
    use crate::policy::Policy;
    use crate::random::Random;
    use crate::task::TaskOptions;
    use alloc::vec::Vec;

    fn flags(random: &mut Random) -> Gfp {
        let composites = [Gfp::KERNEL, Gfp::NOFS, Gfp::ATOMIC, Gfp::NOWAIT, Gfp::USER, Gfp::USER_MOVABLE];
        let mut flags = composites[random.below(6) as usize];
        for _ in 0..random.below(3) {
            flags |= Gfp::NAMES[random.below(Gfp::NAMES.len() as u64) as usize].1;
        }
        flags
    }

    fn machine(random: &mut Random) -> Machine {
        let policies =
            [Policy::kernel(), Policy::strict(), Policy::small_may_fail(), Policy::single_page_never_fails()];
        let node = |pages: u64| NodePages::new(300 + pages as u32).with_movable(100).with_dma32(60);
        let (one, other) = (node(random.below(100)), node(random.below(100)));
        let one = if random.below(3) == 0 { one.with_budget(200 + random.below(100) as u32) } else { one };
        let builder = Machine::builder().node(one).node(other);
        builder.min_free_pages(20).cpus(2).policy(policies[random.below(4) as usize].clone()).build().unwrap()
    }

    /// Something that answers can depend on changes.
    fn disturb<'m>(machine: &'m Machine, random: &mut Random, task: TaskId, scopes: &mut Vec<crate::ScopeGuard<'m>>) {
        match random.below(16) {
            0 => scopes.push(machine.run_as(task, || machine.scope(Scope::ALL[random.below(10) as usize]))),
            1 => scopes.truncate(random.below(4) as usize),
            2 => machine.raw().make_victim(task),
            3 => machine.move_nodes(task, NodeMask::of(&[NodeId(random.below(2) as u8)]), MoveKind::AtOnce).finish(),
            4 => machine.exit(task),
            5 => machine.set_cpu(random.below(2) as usize),
            6 => {
                let node = NodeId(random.below(2) as u8);
                let one = NodeMask::of(&[node]);
                let both = Interleave::over(NodeMask::ALL);
                let policies = [MemPolicy::Default, MemPolicy::Bind(one), MemPolicy::Preferred(node)];
                let policy =
                    if random.below(4) == 0 { MemPolicy::Interleave(both) } else { policies[random.below(3) as usize] };
                let _ = machine.run_as(task, || machine.set_mem_policy(policy, Rebind::Static));
            }
            7 => {
                let _ = machine.memcg(1000).map(|budget| budget.attach(task));
            }
            _ => {}
        }
    }

    #[test]
    fn what_is_quick_is_what_the_engine_would_have_done_at_its_first_look() {
        let cases = if cfg!(miri) { 100 } else { 100_000 };
        let (mut quick, mut past) = (0, 0);
        let mut random = Random::new(11);
        let mut case = 0;
        while case < cases {
            let machine = machine(&mut random);
            let (mut blocks, mut scopes) = (Vec::new(), Vec::new());
            // Some machines stay half empty, and others get full.
            let holds = [30, 45, 60, 200][random.below(4) as usize];
            let options = |mems| TaskOptions { mems, ..TaskOptions::named("asks") };
            let masks = [NodeMask::ALL, NodeMask::of(&[NodeId(1)]), NodeMask::ALL];
            let mut tasks = masks.map(|mems| machine.spawn(options(mems)));
            for _ in 0..100 {
                case += 1;
                let task = &mut tasks[random.below(3) as usize];
                if random.below(8) == 0 {
                    *task = machine.spawn(options(NodeMask::ALL));
                }
                let task = *task;
                let node = [None, Some(NodeId(0)), Some(NodeId(1))][random.below(3) as usize];
                let (order, flags) = (Order::new(random.below(5) as u32), flags(&mut random));
                // Now and then the machine as others see it, and then one request that may be remembered.
                if random.below(2) == 0 {
                    drop(machine.state());
                }
                blocks.extend(machine.request(task, node, order, flags).and_then(crate::Request::finish).ok());
                disturb(&machine, &mut random, task, &mut scopes);
                // Some pages go, so that a level may be crossed, or come back.
                for _ in 0..random.below(4) {
                    let order = Order::new(random.below(6) as u32);
                    blocks.extend(
                        machine.request(Machine::BOOT, node, order, Gfp::NOWAIT).and_then(crate::Request::finish).ok(),
                    );
                }
                // Any of the blocks: what is free lies scattered.
                for _ in 0..random.below(8) {
                    if blocks.len() > 20 {
                        drop(blocks.swap_remove(random.below(blocks.len() as u64) as usize));
                    }
                }
                blocks.truncate(holds);
                let before = machine.raw().stats.clone();
                let claimed = || match machine.claim_quickly(node, order, flags) {
                    Claimed::Block(block) => Some(block),
                    Claimed::Decided(_) | Claimed::Nothing => None,
                };
                let quickly = || machine.quick(node, order, flags).or_else(claimed);
                let asks = || machine.run_as(task, quickly);
                let Some(block) = asks() else { continue };
                quick += 1;
                // The engine is asked the same, in the same situation: with everything collected, and this block free.
                let (frame, zone) = (block.frame(), machine.zone_of(block.frame()));
                let _ = block.into_pages();
                let state = &mut *machine.state();
                let by_quick = state.stats.clone();
                state.zones[zone].buddy.give(&mut state.frames, frame);
                let events = state.events.next();
                let mut course = Course::begin(state, task, node, order, flags).unwrap();
                let taken = loop {
                    assert!(course.is_fast() && !course.is_noted(), "case {case}: beyond the first look, or charged");
                    match course.step(state) {
                        Move::Next => past += 1,
                        Move::Taken(frame) => break frame,
                        other => panic!("case {case}: {other:?}"),
                    }
                };
                assert_eq!(machine.zone_of(taken), zone, "case {case}");
                assert_eq!(state.events.next(), events, "case {case}: the engine has something to say");
                // What was given meanwhile is counted, too; requests and what served them must agree.
                let by_engine = &state.stats;
                for order in 0..by_engine.orders.len() {
                    let quick = by_quick.orders[order] - before.orders[order];
                    assert_eq!(by_engine.orders[order] - by_quick.orders[order], quick, "case {case}");
                }
                let served =
                    [before, by_quick, by_engine.clone()].map(|stats| (stats.served_by_policy, stats.served_by_chance));
                assert_eq!(served[1].0 - served[0].0, served[2].0 - served[1].0, "case {case}: by policy or by chance");
                assert_eq!(served[1].1 - served[0].1, served[2].1 - served[1].1, "case {case}: by policy or by chance");
                state.give(taken);
                state.give_back_beyond_budget(&machine.arena);
                state.audit().unwrap();
            }
        }
        let enough = if cfg!(miri) { 1 } else { cases / 20 };
        assert!(quick >= enough && past >= enough / 10, "{quick} of {cases} were quick, past {past} zones");
    }
}
