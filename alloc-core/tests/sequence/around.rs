//! Calls around the requests: tasks, scarcity, and whom the machine calls itself.

use alloc_core::{Capability, Fragments, Gfp, NodeMask, Order, PageBlock, TaskOptions};
use std::sync::{Arc, Mutex};

use super::cache::{Cache, Curious, attributes};
use super::choices::Manner;
use super::operation::Operation;
use super::run::{Run, place};

impl Run<'_, '_> {
    /// Tasks, their scopes and their nodes.
    pub(super) fn of_tasks(&mut self, operation: Operation) {
        let machine = self.machine;
        match operation {
            Operation::Spawn { adjustment, kernel_thread, swapped, node, mems } => {
                let options = TaskOptions {
                    oom_score_adj: adjustment,
                    kernel_thread,
                    swapped_pages: if swapped { u64::MAX } else { 0 },
                    node: self.node(node),
                    mems: nodes(mems),
                    ..TaskOptions::named("task")
                };
                self.tasks.push(machine.spawn(options));
            }
            Operation::Grow { task, pages } => {
                let task = self.task(task);
                let before = machine.grow(task, 0).unwrap_or(0);
                match machine.grow(task, u64::from(pages)) {
                    Ok(now) => assert!(now == before + u64::from(pages) || now < before),
                    Err(error) => self.refused(error),
                }
            }
            Operation::Exit { task } => {
                let task = self.task(task);
                machine.exit(task);
                assert_eq!(machine.grow(task, 0).unwrap_or(0), 0);
            }
            Operation::LockMemory { task, locked } => machine.set_memory_locked(self.task(task), locked),
            Operation::Dying { task } => machine.set_dying(self.task(task)),
            Operation::Open { task, scope } => {
                let guard = machine.run_as(self.task(task), || machine.scope(scope));
                self.scopes.push(guard);
            }
            Operation::Close { which } => {
                place(&self.scopes, which).map(|at| self.scopes.swap_remove(at));
            }
            Operation::Move { task, mems, kind } => {
                self.moves.push(machine.move_nodes(self.task(task), nodes(mems), kind));
            }
            Operation::StepMove { which } => {
                if let Some(at) = place(&self.moves, which) {
                    let _ = self.moves[at].step();
                }
            }
            Operation::FinishMove { which } => {
                place(&self.moves, which).into_iter().for_each(|at| self.moves.swap_remove(at).finish());
            }
            _ => unreachable!("not a call about tasks"),
        }
    }

    /// Memory that is made scarce.
    pub(super) fn scarcity(&mut self, operation: Operation) {
        let machine = self.machine;
        let hoard = match operation {
            Operation::Exhaust { node, leave } => {
                let before = machine.free_pages(None);
                let hoard = machine.exhaust(self.node(node), u64::from(leave));
                Some((hoard, before - machine.free_pages(None)))
            }
            Operation::KeepOneIn { of } => {
                let hoard = machine.fragment(Fragments::KeepOneIn(u32::from(of)));
                let pages = u64::from(hoard.blocks());
                Some((hoard, pages))
            }
            Operation::Fragment { free_permille, seed } => {
                let fragments = Fragments::Random { free_permille: u32::from(free_permille), seed: u64::from(seed) };
                let hoard = machine.fragment(fragments);
                let pages = u64::from(hoard.blocks());
                Some((hoard, pages))
            }
            // What comes free is handed to those who queue, so that it could not be counted.
            Operation::GiveBack { which, count } if self.queued.is_empty() => {
                if let Some(at) = place(&self.hoards, which) {
                    let before = machine.free_pages(None);
                    self.hoards[at].0.give_back(u32::from(count));
                    self.hoards[at].1 -= machine.free_pages(None) - before;
                }
                None
            }
            Operation::EndHoard { which } => {
                place(&self.hoards, which).map(|at| self.hoards.swap_remove(at));
                None
            }
            Operation::LimitAddresses { longest } => {
                self.limits.push(machine.exhaust_addresses(usize::from(longest)));
                None
            }
            Operation::LimitMappings { leave } => {
                self.limits.push(machine.exhaust_mappings(usize::from(leave)));
                None
            }
            Operation::EndLimit { which } => {
                place(&self.limits, which).map(|at| self.limits.swap_remove(at));
                None
            }
            _ => None,
        };
        self.hoards.extend(hoard);
    }

    /// Whom the machine calls, and what it does by itself.
    pub(super) fn outside(&mut self, operation: Operation) {
        let machine = self.machine;
        match operation {
            Operation::Faults { knobs } => {
                self.has_faults |= knobs.is_some();
                let source = knobs.map(|knobs| Arc::new(Curious::new(Arc::downgrade(machine), knobs)) as _);
                machine.set_faults(source);
            }
            Operation::Knobs { capability, knobs } => {
                self.has_faults = true;
                let capability = Capability::ALL[usize::from(capability) % Capability::ALL.len()];
                machine.set_faults(Some(Arc::new(alloc_core::Knobs::default().with(capability, attributes(knobs)))));
            }
            Operation::TaskFaults { task, make_it_fail, nth } => {
                if let Some(faults) = machine.task_faults(self.task(task)) {
                    faults.make_it_fail.set(make_it_fail);
                    faults.fail_nth.set(u64::from(nth));
                }
            }
            Operation::Register { class, pages, claims, per_scan, manner } => {
                let one = || machine.alloc_pages(Order::ZERO, Gfp::NOWAIT).map(PageBlock::into_pages);
                let foreign = || self.foreign().alloc_pages(Order::ZERO, Gfp::NOWAIT).map(PageBlock::into_pages);
                let gives_foreign = manner == Manner::GivesForeign;
                let cache = Arc::new(Cache {
                    machine: Arc::downgrade(machine),
                    class,
                    pages: Mutex::new((0..pages).map_while(|_| one().ok()).collect()),
                    foreign: Mutex::new(gives_foreign.then(foreign).into_iter().flatten().collect()),
                    claims: claims.map(u64::from),
                    per_scan: u64::from(per_scan),
                    manner,
                    id: Mutex::new(None),
                });
                let id = machine.register_shrinker(Arc::clone(&cache) as _);
                *cache.id.lock().unwrap() = Some(id);
                self.caches.push(cache);
            }
            Operation::Unregister { which } => {
                let Some(at) = place(&self.caches, which) else { return };
                let id = self.caches[at].id.lock().unwrap().take();
                let registered = id.map(|id| machine.unregister_shrinker(id).is_some());
                assert_ne!(registered, Some(false), "a shrinker that was registered is known");
            }
            Operation::Background => {
                machine.background();
            }
            Operation::Release => machine.release_free_memory(),
            _ => unreachable!("not a call from outside"),
        }
    }
}

/// Of the first two nodes.
pub(super) fn nodes(mems: u8) -> NodeMask {
    let nodes = (0..3).filter(|node| mems & (1 << node) != 0).map(alloc_core::NodeId);
    NodeMask::of(&nodes.collect::<Vec<_>>())
}
