//! The queue of requests: some are made in advance, so that nobody has to wait for memory to ask for something.

use kernel::prelude::*;

use super::ring::Ring;

pub(crate) enum Operation {
    Nothing,
    Read { sector: u64, count: usize },
    Write { sector: u64, data: KVec<u8> },
}

pub(crate) struct Request {
    pub(crate) tag: u32,
    pub(crate) operation: Operation,
}

pub(crate) struct Queue {
    /// Requests that wait for something to do.
    idle: KVec<KBox<Request>>,
    pending: Ring<KBox<Request>>,
    next_tag: u32,
}

impl Queue {
    /// A queue for `depth` requests, all of them made.
    pub(crate) fn new(depth: usize) -> Result<Queue> {
        let pending = Ring::new(depth, GFP_KERNEL)?;
        let mut idle = KVec::with_capacity(depth, GFP_KERNEL)?;
        for _ in 0..depth {
            idle.push_within_capacity(KBox::new(Request { tag: 0, operation: Operation::Nothing }, GFP_KERNEL)?)?;
        }
        Ok(Queue { idle, pending, next_tag: 1 })
    }

    pub(crate) fn len(&self) -> usize {
        self.pending.len()
    }

    /// Queues an operation; its number. Does not wait: beyond what was made in advance, it takes what is easily had.
    pub(crate) fn submit(&mut self, operation: Operation) -> Result<u32> {
        if self.pending.is_full() {
            self.pending.grow(GFP_NOWAIT).map_err(|_| EBUSY)?;
        }
        let mut request = match self.idle.pop() {
            Some(request) => request,
            None => {
                // It has to find room among the idle ones when it is done.
                self.idle.reserve(self.pending.len() + 1, GFP_NOWAIT)?;
                KBox::new(Request { tag: 0, operation: Operation::Nothing }, GFP_NOWAIT)?
            }
        };
        let tag = self.next_tag;
        *request = Request { tag, operation };
        if let Err(mut request) = self.pending.push(request) {
            request.operation = Operation::Nothing;
            self.complete(request);
            return Err(EBUSY);
        }
        self.next_tag += 1;
        Ok(tag)
    }

    /// The oldest request.
    pub(crate) fn next(&mut self) -> Option<KBox<Request>> {
        self.pending.pop()
    }

    /// A request is done: the next operation gets it.
    pub(crate) fn complete(&mut self, mut request: KBox<Request>) {
        request.operation = Operation::Nothing;
        // Where there is no room for it, it ends here.
        drop(self.idle.push_within_capacity(request));
    }
}
