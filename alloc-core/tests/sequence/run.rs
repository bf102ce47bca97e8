//! A sequence as it runs: what it holds, and what must be true of everything that it gets.

use alloc_core::{
    AccountGuard, AllocError, BulkRequest, Charge, Cpuset, CpusetMove, Gfp, Hoard, KvBlock, Machine, MemCg, Mempool,
    NodeId, NodesMove, Order, PageBlock, PoolBlock, PoolRequest, PoolStep, Prefilled, Queued, ReclaimGuard,
    ReclaimLock, Request, ScopeGuard, TaskId, WindowHoard,
};
use std::cell::OnceCell;
use std::sync::Arc;

use super::cache::Cache;
use super::model::Model;
use super::setup::Setup;
use super::things::{Held, Thing};

/// What a request was asked for with.
#[derive(Clone, Copy)]
pub(super) struct Asked {
    pub(super) node: Option<u8>,
    pub(super) order: Order,
    pub(super) flags: Gfp,
}

/// A sequence under way.
pub(super) struct Run<'p, 'm> {
    pub(super) setup: &'p Setup,
    pub(super) machine: &'m Arc<Machine>,
    /// Another machine, once one is needed.
    foreign: &'m OnceCell<Machine>,
    pub(super) pool: &'p Mempool<'m>,
    pub(super) slabs: &'p [alloc_core::Cache<'m>],
    pub(super) locks: &'p [ReclaimLock<u8>],
    pub(super) base: usize,
    pub(super) model: Model,
    pub(super) tasks: Vec<TaskId>,
    pub(super) held: Vec<Held<'p, 'm>>,
    pub(super) requests: Vec<(Request<'m>, Asked)>,
    pub(super) pooled: Vec<PoolRequest<'p, 'm>>,
    pub(super) queued: Vec<(Queued<'m>, Order)>,
    /// With the pages that each of them took.
    pub(super) hoards: Vec<(Hoard<'m>, u64)>,
    pub(super) scopes: Vec<ScopeGuard<'m>>,
    pub(super) moves: Vec<NodesMove<'m>>,
    pub(super) caches: Vec<Arc<Cache>>,
    pub(super) bulk: Vec<BulkRequest<'p, 'm>>,
    pub(super) prefilled: Vec<Prefilled<'p>>,
    pub(super) limits: Vec<WindowHoard<'m>>,
    pub(super) cpusets: Vec<Cpuset<'m>>,
    pub(super) cpuset_moves: Vec<CpusetMove<'m>>,
    pub(super) budgets: Vec<MemCg<'m>>,
    pub(super) accounts: Vec<AccountGuard<'m>>,
    pub(super) charges: Vec<Charge<'m>>,
    pub(super) guards: Vec<ReclaimGuard<'p, u8>>,
    pub(super) has_faults: bool,
    /// Pages may be in slabs, which keep them for a while.
    pub(super) has_slabs: bool,
}

/// The place of a list that a number means.
pub(super) fn place<T>(list: &[T], which: u8) -> Option<usize> {
    usize::from(which).checked_rem(list.len())
}

impl<'p, 'm> Run<'p, 'm> {
    pub(super) fn new(
        setup: &'p Setup,
        machine: &'m Arc<Machine>,
        foreign: &'m OnceCell<Machine>,
        pool: &'p Mempool<'m>,
        slabs: &'p [alloc_core::Cache<'m>],
        locks: &'p [ReclaimLock<u8>],
    ) -> Run<'p, 'm> {
        let block = machine.alloc_pages(Order::ZERO, Gfp::KERNEL).expect("a fresh machine has pages");
        let base = block.bytes().as_ptr().addr() - block.frame().0 as usize * alloc_core::PAGE_SIZE;
        Run {
            setup,
            machine,
            foreign,
            pool,
            slabs,
            locks,
            base,
            model: Model::default(),
            tasks: vec![Machine::BOOT],
            held: Vec::new(),
            requests: Vec::new(),
            pooled: Vec::new(),
            queued: Vec::new(),
            hoards: Vec::new(),
            scopes: Vec::new(),
            moves: Vec::new(),
            caches: Vec::new(),
            bulk: Vec::new(),
            prefilled: Vec::new(),
            limits: Vec::new(),
            cpusets: Vec::new(),
            cpuset_moves: Vec::new(),
            budgets: Vec::new(),
            accounts: Vec::new(),
            charges: Vec::new(),
            guards: Vec::new(),
            has_faults: false,
            has_slabs: false,
        }
    }

    /// Another machine, whose blocks are not this one's.
    pub(super) fn foreign(&self) -> &'m Machine {
        self.foreign.get_or_init(|| Setup::default().build())
    }

    /// Some task of the sequence, or for the largest number one that there is not.
    pub(super) fn task(&self, which: u8) -> TaskId {
        if which == u8::MAX { TaskId(1 << 20) } else { self.tasks[usize::from(which) % self.tasks.len()] }
    }

    /// Nodes of the machine, and one that it has not.
    pub(super) fn node(&self, which: u8) -> NodeId {
        NodeId(which % (self.setup.nodes() + 1))
    }

    pub(super) fn keep(&mut self, thing: Thing<'p, 'm>) {
        let held = Held::new(&mut self.model, thing, self.base);
        self.held.push(held);
    }

    /// Looks at what a request came to, and keeps it.
    pub(super) fn accept(&mut self, result: Result<PageBlock<'m>, AllocError>, asked: Asked) {
        let block = match result {
            Ok(block) => block,
            Err(error) => return self.refused(error),
        };
        let Asked { node, order, flags } = asked;
        assert_eq!(block.order(), order);
        assert!(order <= self.machine.policy().largest);
        assert_eq!(block.bytes().len() as u64, order.pages() * alloc_core::PAGE_SIZE as u64);
        assert!(u64::from(block.frame().0).is_multiple_of(order.pages()), "{block:?} is not aligned");
        assert!(!flags.contains(Gfp::ZERO) || block.bytes().iter().all(|byte| *byte == 0), "{block:?} is not zeroed");
        let lies = self.setup.lies(block.frame().0).expect("a frame of the machine");
        let may_be_moved = flags.contains(Gfp::HIGHMEM | Gfp::MOVABLE);
        assert!(!lies.movable || may_be_moved, "{block:?} lies among pages that can be moved");
        let low = flags.contains(Gfp::DMA) || flags.contains(Gfp::DMA32);
        assert!(lies.dma32 || !(low && self.setup.dma32), "{block:?} is out of a device's reach");
        let elsewhere = flags.contains(Gfp::THISNODE) && node.is_some_and(|node| node != lies.node);
        assert!(!elsewhere, "{block:?} lies on another node");
        self.keep(Thing::Block(block));
    }

    pub(super) fn refused(&self, error: AllocError) {
        assert!(error != AllocError::Injected || self.has_faults, "nobody injects failures");
        assert!(error != AllocError::Dead || self.machine.stopped().is_some(), "the machine has not stopped");
    }

    pub(super) fn keep_area(&mut self, result: Result<KvBlock<'m>, AllocError>, size: usize, flags: Gfp) {
        let block = match result {
            Ok(block) => block,
            Err(error) => return self.refused(error),
        };
        assert!(block.bytes().len() >= size);
        assert!(!flags.contains(Gfp::ZERO) || block.bytes().iter().all(|byte| *byte == 0), "{block:?} is not zeroed");
        self.keep(match block {
            KvBlock::Contiguous(object) => Thing::Object(object),
            KvBlock::Mapped(area) => Thing::Area(area),
        });
    }

    pub(super) fn pool_step(&mut self, step: PoolStep<PoolBlock<'p, 'm>>) {
        match step {
            PoolStep::Wait(_) => {}
            PoolStep::Done(Ok(block)) => self.keep(Thing::Pooled(block)),
            PoolStep::Done(Err(error)) => self.refused(error),
        }
    }

    /// Gives a thing back.
    pub(super) fn give(&mut self, held: Held<'p, 'm>) {
        match held.leave(&mut self.model) {
            Thing::Block(block) => drop(block),
            Thing::Area(area) => drop(area),
            Thing::Object(object) => drop(object),
            Thing::SlabObject(object) => drop(object),
            Thing::Pointer(pointer) => self.kfree(pointer),
            Thing::Pooled(block) => drop(block),
            Thing::Token(pages) => assert_eq!(self.machine.free(pages), Ok(())),
            Thing::Number(frame, order) => {
                assert_eq!(self.machine.free_raw(frame, order), Ok(()));
                assert!(self.machine.free_raw(frame, order).is_err(), "{frame:?} was taken back twice");
            }
        }
    }
}
