//! Calls that ask for memory: to the end at once, step by step, and in the queue.

use alloc_core::{Gfp, KvBlock, PoolStep, Step};

use super::choices::order;
use super::operation::Operation;
use super::run::{Asked, Run, place};
use super::things::Thing;

impl Run<'_, '_> {
    /// Requests that are driven to their ends.
    pub(super) fn ask(&mut self, operation: Operation) {
        let machine = self.machine;
        match operation {
            Operation::Alloc { task, node, order: number, flags } => {
                let asked =
                    Asked { node: node.map(|node| self.node(node).0), order: order(number), flags: flags.gfp() };
                let result = machine.run_as(self.task(task), || match node {
                    Some(node) => machine.alloc_pages_node(self.node(node), asked.order, asked.flags),
                    None => machine.alloc_pages(asked.order, asked.flags),
                });
                self.accept(result, asked);
            }
            Operation::WaitAlloc { task, order: number, wait } => {
                let asked = Asked { node: None, order: order(number), flags: Gfp::NONE };
                let result = machine.run_as(self.task(task), || machine.wait_alloc(asked.order, wait));
                self.accept(result, asked);
            }
            Operation::Vmalloc { task, size, flags } => {
                let result = machine.run_as(self.task(task), || machine.vmalloc(size.bytes(), flags.gfp()));
                self.keep_area(result.map(KvBlock::Mapped), size.bytes(), flags.gfp());
            }
            Operation::Kvmalloc { task, size, flags } => {
                self.has_slabs = true;
                let result = machine.run_as(self.task(task), || machine.kvmalloc(size.bytes(), flags.gfp()));
                self.keep_area(result, size.bytes(), flags.gfp());
            }
            Operation::PoolAlloc { task, flags } => {
                let pool = self.pool;
                match machine.run_as(self.task(task), || pool.alloc(flags.gfp())) {
                    Ok(block) => self.keep(Thing::Pooled(block)),
                    Err(error) => self.refused(error),
                }
            }
            Operation::Bulk { task, blocks, flags } => {
                let pool = self.pool;
                match machine.run_as(self.task(task), || pool.alloc_bulk(usize::from(blocks % 8), flags.gfp())) {
                    Ok(got) => {
                        assert_eq!(got.len(), usize::from(blocks % 8), "all or none");
                        got.into_iter().for_each(|block| self.keep(Thing::Pooled(block)));
                    }
                    Err(error) => self.refused(error),
                }
            }
            _ => unreachable!("not a request that is driven to its end"),
        }
    }

    /// Requests that others can get in between.
    pub(super) fn by_step(&mut self, operation: Operation) {
        let machine = self.machine;
        match operation {
            Operation::Begin { task, node, order: number, flags } => {
                let node = node.map(|node| self.node(node));
                let asked = Asked { node: node.map(|node| node.0), order: order(number), flags: flags.gfp() };
                match machine.request(self.task(task), node, asked.order, asked.flags) {
                    Ok(request) => self.requests.push((request, asked)),
                    Err(error) => self.refused(error),
                }
            }
            Operation::Step { which, times } => {
                let Some(at) = place(&self.requests, which) else { return };
                for _ in 0..=times % 16 {
                    if let Step::Done(result) = self.requests[at].0.step() {
                        let (mut request, asked) = self.requests.swap_remove(at);
                        assert!(matches!(request.step(), Step::Done(Err(_))), "what is over stays over");
                        drop(request);
                        return self.accept(result, asked);
                    }
                }
            }
            Operation::Abandon { which } => {
                place(&self.requests, which).map(|at| self.requests.swap_remove(at));
            }
            Operation::Settle => {
                let (requests, asked): (Vec<_>, Vec<_>) = self.requests.drain(..).unzip();
                let results = machine.settle(requests);
                assert_eq!(results.len(), asked.len());
                results.into_iter().zip(asked).for_each(|(result, asked)| self.accept(result, asked));
            }
            Operation::PoolBegin { task, flags } => {
                let pool = self.pool;
                let request = machine.run_as(self.task(task), || pool.request(flags.gfp()));
                self.pooled.extend(request.ok());
            }
            Operation::PoolStep { which } => {
                let Some(at) = place(&self.pooled, which) else { return };
                let mut request = self.pooled.swap_remove(at);
                let step = request.step();
                if matches!(step, PoolStep::Wait(_)) {
                    self.pooled.push(request);
                }
                self.pool_step(step);
            }
            Operation::BulkBegin { task, blocks, flags } => {
                let pool = self.pool;
                let request =
                    machine.run_as(self.task(task), || pool.request_bulk(usize::from(blocks % 8), flags.gfp()));
                self.bulk.extend(request.ok());
            }
            Operation::BulkStep { which } => {
                let Some(at) = place(&self.bulk, which) else { return };
                let mut request = self.bulk.swap_remove(at);
                match request.step() {
                    PoolStep::Wait(_) => self.bulk.push(request),
                    PoolStep::Done(Ok(got)) => got.into_iter().for_each(|block| self.keep(Thing::Pooled(block))),
                    PoolStep::Done(Err(error)) => self.refused(error),
                }
            }
            _ => unreachable!("not a request by step"),
        }
    }

    /// Those who wait without bound.
    pub(super) fn in_queue(&mut self, operation: Operation) {
        let asked = |order| Asked { node: None, order, flags: Gfp::NONE };
        match operation {
            Operation::Queue { task, order: number } => {
                let queued = self.machine.queue(self.task(task), order(number));
                self.queued.extend(queued.ok().map(|queued| (queued, order(number))));
            }
            Operation::StepQueued { which } => {
                let Some(at) = place(&self.queued, which) else { return };
                if let Step::Done(result) = self.queued[at].0.step() {
                    let (_, order) = self.queued.swap_remove(at);
                    self.accept(result, asked(order));
                }
            }
            Operation::FinishQueued { which } => {
                let Some(at) = place(&self.queued, which) else { return };
                let (queued, order) = self.queued.swap_remove(at);
                self.accept(queued.finish(), asked(order));
            }
            Operation::LeaveQueue { which } => {
                place(&self.queued, which).map(|at| self.queued.swap_remove(at));
            }
            _ => unreachable!("not a call about the queue"),
        }
    }
}
